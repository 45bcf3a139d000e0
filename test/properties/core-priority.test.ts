// The arithmetic of weights (B10), row by row of Keepalived's table, and what holds for any of them.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standingOf, type Verdict } from "../../agent/core/priority.ts";

type Row = readonly [weight: number, reverse: boolean, verdict: Verdict, adds: number | "FAULT" | "undecided"];

const TABLE: readonly Row[] = [
  [20, false, "up", 20],
  [20, false, "down", 0],
  [-20, false, "up", 0],
  [-20, false, "down", -20],
  [20, true, "up", -20],
  [20, true, "down", 0],
  [-20, true, "up", 0],
  [-20, true, "down", 20],
  [0, false, "up", 0],
  [0, false, "down", "FAULT"],
  [0, true, "up", "FAULT"],
  [0, true, "down", 0],
  // The number of a file, times the weight; at -254 and below nothing is left, above 253 it counts as 253.
  [2, false, 7, 14],
  [2, true, 7, -14],
  [-2, false, 7, -14],
  [1, false, -253, -253],
  [1, false, -254, "FAULT"],
  [2, true, 127, "FAULT"],
  [1, false, 1_000, 253],
  [0, false, 0, 0],
  [0, false, 1, "FAULT"],
  [0, true, 0, "FAULT"],
  [0, true, 1, 0],
  [20, false, "unknown", 0],
  [-20, false, "unknown", 0],
  [0, false, "unknown", "undecided"],
];

const track = (weight: number, reverse: boolean, check = "a") => ({ check, weight, reverse });
const clamped = (n: number): number => Math.min(254, Math.max(1, n));

describe("what a check adds", () => {
  it.each(TABLE)("weight %d, reverse %s, %s: %s", (weight, reverse, verdict, adds) => {
    const standing = standingOf({ basePriority: 100, tracks: [track(weight, reverse)] }, { a: verdict });
    const added = typeof adds === "number" ? adds : 0;
    expect(standing).toEqual({
      priority: clamped(100 + added),
      faults: adds === "FAULT" ? ["a"] : [],
      undecided: adds === "undecided",
    });
  });

  it("is summed, and every check that means FAULT is named", () => {
    const tracks = [track(30, false, "a"), track(-50, false, "b"), track(0, false, "c"), track(0, false, "d")];
    const standing = standingOf({ basePriority: 100, tracks }, { a: "up", b: "down", c: "down", d: "down" });
    expect(standing).toEqual({ priority: 80, faults: ["c", "d"], undecided: false });
  });

  it("waits for one that nobody has answered for", () => {
    expect(standingOf({ basePriority: 100, tracks: [track(0, false)] }, {}).undecided).toBe(true);
  });
});

const verdict = fc.oneof(fc.constantFrom<Verdict>("up", "down", "unknown"), fc.integer({ min: -1_000, max: 1_000 }));
const weighed = fc.record({ verdict, weight: fc.integer({ min: -254, max: 254 }), reverse: fc.boolean() });

it("the sum stays within 1..254 whatever is weighed, and an owner stays one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), fc.array(weighed, { maxLength: 6 }), (basePriority, some) => {
      const tracks = some.map(({ weight, reverse }, i) => track(weight, reverse, `${i}`));
      const verdicts = Object.fromEntries(some.map((one, i) => [`${i}`, one.verdict]));
      const { priority } = standingOf({ basePriority, tracks }, verdicts);
      if (basePriority === 255 || tracks.length === 0) expect(priority).toBe(basePriority);
      else expect(priority === clamped(priority) && Number.isInteger(priority)).toBe(true);
    }),
  );
});
