// What answers come to, by hand: which one in a row turns the verdict, and which one does not yet. One
// answer a second, at 1 s, 2 s, 3 s; g is a good one, b a bad one, and each letter below them the verdict after it.

import { describe, expect, test } from "vitest";
import type { Belief, CheckConfig, Run } from "../../agent/core/check.ts";
import { answered, grown, scoreAt, unasked } from "../../agent/core/health.ts";
import type { CheckState } from "../../agent/core/state.ts";
import { type Instant, instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { belief, check, shell } from "./ask.ts";

const asked = (wanted: Partial<Belief>): CheckConfig => ({ ...shell("true"), belief: belief(wanted) });
const both = (rise: number, fall: number) => ({ master: { rise, fall }, backup: { rise, fall } });
const NONE = microseconds(0);
const run = (ok: boolean, at: Instant, value: number | null = null): Run => ({
  ok,
  value,
  detail: "",
  exit: null,
  timedOut: false,
  output: "",
  started: at,
  queued: NONE,
  took: NONE,
  skipped: 0,
});
const at = (second: number): Instant => instantAt(second * 1_000_000);
const LETTERS = { up: "U", down: "D", unknown: "?" } as const;
const letterOf = ({ verdict }: CheckState): string => (typeof verdict === "number" ? "#" : LETTERS[verdict]);

/** The state after these answers, the first at 1 s, and the verdict after each. */
function outcome(wanted: Partial<Belief>, answers: string, mastering = false) {
  const config = asked(wanted);
  let state = unasked(config, at(0));
  let verdicts = "";
  [...answers].forEach((letter, i) => {
    state = answered(state, config, run(letter === "g", at(i + 1)), at(i + 1), mastering);
    verdicts += letterOf(state);
  });
  return { config, state, verdicts };
}

describe("rise and fall", () => {
  test.each([
    // The first answer counts whatever rise and fall say (B10.4).
    ["the first, good", both(3, 3), "g", "U"],
    ["the first, bad", both(3, 3), "b", "D"],
    ["fall 1: the first bad one", both(1, 1), "gb", "UD"],
    ["fall 2: the second, not the first", both(1, 2), "gbb", "UUD"],
    ["fall 3: the third, not the second", both(1, 3), "gbbb", "UUUD"],
    ["fall 3: two, a good one, and two more are no three in a row", both(1, 3), "gbbgbb", "UUUUUU"],
    ["fall 3: and the third after that is", both(1, 3), "gbbgbbb", "UUUUUUD"],
    ["rise 1: the first good one", both(1, 1), "bg", "DU"],
    ["rise 2: the second, not the first", both(2, 1), "bgg", "DDU"],
    ["rise 3: the third, not the second", both(3, 1), "bggg", "DDDU"],
    ["rise 3: two, a bad one, and two more are no three in a row", both(3, 1), "bggbgg", "DDDDDD"],
    ["rise 2, fall 3, one after the other", both(2, 3), "gbbbggbbb", "UUUDDUUUD"],
  ])("%s", (_, counts, answers, wanted) => {
    expect(outcome(counts, answers).verdicts).toBe(wanted);
  });

  test("init_fail: bad until it has risen, not only until it has answered", () => {
    expect(letterOf(unasked(asked({ initFail: true }), at(0)))).toBe("D");
    expect(letterOf(unasked(asked({}), at(0)))).toBe("?");
    expect(outcome({ ...both(2, 1), initFail: true }, "gg").verdicts).toBe("DU");
    expect(outcome({ ...both(2, 3), initFail: true }, "gbggb").verdicts).toBe("DDDUU");
  });

  test("differ while Master and while not", () => {
    const counts = { master: { rise: 1, fall: 3 }, backup: { rise: 2, fall: 1 } };
    expect(outcome(counts, "gbbb", true).verdicts).toBe("UUUD");
    expect(outcome(counts, "gb", false).verdicts).toBe("UD");
    expect(outcome(counts, "bg", true).verdicts).toBe("DU");
    expect(outcome(counts, "bgg", false).verdicts).toBe("DDU");
    // Two bad ones as Backup are one too few as Master, and the third then counts what was before.
    const { config, state } = outcome({ ...counts, backup: { rise: 1, fall: 4 } }, "gbb", false);
    expect(letterOf(answered(state, config, run(false, at(4)), at(4), true))).toBe("D");
    expect(letterOf(answered(state, config, run(false, at(4)), at(4), false))).toBe("U");
  });
});

describe("time", () => {
  test("hold_down: bad for so long at least, from when it became bad", () => {
    // Bad at 2 s, good from 3 s on; held until 2 s + 3 s = 5 s.
    const { config, state, verdicts } = outcome({ holdDown: seconds(3) }, "gbgg");
    expect(verdicts).toBe("UDDD");
    expect(state.dueAt).toBe(at(5));
    expect(letterOf(grown(state, config, instantAt(4_999_999), false))).toBe("D");
    expect(letterOf(grown(state, config, at(5), false))).toBe("U");
    expect(outcome({ holdDown: seconds(3) }, "gbggg").verdicts).toBe("UDDDU");
  });

  test("min_good: good for so long without a bad one, counted from the first of them", () => {
    // Good since 3 s: believed at 3 s + 2 s = 5 s.
    const { config, state, verdicts } = outcome({ minGood: seconds(2) }, "gbg");
    expect(verdicts).toBe("UDD");
    expect(state.dueAt).toBe(at(5));
    expect(letterOf(grown(state, config, instantAt(4_999_999), false))).toBe("D");
    expect(letterOf(grown(state, config, at(5), false))).toBe("U");
    // A bad one at 4 s begins it anew: good since 5 s, believed at 7 s.
    expect(outcome({ minGood: seconds(2) }, "gbgbggg").verdicts).toBe("UDDDDDU");
  });

  test("the longer of hold_down and min_good decides, and rise as well", () => {
    // Bad at 2 s, good from 4 s on: min_good until 5 s, hold_down until 2 s + 6 s = 8 s.
    expect(outcome({ minGood: seconds(1), holdDown: seconds(6) }, "gbbggggg").verdicts).toBe("UDDDDDDU");
    // rise 4 is the fourth good one, at 7 s, though min_good was over at 5 s.
    expect(outcome({ ...both(4, 1), minGood: seconds(1) }, "gbbgggg").verdicts).toBe("UDDDDDU");
  });

  test("terminate_delay (minBad): bad for so long before it is believed", () => {
    const { config, state, verdicts } = outcome({ minBad: seconds(2) }, "gb");
    expect(verdicts).toBe("UU");
    expect(letterOf(grown(state, config, instantAt(3_999_999), false))).toBe("U");
    expect(letterOf(grown(state, config, at(4), false))).toBe("D");
  });
});

describe("the penalty for flapping", () => {
  const rule = { perFlap: 1_000, suppress: 2_000, reuse: 750, halfLife: seconds(60), maxSuppress: seconds(240) };

  test("is forgotten by halves, and in between on a straight line", () => {
    const penalty = { score: 1_000, at: at(0), heldSince: null };
    // 1000 -> 500 in 60 s; half of that way, at 30 s, is 750. 500 -> 250 until 120 s; at 90 s that is 375.
    for (const [second, score] of [
      [0, 1_000],
      [30, 750],
      [60, 500],
      [90, 375],
      [120, 250],
    ] as const)
      expect(scoreAt(penalty, rule, at(second))).toBe(score);
  });

  test("holds it bad from `suppress` on, until it is worn down to `reuse`", () => {
    // Falls at 2 s: 1000. Falls at 4 s: what is left of it after 2 s, 1000 * (1 - 2 / 120) = 983, and 1000: 1983, which is
    // below 2000. Falls at 6 s: 1983 * (1 - 2 / 120) = 1950, and 1000: 2950. From then on it is bad though it answers well.
    const { config, state, verdicts } = outcome({ flapPenalty: rule }, "gbgbgbg");
    expect(verdicts).toBe("UDUDUDD");
    expect(state.penalty).toEqual({ score: 2_950, at: at(6), heldSince: at(6) });
    // 2950 -> 1475 at 66 s. 1475 -> 737.5 until 126 s; 750 is 725 of 737.5 of that way:
    // 60 s * 725 / 737.5 = 58.983051 s, rounded up to the microsecond: 124.983051 s.
    expect(state.dueAt).toBe(124_983_051);
    expect(letterOf(grown(state, config, instantAt(124_983_050), false))).toBe("D");
    expect(letterOf(grown(state, config, instantAt(124_983_051), false))).toBe("U");
  });

  test("holds it no longer than max_suppress", () => {
    const { state } = outcome({ flapPenalty: { ...rule, maxSuppress: seconds(10) } }, "gbgbgbg");
    expect(state.dueAt).toBe(at(16));
  });

  test("is no matter where suppress is not reached", () => {
    expect(outcome({ flapPenalty: rule }, "gbgbg").verdicts).toBe("UDUDU");
  });
});

describe("a number", () => {
  const steps = {
    kind: "steps",
    steps: [
      { from: 10, weight: -10 },
      { from: 20, weight: -30 },
    ],
  } as const;
  const linear = { kind: "linear", from: 0, to: 100, weights: [10, -90] } as const;
  const verdictOf = (verdict: Belief["verdict"], value: number): unknown => {
    const config = { ...check({ kind: "metric", number: { kind: "file", path: "/n" }, pointer: null }) };
    const believing = { ...config, belief: belief({ verdict }) };
    return answered(unasked(believing, at(0)), believing, run(true, at(1), value), at(1), false).verdict;
  };

  test.each([
    [9.99, 0],
    [10, -10],
    [19.99, -10],
    [20, -30],
    [1_000, -30],
    [-5, 0],
  ])("by steps, %d weighs %d", (value, weight) => {
    expect(verdictOf(steps, value)).toBe(weight);
  });

  test.each([
    // 10 at 0, -90 at 100: one down for each 1.
    [-3, 10],
    [0, 10],
    [1, 9],
    [50, -40],
    [100, -90],
    [250, -90],
  ])("on a line, %d weighs %d", (value, weight) => {
    expect(verdictOf(linear, value)).toBe(weight);
  });

  test("that cannot be had any more keeps its weight until `fall`, and is the worst afterwards", () => {
    const config = { ...asked({ ...both(1, 2), verdict: linear }) };
    let state = answered(unasked(config, at(0)), config, run(true, at(1), 50), at(1), false);
    const verdicts: unknown[] = [state.verdict];
    for (const [ok, value] of [
      [false, null],
      [false, null],
      [true, 0],
    ] as const) {
      state = answered(state, config, run(ok, at(2), value), at(2), false);
      verdicts.push(state.verdict);
    }
    expect(verdicts).toEqual([-40, -40, -90, 10]);
  });
});
