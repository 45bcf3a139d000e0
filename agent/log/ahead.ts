// The write-ahead copy: a small file in memory that has every line before anything is done about it.
// It survives the death of this process but not of the machine, and writing it waits for no disk.

import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export type Ahead = {
  readonly write: (bytes: Uint8Array, offset: number, length: number) => void;
  /** Everything written so far is on the disk, too. */
  readonly durable: () => void;
  /** Nothing is needed of it any more. */
  readonly remove: () => void;
  /** After this it does nothing. */
  readonly close: () => void;
};

/** It is emptied when it is larger than this and everything in it is on the disk. */
const AHEAD_BYTES = 64 * 1024;
/** RUNTIME is a folder of our own, made when missing. */
const RUNTIME = "/run/heird";
const PLACES = [RUNTIME, "/dev/shm"];
/** What statfs calls file systems that live in memory: tmpfs and ramfs. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * The write-ahead copy of a state directory. Null when this machine has no place in memory for us;
 * in many containers /run is on the disk.
 */
export function aheadPath(stateDirectory: string): string | null {
  const id = createHash("sha256").update(realpathSync(stateDirectory)).digest("hex").slice(0, 16);
  const place = PLACES.find(isForUs);
  return place === undefined ? null : join(place, `heird-${id}.ahead`);
}

function isForUs(place: string): boolean {
  try {
    if (!IN_MEMORY.has(statfsSync(place === RUNTIME ? "/run" : place).type)) return false;
    if (place === RUNTIME) mkdirSync(place, { recursive: true, mode: 0o755 });
    accessSync(place, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What it says; nothing when it is not there or somebody else's. */
export function readAhead(path: string): string {
  try {
    const there = lstatSync(path);
    return there.isFile() && there.uid === ourselves() ? readFileSync(path, "utf8") : "";
  } catch {
    return "";
  }
}

/** Begins it anew. Null when the place in memory cannot be had, or belongs to somebody else. */
export function openAhead(path: string): Ahead | null {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    // Anybody may put something into /dev/shm; a FIFO there would hold up the start.
    fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch {
    return null;
  }
  const there = fstatSync(fd);
  if (!there.isFile() || there.uid !== ourselves()) {
    closeSync(fd);
    return null;
  }
  ftruncateSync(fd);
  let size = 0;
  let open = true;
  return {
    write: (bytes, offset, length) => {
      if (!open) return;
      try {
        size += writeSync(fd, bytes, offset, length);
      } catch {
        // The memory is full; the queue still has the line and the disk will get it.
      }
    },
    durable: () => {
      if (!open || size < AHEAD_BYTES) return;
      ftruncateSync(fd);
      size = 0;
    },
    remove: () => {
      if (open) unlinkSync(path);
    },
    close: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

const ourselves = (): number => process.getuid?.() ?? 0;
