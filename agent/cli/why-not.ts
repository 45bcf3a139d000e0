// heird why-not: why a router is not Master here and now, by the log.

import { whyNot as answerFor, type WhyNot } from "../explain/why-not.ts";
import type { Told } from "../log/replay.ts";
import { told } from "../log/replay.ts";
import type { Values } from "./commands.ts";
import { despite, linesFrom, logIn, warnOf } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** Answers for one router, or for all that are not Master. */
export function whyNot(vr: string | undefined, options: Pick<Values, "state-dir" | "json">): number {
  const last = lastStep(logIn(options["state-dir"]));
  if (last === null) throw new Refusal(EXIT.unreachable, "the log is empty");
  const wanted = last.state.routers.filter(({ config }) => vr === undefined || vr === config.name || vr === config.key);
  if (wanted.length === 0) throw new Refusal(EXIT.usage, `there is no virtual router ${vr ?? ""}`.trimEnd());
  const answers = wanted.map((router) => answerFor(last.state, router, last.line.at));
  process.stdout.write(
    options.json ? `${JSON.stringify({ schema: 1, routers: answers })}\n` : `${answers.map(inWords).join("\n\n")}\n`,
  );
  return EXIT.ok;
}

/** The newest segment tells the state; one that is torn before its first line was whole leaves it to the one before. */
function lastStep(files: readonly string[]): Told | null {
  for (let i = files.length - 1; i >= 0; i--) {
    const read = linesFrom(files.slice(i, i + 1));
    let last: Told | null = null;
    despite(read.flaws, () => {
      for (const step of told(read.lines())) last = step;
    });
    warnOf(read.flaws);
    if (last !== null) return last;
  }
  return null;
}

function inWords({ name, router, phase, because, enough }: WhyNot): string {
  if (because.length === 0) return `${name} (${router}) is Master`;
  return [
    `${name} (${router}) is ${phase.toUpperCase()}:`,
    ...because.map((reason) => `  ${reason}`),
    ...(enough.length === 0 ? [] : ["Any one of these would change that:", ...enough.map((change) => `  ${change}`)]),
  ].join("\n");
}
