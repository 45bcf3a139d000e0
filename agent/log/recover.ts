// What a daemon finds when it opens a log: where the last one ended, however it ended.

import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  appendFileSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Last, segmentName } from "./file.ts";
import { genesis, type Line } from "./line.ts";
import { tailOf, wholeLine } from "./tail.ts";

export type Recovered = {
  readonly epoch: string;
  readonly last: Last;
  /** Lines that were only in the write-ahead copy and are in the segments now. */
  readonly rescued: number;
  /** Bytes of a torn line that were cut off. */
  readonly torn: number;
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
 * The write-ahead copy of a state directory: in memory, so that writing never waits for a disk.
 * Null when this machine has no such place for us.
 */
export function aheadPath(stateDirectory: string): string | null {
  const id = createHash("sha256").update(realpathSync(stateDirectory)).digest("hex").slice(0, 16);
  for (const place of ["/run/heird", "/dev/shm"]) {
    try {
      if (place === "/run/heird") mkdirSync(place, { recursive: true, mode: 0o755 });
      accessSync(place, constants.W_OK);
      return join(place, `heird-${id}.ahead`);
    } catch {
      // The next place may do.
    }
  }
  return null;
}

/**
 * Puts the end of the log in order: a torn line is cut off, lines that only the write-ahead copy
 * has are appended, and an empty log begins a new epoch.
 */
export function recover(stateDirectory: string, ahead: string | null): Recovered {
  mkdirSync(logDirectory(stateDirectory), { recursive: true, mode: 0o750 });
  const found = lastOfSegments(stateDirectory);
  const start = found?.last ?? null;
  const epoch = found?.epoch ?? newEpoch();
  const torn = found?.torn ?? 0;
  const before: Last = start ?? { seq: -1, hash: genesis(epoch), hlc: 0, segment: 0 };
  if (ahead === null) return { epoch, last: before, rescued: 0, torn };
  const missing = missingLines(ahead, before);
  const last = missing.reduce((at, item) => put(stateDirectory, at, item), before);
  // The first header of an epoch may itself be what was rescued.
  const header = missing.find(({ line }) => line.type === "header")?.line;
  const rescuedEpoch = start === null && header?.type === "header" ? header.epoch : epoch;
  return { epoch: rescuedEpoch, last, rescued: missing.length, torn };
}

function lastOfSegments(stateDirectory: string): { epoch: string; last: Last; torn: number } | null {
  let torn = 0;
  for (const path of [...segmentsOf(stateDirectory)].reverse()) {
    const tail = tailOf(path);
    const whole = tail?.whole ?? 0;
    const size = statSync(path).size;
    if (size > whole) {
      torn += size - whole;
      truncateSync(path, whole);
    }
    if (tail === null) continue;
    const header = headerOf(path);
    if (header === null) continue;
    const { seq, hlc } = tail.line;
    return { epoch: header.epoch, last: { seq, hash: tail.hash, hlc, segment: header.segment }, torn };
  }
  return null;
}

/** The header a segment begins with; null when its first line is none. */
export function headerOf(path: string): Extract<Line, { type: "header" }> | null {
  const text = readFileSync(path, "utf8");
  const line = wholeLine(text.slice(0, text.indexOf("\n")), undefined)?.line;
  return line?.type === "header" ? line : null;
}

type Rescued = { readonly text: string; readonly line: Line; readonly hash: string };

/** The lines of the write-ahead copy that follow the last one on the disk, as far as the chain holds. */
function missingLines(ahead: string, last: Last): readonly Rescued[] {
  const missing: Rescued[] = [];
  let { seq, hash } = last;
  for (const text of aheadText(ahead).split("\n")) {
    const from = last.seq < 0 && missing.length === 0 ? undefined : hash;
    const found = wholeLine(text, from);
    if (found === undefined || found.line.seq !== seq + 1) continue;
    if (found.line.type === "header" && from !== undefined && found.line.prev !== from) continue;
    missing.push({ text, ...found });
    seq = found.line.seq;
    hash = found.hash;
  }
  return missing;
}

function aheadText(path: string): string {
  try {
    if (lstatSync(path).uid !== (process.getuid?.() ?? 0)) return "";
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function put(stateDirectory: string, last: Last, { text, line, hash }: Rescued): Last {
  const segment = line.type === "header" ? line.segment : last.segment;
  const path = join(logDirectory(stateDirectory), segmentName(segment));
  if (line.type === "header") writeFileSync(path, `${text}\n`, { mode: 0o640 });
  else appendFileSync(path, `${text}\n`);
  return { seq: line.seq, hash, hlc: line.hlc, segment };
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
