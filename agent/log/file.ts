// The log on disk, written so that no disk can hold anything up.
//
// A line is first handed to the kernel in a small file in memory (the write-ahead copy), which
// survives the death of this process but not of the machine, and whose write never waits; a
// background writer then puts lines into the segments and syncs them in batches. When the disk is
// full or hangs, lines wait in a bounded queue, and beyond that they are dropped and counted.

import { closeSync, constants, openSync } from "node:fs";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { openAhead } from "./ahead.ts";

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
  /** Lines that are missing after `last`: found by the recovery, and not to be had. */
  readonly lost?: number;
  /** How a segment is opened; from node:fs unless a test has a disk of its own. */
  readonly openSegment?: (path: string) => Promise<SegmentFile>;
};

/** What is done to a segment. */
export type SegmentFile = Pick<FileHandle, "write" | "datasync" | "stat" | "close">;

// Not O_APPEND: after a short write the same place is written again.
const openForWriting = (path: string): Promise<SegmentFile> =>
  open(path, constants.O_WRONLY | constants.O_CREAT, 0o640);

/** Between attempts when the disk refused, in ms. */
const RETRY_MS = 1_000;
/** Lines that are written and synced together. */
const BATCH = 1_024;

export const segmentName = (segment: number): string => `${String(segment).padStart(8, "0")}.jsonl`;

type Pending = { readonly segment: number; readonly text: string; readonly seq: number };

/** The background writer's view of one segment file. */
type Target = { readonly segment: number; readonly handle: SegmentFile; position: number };

export function createStore(options: StoreOptions): Store {
  const { directory, retention, queueLimit, openSegment = openForWriting } = options;
  const ahead = options.ahead === null ? null : openAhead(options.ahead);
  if (options.last.seq < 0) createFile(join(directory, segmentName(options.last.segment + 1)));
  const queue: Pending[] = [];
  let queuedBytes = 0;
  let segment = options.last.segment;
  let head = options.last.seq;
  let durable = options.last.seq;
  let lost = options.lost ?? 0;
  let lostInAll = lost;
  let begun = false;
  let error: string | null = null;
  let target: Target | null = null;
  let writing: Promise<void> | null = null;
  let closing = false;

  const into = async (wanted: number): Promise<Target> => {
    if (target?.segment === wanted) return target;
    await target?.handle.close();
    target = null;
    const handle = await openSegment(join(directory, segmentName(wanted)));
    target = { segment: wanted, handle, position: (await handle.stat()).size };
    await prune(directory, retention, wanted);
    return target;
  };

  /** Writes what stands at the front of the queue for one segment; leaves it there when that fails. */
  const writeBatch = async (): Promise<void> => {
    const wanted = queue[0]?.segment ?? segment;
    const front = queue.slice(0, BATCH);
    const other = front.findIndex((pending) => pending.segment !== wanted);
    const batch = other < 0 ? front : front.slice(0, other);
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
    ahead?.durable();
  };

  const kick = (): void => {
    writing ??= drain().finally(() => {
      writing = null;
      if (queue.length > 0 && !closing) kick();
    });
  };

  const finish = async (): Promise<void> => {
    await (writing ?? drain());
    if (queue.length > 0) return;
    await target?.handle.close();
    ahead?.remove();
  };

  return {
    epoch: options.epoch,
    last: options.last,
    append: (text, seq) => {
      head = seq;
      // The header of a segment is always taken: without it, nothing that follows could be read.
      if (!begun && (lost > 0 || queuedBytes + text.length > queueLimit)) {
        lost += 1;
        lostInAll += 1;
        return;
      }
      begun = false;
      ahead?.write(text);
      queue.push({ segment, text, seq });
      queuedBytes += text.length;
      kick();
    },
    beginSegment: (next) => {
      segment = next;
      begun = true;
      const before = lost;
      lost = 0;
      return before;
    },
    lostLines: () => lost,
    ready: () => queuedBytes <= queueLimit / 2,
    status: () => ({ head, durable, queuedBytes, lost: lostInAll, error }),
    close: async (patience) => {
      closing = true;
      // A hung disk keeps its handle; the write-ahead copy keeps what it did not take.
      await within(patience, finish());
      ahead?.close();
    },
  };
}

/** An empty first segment says that a log was begun here, whatever else is only in the write-ahead copy. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o640));
  } catch {
    // The background writer will meet the same error, and tell it.
  }
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

/** Waits for something, but no longer than so many ms, and keeps the process alive as long. */
function within(ms: number, something: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    something.then(done, done);
  });
}

/** Deletes the oldest segments until the rest fits; the current one always stays. */
async function prune(directory: string, retention: number, current: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^\d{8}\.jsonl$/.test(name)).sort();
  let total = 0;
  for (const name of names.reverse()) {
    total += (await stat(join(directory, name))).size;
    if (total > retention && name !== segmentName(current)) await unlink(join(directory, name));
  }
}
