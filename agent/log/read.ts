// Reads a log directory back, line by line, verifying the chain on the way.

import { readFileSync } from "node:fs";
import { chain, type Line, parseLine, unseal } from "./line.ts";
import { segmentsOf } from "./recover.ts";

/** What is wrong, where. */
export type Flaw = { readonly file: string; readonly line: number; readonly says: string };

export type LogContents = { readonly lines: readonly Line[]; readonly flaws: readonly Flaw[] };

/** All lines of a log in order, and every place where the chain does not hold. What precedes a flaw is kept. */
export function readLog(stateDirectory: string): LogContents {
  const lines: Line[] = [];
  const flaws: Flaw[] = [];
  let hash: string | null = null;
  for (const file of segmentsOf(stateDirectory)) {
    const segment = readSegment(file, hash);
    lines.push(...segment.lines);
    flaws.push(...segment.flaws);
    hash = segment.hash;
  }
  return { lines, flaws };
}

/** One segment; `previous` is the hash of the line before it, null when that is not at hand. */
export function readSegment(
  file: string,
  previous: string | null = null,
): LogContents & { readonly hash: string | null } {
  const lines: Line[] = [];
  const flaws: Flaw[] = [];
  let hash = previous;
  const texts = readFileSync(file, "utf8").split("\n");
  const torn = texts.pop();
  for (const [i, text] of texts.entries()) {
    const read = readLine(text, hash);
    if (read.flaw !== null) flaws.push({ file, line: i + 1, says: read.flaw });
    if (read.line !== null) lines.push(read.line);
    hash = read.hash ?? hash;
  }
  if (torn !== undefined && torn !== "") flaws.push({ file, line: texts.length + 1, says: "was torn off" });
  return { lines, flaws, hash };
}

type Read = { readonly line: Line | null; readonly hash: string | null; readonly flaw: string | null };

/** One line after `previous`; with no line before it, a header says itself what it follows. */
function readLine(text: string, previous: string | null): Read {
  const line = parseLine(text);
  const sealed = unseal(text);
  if (typeof line === "string") return { line: null, hash: sealed?.hash ?? null, flaw: line };
  if (sealed === undefined) return { line: null, hash: null, flaw: "carries no hash" };
  const from = previous ?? (line.type === "header" ? line.prev : null);
  const follows = from !== null && chain(from, sealed.body) === sealed.hash;
  return { line, hash: sealed.hash, flaw: follows ? null : "does not follow from the line before" };
}
