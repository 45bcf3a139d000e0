// A thousand lives of swarms of whole daemons; the other thousand has a file of its own, so that two
// cores share them.

import { expect, it } from "vitest";
import { playAll, range } from "./lives.ts";
import { play } from "./play.ts";
import { missing } from "./sometimes.ts";

/** `npm run mutants` asks for fewer, and only whether any of them fails. */
const FEWER = process.env["HEIRD_SIM_SEEDS"];

it("a thousand swarms live through whatever their seeds have for them", { timeout: 240_000 }, () => {
  if (FEWER !== undefined) {
    for (const seed of range(0, Number(FEWER))) expect(play(seed).failures).toEqual([]);
    return;
  }
  const tally = playAll(range(0, 1_000));
  expect(tally.seeds).toBe(1_000);
  // A situation that was never met has proved nothing.
  expect(missing(tally.sometimes)).toEqual([]);
});
