// Plays a range of seeds as a test does: the first that fails is made small and told.

import { VERSION } from "../../agent/cli/version.ts";
import { play } from "./play.ts";
import { tellFailure } from "./report.ts";
import { shrink } from "./shrink.ts";
import { count, noLives, type Tally } from "./tally.ts";

/** Throws with everything that is needed to play the failure again. */
export function playAll(seeds: Iterable<number>): Tally {
  const tally = noLives();
  for (const seed of seeds) {
    const life = play(seed);
    count(tally, life);
    if (life.failures.length > 0) throw new Error(smallFailure(seed));
  }
  return tally;
}

export const smallFailure = (seed: number): string => tellFailure(play(seed, shrink(seed, play(seed).faults)), VERSION);

export function* range(first: number, end: number): Generator<number> {
  for (let seed = first; seed < end; seed++) yield seed;
}
