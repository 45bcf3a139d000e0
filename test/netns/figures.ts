// Measured times, told beside their bounds.
//
// A machine that runs other things too is late now and then for no fault of the daemon. So a bound is
// demanded of the median, and of each single sample with an allowance for noise that is printed.

import { appendFileSync } from "node:fs";
import { expect } from "vitest";

/** What one late sample is forgiven, in µs: two scheduler ticks of a busy neighbour, and the time a tracer takes. */
const NOISE = 30_000;

const ms = (us: number): string => (us / 1_000).toFixed(3);

/** Writes a line that stays with the result of the run; HEIRD_FIGURES names a file that collects them. */
export function tell(sentence: string): void {
  process.stderr.write(`figure: ${sentence}\n`);
  const file = process.env["HEIRD_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${sentence}\n`);
}

export type Bounds = {
  /** In µs: earlier than this is wrong, whatever the machine does. */
  readonly atLeast: number;
  /** In µs: what is promised. */
  readonly atMost: number;
  /** In µs; 30 ms unless told. */
  readonly noise?: number;
};

/** Tells smallest, median and largest of some spans in µs, and demands the bounds. */
export function expectWithin(
  what: string,
  samples: readonly number[],
  { atLeast, atMost, noise = NOISE }: Bounds,
): void {
  const sorted = samples.toSorted((a, b) => a - b);
  const [smallest = Number.NaN, largest = Number.NaN] = [sorted[0], sorted.at(-1)];
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const late = sorted.filter((sample) => sample > atMost).length;
  const measured = `min ${ms(smallest)}, median ${ms(median)}, max ${ms(largest)} ms`;
  const bounds = `${ms(atLeast)} to ${ms(atMost)} ms, noise ${ms(noise)} ms`;
  tell(`${what}: ${measured} (n=${sorted.length}, ${late} above the bound; ${bounds})`);
  expect(samples.length, what).toBeGreaterThan(0);
  expect(smallest, `${what}: the earliest`).toBeGreaterThanOrEqual(atLeast);
  expect(median, `${what}: the median`).toBeLessThanOrEqual(atMost);
  expect(largest, `${what}: the latest`).toBeLessThanOrEqual(atMost + noise);
}

/** How often something timed is repeated: more for a report than for every run. */
export const rounds = (usual: number): number => Number(process.env["HEIRD_ROUNDS"] ?? usual);
