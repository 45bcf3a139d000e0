// Practice that leaves the processor to others who want it.

import { expect, test } from "vitest";
import { microseconds } from "../../agent/core/time.ts";
import { slowly } from "../../agent/daemon/slowly.ts";

/** Plays it with a clock of its own; gives the rests that were taken, and what was told at the end. */
function played(pieces: number, waits: readonly number[]) {
  const rests: number[] = [];
  const ends: (number | null)[] = [];
  const waiting: (() => void)[] = [];
  const asked = [...waits];
  const work = Array.from({ length: pieces }, (_, i) => i + 1).values();
  slowly(
    work,
    () => microseconds(asked.shift() ?? 0),
    (last) => ends.push(last),
    (act, ms) => {
      rests.push(ms);
      waiting.push(act);
    },
  );
  for (let act = waiting.shift(); act !== undefined; act = waiting.shift()) act();
  return { rests, ends };
}

test("rests for a moment between two pieces, and tells what the last came to", () => {
  expect(played(3, [])).toEqual({ rests: [1, 1, 1], ends: [3] });
  expect(played(0, [])).toEqual({ rests: [], ends: [null] });
});

test("rests for long where it had to wait for a processor for more than a millisecond", () => {
  // Before the first piece, and before the second.
  expect(played(2, [1_001, 1_000, 5_000])).toEqual({ rests: [5_000, 1, 5_000, 1], ends: [2] });
});
