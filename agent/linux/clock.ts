// The monotonic clock of the kernel, CLOCK_MONOTONIC, as `Kernel.now` tells it: the clock that
// timerfd runs on, so that an alarm and a reading of the time can be compared.

import { performance } from "node:perf_hooks";
import { type Instant, instantAt } from "../core/time.ts";
import { wallClock } from "./ffi.ts";

/**
 * What lies between performance.now() and CLOCK_MONOTONIC, in microseconds. Both read the same clock
 * and differ by a constant; performance.now() is the one that allocates nothing. Each reading of
 * hrtime between two of performance.now() bounds the constant from above; the smallest bound of a few is
 * within a fraction of a microsecond, and never too small, so that an alarm is never early by `now`.
 */
function measureOffset(): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const before = performance.now() * 1_000;
    smallest = Math.min(smallest, Number(process.hrtime.bigint()) / 1_000 - before);
  }
  return smallest;
}

const offset = measureOffset();

/** CLOCK_MONOTONIC in whole microseconds. */
export const now = (): Instant => instantAt(Math.ceil(performance.now() * 1_000 + offset));

/** Puts times of the wall clock onto the monotonic clock. */
export type ClockPair = {
  /** Reads both clocks; one reading serves for a whole drain. */
  readonly read: () => Instant;
  /**
   * When something happened that the kernel stamped with the wall clock. The answer lies between
   * `earliest` and the present, whatever was done to the wall clock in between.
   */
  readonly instantOf: (wall: number, earliest: Instant) => Instant;
};

/** A pair of readings of its own. */
export function clockPair(): ClockPair {
  let monotonic = now();
  let wall = wallClock();
  const read = (): Instant => {
    monotonic = now();
    wall = wallClock();
    return monotonic;
  };
  return {
    read,
    instantOf(stamp, earliest) {
      if (stamp > wall) read();
      const at = monotonic - (wall - stamp);
      return instantAt(Math.max(earliest, Math.min(at, monotonic)));
    },
  };
}
