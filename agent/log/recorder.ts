// The flight recorder: the last raw inputs in memory. What the log folds together or leaves out stands
// here one by one, so that after a transition it can be said whether advertisements were really missing
// or this process was late.
//
// To record is to put a few numbers and references into arrays that are there already, once the ring is
// full: nothing is allocated, formatted or written. `flight.ts` writes what lies around a transition.

import type { IpAddress } from "../core/address.ts";
import type { RouterKey } from "../core/config.ts";
import type { Advertisement, DropReason } from "../core/event.ts";
import type { Duration, Instant } from "../core/time.ts";

/** What an entry is of, by its number in the ring. */
export const ENTRY_KINDS = ["advert", "refused", "timer", "stall", "gc", "link"] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One raw input. */
export type Entry = {
  readonly at: Instant;
  readonly kind: EntryKind;
  /** The router or the interface it is about; empty for the process. */
  readonly about: string;
  readonly advert: Advertisement | null;
  /** The sender and the reason of a refusal, the kind of a collection, `up` or `down`. */
  readonly detail: string;
  /** How long it lay in its socket, how late it was, or how long it lasted. */
  readonly span: Duration;
};

export type Ring = {
  /** `at` is the kernel's stamp, `read` when the process took it from the socket. */
  readonly advert: (at: Instant, read: Instant, router: RouterKey, advert: Advertisement) => void;
  readonly refused: (at: Instant, read: Instant, iface: string, source: IpAddress, reason: DropReason) => void;
  readonly timer: (due: Instant, now: Instant) => void;
  /** The process did nothing else, or nothing at all, until now. */
  readonly stall: (now: Instant, lasted: Duration) => void;
  readonly collected: (now: Instant, lasted: Duration, kind: string) => void;
  readonly link: (now: Instant, iface: string, up: boolean) => void;
  /** The number of entries there ever were; the next one has it as its place. */
  readonly end: () => number;
  /** The place of the first one that is still there. */
  readonly begin: () => number;
  readonly entryAt: (place: number) => Entry;
  /** Its time alone. */
  readonly timeAt: (place: number) => Instant;
};

/** 250 routers that hear ten advertisements a second, for fifty seconds: four megabytes. */
const CAPACITY = 131_072;

/** A power of two, so that a place is found by its last bits. */
export function createRing(capacity: number = CAPACITY): Ring {
  const mask = capacity - 1;
  if ((capacity & mask) !== 0) throw new RangeError(`${capacity} is no power of two`);
  const kinds = new Uint8Array(capacity);
  const times = new Float64Array(capacity);
  const spans = new Float64Array(capacity);
  // They grow with what is recorded: a quiet daemon needs none of their three megabytes. To grow is to copy, 0.1 ms
  // at most, and a few dozen times in a life.
  const abouts: string[] = [];
  const whats: (Advertisement | string)[] = [];
  const reasons: string[] = [];
  let end = 0;

  const put = (
    kind: number,
    at: number,
    span: number,
    about: string,
    what: Advertisement | string,
    why: string,
  ): void => {
    const i = end & mask;
    kinds[i] = kind;
    times[i] = at;
    spans[i] = span;
    abouts[i] = about;
    whats[i] = what;
    reasons[i] = why;
    end += 1;
  };
  return {
    advert: (at, read, router, advert) => put(0, at, read - at, router, advert, ""),
    refused: (at, read, iface, source, reason) => put(1, at, read - at, iface, source, reason),
    timer: (due, now) => put(2, due, now - due, "", "", ""),
    stall: (now, lasted) => put(3, now - lasted, lasted, "", "", ""),
    collected: (now, lasted, kind) => put(4, now - lasted, lasted, "", kind, ""),
    link: (now, iface, up) => put(5, now, 0, iface, up ? "up" : "down", ""),
    end: () => end,
    begin: () => Math.max(0, end - capacity),
    timeAt: (place) => (times[place & mask] ?? 0) as Instant,
    entryAt: (place) => {
      const i = place & mask;
      const what = whats[i] ?? "";
      const why = reasons[i] ?? "";
      return {
        at: (times[i] ?? 0) as Instant,
        kind: ENTRY_KINDS[kinds[i] ?? 0] ?? "advert",
        about: abouts[i] ?? "",
        advert: typeof what === "string" ? null : what,
        detail: typeof what !== "string" ? "" : why === "" ? what : `${what} ${why}`,
        span: Math.max(0, spans[i] ?? 0) as Duration,
      };
    },
  };
}

/** What records nothing. */
export const NO_RING: Ring = {
  advert: () => undefined,
  refused: () => undefined,
  timer: () => undefined,
  stall: () => undefined,
  collected: () => undefined,
  link: () => undefined,
  end: () => 0,
  begin: () => 0,
  entryAt: () => {
    throw new RangeError("nothing is recorded");
  },
  timeAt: () => {
    throw new RangeError("nothing is recorded");
  },
};
