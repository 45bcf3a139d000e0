// Spans counted by how long they were, as Prometheus wants them: fixed bounds, and what is longer than all.

import type { Duration } from "../core/time.ts";

export type Histogram = {
  /** In µs, ascending. */
  readonly bounds: readonly number[];
  /** One more than there are bounds; each span is counted once here. */
  readonly counts: number[];
  sum: number;
};

/** 1 ms to 30 s: what people wait for. */
export const HUMAN: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000].map(
  (ms) => ms * 1_000,
);
/** 0.1 ms to 1 s: what a loop and its timers wait for. */
export const LOOP: readonly number[] = [0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000].map((ms) => ms * 1_000);

export const histogram = (bounds: readonly number[]): Histogram => ({
  bounds,
  counts: new Array<number>(bounds.length + 1).fill(0),
  sum: 0,
});

/** Counts one span; the short ones, which are most, are found first. */
export function measure(into: Histogram, span: Duration | number): void {
  const { bounds, counts } = into;
  let i = 0;
  while (i < bounds.length && span > (bounds[i] ?? 0)) i += 1;
  counts[i] = (counts[i] ?? 0) + 1;
  into.sum += span;
}
