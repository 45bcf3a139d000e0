// The log on disk, written so that no disk can hold anything up.
//
// A line is first handed to the kernel in a small file in memory (the write-ahead copy), which
// survives the death of this process but not of the machine, and whose write never waits; a
// background writer then puts lines into the segments and syncs them in batches. When the disk is
// full or hangs, lines wait in a bounded queue, and beyond that they are dropped and counted.

import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

export type StoreStatus = {
  /** Number of the last line handed over, and of the last one known to be on the disk. */
  readonly head: number;
  readonly durable: number;
  readonly queuedBytes: number;
  /** Lines dropped since the start because the disk stood still. */
  readonly lost: number;
  /** What the disk last answered, when that was an error. */
  readonly error: string | null;
};

/** Where the last line before this daemon stands. */
export type Last = { readonly seq: number; readonly hash: string; readonly hlc: number; readonly segment: number };

export type Store = {
  readonly epoch: string;
  readonly last: Last;
  /** Never waits. */
  readonly append: (text: string, seq: number) => void;
  /** What is appended from here on goes into that segment; gives how many lines were lost before it. */
  readonly beginSegment: (segment: number) => number;
  /** Lines lost since the last segment began. */
  readonly lostLines: () => number;
  /** Whether there is room again after lines were lost. */
  readonly ready: () => boolean;
  readonly status: () => StoreStatus;
  /** Waits until everything is on the disk, at most `patience` ms. */
  readonly close: (patience: number) => Promise<void>;
};

export type StoreOptions = {
  readonly directory: string;
  /** The write-ahead copy; null for none. */
  readonly ahead: string | null;
  readonly epoch: string;
  readonly last: Last;
  /** Segments beyond this many bytes in all are deleted, oldest first. */
  readonly retention: number;
  /** How much may wait for the disk. */
  readonly queueLimit: number;
};

/** Between attempts when the disk refused, in ms. */
const RETRY_MS = 1_000;
/** The write-ahead copy is emptied when it is larger than this and everything in it is on the disk. */
const AHEAD_BYTES = 64 * 1024;

export const segmentName = (segment: number): string => `${String(segment).padStart(8, "0")}.jsonl`;

type Pending = { readonly segment: number; readonly text: string; readonly seq: number };

/** The background writer's view of one segment file. */
type Target = { readonly segment: number; readonly handle: FileHandle; position: number };

export function createStore(options: StoreOptions): Store {
  const ahead = options.ahead === null ? null : openAhead(options.ahead);
  const queue: Pending[] = [];
  let queuedBytes = 0;
  let segment = options.last.segment;
  let head = options.last.seq;
  let durable = options.last.seq;
  let lost = 0;
  let lostInAll = 0;
  let error: string | null = null;
  let target: Target | null = null;
  let writing: Promise<void> | null = null;
  let closing = false;

  const into = async (wanted: number): Promise<Target> => {
    if (target?.segment === wanted) return target;
    await target?.handle.close();
    target = null;
    const path = join(options.directory, segmentName(wanted));
    // Not O_APPEND: after a short write the same place is written again.
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o640);
    target = { segment: wanted, handle, position: (await handle.stat()).size };
    await prune(options.directory, options.retention, wanted);
    return target;
  };

  /** Writes what stands at the front of the queue for one segment; leaves it there when that fails. */
  const writeBatch = async (): Promise<void> => {
    const wanted = queue[0]?.segment ?? segment;
    const size = queue.findIndex((pending) => pending.segment !== wanted);
    const batch = queue.slice(0, size < 0 ? Math.min(queue.length, 1024) : Math.min(size, 1024));
    const file = await into(wanted);
    const bytes = Buffer.from(batch.map((pending) => pending.text).join(""));
    await writeAll(file, bytes);
    await file.handle.datasync();
    file.position += bytes.length;
    queue.splice(0, batch.length);
    queuedBytes -= batch.reduce((sum, pending) => sum + pending.text.length, 0);
    durable = batch.at(-1)?.seq ?? durable;
  };

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      try {
        await writeBatch();
        error = null;
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause);
        if (closing) return;
        await pause(RETRY_MS);
      }
    }
    ahead?.empty();
  };

  const kick = (): void => {
    writing ??= drain().finally(() => {
      writing = null;
      if (queue.length > 0 && !closing) kick();
    });
  };

  return {
    epoch: options.epoch,
    last: options.last,
    append: (text, seq) => {
      head = seq;
      if (lost > 0 || queuedBytes + text.length > options.queueLimit) {
        lost += 1;
        lostInAll += 1;
        return;
      }
      ahead?.write(text);
      queue.push({ segment, text, seq });
      queuedBytes += text.length;
      kick();
    },
    beginSegment: (next) => {
      segment = next;
      const before = lost;
      lost = 0;
      return before;
    },
    lostLines: () => lost,
    ready: () => queuedBytes < options.queueLimit / 2,
    status: () => ({ head, durable, queuedBytes, lost: lostInAll, error }),
    close: async (patience) => {
      closing = true;
      const written = writing ?? (queue.length > 0 ? drain() : Promise.resolve());
      await Promise.race([written, pause(patience)]);
      // A hung disk keeps its handle; the write-ahead copy keeps what it did not take.
      if (queue.length === 0) await target?.handle.close();
      ahead?.close();
    },
  };
}

async function writeAll(file: Target, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.handle.write(bytes, written, bytes.length - written, file.position + written);
    written += bytesWritten;
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** Deletes the oldest segments until the rest fits; the current one always stays. */
async function prune(directory: string, retention: number, current: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^\d{8}\.jsonl$/.test(name)).sort();
  let total = 0;
  for (const name of names.reverse()) {
    total += (await stat(join(directory, name))).size;
    if (total > retention && name !== segmentName(current)) await unlink(join(directory, name));
  }
}

type Ahead = { readonly write: (text: string) => void; readonly empty: () => void; readonly close: () => void };

/** Null when the place in memory cannot be had, or belongs to somebody else. */
function openAhead(path: string): Ahead | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
  } catch {
    return null;
  }
  if (fstatSync(fd).uid !== (process.getuid?.() ?? 0)) {
    closeSync(fd);
    return null;
  }
  ftruncateSync(fd);
  let size = 0;
  return {
    write: (text) => {
      try {
        size += writeSync(fd, text);
      } catch {
        // The memory is full; the queue still has the line and the disk will get it.
      }
    },
    empty: () => {
      if (size < AHEAD_BYTES) return;
      ftruncateSync(fd);
      size = 0;
    },
    close: () => closeSync(fd),
  };
}
