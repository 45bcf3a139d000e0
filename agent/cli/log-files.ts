// The log that a command reads, or the sentence that says why there is none.

import { accessSync, constants, statSync } from "node:fs";
import type { Line } from "../log/line.ts";
import { type Flaw, linesOf } from "../log/read.ts";
import { filesOf, newerIn, since } from "../log/seek.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** The segments of a log, by a state directory, a directory of segments, or one file. */
export function logIn(path: string): readonly string[] {
  let files: readonly string[];
  try {
    files = filesOf(path);
    for (const file of files) readable(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(EXIT.unreachable, `cannot read a log in ${path}: ${why}; name its directory or file`);
  }
  if (files.length === 0) throw new Refusal(EXIT.unreachable, `there is no log in ${path}`);
  return files;
}

/** Throws what the system says when it is none that can be read. */
function readable(file: string): void {
  accessSync(file, constants.R_OK);
  if (!statSync(file).isFile()) throw new TypeError(`${file} is no file`);
}

/** Half of it would be misunderstood; so what a newer heird wrote is not read at all. */
export function refuseNewer(files: readonly string[]): void {
  for (const file of files) {
    const why = newerIn(file);
    if (why !== null) throw new Refusal(EXIT.refused, `${why}: read it with a newer one`);
  }
}

export type LogRead = {
  /** Each is read when it is asked for. */
  readonly lines: () => Iterable<Line>;
  /** What was wrong with those that were asked for. */
  readonly flaws: readonly Flaw[];
};

/** The lines from a wall-clock time on (null: all). */
export const linesSince = (path: string, from: number | null): LogRead => {
  const files = logIn(path);
  return linesFrom(from === null ? files : since(files, from));
};

/** The lines of these segments. */
export function linesFrom(files: readonly string[]): LogRead {
  refuseNewer(files);
  const flaws: Flaw[] = [];
  return { flaws, lines: () => linesOf(files, { onFlaw: (flaw) => flaws.push(flaw) }) };
}

/**
 * What is done with lines of which some may not be what was written: the fold is total for what a daemon writes, and
 * for nothing else. Where it fails over a flaw, the answer is the flaw.
 */
export function despite<T>(flaws: readonly Flaw[], work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw overFlaws(cause, flaws);
  }
}

/** The same of what takes a while. */
export async function despiteSoon<T>(flaws: readonly Flaw[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw overFlaws(cause, flaws);
  }
}

/** What to say instead of what went wrong while a log with these flaws was read. */
export function overFlaws(cause: unknown, flaws: readonly Flaw[]): unknown {
  if (cause instanceof Refusal) return cause;
  // A segment may go while it is read, by its age, and a disk may fail.
  if (cause instanceof Error && "syscall" in cause)
    return new Refusal(EXIT.unreachable, `cannot read the log: ${cause.message}`);
  if (flaws.length === 0) return cause;
  const says = flaws.slice(0, 5).map(flawInWords);
  return new Refusal(
    EXIT.tampered,
    `${says.join("\n")}\nwhat follows cannot be folded; heird replay --verify tells all`,
  );
}

export const flawInWords = ({ file, line, says }: Flaw): string => `${file}:${line}: the line ${says}`;

/** Tells of flaws on stderr; a reader keeps what precedes and follows them. */
export const warnOf = (flaws: readonly Flaw[]): void => {
  // What was read twice has its flaws twice.
  for (const says of new Set(flaws.map(flawInWords))) process.stderr.write(`heird: ${says}\n`);
};
