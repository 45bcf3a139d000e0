// A named pipe in the file system: made, found again, and removed by whoever made it. Somebody may remove it, move
// it or put something else in its place at any time (a cleaner of /tmp, an administrator), and that ends no daemon.

import { chownSync, closeSync, constants, fstatSync, lstatSync, openSync, type Stats, unlinkSync } from "node:fs";
import type { Fifo } from "../core/config.ts";
import { createFifo } from "../linux/pipe.ts";
import { identityOf } from "./user.ts";

export type NamedPipe = {
  readonly fd: number;
  /** Whether its path still leads to it. */
  readonly stands: () => boolean;
  /** Lets go of it, and removes it where it stands and is ours. */
  readonly close: () => void;
};

/** Made anew, whatever pipe was there. Throws a sentence when it cannot be. */
export function makePipe(fifo: Fifo): NamedPipe {
  const { path } = fifo;
  if (pipeAt(path) !== undefined) unlinkSync(path);
  const trouble = createFifo(path);
  if (trouble !== null) throw new Error(`${path}: ${trouble}`);
  own(fifo);
  return open(path, true);
}

/** For one that has gone from its place: that of somebody else who was quicker, or one of our own. */
export const replacePipe = (fifo: Fifo): NamedPipe =>
  // Two daemons with one path would take it from each other for ever; so they share it.
  pipeAt(fifo.path) === undefined ? makePipe(fifo) : open(fifo.path, false);

function open(path: string, isOurs: boolean): NamedPipe {
  // Open for reading, too: so there is always a reader, and who comes late finds what was written.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const { dev, ino } = fstatSync(fd);
  const stands = (): boolean => {
    const there = at(path);
    return there?.dev === dev && there.ino === ino;
  };
  return {
    fd,
    stands,
    close: () => {
      closeSync(fd);
      try {
        if (isOurs && stands()) unlinkSync(path);
      } catch {
        // Its directory is not ours any more. The next one who makes it removes it first.
      }
    },
  };
}

function at(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of its path is no directory any more.
    return undefined;
  }
}

function pipeAt(path: string): Stats | undefined {
  const there = at(path);
  if (there !== undefined && !there.isFIFO()) throw new Error(`${path} is there and no pipe; remove it`);
  return there;
}

function own({ path, user, group }: Fifo): void {
  if (user === null && group === null) return;
  const identity = identityOf(user, group);
  if (typeof identity === "string") throw new Error(`${path}: ${identity}`);
  chownSync(path, identity.uid, identity.gid);
}
