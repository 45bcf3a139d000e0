// A question to the daemon on a state directory, and who does not answer it.

import { ask, type Question, socketPath } from "../operate/control.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** For commands that cannot do without its answer: refuses when no daemon answers. */
export function askDaemon(stateDirectory: string, question: Question): Promise<unknown> {
  return ask(stateDirectory, question).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(
      EXIT.unreachable,
      code === "EACCES" ? forbidden(stateDirectory) : nobody(stateDirectory, ` (${why})`),
    );
  });
}

/** Who is not there, and what to do about it. */
export const nobody = (directory: string, why = ""): string =>
  `no daemon answers on ${socketPath(directory)}${why}; is it running, and with this --state-dir?`;

/** Who is there, and silent. */
export const mute = (directory: string): string =>
  `the daemon on ${socketPath(directory)} does not answer; what it has not begun by now it will not do`;

/** Who may be there, and is not to be asked by everybody. */
export const forbidden = (directory: string): string =>
  `permission denied for ${socketPath(directory)}; run it as root, as the user of the daemon or of its group`;
