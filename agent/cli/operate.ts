// heird drain, resume, promote: what an operator asks of a running daemon, and how that went.

import { type Actor, inShort } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import { ask, type Details, LONGEST_SPAN } from "../operate/control.ts";
import type { OperatedRouter, OperationOutcome } from "../operate/operation.ts";
import { forbidden, mute, nobody } from "./ask.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { inWords } from "./table.ts";
import { spanOf } from "./when.ts";

type Flags = {
  readonly "state-dir": string;
  readonly json: boolean;
  readonly wait: boolean;
  readonly for?: string | undefined;
  readonly reason?: string | undefined;
  readonly timeout?: string | undefined;
};

export async function operate(what: Operation["type"], vr: string | undefined, flags: Flags): Promise<number> {
  if (flags.timeout !== undefined && !flags.wait)
    throw new Refusal(EXIT.usage, "--timeout says how long to --wait, which is not asked for");
  const details = {
    wait: flags.wait,
    ...(vr === undefined ? {} : { vr }),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    ...spanIn("lasts", "for", flags.for),
    ...spanIn("timeout", "timeout", flags.timeout),
  };
  const outcome = await outcomeOf(flags["state-dir"], what, details);
  if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else tell(what, outcome);
  return EXITS[outcome.outcome] ?? EXIT.internal;
}

/** What is done all the same is told by its exit code: that somebody has to look. */
const EXITS: Readonly<Record<OperationOutcome["outcome"], number>> = {
  done: EXIT.ok,
  unchanged: EXIT.ok,
  timeout: EXIT.timeout,
  refused: EXIT.refused,
  unknown: EXIT.usage,
};

function spanIn(field: "lasts" | "timeout", option: string, text: string | undefined): Partial<Details> {
  if (text === undefined) return {};
  const span = spanOf(option, text);
  if (span <= 0 || span > LONGEST_SPAN)
    throw new Refusal(EXIT.usage, `--${option} is more than nothing, and 24d at most`);
  return { [field]: span };
}

async function outcomeOf(directory: string, what: Operation["type"], details: Details): Promise<OperationOutcome> {
  try {
    return (await ask(directory, what, details)) as OperationOutcome;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT" || code === "ECONNREFUSED") throw new Refusal(EXIT.unreachable, nobody(directory));
    if (code === "ETIMEDOUT") throw new Refusal(EXIT.unreachable, mute(directory));
    if (code === "EACCES") throw new Refusal(EXIT.unreachable, forbidden(directory));
    throw new Refusal(EXIT.refused, cause instanceof Error ? cause.message : String(cause));
  }
}

function tell(what: Operation["type"], { outcome, says, routers, failures }: OperationOutcome): void {
  for (const router of routers) process.stdout.write(`${sentenceOf(what, outcome, router)}\n`);
  for (const failure of failures) process.stderr.write(`heird: ${failure}\n`);
  if (says !== null) process.stderr.write(`heird: ${says}\n`);
}

/** `VI_1: MASTER -> BACKUP, drained for 30m; 10.0.0.2 (100) is Master`. */
export function sentenceOf(
  what: Operation["type"],
  outcome: OperationOutcome["outcome"],
  { name, was, state, drained, master }: OperatedRouter,
): string {
  const moved = was === state ? state.toUpperCase() : `${was.toUpperCase()} -> ${state.toUpperCase()}`;
  const who =
    master === null ? "no Master is heard" : master.self ? null : `${master.address} (${master.priority}) is Master`;
  const how = drained === null ? standing(what, outcome) : drainInWords(drained);
  return `${name}: ${[`${moved}${how}`, ...(who === null ? [] : [who])].join("; ")}`;
}

function standing(what: Operation["type"], outcome: OperationOutcome["outcome"]): string {
  if (what !== "resume") return "";
  return outcome === "unchanged" ? ", was not drained" : ", takes part again";
}

/** `, drained for another 29m59s for "kernel update" by uid 1000`. */
export function drainInWords({ forSeconds, reason, by }: NonNullable<OperatedRouter["drained"]>): string {
  const end = forSeconds === null ? " until it is resumed" : ` for another ${inWords(Math.ceil(forSeconds))}`;
  return `, drained${end}${reason === "" ? "" : ` for "${reason}"`}${byWhom(by)}`;
}

const byWhom = (by: Actor | null): string => (by === null ? "" : ` by ${inShort(by)}`);
