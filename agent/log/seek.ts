// Finds what is wanted in a log without reading the rest: which segments there are, when each begins,
// and where a phase changed.

import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../core/time.ts";
import { FOLD_VERSION, FORMAT, type Header, type Mark, type Place, parseLine } from "./line.ts";
import { wholeLine } from "./tail.ts";

/** One segment file, as its first line tells of it. */
export type SegmentHead = {
  readonly file: string;
  readonly size: number;
  /** Null when the first line is no header that can be read. */
  readonly header: Header | null;
};

const CHUNK = 64 * 1024;
const NAME = /^\d{8}\.jsonl$/;

/**
 * The segments of a log, oldest first: of a state directory, of a directory of segments, or one file.
 * Only the first line of each is read.
 */
export function segmentHeads(path: string): readonly SegmentHead[] {
  return filesOf(path).map(headOf);
}

/** One of them. */
export const headOf = (file: string): SegmentHead => ({ file, size: statSync(file).size, header: firstLine(file) });

/** Their files, oldest first. */
export function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const below = join(path, "log");
  const directory = existsSync(below) ? below : path;
  const names = readdirSync(directory).filter((name) => NAME.test(name));
  return names.sort().map((name) => join(directory, name));
}

function firstLine(file: string): Header | null {
  const fd = openSync(file, "r");
  try {
    let bytes = Buffer.alloc(0);
    for (let end = -1; end < 0; end = bytes.indexOf(0x0a)) {
      const more = Buffer.alloc(CHUNK);
      const read = readSync(fd, more, 0, CHUNK, bytes.length);
      if (read === 0) return null;
      bytes = Buffer.concat([bytes, more.subarray(0, read)]);
    }
    const line = wholeLine(bytes.toString("utf8", 0, bytes.indexOf(0x0a)), undefined)?.line;
    return line?.type === "header" ? line : null;
  } finally {
    closeSync(fd);
  }
}

/** What the first bytes of a segment tell: where it begins, and in which version it was written. */
export type Beginning = Place & Pick<Header, "heird" | "foldVersion" | "start" | "lost">;

const START = 1_024;
const NUMBERS = /^\{"seq":(\d+),"at":(\d+),"hlc":(\d+),"heird":(\d+),"foldVersion":(\d+),/;
const LIFE = /,"start":(true|false),"lost":(\d+),"config":/;

/** Null when they do not tell; that is no proof that the header is none. */
export function beginningOf(file: string): Beginning | null {
  const text = bytesAt(file, 0, START).toString("latin1");
  const [, seq, at, hlc, heird, foldVersion] = NUMBERS.exec(text) ?? [];
  const [, start, lost] = LIFE.exec(text) ?? [];
  // Names may be long; then the whole line has to be read.
  if (foldVersion === undefined || start === undefined) return firstLine(file);
  return {
    seq: Number(seq),
    at: Number(at) as Instant,
    hlc: Number(hlc),
    heird: Number(heird),
    foldVersion: Number(foldVersion),
    start: start === "true",
    lost: Number(lost),
  };
}

/** What a segment says of a newer heird that wrote it, in a sentence; null when it is of this one, or older. */
export function newerIn(file: string): string | null {
  const { heird = 0, foldVersion = 0 } = beginningOf(file) ?? {};
  if (heird > FORMAT) return `${file} was written in format ${heird}; this heird reads up to ${FORMAT}`;
  if (foldVersion > FOLD_VERSION)
    return `${file} was folded by version ${foldVersion}; this heird knows up to ${FOLD_VERSION}`;
  return null;
}

function bytesAt(file: string, position: number, length: number, bytes = Buffer.allocUnsafe(length)): Buffer {
  const fd = openSync(file, "r");
  try {
    return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
  } finally {
    closeSync(fd);
  }
}

/**
 * The index of the last segment that does not begin behind a point; 0 when all do. Looks into as few as a
 * binary search needs: numbers and wall-clock times of lines never go back.
 */
export function lastBegun(files: readonly string[], isBehind: (beginning: Beginning) => boolean): number {
  let low = 0;
  let high = files.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const { index, beginning } = readable(files, middle, low);
    if (beginning !== null && isBehind(beginning)) high = index - 1;
    else low = middle;
  }
  return Math.max(0, low);
}

/** The nearest segment at or before an index, above another one, that tells where it begins. */
function readable(
  files: readonly string[],
  from: number,
  above: number,
): { readonly index: number; readonly beginning: Beginning | null } {
  for (let index = from; index > above; index--) {
    const beginning = beginningOf(files[index] ?? "");
    if (beginning !== null) return { index, beginning };
  }
  return { index: from, beginning: null };
}

/** The segments that hold what happened from this wall-clock time (ms) on, and the one it began in. */
export const since = (files: readonly string[], hlc: number): readonly string[] =>
  files.slice(lastBegun(files, (beginning) => beginning.hlc >= hlc));

const MARK = Buffer.from('"mark":1');
const BLOCK = 1024 * 1024;
/** Longer than any mark. */
const OVERLAP = 4 * 1024;

/** The marks of a segment, the last first. Looks at bytes, and parses nothing but marks. */
export function* marksBackwards(file: string): Generator<Place & Mark> {
  const room = Buffer.allocUnsafe(BLOCK + 2 * OVERLAP);
  for (let end = statSync(file).size; end > 0; end -= BLOCK) {
    const start = Math.max(0, end - BLOCK);
    // A mark may reach into the block before; it belongs to the block that its word stands in.
    const from = Math.max(0, start - OVERLAP);
    const bytes = bytesAt(file, from, end - from + OVERLAP, room);
    for (let at = bytes.lastIndexOf(MARK, end - from - 1); at >= start - from; at = bytes.lastIndexOf(MARK, at - 1)) {
      const mark = markAt(bytes, at);
      if (mark !== null) yield mark;
      if (at === 0) break;
    }
  }
}

function markAt(bytes: Buffer, at: number): (Place & Mark) | null {
  const begin = bytes.lastIndexOf(0x0a, at) + 1;
  const end = bytes.indexOf(0x0a, at);
  const line = end < 0 ? "is torn" : parseLine(bytes.toString("utf8", begin, end));
  return typeof line !== "string" && line.type === "mark" ? line : null;
}
