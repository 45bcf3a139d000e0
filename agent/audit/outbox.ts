// The log as an outbox: read from the files that the daemon writes, a piece at a time. It knows no Redis
// and remembers nothing; where to go on is said by whoever reads.

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { type Line, parseLine, unseal } from "../log/line.ts";
import { filesOf, headOf } from "../log/seek.ts";
import { type Past, pastIn } from "./past.ts";

/** A line of the log with its place in the chain. */
export type Letter = {
  readonly seq: number;
  readonly hlc: number;
  /** The hash of the line before. */
  readonly prev: string;
  readonly hash: string;
  /** The line without its hash, byte for byte. */
  readonly body: string;
  readonly line: Line;
};

export type Outbox = {
  /** The epoch of the newest segment; null while there is no log. */
  readonly epoch: () => string | null;
  /** Number and time of the first line of an epoch that is kept. */
  readonly first: (epoch: string) => Pick<Header, "seq" | "hlc">;
  /** The hash of that line; null when it is not in the log (any more, or yet). */
  readonly hashOf: (seq: number, epoch: string) => { readonly hlc: number; readonly hash: string } | null;
  /** Reads from the beginning of the segment before the one with that line, so that the fold has seen a while of it. */
  readonly open: (seq: number, epoch: string) => Reader;
};

export type Reader = {
  /** What was counted in the segments before. */
  readonly past: () => Past;
  /** The next lines, as many as there are and fit; the first one always does. */
  readonly next: (most: number, bytes: number) => readonly Letter[];
  readonly close: () => void;
};

type Header = { readonly seq: number; readonly hlc: number; readonly epoch: string };

const MOST_HEADS = 10_000;
const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

type Heads = (file: string) => Header | null;

/** The first line of a segment never changes, and may be long; a file of the same name may be another one. */
function rememberHeads(): Heads {
  const known = new Map<string, { readonly mark: string; readonly header: Header }>();
  return (file) => {
    const { ino, birthtimeMs } = statSync(file);
    const mark = `${ino} ${birthtimeMs}`;
    const before = known.get(file);
    if (before?.mark === mark) return before.header;
    known.delete(file);
    const { header } = headOf(file);
    if (header === null) return null;
    if (known.size >= MOST_HEADS) known.clear();
    known.set(file, { mark, header: { seq: header.seq, hlc: header.hlc, epoch: header.epoch } });
    return header;
  };
}

export const openOutbox = (directory: string): Outbox => outboxOf(directory, rememberHeads());

const outboxOf = (directory: string, headIn: Heads): Outbox => ({
  epoch: () => newestHead(files(directory), headIn)?.epoch ?? null,
  first: (epoch) => {
    const all = files(directory);
    const file = all[segmentOf(all, -1, epoch, headIn)];
    return (file === undefined ? null : headIn(file)) ?? { seq: 0, hlc: 0 };
  },
  hashOf: (seq, epoch) => find(files(directory), seq, epoch, headIn),
  open: (seq, epoch) => {
    const all = files(directory);
    const holding = segmentOf(all, seq, epoch, headIn);
    const before = all[holding - 1];
    const from = before !== undefined && headIn(before)?.epoch === epoch ? holding - 1 : holding;
    const past = (): Past => {
      const earlier = all.slice(0, Math.max(0, from)).filter((file) => headIn(file)?.epoch === epoch);
      const begin = earlier[0] ?? all[from];
      return pastIn(earlier, begin === undefined ? 0 : (headIn(begin)?.seq ?? 0));
    };
    return { past, ...createReader(directory, epoch, all[Math.max(0, from)] ?? null, headIn) };
  },
});

function files(directory: string): readonly string[] {
  try {
    return filesOf(directory);
  } catch {
    return []; // no daemon has begun one here yet
  }
}

function newestHead(all: readonly string[], headIn: Heads): Header | null {
  for (const file of all.toReversed()) {
    const header = headIn(file);
    if (header !== null) return header;
  }
  return null;
}

/** The index of the segment with that line: the last one of the epoch that begins at or before it, else the epoch's first. */
function segmentOf(all: readonly string[], seq: number, epoch: string, headIn: Heads): number {
  let first = -1;
  for (let i = all.length - 1; i >= 0; i--) {
    const header = headIn(all[i] ?? "");
    if (header === null) continue;
    if (header.epoch !== epoch) {
      if (first >= 0) break;
      continue;
    }
    first = i;
    if (header.seq <= seq) break;
  }
  return first;
}

type Found = { readonly hlc: number; readonly hash: string };

function find(all: readonly string[], seq: number, epoch: string, headIn: Heads): Found | null {
  const holding = segmentOf(all, seq, epoch, headIn);
  // Those behind it whose header cannot be read do not tell where they begin.
  for (let i = holding; i >= 0 && i < all.length; i++) {
    const file = all[i] ?? "";
    if (i > holding && headIn(file) !== null) return null;
    const found = findIn(file, seq);
    if (found !== null) return found;
  }
  return null;
}

function findIn(file: string, seq: number): Found | null {
  const lines = openLines(file);
  const wanted = `{"seq":${seq},`;
  try {
    for (let text = lines.next(); text !== null; text = lines.next()) {
      if (!text.startsWith(wanted)) continue;
      const line = parseLine(text);
      const sealed = unseal(text);
      return typeof line === "string" || sealed === undefined ? null : { hlc: line.hlc, hash: sealed.hash };
    }
    return null;
  } finally {
    lines.close();
  }
}

type Lines = {
  /** The next whole line; null when there is none yet. */
  readonly next: () => string | null;
  readonly close: () => void;
};

/** The whole lines of a file that may still grow. */
export function openLines(file: string): Lines {
  const fd = openSync(file, "r");
  const chunk = Buffer.alloc(CHUNK);
  let rest = Buffer.alloc(0);
  /** Where to look for the next newline: what lies before has none. */
  let from = 0;
  let position = 0;
  return {
    next: () => {
      for (;;) {
        const end = rest.indexOf(NEWLINE, from);
        if (end >= 0) {
          const text = rest.toString("utf8", 0, end);
          rest = rest.subarray(end + 1);
          from = 0;
          return text;
        }
        from = rest.length;
        const read = readSync(fd, chunk, 0, CHUNK, position);
        if (read === 0) return null;
        position += read;
        rest = Buffer.concat([rest, chunk.subarray(0, read)]);
      }
    },
    close: () => closeSync(fd),
  };
}

const SEQ = /^\{"seq":(\d+),/;

/** Whether a segment whose first line cannot be read has another one behind it that comes after a line. */
function goesOnBehind(file: string, seq: number): boolean {
  const lines = openLines(file);
  try {
    return lines.next() !== null && Number(SEQ.exec(lines.next() ?? "")?.[1] ?? -1) > seq;
  } finally {
    lines.close();
  }
}

/** Goes from one segment to the next of the epoch. */
function createReader(directory: string, epoch: string, first: string | null, headIn: Heads): Omit<Reader, "past"> {
  let file = first;
  let lines = first === null ? null : openLines(first);
  let last: string | null = null;
  let lastSeq = -1;
  /** A line that did not fit any more. */
  let waiting: Letter | null = null;

  /** A segment of another epoch is another stream, and one that is empty not begun; one whose header was damaged goes on. */
  const isOurs = (name: string): boolean => {
    const header = headIn(name);
    return header === null ? goesOnBehind(name, lastSeq) : header.epoch === epoch;
  };
  const turnOver = (): boolean => {
    const next = files(directory).find((name) => (file === null || name > file) && isOurs(name));
    if (next === undefined) return false;
    lines?.close();
    file = next;
    lines = openLines(next);
    return true;
  };
  const isFollowed = (): boolean => file !== null && files(directory).some((name) => file !== null && name > file);
  /** The next line of this segment, or of the one behind it. */
  const nextText = (): string | null => {
    const text = lines?.next() ?? null;
    // What was written before the next segment was begun is there by now.
    const late = text ?? (isFollowed() ? (lines?.next() ?? null) : null);
    if (late !== null) return late;
    return turnOver() ? nextText() : null;
  };
  const read = (): Letter | null => {
    for (let text = nextText(); text !== null; text = nextText()) {
      const found = letter(text);
      if (found !== null) return found;
    }
    return null;
  };
  const letter = (text: string): Letter | null => {
    const line = parseLine(text);
    const sealed = unseal(text);
    const before = last;
    // Also of a line that cannot be read: the one behind it follows from it.
    last = sealed?.hash ?? last;
    if (typeof line === "string" || sealed === undefined) return null;
    lastSeq = line.seq;
    const prev = line.type === "header" ? line.prev : before;
    return prev === null ? null : { seq: line.seq, hlc: line.hlc, prev, ...sealed, line };
  };

  return {
    next: (most, bytes) => {
      const letters: Letter[] = [];
      let size = 0;
      while (letters.length < most) {
        const one = waiting ?? read();
        waiting = one;
        if (one === null || (letters.length > 0 && size + one.body.length > bytes)) break;
        letters.push(one);
        size += one.body.length;
        waiting = null;
      }
      return letters;
    },
    close: () => lines?.close(),
  };
}
