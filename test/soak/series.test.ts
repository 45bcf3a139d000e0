import { expect, test } from "vitest";
import { plotOf } from "./plot.ts";
import { type Sample, settledPart, slopeOf } from "./series.ts";

const sample = (at: number, rss: number): Sample => ({ at, rss, descriptors: 30, deadlines: 50, log: 100 });

test("the slope is that of the straight line, an hour", () => {
  // 2 KiB in 10 s are 720 KiB in an hour.
  expect(slopeOf([sample(0, 100), sample(10, 102), sample(20, 104)], "rss")).toBeCloseTo(720, 6);
  expect(slopeOf([sample(0, 100), sample(10, 102), sample(20, 104)], "log")).toBe(0);
  // Symmetric around its middle: nothing rises.
  expect(slopeOf([sample(0, 100), sample(10, 120), sample(20, 100)], "rss")).toBeCloseTo(0, 6);
  expect(slopeOf([sample(5, 7)], "rss")).toBe(0);
});

test("only the second half is judged", () => {
  expect(settledPart([0, 1, 2, 3, 4].map((at) => sample(at, at))).map(({ at }) => at)).toEqual([2, 3, 4]);
});

test("the plot has a line for each daemon and measure", () => {
  const plot = plotOf([
    { name: "rt1", samples: [sample(0, 100), sample(60, 200)] },
    { name: "rt2", samples: [sample(0, 100), sample(60, 200)] },
  ]);
  expect(plot.match(/<polyline /g)).toHaveLength(8);
  // From the left edge to the right one, the larger above the smaller.
  expect(plot).toContain('points="80.0,130.0 880.0,40.0"');
});
