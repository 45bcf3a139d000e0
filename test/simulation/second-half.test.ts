// The other thousand, and the seeds that failed once.

import { describe, expect, it } from "vitest";
import { randomFrom } from "../../agent/rehearse/random.ts";
import { drawFaults, FAULTS } from "./faults.ts";
import { playAll, range } from "./lives.ts";
import { candidates } from "./peace.ts";
import { play } from "./play.ts";
import failedOnce from "./seeds.json" with { type: "json" };

describe("swarms", () => {
  it("live, a thousand more of them", { timeout: 240_000 }, () => {
    expect(playAll(range(1_000, 2_000)).seeds).toBe(1_000);
  });

  it("do what they failed at once", { timeout: 120_000 }, () => {
    expect(playAll(failedOnce as number[]).failed).toEqual([]);
  });

  it("live the same life again, and another seed another one", () => {
    const [once, again, other] = [play(8), play(8), play(16)];
    expect(again.hash).toBe(once.hash);
    expect(again.story).toEqual(once.story);
    expect(other.hash).not.toBe(once.hash);
  });

  it("find what was broken on purpose: a fault that never heals leaves no single Master", () => {
    // Seed 3 without faults is in order; cut for ever from 60 s on, after which nobody heals, it is not.
    const cut = { kind: "partition", at: 55_000, lasting: 60_000, node: 0, other: 1, amount: 1 } as const;
    expect(play(3, []).failures).toEqual([]);
    expect(play(3, [cut]).failures.join("\n")).toMatch(/^\S+ S1: /m);
  });

  // S14: whatever the LAN does to the order of things, in peace the same one is Master at the end.
  it("elect the same Masters however their messages overtake each other", { timeout: 60_000 }, () => {
    const random = randomFrom(14);
    for (let i = 0; i < 12; i++) {
      const seed = random.below(100_000);
      const [calm, ...jittery] = [0, 1, 2].map((jitter) => candidates(seed, jitter));
      for (const other of jittery) expect(other, `seed ${seed}`).toEqual(calm);
    }
  });

  it("draw every kind of fault", () => {
    const kinds = new Set([...range(0, 400)].flatMap((seed) => drawFaults(seed, 3).map(({ kind }) => kind)));
    expect(kinds.size).toBe(FAULTS.length);
  });
});
