// A question to the daemon on a state directory, for commands that cannot do without its answer.

import { ask, type Question, socketPath } from "../operate/control.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** Refuses when no daemon answers; `hint` ends that sentence. */
export function askDaemon(stateDirectory: string, question: Question, hint = ""): Promise<unknown> {
  return ask(stateDirectory, question).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(EXIT.unreachable, `no daemon answers on ${socketPath(stateDirectory)} (${why})${hint}`);
  });
}
