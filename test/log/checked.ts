// Checks that lives have: every way to believe an answer, tracked by routers in every way.

import fc from "fast-check";
import type { CheckConfig, Run } from "../../agent/core/check.ts";
import type { Track } from "../../agent/core/config.ts";
import { type Instant, milliseconds, seconds } from "../../agent/core/time.ts";
import { belief, shell } from "../checks/ask.ts";

const TWICE = { rise: 2, fall: 3 };

export const CHECKS: readonly CheckConfig[] = [
  { ...shell("true"), name: "script/plain" },
  {
    ...shell("true"),
    name: "check/slow",
    belief: belief({ master: TWICE, backup: { rise: 1, fall: 2 }, initFail: true }),
  },
  {
    ...shell("true"),
    name: "check/patient",
    belief: belief({ holdDown: seconds(3), minGood: milliseconds(1_500), minBad: milliseconds(700) }),
  },
  {
    ...shell("true"),
    name: "check/flapping",
    belief: belief({
      flapPenalty: { perFlap: 1_000, suppress: 2_000, reuse: 750, halfLife: seconds(2), maxSuppress: seconds(5) },
    }),
  },
  { ...shell("true"), name: "file/number", belief: belief({ verdict: "number" }) },
  {
    ...shell("true"),
    name: "check/degrees",
    belief: belief({ verdict: { kind: "linear", from: 0, to: 100, weights: [10, -50] } }),
  },
];

export const TRACKS: readonly Track[] = [
  { check: "script/plain", weight: 0, reverse: false },
  { check: "check/slow", weight: -30, reverse: false },
  { check: "check/patient", weight: 20, reverse: true },
  { check: "check/flapping", weight: 15, reverse: false },
  { check: "file/number", weight: -2, reverse: false },
  { check: "check/degrees", weight: 1, reverse: false },
];

/** What a check comes to. */
export const run = (ok: boolean, value: number, started: Instant): Run => ({
  ok,
  value,
  detail: ok ? "good" : `bad ${value % 2}`,
  exit: null,
  timedOut: false,
  output: "",
  started,
  queued: milliseconds(0),
  took: milliseconds(1),
  skipped: 0,
});

/** One check answers otherwise, and then the same so many times. */
export type Answering = {
  readonly type: "answer";
  readonly check: number;
  readonly ok: boolean;
  readonly value: number;
  readonly count: number;
  readonly gap: number;
};

/** Mostly those that time changes, too. */
export const answering: fc.Arbitrary<Answering> = fc.record({
  type: fc.constant("answer" as const),
  check: fc.constantFrom(0, 1, 2, 2, 2, 3, 3, 4, 5),
  ok: fc.boolean(),
  value: fc.integer({ min: 0, max: 130 }),
  count: fc.integer({ min: 1, max: 6 }),
  gap: fc.constantFrom(50_000, 500_000),
});
