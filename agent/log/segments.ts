// The segment files of a log, as its background writer sees them.

import { closeSync, constants, openSync } from "node:fs";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

/** What is done to a segment. */
export type SegmentFile = Pick<FileHandle, "write" | "datasync" | "stat" | "close">;

export type Segments = {
  /** Puts bytes at the end of a segment and syncs them; after a failure the same place is written again. */
  readonly write: (segment: number, pieces: readonly Uint8Array[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Told how long things took, in µs. */
export type DiskWatch = {
  /** A line was handed over; nobody waited for the disk. */
  readonly appended: (span: number) => void;
  /** So many bytes were written, and this long it took to sync them. */
  readonly synced: (span: number, bytes: number) => void;
  /** The disk refused a batch, which is tried again. */
  readonly refused: () => void;
};

/** Of the segments the oldest go until what remains is at most so large, and no older. */
export type Retention = {
  readonly bytes: number;
  /** In ms since 1970: a segment whose last line was written before goes. */
  readonly since: number;
  /** From that line on somebody still needs them: for them more is kept, up to so many bytes. */
  readonly needed?: { readonly from: number; readonly bytes: number } | null;
};

/** What is kept beyond the retention because it is needed, in bytes, and how many lines that were needed and had to go. */
export type Pruned = { readonly held: number; readonly lost: number };

export type SegmentsOptions = {
  readonly directory: string;
  /** How much is kept, asked whenever a segment begins. */
  readonly retention: () => Retention;
  /** Told whenever a segment begins. */
  readonly pruned?: ((what: Pruned) => void) | undefined;
  readonly watch?: DiskWatch | undefined;
  /** How a segment is opened; from node:fs unless a test has a disk of its own. */
  readonly openSegment?: ((path: string) => Promise<SegmentFile>) | undefined;
};

// Not O_APPEND: after a short write the same place is written again.
const openForWriting = (path: string): Promise<SegmentFile> =>
  open(path, constants.O_WRONLY | constants.O_CREAT, 0o640);

export const segmentName = (segment: number): string => `${String(segment).padStart(8, "0")}.jsonl`;

type Target = { readonly segment: number; readonly handle: SegmentFile; position: number };

export function createSegments({
  directory,
  retention,
  pruned,
  watch,
  openSegment = openForWriting,
}: SegmentsOptions): Segments {
  let target: Target | null = null;

  const into = async (wanted: number): Promise<Target> => {
    if (target?.segment === wanted) return target;
    await target?.handle.close();
    target = null;
    const handle = await openSegment(join(directory, segmentName(wanted)));
    target = { segment: wanted, handle, position: (await handle.stat()).size };
    const what = await prune(directory, retention(), wanted);
    pruned?.(what);
    return target;
  };

  return {
    write: async (segment, pieces) => {
      const file = await into(segment);
      let { position } = file;
      for (const bytes of pieces) {
        await writeAll(file, bytes, position);
        position += bytes.length;
      }
      const began = performance.now();
      await file.handle.datasync();
      watch?.synced((performance.now() - began) * 1_000, position - file.position);
      file.position = position;
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

async function writeAll(file: Target, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

const OF_A_SEGMENT = /^(\d{8})(?:\.jsonl|\.damaged|-\d{12}\.flight)$/;

/** A segment with what lies beside it. */
type Segment = {
  readonly number: number;
  readonly paths: readonly string[];
  readonly size: number;
  /** Its first line; null when it does not tell. */
  readonly began: { readonly seq: number; readonly hlc: number } | null;
};

/** Deletes the oldest segments, and the recordings that belong to them; the current one always stays. */
async function prune(directory: string, retention: Retention, current: number): Promise<Pruned> {
  let held = 0;
  let lost = 0;
  for (const { paths, size, verdict, needed } of judged(await segmentsIn(directory), retention, current)) {
    if (verdict === "held") held += size;
    if (verdict !== "goes") continue;
    for (const path of paths) await unlink(path);
    lost += needed;
  }
  return { held, lost };
}

/** The newest first. */
async function segmentsIn(directory: string): Promise<readonly Segment[]> {
  const bySegment = new Map<number, string[]>();
  for (const name of (await readdir(directory)).sort()) {
    const number = OF_A_SEGMENT.exec(name)?.[1];
    if (number === undefined) continue;
    const names = bySegment.get(Number(number)) ?? [];
    names.push(join(directory, name));
    bySegment.set(Number(number), names);
  }
  const segments: Segment[] = [];
  for (const [number, paths] of [...bySegment].reverse()) {
    let size = 0;
    for (const path of paths) size += (await stat(path)).size;
    segments.push({ number, paths, size, began: await beginningOf(join(directory, segmentName(number))) });
  }
  return segments;
}

type Judged = Segment & {
  readonly verdict: "stays" | "held" | "goes";
  /** How many of its lines are needed. */
  readonly needed: number;
};

function* judged(
  segments: readonly Segment[],
  { bytes, since, needed }: Retention,
  current: number,
): Generator<Judged> {
  const room = needed?.bytes ?? 0;
  let total = 0;
  /** When the segment after the one looked at began, and so when this one ended. */
  let ended = Number.POSITIVE_INFINITY;
  /** The first line of that one. */
  let next = Number.POSITIVE_INFINITY;
  for (const segment of segments) {
    total += segment.size;
    const lines = linesBetween(needed?.from ?? Number.POSITIVE_INFINITY, segment.began?.seq ?? 0, next);
    const isOver = segment.number < current && (total > bytes || ended < since);
    const isHeld = isOver && lines > 0 && total <= room;
    const verdict = isHeld ? "held" : isOver ? "goes" : "stays";
    yield { ...segment, verdict, needed: lines };
    // One that tells no time is as old as the one behind it.
    ended = segment.began?.hlc ?? ended;
    next = segment.began?.seq ?? next;
  }
}

/** How many lines of a segment are needed; nobody counts those of one that has none behind it yet. */
const linesBetween = (needed: number, first: number, next: number): number =>
  Number.isFinite(next) ? Math.max(0, next - Math.max(needed, first)) : Number(Number.isFinite(needed));

const PLACE = /"seq":(\d+),"at":\d+,"hlc":(\d+)/;

/** Number and time (ms since 1970) of the first line of a segment, from its first bytes; null when they do not tell. */
async function beginningOf(path: string): Promise<{ readonly seq: number; readonly hlc: number } | null> {
  const START = 256;
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
      const [, seq, hlc] = PLACE.exec(buffer.toString("latin1", 0, bytesRead)) ?? [];
      return seq === undefined || hlc === undefined ? null : { seq: Number(seq), hlc: Number(hlc) };
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
