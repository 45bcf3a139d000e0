// The segment files of a log, as its background writer sees them.

import { closeSync, constants, openSync } from "node:fs";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

/** What is done to a segment. */
export type SegmentFile = Pick<FileHandle, "write" | "datasync" | "stat" | "close">;

export type Segments = {
  /** Puts bytes at the end of a segment and syncs them; after a failure the same place is written again. */
  readonly write: (segment: number, bytes: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Of the segments the oldest go until what remains is at most so large, and no older. */
export type Retention = {
  readonly bytes: number;
  /** In ms since 1970: a segment whose last line was written before goes. */
  readonly since: number;
};

export type SegmentsOptions = {
  readonly directory: string;
  /** How much is kept, asked whenever a segment begins. */
  readonly retention: () => Retention;
  /** How a segment is opened; from node:fs unless a test has a disk of its own. */
  readonly openSegment?: ((path: string) => Promise<SegmentFile>) | undefined;
};

// Not O_APPEND: after a short write the same place is written again.
const openForWriting = (path: string): Promise<SegmentFile> =>
  open(path, constants.O_WRONLY | constants.O_CREAT, 0o640);

export const segmentName = (segment: number): string => `${String(segment).padStart(8, "0")}.jsonl`;

type Target = { readonly segment: number; readonly handle: SegmentFile; position: number };

export function createSegments({ directory, retention, openSegment = openForWriting }: SegmentsOptions): Segments {
  let target: Target | null = null;

  const into = async (wanted: number): Promise<Target> => {
    if (target?.segment === wanted) return target;
    await target?.handle.close();
    target = null;
    const handle = await openSegment(join(directory, segmentName(wanted)));
    target = { segment: wanted, handle, position: (await handle.stat()).size };
    await prune(directory, retention(), wanted);
    return target;
  };

  return {
    write: async (segment, bytes) => {
      const file = await into(segment);
      await writeAll(file, bytes);
      await file.handle.datasync();
      file.position += bytes.length;
    },
    close: async () => {
      await target?.handle.close();
      target = null;
    },
  };
}

/** An empty first segment says that a log was begun here, whatever else is only in the write-ahead copy. */
export function createFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o640));
  } catch {
    // The background writer will meet the same error, and tell it.
  }
}

async function writeAll(file: Target, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.handle.write(bytes, written, bytes.length - written, file.position + written);
    written += bytesWritten;
  }
}

const OF_A_SEGMENT = /^(\d{8})(?:\.jsonl|\.damaged|-\d{12}\.flight)$/;

/** Deletes the oldest segments, and the recordings that belong to them; the current one always stays. */
async function prune(directory: string, { bytes, since }: Retention, current: number): Promise<void> {
  const bySegment = new Map<number, string[]>();
  for (const name of (await readdir(directory)).sort()) {
    const number = OF_A_SEGMENT.exec(name)?.[1];
    if (number === undefined) continue;
    const names = bySegment.get(Number(number)) ?? [];
    names.push(join(directory, name));
    bySegment.set(Number(number), names);
  }
  let total = 0;
  /** When the segment after the one looked at began, and so when this one ended. */
  let ended = Number.POSITIVE_INFINITY;
  for (const [segment, paths] of [...bySegment].reverse()) {
    for (const path of paths) total += (await stat(path)).size;
    const goes = segment < current && (total > bytes || ended < since);
    const began = await beginningOf(join(directory, segmentName(segment)));
    if (goes) for (const path of paths) await unlink(path);
    // One that tells no time is as old as the one behind it.
    ended = began ?? ended;
  }
}

const HLC = /"hlc":(\d+)/;

/** When a segment began, ms since 1970, from the first bytes of its header; null when they do not tell. */
async function beginningOf(path: string): Promise<number | null> {
  const START = 256;
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
      const hlc = HLC.exec(buffer.toString("latin1", 0, bytesRead))?.[1];
      return hlc === undefined ? null : Number(hlc);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
