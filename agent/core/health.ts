// From answers to a verdict: how many in a row, for how long, and how often it changed its mind.
//
// Nothing here waits: what time alone will change stands in `dueAt`, and the alarm asks again then.
// Only sums, products and halves are used, so that another machine folds the same log to the same bits.

import type { Belief, CheckConfig, Counts, FlapPenalty, Run, Scale } from "./check.ts";
import type { Verdict } from "./priority.ts";
import type { CheckState, Penalty } from "./state.ts";
import { after, type Duration, type Instant, instantAt, since } from "./time.ts";

/** A check that has not answered. */
export const unasked = ({ belief }: CheckConfig, at: Instant): CheckState => ({
  verdict: "unknown",
  since: at,
  believed: "unknown",
  believedSince: at,
  ok: null,
  streak: 0,
  streakSince: at,
  said: "",
  value: null,
  penalty: null,
  dueAt: null,
  ...(belief.initFail
    ? ({ believed: "down", verdict: verdictOf(belief, "down", null, false), said: "not asked yet" } as const)
    : {}),
});

/** The states that belong to a new list of checks: history stays with the name, whatever is asked under it. */
export function carriedOver(
  checks: readonly CheckConfig[],
  before: Readonly<Record<string, CheckState>>,
  at: Instant,
): Readonly<Record<string, CheckState>> {
  return Object.fromEntries(checks.map((check) => [check.name, before[check.name] ?? unasked(check, at)]));
}

/** One more answer. `mastering`: whether a router that tracks the check is Master. */
export function answered(
  state: CheckState,
  { belief }: CheckConfig,
  run: Run,
  at: Instant,
  mastering: boolean,
): CheckState {
  const goesOn = state.ok === run.ok;
  const next: CheckState = {
    ...state,
    ok: run.ok,
    streak: goesOn ? state.streak + 1 : 1,
    streakSince: goesOn ? state.streakSince : at,
    said: run.ok ? "" : run.detail,
    value: counting(belief, run, state.value),
  };
  return judged(next, belief, at, mastering ? belief.master : belief.backup);
}

/** What could not be read leaves the last number where it was: whether it still counts is up to rise and fall. */
function counting({ verdict }: Belief, run: Run, last: number | null): number | null {
  if (verdict === "upOrDown") return null;
  if (!run.ok || run.value === null) return last;
  // A log knows no negative zero: what is folded again must be what was folded.
  return (verdict === "number" ? run.value : weightOf(verdict, run.value)) + 0;
}

/** Time has passed. */
export const grown = (state: CheckState, { belief }: CheckConfig, at: Instant, mastering: boolean): CheckState =>
  state.dueAt === null || at < state.dueAt
    ? state
    : judged(state, belief, at, mastering ? belief.master : belief.backup);

/** The same answer so many more times, each of which changed nothing but the count. */
export const repeated = (state: CheckState, count: number): CheckState => ({ ...state, streak: state.streak + count });

/** Whether a step did nothing but count. */
export const onlyCounted = (before: CheckState, after: CheckState): boolean =>
  before.streak + 1 === after.streak &&
  before.verdict === after.verdict &&
  before.believed === after.believed &&
  before.ok === after.ok &&
  before.said === after.said &&
  before.value === after.value &&
  before.streakSince === after.streakSince &&
  before.penalty === after.penalty &&
  before.dueAt === after.dueAt;

// ---------------------------------------------------------------- belief

function judged(state: CheckState, belief: Belief, at: Instant, counts: Counts): CheckState {
  const asked = changeAsked(state, belief, counts);
  const changes = asked !== null && asked.from <= at;
  const believed = changes ? asked.to : state.believed;
  const flapped = changes && state.believed === "up" && asked.to === "down";
  const penalty = punished(state.penalty, belief.flapPenalty, flapped, at);
  const held = penalty !== null && penalty.heldSince !== null;
  const verdict = verdictOf(belief, believed, state.value, held);
  const waits = changes ? null : (asked?.from ?? null);
  return {
    ...state,
    believed,
    believedSince: changes ? at : state.believedSince,
    verdict,
    since: verdict === state.verdict ? state.since : at,
    penalty,
    dueAt: earlier(waits, endOf(penalty, belief.flapPenalty)),
  };
}

const earlier = (a: Instant | null, b: Instant | null): Instant | null => {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
};

/** What the answers want it to become, and from when on; null when they agree with what is believed. */
function changeAsked(
  state: CheckState,
  belief: Belief,
  { rise, fall }: Counts,
): { readonly to: "up" | "down"; readonly from: Instant } | null {
  const { believed, ok, streak, streakSince, believedSince } = state;
  if (ok === null) return null;
  const to = ok ? "up" : "down";
  if (to === believed) return null;
  // B10.4: the first answer counts, whatever rise and fall say.
  if (believed === "unknown") return { to, from: streakSince };
  if (streak < (ok ? rise : fall)) return null;
  const lasted = after(streakSince, ok ? belief.minGood : belief.minBad);
  const free = ok ? after(believedSince, belief.holdDown) : lasted;
  return { to, from: Math.max(lasted, free) as Instant };
}

function verdictOf(
  { verdict }: Belief,
  believed: CheckState["believed"],
  value: number | null,
  held: boolean,
): Verdict {
  if (believed === "unknown") return "unknown";
  const good = believed === "up" && !held;
  if (verdict === "upOrDown") return good ? "up" : "down";
  if (verdict === "number") return value ?? 0;
  return good && value !== null ? value : worstOf(verdict);
}

/** The weight that a number stands for. */
export function weightOf(scale: Scale, value: number): number {
  if (scale.kind === "steps") return scale.steps.findLast(({ from }) => from <= value)?.weight ?? 0;
  const { from, to, weights } = scale;
  const [low, high] = weights;
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return Math.round(low + (high - low) * share);
}

/** A number that cannot be had is as bad as the worst one. */
function worstOf(scale: Scale): number {
  const weights = scale.kind === "linear" ? scale.weights : [0, ...scale.steps.map(({ weight }) => weight)];
  return Math.min(...weights);
}

// ---------------------------------------------------------------- flapping

/** The penalty after this turn. An old one is left alone until it matters, so that nothing changes by itself. */
function punished(before: Penalty | null, rule: FlapPenalty | null, flapped: boolean, at: Instant): Penalty | null {
  if (rule === null) return null;
  if (flapped) {
    const score = scoreAt(before, rule, at) + rule.perFlap;
    const heldSince = before?.heldSince ?? (score >= rule.suppress ? at : null);
    return { score, at, heldSince };
  }
  if (before === null || before.heldSince === null) return before;
  const over = endOf(before, rule);
  return over !== null && over <= at ? { score: scoreAt(before, rule, at), at, heldSince: null } : before;
}

/** What is left of a score: halved for each whole half-life, and in between on the straight line. */
export function scoreAt(penalty: Penalty | null, { halfLife }: FlapPenalty, at: Instant): number {
  if (penalty === null) return 0;
  const passed = since(penalty.at, at);
  let { score } = penalty;
  let left: number = passed;
  for (; left >= halfLife && score >= 1; left -= halfLife) score /= 2;
  return score < 1 ? 0 : Math.round(score * (1 - left / halfLife / 2));
}

/** When what is held is let go: its score has fallen to `reuse`, or it was held for long enough. */
function endOf(penalty: Penalty | null, rule: FlapPenalty | null): Instant | null {
  if (penalty === null || penalty.heldSince === null || rule === null) return null;
  const { reuse, halfLife, maxSuppress } = rule;
  let { score } = penalty;
  let passed = 0;
  for (; score / 2 >= reuse && score >= 1; score /= 2) passed += halfLife;
  // On the line from score to score / 2, reuse lies at this share of a half-life.
  const rest = score > reuse ? Math.ceil(2 * (1 - reuse / score) * halfLife) : 0;
  const worn = instantAt(penalty.at + passed + rest);
  const longest = after(penalty.heldSince, maxSuppress as Duration);
  return Math.min(worn, longest) as Instant;
}
