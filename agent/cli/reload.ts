// heird reload: makes a running daemon take its file anew, and tells how that went.

import type { Question } from "../operate/control.ts";
import { ask, type Details } from "../operate/control.ts";
import type { ReloadOutcome } from "../operate/plan.ts";
import { forbidden, mute, nobody } from "./ask.ts";
import { tellOutcome } from "./plan-text.ts";
import { EXIT, Refusal } from "./refusal.ts";

type Flags = {
  readonly "state-dir": string;
  readonly wait: boolean;
  readonly "require-no-failover": boolean;
  readonly json: boolean;
};

export async function reload({ "state-dir": directory, wait, json, ...rest }: Flags): Promise<number> {
  const requireNoFailover = rest["require-no-failover"];
  const outcome = await askOutcome(directory, "reload", { wait, requireNoFailover });
  if (outcome === null) throw new Refusal(EXIT.unreachable, nobody(directory));
  // What was done was allowed: a second look at the plan must not call it refused.
  return tellOutcome(outcome, { json, requireNoFailover: requireNoFailover && outcome.outcome !== "done" });
}

/** Asks a daemon for a plan or a reload; null when there is none. Refuses when there is one and it cannot. */
export async function askOutcome(
  directory: string,
  question: Question,
  details: Details,
): Promise<ReloadOutcome | null> {
  try {
    return (await ask(directory, question, details)) as ReloadOutcome;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT" || code === "ECONNREFUSED") return null;
    if (code === "ETIMEDOUT") throw new Refusal(EXIT.unreachable, mute(directory));
    if (code === "EACCES") throw new Refusal(EXIT.unreachable, forbidden(directory));
    throw new Refusal(EXIT.refused, cause instanceof Error ? cause.message : String(cause));
  }
}
