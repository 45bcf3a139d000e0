// A named pipe that is told every change, in Keepalived's words. Writing waits for nobody: what a full
// pipe does not take is counted, and the last state of whomever it missed is written when there is room.
// Whoever opens the pipe late is told again the last state of everybody that another has read before.

import { chownSync, closeSync, constants, lstatSync, openSync, unlinkSync, writeSync } from "node:fs";
import type { Fifo } from "../core/config.ts";
import type { Notice } from "../core/effect.ts";
import { createFifo, unreadIn, watchUses } from "../linux/pipe.ts";
import { audience } from "./audience.ts";
import { identityOf } from "./user.ts";

export type FifoWriter = {
  readonly write: (notice: Pick<Notice, "kind" | "name" | "word" | "priority">) => void;
  /** Writes what was missed, as far as there is room; tells whether anything is left. */
  readonly catchUp: () => boolean;
  /** The reader is known to have ended. */
  readonly leave: () => void;
  readonly close: () => void;
};

/** `INSTANCE "VI_1" MASTER 100` (lab: Keepalived 2.2.7). */
export const lineOf = ({ kind, name, word, priority }: Pick<Notice, "kind" | "name" | "word" | "priority">): string =>
  `${kind} "${name}" ${word} ${priority}\n`;

/** Makes the pipe anew. `missed` is told each line that was not taken, and why. Throws a sentence when it cannot be made. */
export function openFifo({ path, user, group }: Fifo, missed: (error: string) => void): FifoWriter {
  removeFifo(path);
  const trouble = createFifo(path);
  if (trouble !== null) throw new Error(`${path}: ${trouble}`);
  own(path, user, group);
  // Open for reading, too: so there is always a reader, and who comes late finds what was written.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const owed = new Map<string, string>();
  /** The last line about each, and where it ends in all that was written. */
  const last = new Map<string, { readonly line: string; readonly end: number }>();
  const readers = audience(
    () => unreadIn(fd),
    () => performance.now(),
  );

  const put = (key: string, line: string): string | null => {
    try {
      // A line is shorter than PIPE_BUF: the pipe takes all of it, or nothing.
      const length = writeSync(fd, line);
      readers.wrote(length);
      last.delete(key);
      last.set(key, { line, end: readers.end() });
      return null;
    } catch (cause) {
      return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    }
  };
  const catchUp = (): boolean => {
    for (const [key, line] of owed) {
      if (put(key, line) !== null) return true;
      owed.delete(key);
    }
    return false;
  };
  const tellAgain = (): void => {
    const read = readers.readBefore();
    // What is owed is newer than what was written of the same.
    const gone = [...last].filter(([key, { end }]) => end <= read && !owed.has(key));
    for (const [key, { line }] of gone) put(key, line);
  };
  const unwatch = watchUses(path, (use) => {
    if (use === "closed") readers.closed();
    else if (readers.opened()) tellAgain();
  });
  return {
    write: (notice) => {
      const line = lineOf(notice);
      const key = `${notice.kind} ${notice.name}`;
      const error = catchUp() ? "EAGAIN" : put(key, line);
      if (error === null) return;
      owed.delete(key);
      owed.set(key, line);
      missed(error);
    },
    catchUp,
    leave: readers.leave,
    close: () => {
      unwatch();
      closeSync(fd);
      removeFifo(path);
    },
  };
}

function removeFifo(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFIFO()) throw new Error(`${path} is there and no pipe`);
  unlinkSync(path);
}

function own(path: string, user: string | null, group: string | null): void {
  if (user === null && group === null) return;
  const identity = identityOf(user, group);
  if (typeof identity === "string") throw new Error(`${path}: ${identity}`);
  chownSync(path, identity.uid, identity.gid);
}
