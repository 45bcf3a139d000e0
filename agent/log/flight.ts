// What the flight recorder held around a transition, in a file beside the segments: plain lines, written
// in the background in small pieces. It proves nothing and is not chained; a file that is torn has the
// lines before the tear. `SEGMENT-SEQ.flight` goes when the segment goes in which the transition stands.

import { open } from "node:fs/promises";
import { join } from "node:path";
import type { LogConfig } from "../core/config.ts";
import { type Instant, since } from "../core/time.ts";
import { createSpell, within } from "./patience.ts";
import { createRing, type Entry, NO_RING, type Ring } from "./recorder.ts";

export type Recorder = {
  /** Where what is seen goes. */
  readonly ring: () => Ring;
  /** A phase changed in this line: gives the name of the file that will tell what lies around it, null for none. */
  readonly keep: (segment: number, seq: number, at: Instant) => string | null;
  readonly configure: (log: LogConfig) => void;
  readonly status: () => RecorderStatus;
  /** Writes what is left at once, and waits for a disk no longer than so many ms. */
  readonly close: (patience: number) => Promise<void>;
};

export type RecorderStatus = {
  readonly entries: number;
  readonly files: number;
  /** Transitions of which nothing was kept, because too much had been written in the last hour. */
  readonly unkept: number;
  readonly error: string | null;
};

/** Only what is done to a file; a test has a disk of its own. */
export type FlightFile = { write: (text: string) => Promise<unknown>; close: () => Promise<void> };

export type RecorderOptions = {
  readonly directory: string;
  readonly now: () => Instant;
  readonly wall: () => number;
  /** Who we are, for the first line. */
  readonly identity: string;
  readonly openFile?: (path: string) => Promise<FlightFile>;
  readonly capacity?: number;
  /** Who flaps fills no disk: how many bytes may be written in an hour. */
  readonly hourly?: number;
};

/** What a file says of itself when the entries before its own stand in the one before. */
export const CONTINUES = "what comes before stands in the file before";
/** First the failover, then its protocol: the wait before the first piece, and between two looks, in ms. */
const LOOK_EVERY = 1_000;
/** Entries that are put into words in one go: less than a millisecond. */
const PIECE = 256;
/** Transitions that follow each other go into one file up to this long, µs; then the next one begins. */
const LONGEST = 120_000_000;
const HOURLY_BYTES = 32 * 1024 * 1024;
const HOUR = 3_600_000_000;

export const flightName = (segment: number, seq: number): string =>
  `${String(segment).padStart(8, "0")}-${String(seq).padStart(12, "0")}.flight`;

type Flight = { readonly name: string; readonly begun: Instant; until: Instant; readonly from: Instant };

/** A recorder that is empty; it holds nothing until it is configured. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { now, capacity, hourly = HOURLY_BYTES } = options;
  let ring: Ring = NO_RING;
  let keeping = { before: 0, after: 0 };
  let flight: Flight | null = null;
  /** The place behind the last entry that was written, so that nothing is written twice. */
  let place = 0;
  let writing: Promise<void> | null = null;
  let hour = { begun: now(), bytes: 0 };
  let files = 0;
  let unkept = 0;
  let error: string | null = null;
  let closing = false;
  const spell = createSpell();

  const spent = (at: Instant): boolean => {
    if (since(hour.begun, at) >= HOUR) hour = { begun: at, bytes: 0 };
    return hour.bytes >= hourly;
  };
  const count = (bytes: number): number => (hour.bytes += bytes);
  const rest = (): Promise<void> => (closing ? Promise.resolve() : spell.rest(LOOK_EVERY));
  const ours = { ...options, count, rest, closing: () => closing, spent: () => spent(now()) };
  const write = async (one: Flight): Promise<void> => {
    try {
      place = await record(one, ring, place, ours);
      error = null;
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    if (flight === one) flight = null;
  };

  return {
    ring: () => ring,
    configure: ({ recorder, recorderBefore, recorderAfter }) => {
      keeping = { before: Math.min(recorder, recorderBefore), after: recorderAfter };
      if (recorder === 0) ring = NO_RING;
      else if (ring === NO_RING) {
        ring = createRing(capacity);
        place = 0;
      }
    },
    keep: (segment, seq, at) => {
      if (ring === NO_RING || closing) return null;
      const until = (at + keeping.after) as Instant;
      if (flight !== null && at <= flight.until) {
        flight.until = Math.max(flight.until, Math.min(until, flight.begun + LONGEST)) as Instant;
        return flight.name;
      }
      if (spent(at)) {
        unkept += 1;
        return null;
      }
      const next: Flight = { name: flightName(segment, seq), begun: at, until, from: (at - keeping.before) as Instant };
      flight = next;
      files += 1;
      writing = (writing ?? Promise.resolve()).then(() => write(next));
      return next.name;
    },
    status: () => ({ entries: ring.end(), files, unkept, error }),
    close: async (patience) => {
      closing = true;
      spell.end();
      if (writing !== null) await within(patience, writing);
    },
  };
}

type Means = RecorderOptions & {
  readonly count: (bytes: number) => void;
  readonly spent: () => boolean;
  readonly closing: () => boolean;
  /** Until it is time to look again, or to end. */
  readonly rest: () => Promise<void>;
};

/** Writes one file to its end; gives the place behind the last entry. */
async function record(flight: Flight, ring: Ring, already: number, means: Means): Promise<number> {
  const { directory, identity, now, wall, closing, rest, openFile = openNew } = means;
  await rest();
  const first = firstSince(ring, flight.from, already);
  const file = await openFile(join(directory, flight.name));
  const put = async (text: string): Promise<void> => {
    means.count(text.length);
    await file.write(text);
  };
  try {
    await put(`heird-flight 1 ${(wall() - now() / 1_000).toFixed(3)} ${identity}\n`);
    if (first === already && first > ring.begin()) await put(`# ${CONTINUES}\n`);
    for (let place = first; ; await rest()) {
      const over = closing() || now() > flight.until;
      const end = firstAfter(ring, flight.until, place);
      place = await writeEntries(ring, place, end, put, means.spent);
      if (over || means.spent()) return place;
    }
  } finally {
    await file.close();
  }
}

/** Puts entries into words, a piece at a time; gives the place behind the last of them. */
async function writeEntries(
  ring: Ring,
  from: number,
  end: number,
  put: (text: string) => Promise<void>,
  spent: () => boolean,
): Promise<number> {
  let place = from;
  while (place < end) {
    if (spent()) {
      await put("# ends here: too much was written in the last hour\n");
      return end;
    }
    const missed = ring.begin() - place;
    if (missed > 0) {
      await put(`# ${missed} entries were overwritten before they could be written\n`);
      place += missed;
      continue;
    }
    const upTo = Math.min(end, place + PIECE);
    await put(linesOf(ring, place, upTo));
    place = upTo;
  }
  return place;
}

const openNew = async (path: string): Promise<FlightFile> => open(path, "w", 0o640);

/** Looks back from the end, because what is asked for is recent. */
function firstSince(ring: Ring, from: Instant, already: number): number {
  const begin = Math.max(ring.begin(), already);
  let place = ring.end();
  // Stamps of the kernel are a little out of order; one that is far older ends the search.
  while (place > begin && ring.timeAt(place - 1) >= from - SLACK) place -= 1;
  return place;
}
const SLACK = 1_000_000;

/** The end of what belongs to a flight: what is later may belong to the next one. */
function firstAfter(ring: Ring, until: Instant, from: number): number {
  let place = Math.max(from, ring.begin());
  while (place < ring.end() && ring.timeAt(place) <= until) place += 1;
  return place;
}

function linesOf(ring: Ring, from: number, to: number): string {
  let text = "";
  for (let place = from; place < to; place++) text += lineOf(ring.entryAt(place));
  return text;
}

/** `AT KIND ABOUT SPAN DETAIL`, times in µs. */
export function lineOf({ at, kind, about, advert, detail, span }: Entry): string {
  const what =
    advert === null ? detail : `${advert.source} ${advert.priority} ${advert.maxAdverInterval} v${advert.version}`;
  const line = `${at} ${kind} ${about === "" ? "-" : about.replaceAll(" ", "_")} ${Math.round(span)} ${what}`;
  return `${line.trimEnd()}\n`;
}
