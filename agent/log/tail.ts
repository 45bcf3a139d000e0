// Finds where a log file ends: the last line that was written whole, and what it says.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { chain, type Line, parseLine, unseal } from "./line.ts";

/** The end of one segment file. */
export type Tail = {
  readonly line: Line;
  readonly hash: string;
  /** Bytes up to and including the last whole line; what follows was torn off. */
  readonly whole: number;
  /** Bytes the file has. */
  readonly size: number;
};

const CHUNK = 64 * 1024;

/** The last whole line of a file; null when it has none. Only the end of the file is read. */
export function tailOf(path: string): Tail | null {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    for (let length = CHUNK; ; length *= 4) {
      const start = Math.max(0, size - length);
      const text = readRange(fd, start, size - start);
      const tail = lastWholeLine(text, start, size);
      if (tail !== undefined || start === 0) return tail ?? null;
    }
  } finally {
    closeSync(fd);
  }
}

function readRange(fd: number, start: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(fd, buffer, filled, length - filled, start + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}

/** undefined: the whole of the line that would be it does not lie within this range. */
function lastWholeLine(bytes: Buffer, start: number, size: number): Tail | undefined {
  let end = bytes.lastIndexOf(0x0a);
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1);
    if (before < 0 && start > 0) return undefined;
    const text = bytes.toString("utf8", before + 1, end);
    const previous = previousHash(bytes, before);
    if (previous === undefined && start > 0) return undefined;
    const found = wholeLine(text, previous);
    if (found !== undefined) return { ...found, whole: start + end + 1, size };
    end = before;
  }
  return undefined;
}

function previousHash(bytes: Buffer, end: number): string | undefined {
  if (end <= 0) return undefined;
  const start = bytes.lastIndexOf(0x0a, end - 1);
  return unseal(bytes.toString("utf8", start + 1, end))?.hash;
}

/** Whether a line is the next one; the header after a gap says itself how many are missing and what it follows. */
export function follows(line: Line, before: { readonly seq: number; readonly hash: string }): boolean {
  if (line.type !== "header") return line.seq === before.seq + 1;
  return line.seq === before.seq + line.lost + 1 && (line.lost > 0 || line.prev === before.hash);
}

/** A line counts when it parses and its hash follows from the line before, or from the `prev` of a header. */
export function wholeLine(text: string, previous: string | undefined): { line: Line; hash: string } | undefined {
  const sealed = unseal(text);
  const line = sealed === undefined ? undefined : parseLine(text);
  if (sealed === undefined || line === undefined || typeof line === "string") return undefined;
  const from = line.type === "header" ? line.prev : previous;
  if (from !== undefined && chain(from, sealed.body) !== sealed.hash) return undefined;
  return { line, hash: sealed.hash };
}
