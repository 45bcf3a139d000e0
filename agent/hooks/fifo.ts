// A named pipe that is told every change, in Keepalived's words. Writing waits for nobody: what a full
// pipe does not take is counted, and the last state of whomever it missed is written when there is room.
// Whoever opens the pipe late is told again the last state of everybody that another has read before; and
// so is whoever opens a pipe that stands where the one before was taken away.

import { writeSync } from "node:fs";
import type { Fifo } from "../core/config.ts";
import type { Notice } from "../core/effect.ts";
import { unreadIn, watchUses } from "../linux/pipe.ts";
import { type Audience, audience } from "./audience.ts";
import { makePipe, type NamedPipe, replacePipe } from "./named-pipe.ts";

export type FifoWriter = {
  readonly write: (notice: Pick<Notice, "kind" | "name" | "word" | "priority">) => void;
  /** Writes what was missed, as far as there is room; tells whether anything is left. */
  readonly catchUp: () => boolean;
  /** The reader is known to have ended. */
  readonly leave: () => void;
  /** How many lines nobody has read. */
  readonly unread: () => number;
  readonly close: () => void;
};

/** What a pipe could not do: how many lines nobody will read because of it, and why. */
export type Trouble = (lines: number, error: string) => void;

/** `INSTANCE "VI_1" MASTER 100` (lab: Keepalived 2.2.7). */
export const lineOf = ({ kind, name, word, priority }: Pick<Notice, "kind" | "name" | "word" | "priority">): string =>
  `${kind} "${name}" ${word} ${priority}\n`;

/** A pipe where it should stand, and who reads it. */
type Open = { readonly pipe: NamedPipe; readonly readers: Audience; readonly unwatch: () => void };

type Desk = {
  readonly fifo: Fifo;
  readonly trouble: Trouble;
  /** What has not been written, by whom it is about. */
  readonly owed: Map<string, string>;
  /** The last line about each, and where it ends in all that was written. */
  readonly last: Map<string, { readonly line: string; readonly end: number }>;
  now: Open | null;
};

/** Makes the pipe anew. Throws a sentence when it cannot be made; what goes wrong later is told. */
export function openFifo(fifo: Fifo, trouble: Trouble): FifoWriter {
  const desk: Desk = { fifo, trouble, owed: new Map(), last: new Map(), now: null };
  desk.now = opened(desk, makePipe(fifo));
  return {
    write: (notice) => {
      const line = lineOf(notice);
      const key = `${notice.kind} ${notice.name}`;
      const error = tell(desk, key, line);
      if (error === null) return;
      desk.owed.delete(key);
      desk.owed.set(key, line);
      trouble(1, error);
    },
    catchUp: () => {
      stand(desk);
      return desk.now === null || settle(desk, desk.now) !== null;
    },
    leave: () => desk.now?.readers.leave(),
    unread: () => desk.now?.readers.unread() ?? 0,
    close: () => {
      if (desk.now !== null) shut(desk.now);
      desk.now = null;
    },
  };
}

function opened(desk: Desk, pipe: NamedPipe): Open {
  const readers = audience(
    () => unreadIn(pipe.fd),
    () => performance.now(),
  );
  const unwatch = watchUses(desk.fifo.path, (use) => {
    if (use === "moved") stand(desk);
    else if (use === "closed") readers.closed();
    else if (readers.opened()) tellAgain(desk);
  });
  return { pipe, readers, unwatch };
}

function shut({ pipe, unwatch }: Open): void {
  unwatch();
  pipe.close();
}

/** Sees that the pipe is where it should be; a sentence when it cannot be there. */
function stand(desk: Desk): string | null {
  const { fifo, trouble, now: before } = desk;
  if (before?.pipe.stands() === true) return null;
  desk.now = null;
  const unread = before === null ? 0 : giveUp(desk, before);
  const tellOnce = (error: string): void => {
    if (before !== null) trouble(unread, `it was taken from its place${error}`);
  };
  try {
    desk.now = opened(desk, replacePipe(fifo));
    tellOnce(", and another one is made");
    return null;
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    tellOnce(`: ${error}`);
    return error;
  }
}

/** Whoever opens the next one has read nothing of this one. Gives how many lines nobody has read. */
function giveUp({ owed, last }: Desk, lost: Open): number {
  // What is owed is newer than what was written of the same.
  for (const [key, { line }] of last) if (!owed.has(key)) owed.set(key, line);
  last.clear();
  const unread = lost.readers.unread();
  shut(lost);
  return unread;
}

function put({ last }: Desk, { pipe, readers }: Open, key: string, line: string): string | null {
  try {
    // A line is shorter than PIPE_BUF: the pipe takes all of it, or nothing.
    const length = writeSync(pipe.fd, line);
    readers.wrote(length);
    last.delete(key);
    last.set(key, { line, end: readers.end() });
    return null;
  } catch (cause) {
    return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  }
}

/** Writes what is owed; a word when something is left. */
function settle(desk: Desk, now: Open): string | null {
  for (const [key, line] of desk.owed) {
    const error = put(desk, now, key, line);
    if (error !== null) return error;
    desk.owed.delete(key);
  }
  return null;
}

function tell(desk: Desk, key: string, line: string): string | null {
  const error = stand(desk);
  const { now } = desk;
  return now === null ? error : (settle(desk, now) ?? put(desk, now, key, line));
}

function tellAgain(desk: Desk): void {
  const { now, last, owed } = desk;
  if (now === null) return;
  const read = now.readers.readBefore();
  // What is owed is newer than what was written of the same.
  const gone = [...last].filter(([key, { end }]) => end <= read && !owed.has(key));
  for (const [key, { line }] of gone) put(desk, now, key, line);
}
