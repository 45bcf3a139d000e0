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
  /**
   * Tells of work, at once when there is no other, else when all is done or it has waited for long: a turn of the whole
   * daemon takes longer than the work of a router, and others wait for theirs.
   */
  readonly report: (tell: () => void) => void;
  /** Forgets work that has not been finished and for which this holds. */
  readonly forget: (which: (label: L) => boolean) => void;
  /** Resolves when nothing is left to do. */
  readonly idle: () => Promise<void>;
};

/** A step gives what is to be called when it was the last. */
type Job<L> = { readonly label: L; readonly beside: boolean; readonly step: () => (() => void) | null };
type Report = { readonly since: Instant; readonly tell: () => void };

/** Steps are taken until this has gone by: then the sockets and the alarm have their turn. */
const SLICE: Duration = milliseconds(1);
/** And at most so many, for a clock that stands still meanwhile. */
const MOST_STEPS = 16;

/** No report waits longer for work than so. */
const LONGEST_SILENCE: Duration = milliseconds(250);

/** What may still be done before the sockets and the alarm have their turn. */
type Slice = { readonly began: Instant; steps: number };

/** Mostly it is the first of hundreds. */
function without<L>(jobs: Job<L>[], job: Job<L>): Job<L>[] {
  if (jobs[0] !== job) return jobs.filter((other) => other !== job);
  jobs.shift();
  return jobs;
}

/** Counts what a slice takes of the processor. */
function createSlice(now: () => Instant) {
  let slice: Slice | null = null;
  let stepping = false;
  return {
    hasTime: (): boolean => slice === null || (slice.steps < MOST_STEPS && since(slice.began, now()) < SLICE),
    isStepping: (): boolean => stepping,
    isOpen: (): boolean => slice !== null,
    /** The sockets and the alarm have had their turn. */
    end: (): void => {
      slice = null;
    },
    step: (act: () => void): void => {
      slice ??= { began: now(), steps: 0 };
      slice.steps += 1;
      stepping = true;
      try {
        act();
      } finally {
        stepping = false;
      }
    },
  };
}

/** What is not told yet. */
function createReports(now: () => Instant) {
  const reports: Report[] = [];
  return {
    areThere: (): boolean => reports.length > 0,
    add: (tell: () => void): void => void reports.push({ since: now(), tell }),
    /** Whether the first of them waits no longer for work. */
    areDue: (): boolean => {
      const [first] = reports;
      return first !== undefined && since(first.since, now()) >= LONGEST_SILENCE;
    },
    tellFirst: (): void => reports.shift()?.tell(),
  };
}

/** What may be done beside the first. */
const beside = <L>([, next]: readonly Job<L>[]): Job<L> | undefined => (next?.beside ? next : undefined);

const stepOf =
  <T>(work: Work<T>, done: (result: T) => void): Job<unknown>["step"] =>
  () => {
    const { done: finished, value } = work.next();
    return finished === true ? () => done(value) : null;
  };

export function createLane<L>(now: () => Instant, later: (step: () => void) => void): Lane<L> {
  let jobs: Job<L>[] = [];
  let scheduled = false;
  let waiting: (() => void)[] = [];
  const slice = createSlice(now);
  const reports = createReports(now);

  const take = (job: Job<L>): void =>
    slice.step(() => {
      const done = job.step();
      if (done === null) return;
      jobs = without(jobs, job);
      done();
    });
  const stepOn = (first: Job<L>): void => {
    const next = beside(jobs);
    take(first);
    if (next !== undefined && jobs.includes(next)) take(next);
  };
  const isIdle = (): boolean => jobs.length === 0 && !reports.areThere();
  /** Goes on until all is done or the slice is over. */
  const proceed = (): void => {
    while (!isIdle() && slice.hasTime()) {
      const [job] = jobs;
      if (job === undefined || reports.areDue()) slice.step(reports.tellFirst);
      else stepOn(job);
    }
    // A slice ends with this turn of the loop, also when all is done before.
    if (slice.isOpen()) schedule();
    if (!isIdle()) return;
    const idle = waiting;
    waiting = [];
    for (const resolve of idle) resolve();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      slice.end();
      proceed();
    });
  };

  const add = <T>(label: L, isBeside: boolean, work: Work<T>, done: (result: T) => void): void => {
    const job: Job<L> = { label, beside: isBeside, step: stepOf(work, done) };
    jobs.push(job);
    if (slice.isStepping()) return;
    // One step: what is to be done beside it comes only then, and at once, whatever time that took. So does what would
    // have been beside work that is done already.
    if (beside(jobs) === job || (jobs.length === 1 && (isBeside || slice.hasTime()))) take(job);
    // What comes in this turn of the loop shares its slice.
    schedule();
  };

  return {
    add: (label, work, done) => add(label, false, work, done),
    addBeside: (label, work, done) => add(label, true, work, done),
    report: (tell) => {
      if (isIdle()) return tell();
      reports.add(tell);
      if (!slice.isStepping()) schedule();
    },
    forget: (which) => {
      jobs = jobs.filter(({ label }) => !which(label));
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
