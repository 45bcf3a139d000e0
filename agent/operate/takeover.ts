// The steps of a take-over, as the log tells them: what was waited for, and how long.

import type { Observation } from "../core/event.ts";
import { routerOf, type Turn } from "../core/state.ts";
import { type Instant, since } from "../core/time.ts";
import type { Mark } from "../log/line.ts";
import { type Histogram, HUMAN, histogram, measure } from "./histogram.ts";

/** The silence; how late the timer was; the addresses; the first announcement; the first hook; from silence to announcement. */
export const STEPS = ["detect", "decide", "address", "announce", "notify", "total"] as const;
export type Step = (typeof STEPS)[number];

export type TakeOver = {
  readonly steps: Readonly<Record<Step, Histogram>>;
  /** What is not over of the last one. */
  readonly awaited: Set<Step>;
  /** When the Master before was heard last; null when there was none. */
  heardAt: Instant | null;
};

export const newTakeOver = (): TakeOver => ({
  steps: {
    detect: histogram(HUMAN),
    decide: histogram(HUMAN),
    address: histogram(HUMAN),
    announce: histogram(HUMAN),
    notify: histogram(HUMAN),
    total: histogram(HUMAN),
  },
  awaited: new Set(),
  heardAt: null,
});

const AWAITED: readonly Step[] = ["address", "announce", "notify"];

/** A router changed its state: whatever was waited for is waited for no more. */
export function moved(takeOver: TakeOver, { phase, router }: Mark, { before, event: { at, seen } }: Turn): void {
  const { steps, awaited } = takeOver;
  awaited.clear();
  takeOver.heardAt = null;
  if (phase !== "master") return;
  for (const step of AWAITED) awaited.add(step);
  const was = routerOf(before, router)?.phase;
  if (was?.name !== "backup") return;
  // Of the others of a sync group it is not the timer that decides.
  if (seen.type === "deadlineReached" && seen.router === router && was.masterDownAt <= at)
    measure(steps.decide, since(was.masterDownAt, at));
  if (was.heard === null) return;
  measure(steps.detect, since(was.heardAt, at));
  takeOver.heardAt = was.heardAt;
}

type Done = Extract<Observation, { type: "effectDone" }>;

/** The first of a kind since a router became Master is a step of that take-over. */
export function done({ steps, awaited, heardAt }: TakeOver, { effect, took }: Done, at: Instant): void {
  const step = effect === "addAddresses" ? "address" : effect === "announce" ? "announce" : null;
  if (step === null || !awaited.delete(step)) return;
  measure(steps[step], took);
  if (step === "announce" && heardAt !== null) measure(steps.total, since(heardAt, at));
}

type HookEnded = Extract<Observation, { type: "hookEnded" }>;

/** The first hook that has told of it; the name of its event bears the time of the transition. */
export function told({ steps, awaited }: TakeOver, { outcome, event }: HookEnded, began: Instant, at: Instant): void {
  if (outcome !== "done" || !awaited.has("notify") || !event.includes(`/${began}/MASTER/`)) return;
  awaited.delete("notify");
  measure(steps.notify, since(began, at));
}
