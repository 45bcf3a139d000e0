// The log that a command reads, or the sentence that says why there is none.

import type { Line } from "../log/line.ts";
import { readSegments, type SegmentHead, segmentHeads, since } from "../log/seek.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** The segments of a log, by a state directory, a directory of segments, or one file. */
export function headsOf(path: string): readonly SegmentHead[] {
  let heads: readonly SegmentHead[];
  try {
    heads = segmentHeads(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(EXIT.unreachable, `cannot read a log in ${path}: ${why}; name its directory or file`);
  }
  if (heads.length === 0) throw new Refusal(EXIT.unreachable, `there is no log in ${path}`);
  return heads;
}

export type LogRead = { readonly lines: readonly Line[]; readonly says: readonly string[] };

/** The lines from a wall-clock time on (null: all), and what is wrong with them, for stderr. */
export function linesSince(path: string, from: number | null): LogRead {
  const heads = headsOf(path);
  const { lines, flaws } = readSegments(from === null ? heads : since(heads, from));
  const says = flaws.map(({ file, line, says: what }) => `${file}:${line}: the line ${what}`);
  const newer = says.find((what) => /was written in format/.test(what));
  if (newer !== undefined) throw new Refusal(EXIT.refused, newer);
  return { lines, says };
}

/** Tells of flaws on stderr; a reader keeps what precedes and follows them. */
export const warnOf = ({ says }: LogRead): void => {
  for (const what of says) process.stderr.write(`heird: ${what}\n`);
};
