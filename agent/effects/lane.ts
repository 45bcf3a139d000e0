// A queue of work that is done in order and in small steps: after a millisecond of them the sockets and
// the alarm get their turn, so that a thousand addresses never hold back one advertisement.

import type { IpAddress } from "../core/address.ts";
import { type Duration, type Instant, milliseconds, since } from "../core/time.ts";

/** Work in steps: each call of `next` does a little, and the return value tells how it went. */
export type Work<T> = Generator<void, T, void>;

/** How work on addresses went. */
export type Applied = {
  readonly detail: string;
  /** Addresses that were there before, and so are not ours to remove. */
  readonly foreign: readonly IpAddress[];
  readonly errors: readonly string[];
};

export type Lane<L> = {
  /** Takes on work; its first step is done at once when the lane is idle. */
  readonly add: <T>(label: L, work: Work<T>, done: (result: T) => void) => void;
  /** Takes on work that need not wait for the end of what is right before it: they take their steps in turn, and the first at once. */
  readonly addBeside: <T>(label: L, work: Work<T>, done: (result: T) => void) => void;
  /** Forgets work that has not been finished and for which this holds. */
  readonly forget: (which: (label: L) => boolean) => void;
  /** Resolves when nothing is left to do. */
  readonly idle: () => Promise<void>;
};

type Job<L> = { readonly label: L; readonly beside: boolean; readonly step: () => boolean };

/** Steps are taken until this has gone by: then the sockets and the alarm have their turn. */
const SLICE: Duration = milliseconds(1);
/** And at most so many, for a clock that stands still meanwhile. */
const MOST_STEPS = 16;

/** What may still be done before the sockets and the alarm have their turn. */
type Slice = { readonly began: Instant; steps: number };

/** Mostly it is the first of hundreds. */
function without<L>(jobs: Job<L>[], job: Job<L>): Job<L>[] {
  if (jobs[0] !== job) return jobs.filter((other) => other !== job);
  jobs.shift();
  return jobs;
}

export function createLane<L>(now: () => Instant, later: (step: () => void) => void): Lane<L> {
  let jobs: Job<L>[] = [];
  let slice: Slice | null = null;
  let scheduled = false;
  let stepping = false;
  let waiting: (() => void)[] = [];

  const hasTime = (): boolean => slice === null || (slice.steps < MOST_STEPS && since(slice.began, now()) < SLICE);
  const take = (job: Job<L>): void => {
    slice ??= { began: now(), steps: 0 };
    slice.steps += 1;
    stepping = true;
    try {
      if (job.step()) jobs = without(jobs, job);
    } finally {
      stepping = false;
    }
  };
  const beside = ([, next]: readonly Job<L>[]): Job<L> | undefined => (next?.beside ? next : undefined);
  const stepOn = (first: Job<L>): void => {
    const next = beside(jobs);
    take(first);
    if (next !== undefined && jobs.includes(next)) take(next);
  };
  /** Goes on until all is done or the slice is over. */
  const proceed = (): void => {
    for (let [job] = jobs; job !== undefined && hasTime(); [job] = jobs) stepOn(job);
    if (jobs.length > 0) {
      schedule();
      return;
    }
    const idle = waiting;
    waiting = [];
    for (const resolve of idle) resolve();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      slice = null;
      proceed();
    });
  };

  const add = <T>(label: L, isBeside: boolean, work: Work<T>, done: (result: T) => void): void => {
    const step = (): boolean => {
      const { done: finished, value } = work.next();
      if (finished) done(value);
      return finished === true;
    };
    const job: Job<L> = { label, beside: isBeside, step };
    jobs.push(job);
    if (stepping) return;
    // One step: what is to be done beside it comes only then, and at once, whatever time that took. So does what would
    // have been beside work that is done already.
    if (beside(jobs) === job || (jobs.length === 1 && (isBeside || hasTime()))) take(job);
    // What comes in this turn of the loop shares its slice.
    schedule();
  };

  return {
    add: (label, work, done) => add(label, false, work, done),
    addBeside: (label, work, done) => add(label, true, work, done),
    forget: (which) => {
      jobs = jobs.filter(({ label }) => !which(label));
    },
    idle: () => (jobs.length === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
