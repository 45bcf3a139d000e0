// Hooks that a reload takes away and another one brings back: what happened in between was told to nobody.

import { expect, it } from "vitest";
import type { Fault } from "./faults.ts";
import { play } from "./play.ts";

it("a program that comes with a reload is told what changes from there on", () => {
  // The router without hooks is left alone from 25 to 49 s, becomes Master, has its hooks again at 45 s, and stays Master.
  const usual = { other: 0, amount: 0 };
  const faults: readonly Fault[] = [
    { ...usual, kind: "reconfigure", at: 20_000, lasting: 25_000, node: 1, amount: 4 },
    { ...usual, kind: "crash", at: 25_000, lasting: 24_000, node: 0 },
  ];
  const { failures, story } = play(26, faults);
  expect(failures).toEqual([]);
  expect(story.filter((line) => line.includes("rt1 VI_1") && line.includes("-> master"))).toHaveLength(1);
});
