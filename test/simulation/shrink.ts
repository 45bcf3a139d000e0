// Makes what failed small: leaves faults out, shortens them and moves them forward, as long as
// something is still wrong.

import fc from "fast-check";
import type { Fault } from "./faults.ts";
import { play } from "./play.ts";

/** So many lives are spent on it. */
const PATIENCE = 300;

/** The smallest list of faults found with which that seed still fails. */
export function shrink(seed: number, faults: readonly Fault[]): readonly Fault[] {
  return sooner(seed, fewer(seed, faults));
}

const holds = (seed: number, faults: readonly Fault[]): boolean => play(seed, faults).failures.length === 0;

function fewer(seed: number, faults: readonly Fault[]): readonly Fault[] {
  if (faults.length === 0) return faults;
  const all = [...faults];
  return smallest(fc.subarray(all), all, (some) => holds(seed, some)) ?? faults;
}

function sooner(seed: number, faults: readonly Fault[]): readonly Fault[] {
  if (faults.length === 0) return faults;
  const softer = faults.map((fault) =>
    fc.record({
      kind: fc.constant(fault.kind),
      at: fc.integer({ min: 0, max: fault.at }),
      lasting: fc.integer({ min: 1, max: fault.lasting }),
      node: fc.constant(fault.node),
      other: fc.constant(fault.other),
      amount: fc.integer({ min: 0, max: fault.amount }),
    }),
  );
  return smallest(fc.tuple(...softer), [...faults], (some) => holds(seed, some)) ?? faults;
}

/** fast-check shrinks an example as it shrinks what it has drawn itself. */
function smallest<Value>(from: fc.Arbitrary<Value>, example: Value, property: (value: Value) => boolean): Value | null {
  let left = PATIENCE;
  const result = fc.check(
    fc.property(from, (value) => {
      left -= 1;
      return left < 0 || property(value);
    }),
    { examples: [[example]], numRuns: 1, endOnFailure: false, seed: 1 },
  );
  return result.counterexample?.[0] ?? null;
}
