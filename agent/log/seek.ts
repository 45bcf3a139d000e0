// Finds what is wanted in a log without reading the rest: which segments there are, when each begins,
// and where a transition was last written down.

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Header } from "./line.ts";
import { readSegment } from "./read.ts";
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

/** The segments that hold what happened from this wall-clock time (ms) on, and the one it began in. */
export function since(heads: readonly SegmentHead[], hlc: number): readonly SegmentHead[] {
  const later = heads.findIndex(({ header }) => header !== null && header.hlc > hlc);
  return later < 0 ? heads.slice(-1) : heads.slice(Math.max(0, later - 1));
}

const MARK = Buffer.from('"mark":1');

/** The index of the newest segment in which a phase changed; -1 when there is none. Looks at bytes, and parses nothing. */
export function newestWithMark(heads: readonly SegmentHead[], upTo: number = heads.length - 1): number {
  for (let i = upTo; i >= 0; i--) {
    const file = heads[i]?.file;
    if (file !== undefined && readFileSync(file).includes(MARK)) return i;
  }
  return -1;
}

/** The lines of some segments, one after the other, and every flaw of their chain. */
export function readSegments(heads: readonly SegmentHead[]): ReturnType<typeof readSegment> {
  let last: Parameters<typeof readSegment>[1] = null;
  const lines = [];
  const flaws = [];
  for (const { file } of heads) {
    const segment = readSegment(file, last ?? null);
    for (const line of segment.lines) lines.push(line);
    flaws.push(...segment.flaws);
    last = segment.last;
  }
  return { lines, flaws, last: last ?? null };
}
