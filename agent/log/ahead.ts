// The write-ahead copy: a small file in memory that has every line before anything is done about it.
// It survives the death of this process but not of the machine, and writing it waits for no disk.

import { createHash } from "node:crypto";
import {
  accessSync,
  close as closeFile,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export type Ahead = {
  readonly write: (bytes: Uint8Array, offset: number, length: number) => void;
  /** Everything written so far is on the disk, too, but these. */
  readonly durable: (waiting: readonly Waiting[]) => void;
  /** Nothing is needed of it any more. */
  readonly remove: () => void;
  /** After this it does nothing. */
  readonly close: () => void;
};

/** Bytes at the beginning of a buffer. */
export type Waiting = { readonly buffer: Uint8Array; readonly used: number };

/** It is emptied when it is larger than this and everything in it is on the disk. */
const AHEAD_BYTES = 64 * 1024;
/**
 * Under a storm something always waits for the disk. Then, from this size on, another file takes its place that has
 * only what waits; and the old one is let go in the background, because to free many pages takes a while.
 */
const RENEW_BYTES = 1024 * 1024;
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
  const first = openOurs(path);
  if (first === null) return null;
  unlinkStale(`${path}.next`);
  let fd = first;
  let size = 0;
  let open = true;
  /** Anything that goes wrong leaves the old one in its place, which has everything. */
  const renew = (waiting: readonly Waiting[]): void => {
    const next = openOurs(`${path}.next`);
    if (next === null) return;
    let written = 0;
    try {
      for (const { buffer, used } of waiting) {
        if (writeSync(next, buffer, 0, used) < used) throw new RangeError("the memory is full");
        written += used;
      }
      renameSync(`${path}.next`, path);
    } catch {
      closeSync(next);
      return;
    }
    closeFile(fd, () => undefined);
    fd = next;
    size = written;
  };
  return {
    write: (bytes, offset, length) => {
      if (!open) return;
      try {
        size += writeSync(fd, bytes, offset, length);
      } catch {
        // The memory is full; the queue still has the line and the disk will get it.
      }
    },
    durable: (waiting) => {
      if (!open || size < AHEAD_BYTES) return;
      if (size >= RENEW_BYTES) renew(waiting);
      else if (waiting.length === 0) {
        ftruncateSync(fd);
        size = 0;
      }
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

/** Emptied. Null when it cannot be had, or is somebody else's. */
function openOurs(path: string): number | null {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    // Anybody may put something into /dev/shm; a FIFO there would hold up the start.
    fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch {
    return null;
  }
  const there = fstatSync(fd);
  if (there.isFile() && there.uid === ourselves()) {
    ftruncateSync(fd);
    return fd;
  }
  closeSync(fd);
  return null;
}

/** Of a daemon that died while it changed over; what is somebody else's stays. */
function unlinkStale(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, as a rule.
  }
}

const ourselves = (): number => process.getuid?.() ?? 0;
