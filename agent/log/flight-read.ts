// Reads a recording back. What is torn or unknown is left out: the lines before it are as they were.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Duration, Instant } from "../core/time.ts";
import { CONTINUES } from "./flight.ts";
import { ENTRY_KINDS, type EntryKind } from "./recorder.ts";

/** One line of a recording. */
export type FlightLine = {
  readonly at: Instant;
  readonly kind: EntryKind;
  readonly about: string;
  readonly span: Duration;
  /** Of an advertisement: sender, priority, interval in µs, version; else what the line says. */
  readonly words: readonly string[];
};

export type Flight = {
  readonly file: string;
  /** What is added to a time in ms to get the wall clock's. */
  readonly offset: number;
  /** In the order of their time. */
  readonly lines: readonly FlightLine[];
  /** What the recorder says of itself: what was overwritten, or that it ended early. */
  readonly remarks: readonly string[];
};

/** A recording with what comes before it; null when the file is not there or is none of this version. */
export function readFlight(file: string): Flight | null {
  const flight = readOne(file);
  if (flight === null || !flight.remarks.includes(CONTINUES)) return flight;
  const names = readdirSync(dirname(file)).filter((name) => name.endsWith(".flight"));
  const before = names
    .filter((name) => name < basename(file))
    .sort()
    .at(-1);
  const earlier = before === undefined ? null : readOne(join(dirname(file), before));
  if (earlier === null) return flight;
  const remarks = flight.remarks.filter((one) => one !== CONTINUES);
  return { ...flight, remarks, lines: [...earlier.lines, ...flight.lines] };
}

function readOne(file: string): Flight | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  const [first = "", ...rest] = text.split("\n");
  // Behind the last newline stands nothing, or what was torn.
  rest.pop();
  const [, offset] = /^heird-flight 1 (\d+(?:\.\d+)?) /.exec(first) ?? [];
  if (offset === undefined) return null;
  const lines = rest.flatMap((line) => lineIn(line) ?? []).sort((a, b) => a.at - b.at);
  const remarks = rest.flatMap((line) => (line.startsWith("# ") ? [line.slice(2)] : []));
  return { file, offset: Number(offset), lines, remarks };
}

function lineIn(text: string): FlightLine | null {
  const [at, kind, about, span, ...words] = text.split(" ");
  const known = ENTRY_KINDS.find((one) => one === kind);
  if (known === undefined || about === undefined || !(Number(at) >= 0) || !(Number(span) >= 0)) return null;
  return { at: Number(at) as Instant, kind: known, about, span: Number(span) as Duration, words };
}
