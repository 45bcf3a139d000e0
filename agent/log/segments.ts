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

export type SegmentsOptions = {
  readonly directory: string;
  /** Segments beyond this many bytes in all are deleted, oldest first. */
  readonly retention: number;
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
    await prune(directory, retention, wanted);
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

/** Deletes the oldest segments until the rest fits; the current one always stays. */
async function prune(directory: string, retention: number, current: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^\d{8}\.jsonl$/.test(name)).sort();
  let total = 0;
  for (const name of names.reverse()) {
    total += (await stat(join(directory, name))).size;
    if (total > retention && name !== segmentName(current)) await unlink(join(directory, name));
  }
}
