// Who asked this daemon for something, and which machine it is.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Actor, Word } from "../core/actor.ts";
import { callerOf, ownCaller } from "../linux/caller.ts";

const NO_WORD: Word = { loginUid: null, command: null };

/** Whoever is at the other end of the control socket; undefined when the kernel does not tell. */
export async function whoAsked(fd: number | null, word: Word = NO_WORD): Promise<Actor | undefined> {
  const caller = fd === null ? null : await callerOf(fd, word);
  return caller === null ? undefined : { via: "socket", ...caller };
}

/** Whoever started this process, by what it inherited. */
export const whoStarted = (): Actor => ({ via: "start", ...ownCaller(["heird", ...process.argv.slice(2)]) });

/** Whoever sent a signal: the kernel knows, and Node does not ask it. */
export const whoSignalled = (signal: string): Actor => ({ via: "signal", signal });

/** A fingerprint of the machine's id, which is not to be told itself (machine-id(5)); nothing where there is none. */
export function thisMachine(path = "/etc/machine-id"): { readonly machine?: string } {
  try {
    const id = readFileSync(path, "latin1").trim();
    return id === "" ? {} : { machine: createHash("sha256").update(`heird ${id}`).digest("hex").slice(0, 32) };
  } catch {
    return {};
  }
}
