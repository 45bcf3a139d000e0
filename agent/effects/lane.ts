// A queue of work that is done in order and in small steps, between which the sockets and the alarm
// get their turn: a thousand addresses never hold back one advertisement.

import type { IpAddress } from "../core/address.ts";

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
  /** Takes on work that need not wait for the end of what is right before it: they take their steps in turn. */
  readonly addBeside: <T>(label: L, work: Work<T>, done: (result: T) => void) => void;
  /** Forgets work that has not been finished and for which this holds. */
  readonly forget: (which: (label: L) => boolean) => void;
  /** Resolves when nothing is left to do. */
  readonly idle: () => Promise<void>;
};

type Job<L> = { readonly label: L; readonly beside: boolean; readonly step: () => boolean };

export function createLane<L>(later: (step: () => void) => void): Lane<L> {
  let jobs: Job<L>[] = [];
  let scheduled = false;
  let waiting: (() => void)[] = [];

  const proceed = (): void => {
    scheduled = false;
    const [job, next] = jobs;
    if (job?.step()) jobs = jobs.filter((other) => other !== job);
    if (next?.beside && jobs.includes(next) && next.step()) jobs = jobs.filter((other) => other !== next);
    if (jobs.length > 0) schedule();
    else {
      const idle = waiting;
      waiting = [];
      for (const resolve of idle) resolve();
    }
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    later(proceed);
  };

  const take = <T>(label: L, beside: boolean, work: Work<T>, done: (result: T) => void): void => {
    const step = (): boolean => {
      const { done: finished, value } = work.next();
      if (finished) done(value);
      return finished === true;
    };
    jobs.push({ label, beside, step });
    if (jobs.length === 1 && !scheduled) proceed();
  };

  return {
    add: (label, work, done) => take(label, false, work, done),
    addBeside: (label, work, done) => take(label, true, work, done),
    forget: (which) => {
      jobs = jobs.filter(({ label }) => !which(label));
    },
    idle: () => (jobs.length === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
