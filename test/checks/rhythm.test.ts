// When checks are asked, on a clock of the test's.

import { NEVER, of } from "rxjs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckConfig, Run } from "../../agent/core/check.ts";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { good, type Probe, periodically } from "../../checks/check.ts";
import { createTurns } from "../../checks/turns.ts";
import { shell } from "./ask.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When it is asked within so many ms, counted from the beginning, and what came of it. */
function asked(
  wanted: Partial<CheckConfig>,
  draws: readonly number[],
  within: number,
  probe: Probe = () => of(good("")),
) {
  const began = Date.now();
  const left = [...draws];
  const at: number[] = [];
  const runs: Run[] = [];
  const counting: Probe = () => {
    at.push(Date.now() - began);
    return probe();
  };
  const rhythm = {
    now: () => instantAt((Date.now() - began) * 1_000),
    random: () => left.shift() ?? 0,
    turns: createTurns(),
  };
  const asking = periodically(shell("true", wanted), counting, rhythm).subscribe((run) => runs.push(run));
  vi.advanceTimersByTime(within);
  asking.unsubscribe();
  return { at, runs };
}

test("without jitter, every interval from the first asking on", () => {
  expect(asked({ interval: seconds(1) }, [], 3_500).at).toEqual([0, 1_000, 2_000, 3_000]);
});

test("with jitter, so much later, drawn anew each time, and never more in the sum", () => {
  // 400 ms: a quarter of it, a hundredth, half of it; each counted from its own second.
  const wanted = { interval: seconds(1), jitter: milliseconds(400) };
  expect(asked(wanted, [0.25, 0.01, 0.5], 2_900).at).toEqual([100, 1_004, 2_200]);
});

test("one that is still busy is not asked a second time, and what was left out is counted", () => {
  // Busy from 0 until its timeout of 2.5 s and the second of grace that programs get: 1 s, 2 s and 3 s are left out.
  const { at, runs } = asked({ interval: seconds(1), timeout: milliseconds(2_500) }, [], 4_500, () => NEVER);
  expect(at).toEqual([0, 4_000]);
  expect(runs).toMatchObject([{ ok: false, timedOut: true, skipped: 0, took: 3_500_000 }]);
});
