// Reads a log back, line by line, verifying the chain on the way. A file is never in memory as a whole.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { chain, chainBytes, type Line, parseLine, unseal } from "./line.ts";
import { segmentsOf } from "./recover.ts";
import { follows } from "./tail.ts";

/** What is wrong, where. */
export type Flaw = { readonly file: string; readonly line: number; readonly says: string };

export type LogContents = { readonly lines: readonly Line[]; readonly flaws: readonly Flaw[] };

/** A line's place in the chain. */
export type Link = { readonly seq: number; readonly hash: string };

/** How files are read. */
export type Reading = {
  readonly onFlaw: (flaw: Flaw) => void;
  /** Shown the first bytes of a line. What is not wanted is verified, but neither parsed nor given. */
  readonly isWanted?: (head: string) => boolean;
  /** The place of the line before the first one; without it, a header says itself what it follows. */
  readonly previous?: Link | null;
};

/**
 * All lines of a log in order, and every place where the chain does not hold; a gap that a header
 * owns up to is no flaw. What stands before the first flaw is as it was written; only the last line
 * of it may have been forged together with its hash.
 */
export const readLog = (stateDirectory: string): LogContents => readFiles(segmentsOf(stateDirectory));

/** The same of these files. */
export function readFiles(files: readonly string[]): LogContents {
  const flaws: Flaw[] = [];
  const lines = [...linesOf(files, { onFlaw: (flaw) => flaws.push(flaw) })];
  return { lines, flaws };
}

/** One segment; `previous` is the place of the line before it, null when that is not at hand. */
export function readSegment(file: string, previous: Link | null = null): LogContents & { readonly last: Link | null } {
  const flaws: Flaw[] = [];
  const lines: Line[] = [];
  const reading = segmentLines(file, { onFlaw: (flaw) => flaws.push(flaw), previous });
  for (;;) {
    const next = reading.next();
    if (next.done === true) return { lines, flaws, last: next.value };
    lines.push(next.value);
  }
}

/** The lines of some segments, one after the other; each is read when it is asked for. */
export function* linesOf(files: readonly string[], reading: Reading): Generator<Line, void> {
  let previous = reading.previous ?? null;
  for (const file of files) previous = yield* segmentLines(file, { ...reading, previous });
}

/** How much of a line is shown to whoever may not want it. */
const HEAD = 160;

function* segmentLines(file: string, { onFlaw, isWanted, previous = null }: Reading): Generator<Line, Link | null> {
  let last = previous;
  let number = 0;
  for (const { bytes, torn } of rawLines(file)) {
    number += 1;
    if (torn) {
      onFlaw({ file, line: number, says: "was torn off" });
      break;
    }
    const passed = isWanted === undefined ? null : passedOver(bytes, last, isWanted);
    if (passed !== null) {
      last = passed;
      continue;
    }
    const read = readLine(bytes.toString(), last);
    if (read.flaw !== null) onFlaw({ file, line: number, says: read.flaw });
    last = read.last;
    if (read.line !== null) yield read.line;
  }
  return last;
}

const SEQ = /^\{"seq":(\d+),/;

/** The place behind a line that nobody wants, when it follows from the one before; else null, and it is looked at. */
function passedOver(bytes: Buffer, previous: Link | null, isWanted: (head: string) => boolean): Link | null {
  const head = bytes.toString("latin1", 0, HEAD);
  if (isWanted(head) || previous === null || Number(SEQ.exec(head)?.[1]) !== previous.seq + 1) return null;
  const seq = previous.seq + 1;
  const hash = chainBytes(previous.hash, bytes);
  return hash === null ? null : { seq, hash };
}

const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

/** The lines of a file as they lie there; valid until the next one is asked for. */
function* rawLines(file: string): Generator<{ readonly bytes: Buffer; readonly torn: boolean }> {
  const fd = openSync(file, "r");
  try {
    // One byte more, to see that it ends there; a file that grows meanwhile is read on.
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK, fstatSync(fd).size + 1));
    let filled = 0;
    for (;;) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
      const read = readSync(fd, buffer, filled, buffer.length - filled, null);
      if (read === 0) break;
      const end = filled + read;
      let start = 0;
      for (let at = buffer.indexOf(NEWLINE, filled); at >= 0 && at < end; at = buffer.indexOf(NEWLINE, start)) {
        yield { bytes: buffer.subarray(start, at), torn: false };
        start = at + 1;
      }
      buffer.copyWithin(0, start, end);
      filled = end - start;
    }
    if (filled > 0) yield { bytes: buffer.subarray(0, filled), torn: true };
  } finally {
    closeSync(fd);
  }
}

type Read = { readonly line: Line | null; readonly last: Link | null; readonly flaw: string | null };

/** One line after `previous`; with no line before it, a header says itself what it follows. */
function readLine(text: string, previous: Link | null): Read {
  const line = parseLine(text);
  if (typeof line === "string") return { line: null, last: previous, flaw: line };
  const sealed = unseal(text);
  if (sealed === undefined) return { line, last: previous, flaw: "carries no hash" };
  const last = { seq: line.seq, hash: sealed.hash };
  return { line, last, flaw: flawOf(line, sealed, previous) };
}

function flawOf(line: Line, { body, hash }: { body: string; hash: string }, previous: Link | null): string | null {
  const from = line.type === "header" ? line.prev : previous?.hash;
  if (from === undefined) return "has nothing before it that it could follow from";
  const missing = previous === null ? 0 : line.seq - previous.seq - 1;
  if (previous !== null && !follows(line, previous) && missing > 0) return `comes after ${missing} missing line(s)`;
  const sound = chain(from, body) === hash && (previous === null || follows(line, previous));
  return sound ? null : "does not follow from the line before";
}
