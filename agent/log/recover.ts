// What a daemon finds when it opens a log: where the last one ended, however it ended.

import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { readAhead } from "./ahead.ts";
import type { Last } from "./file.ts";
import { genesis, type Line } from "./line.ts";
import { segmentName } from "./segments.ts";
import { follows, tailOf, wholeLine } from "./tail.ts";

export type Recovered = {
  readonly epoch: string;
  readonly last: Last;
  /** Lines that were only in the write-ahead copy and are in the segments now. */
  readonly rescued: number;
  /** Bytes of a torn line that were cut off. */
  readonly torn: number;
  /** Lines of the write-ahead copy that the disk did not take. */
  readonly unwritten: readonly Line[];
};

/** The directory of the segments below a state directory. */
export const logDirectory = (stateDirectory: string): string => join(stateDirectory, "log");

/** The segment files of a log, oldest first. */
export function segmentsOf(stateDirectory: string): readonly string[] {
  const directory = logDirectory(stateDirectory);
  const names = readdirSync(directory).filter((name) => /^\d{8}\.jsonl$/.test(name));
  return names.sort().map((name) => join(directory, name));
}

/**
 * Puts the end of the log in order: a torn line is cut off, lines that only the write-ahead copy
 * has are appended, and an empty log begins a new epoch. A disk that takes nothing is no hindrance:
 * what it did not take is told, and missing from the log.
 */
export function recover(stateDirectory: string, ahead: string | null): Recovered {
  mkdirSync(logDirectory(stateDirectory), { recursive: true, mode: 0o750 });
  const { end, torn, segment, segments } = endOf(stateDirectory);
  const epoch = end?.epoch ?? newEpoch();
  const before: Last = end?.last ?? { seq: -1, hash: genesis(epoch), hlc: 0, segment };
  // A log that is not even begun was lost or thrown away; the copy of its lines does not bring it back.
  const lostLog = end === null && segments !== 1;
  const missing = ahead === null || lostLog ? [] : missingLines(readAhead(ahead), end?.last ?? null);
  const header = missing[0]?.line;
  const begun = end === null && header?.type === "header" ? header.epoch : epoch;
  const { last, rescued } = putAll(stateDirectory, before, missing);
  const unwritten = missing.slice(rescued).map(({ line }) => line);
  return { epoch: begun, last, rescued, torn, unwritten };
}

type End = { readonly epoch: string; readonly last: Last };
type Found = { readonly end: End | null; readonly torn: number; readonly segment: number; readonly segments: number };

/** Where the segments end, after what was torn there has been cut off. */
function endOf(stateDirectory: string): Found {
  const newestFirst = [...segmentsOf(stateDirectory)].reverse();
  const segments = newestFirst.length;
  let torn = 0;
  for (const [i, path] of newestFirst.entries()) {
    const tail = tailOf(path);
    torn += cut(path, tail?.whole ?? 0);
    if (tail === null) continue;
    const segment = numberOf(path);
    const epoch = epochOf(newestFirst.slice(i));
    // Lines that no header explains stay where they are; what comes goes behind them.
    if (epoch === undefined) return { end: null, torn, segment, segments: 0 };
    const { seq, hlc } = tail.line;
    return { end: { epoch, last: { seq, hash: tail.hash, hlc, segment } }, torn, segment, segments };
  }
  return { end: null, torn, segment: 0, segments };
}

/** The epoch by the first of these segments whose header can be read. */
function epochOf(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const header = headerOf(path);
    if (header !== null) return header.epoch;
  }
  return undefined;
}

const numberOf = (path: string): number => Number.parseInt(basename(path), 10);

/** Cuts off what follows the last whole line; whole lines that do not verify are evidence, and kept beside. */
function cut(path: string, whole: number): number {
  const size = statSync(path).size;
  if (size === whole) return 0;
  const rest = readFileSync(path).subarray(whole);
  if (rest.includes(0x0a)) keepBeside(path, rest);
  truncateSync(path, whole);
  return size - whole;
}

function keepBeside(path: string, damaged: Uint8Array): void {
  try {
    appendFileSync(path.replace(/jsonl$/, "damaged"), damaged, { mode: 0o640 });
  } catch {
    // A full disk has no room for evidence.
  }
}

/** The header a segment begins with; null when its first line is none. */
export function headerOf(path: string): Extract<Line, { type: "header" }> | null {
  const text = readFileSync(path, "utf8");
  const line = wholeLine(text.slice(0, Math.max(0, text.indexOf("\n"))), undefined)?.line;
  return line?.type === "header" ? line : null;
}

type Rescued = { readonly text: string; readonly line: Line; readonly hash: string };

/**
 * The lines of a write-ahead copy that follow the last one on the disk, as far as the chain holds.
 * Into an empty log only the beginning of an epoch fits.
 */
function missingLines(ahead: string, last: Last | null): readonly Rescued[] {
  const missing: Rescued[] = [];
  let before: { readonly seq: number; readonly hash: string } | null = last;
  for (const text of ahead.split("\n")) {
    const found = wholeLine(text, before?.hash);
    if (found === undefined) continue;
    if (before === null ? !beginsEpoch(found.line) : !follows(found.line, before)) continue;
    missing.push({ text, ...found });
    before = { seq: found.line.seq, hash: found.hash };
  }
  return missing;
}

const beginsEpoch = (line: Line): boolean =>
  line.type === "header" && line.seq === 0 && line.prev === genesis(line.epoch);

/** Appends lines to their segments, each segment at once; gives where the log ends, and how many the disk has taken. */
function putAll(stateDirectory: string, start: Last, lines: readonly Rescued[]): { last: Last; rescued: number } {
  let last = start;
  let rescued = 0;
  let full = false;
  for (const group of bySegment(lines, start.segment)) {
    full ||= !put(join(logDirectory(stateDirectory), segmentName(group.segment)), group.text);
    if (!full) rescued += group.count;
    // The chain goes on behind lines that are missing; their segment's number is free again.
    last = { ...group.end, segment: full ? last.segment : group.segment };
  }
  return { last, rescued };
}

type Group = { segment: number; text: string; count: number; end: Omit<Last, "segment"> };

function bySegment(lines: readonly Rescued[], first: number): readonly Group[] {
  const groups: Group[] = [];
  for (const { line, text, hash } of lines) {
    const current = groups.at(-1);
    const segment = line.type === "header" ? line.segment : (current?.segment ?? first);
    const group =
      current?.segment === segment ? current : { segment, text: "", count: 0, end: { seq: 0, hash, hlc: 0 } };
    if (group !== current) groups.push(group);
    group.text += `${text}\n`;
    group.count += 1;
    group.end = { seq: line.seq, hash, hlc: line.hlc };
  }
  return groups;
}

/** Whether the file took all of it; a file that did not is as it was. */
function put(path: string, text: string): boolean {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  let fd: number | null = null;
  let size = 0;
  try {
    fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o640);
    size = statSync(path).size;
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
    return true;
  } catch {
    if (fd !== null) restore(path, size);
    return false;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function restore(path: string, size: number): void {
  try {
    truncateSync(path, size);
  } catch {
    // Then the next start meets a torn line, as after any other death.
  }
}

const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A name for a new log: ten characters of time, sixteen of chance, sortable (the ULID form). */
function newEpoch(): string {
  let time = Date.now();
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = `${BASE32[time % 32]}${text}`;
    time = Math.floor(time / 32);
  }
  return text + [...randomBytes(16)].map((byte) => BASE32[byte % 32]).join("");
}
