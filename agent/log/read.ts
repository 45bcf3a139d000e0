// Reads a log directory back, line by line, verifying the chain on the way.

import { readFileSync } from "node:fs";
import { chain, type Line, parseLine, unseal } from "./line.ts";
import { segmentsOf } from "./recover.ts";
import { follows } from "./tail.ts";

/** What is wrong, where. */
export type Flaw = { readonly file: string; readonly line: number; readonly says: string };

export type LogContents = { readonly lines: readonly Line[]; readonly flaws: readonly Flaw[] };

/** A line's place in the chain. */
export type Link = { readonly seq: number; readonly hash: string };

/**
 * All lines of a log in order, and every place where the chain does not hold; a gap that a header
 * owns up to is no flaw. What stands before the first flaw is as it was written; only the last line
 * of it may have been forged together with its hash.
 */
export function readLog(stateDirectory: string): LogContents {
  const lines: Line[] = [];
  const flaws: Flaw[] = [];
  let last: Link | null = null;
  for (const file of segmentsOf(stateDirectory)) {
    const segment = readSegment(file, last);
    for (const line of segment.lines) lines.push(line);
    flaws.push(...segment.flaws);
    last = segment.last;
  }
  return { lines, flaws };
}

/** One segment; `previous` is the place of the line before it, null when that is not at hand. */
export function readSegment(file: string, previous: Link | null = null): LogContents & { readonly last: Link | null } {
  const lines: Line[] = [];
  const flaws: Flaw[] = [];
  let last = previous;
  const texts = readFileSync(file, "utf8").split("\n");
  const torn = texts.pop();
  for (const [i, text] of texts.entries()) {
    const read = readLine(text, last);
    if (read.flaw !== null) flaws.push({ file, line: i + 1, says: read.flaw });
    if (read.line !== null) lines.push(read.line);
    last = read.last;
  }
  if (torn !== undefined && torn !== "") flaws.push({ file, line: texts.length + 1, says: "was torn off" });
  return { lines, flaws, last };
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
