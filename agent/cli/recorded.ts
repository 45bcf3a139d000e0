// heird events --recorder SEQ: what the flight recorder held around a transition, entry by entry.

import { dirname, join } from "node:path";
import { type Flight, type FlightLine, readFlight } from "../log/flight-read.ts";
import type { Flaw } from "../log/read.ts";
import type { Values } from "./commands.ts";
import { evidenceOf } from "./evidence.ts";
import { despite, logIn, warnOf } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { atWall } from "./when.ts";

/** Prints the recording of the last transition up to a line. */
export function recordedAt(path: string, line: string, { vr, json }: Pick<Values, "vr" | "json">): number {
  if (!/^#?\d+$/.test(line)) throw new Refusal(EXIT.usage, `--recorder ${line} is not the number of a line`);
  const { lines, offset, remarks, file } = recordingIn(logIn(path), Number(line.replace("#", "")), vr);
  for (const one of lines) {
    const document = { wall: offset + one.at / 1_000, ...one };
    process.stdout.write(json ? `${JSON.stringify(document)}\n` : inWords(one, offset));
  }
  for (const remark of remarks) process.stderr.write(`heird: ${file}: ${remark}\n`);
  return EXIT.ok;
}

function recordingIn(files: readonly string[], upTo: number, vr: string | undefined): Flight {
  const flaws: Flaw[] = [];
  const evidence = despite(flaws, () => evidenceOf(files, { vr, seq: upTo, until: null }, (flaw) => flaws.push(flaw)));
  warnOf(flaws);
  if (evidence === null) throw new Refusal(EXIT.refused, "the log tells of no such transition");
  const { seq, router, name } = evidence.transition;
  const mark = evidence.log.steps.find((step) => step.line.type === "mark" && step.line.seq > seq)?.line;
  const file = mark?.type === "mark" ? mark.recording : undefined;
  const flight = file === undefined ? null : readFlight(join(dirname(files[0] ?? ""), file));
  if (flight !== null) return flight;
  throw new Refusal(EXIT.unknown, `nothing is recorded of #${seq}, ${name} (${router}): it was not kept, or has gone`);
}

const inWords = ({ at, kind, about, span, words }: FlightLine, offset: number): string =>
  `${atWall(offset + at / 1_000)}  ${kind.padEnd(7)}  ${about}  ${(span / 1_000).toFixed(1)} ms  ${words.join(" ")}`.trimEnd() +
  "\n";
