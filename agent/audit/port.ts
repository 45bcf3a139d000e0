// What the shipper needs of a Redis, and no more: types only. redis.ts has the real one.

import type { Entry } from "./entry.ts";

/** Where a stream stands: its last id, also when its entries are trimmed; the hash of that entry where it is there, "" where it is no line. */
export type Tip = { readonly id: string; readonly hash: string | null };

/**
 * What became of a batch, which a Redis takes as a whole or not at all:
 * - `taken`: all of it is there, and followed what was to be before it;
 * - `there`: ids that were not greater than the last one, so somebody has shipped from here before;
 * - `missing`: the stream is not there any more;
 * - `broken`: it was taken, and did not follow what was to be before it.
 */
export type Appended =
  | { readonly result: "taken" | "there" | "missing" | "broken" }
  /** The Redis has no room. */
  | { readonly result: "full"; readonly says: string };

/** How safe what was shipped is by now. */
export type Durability = {
  /** `aof`: synced to a disk; `replicas`: copied; `memory`: the Redis confirmed neither. */
  readonly kind: "aof" | "replicas" | "memory";
  readonly count: number;
};

/** One connection. Whatever it rejects with, it is of no use afterwards. */
export type Session = {
  /** Null when there is no such stream. */
  readonly tip: (key: string) => Promise<Tip | null>;
  /** `after` is the id that must be the last one before; null begins the stream. */
  readonly append: (key: string, after: string | null, entries: readonly Entry[]) => Promise<Appended>;
  /** Numbers of lines among the last so many of a stream that the one behind them does not follow. */
  readonly holes: (key: string, most: number) => Promise<readonly number[]>;
  /** Puts an end behind a broken stream, which no log continues. */
  readonly bury: (key: string, after: string) => Promise<void>;
  readonly mark: (key: string, text: string) => Promise<void>;
  /** The time of the Redis, in µs since 1970. */
  readonly time: () => Promise<number>;
  readonly confirm: () => Promise<Durability>;
  readonly close: () => void;
};

/** Rejects with a sentence that tells no password. */
export type Connect = () => Promise<Session>;
