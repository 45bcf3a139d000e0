// Queues that keep a distance: between two packets of one queue lies at least its gap, however many
// routers share it, and nobody else waits for it.

import { after, type Duration, type Instant, instantAt, until } from "../core/time.ts";
import type { Work } from "./lane.ts";

/** Calls `step` after so long; it may be a little early or late. */
export type Afterwards = (span: Duration, step: () => void) => void;

/** Finer than a timer of Node is, the loop is asked again and again. */
const GRAIN = 1_000;

export const afterwards: Afterwards = (span, step) => {
  if (span < GRAIN) setImmediate(step);
  else setTimeout(step, Math.floor(span / GRAIN));
};

export type Spread<L> = {
  /** Takes on work whose steps send one packet each; its first packet leaves at once when the queue is at rest. */
  readonly add: <T>(
    label: L,
    queue: { readonly name: string; readonly gap: Duration },
    work: Work<T>,
    done: (result: T) => void,
  ) => void;
  /** Forgets work for which this holds. */
  readonly forget: (which: (label: L) => boolean) => void;
};

type Job<L> = { readonly label: L; readonly step: () => boolean };
type Queue<L> = { jobs: Job<L>[]; gap: Duration; readyAt: Instant; asleep: boolean };

export function createSpread<L>(now: () => Instant, later: Afterwards): Spread<L> {
  const queues = new Map<string, Queue<L>>();

  const proceed = (queue: Queue<L>): void => {
    queue.asleep = false;
    const [job, ...others] = queue.jobs;
    if (job === undefined) return;
    const wait = until(now(), queue.readyAt);
    if (wait === 0) {
      // In turns: the first round of everybody comes before the second of anybody.
      queue.jobs = job.step() ? others : [...others, job];
      queue.readyAt = after(now(), queue.gap);
    }
    sleep(queue, until(now(), queue.readyAt));
  };
  const sleep = (queue: Queue<L>, span: Duration): void => {
    if (queue.asleep || queue.jobs.length === 0) return;
    queue.asleep = true;
    later(span, () => proceed(queue));
  };

  return {
    add: (label, { name, gap }, work, done) => {
      const queue = queues.get(name) ?? { jobs: [], gap, readyAt: instantAt(0), asleep: false };
      queues.set(name, queue);
      queue.gap = gap;
      const step = (): boolean => {
        const { done: finished, value } = work.next();
        if (finished) done(value);
        return finished === true;
      };
      queue.jobs.push({ label, step });
      if (queue.jobs.length === 1 && !queue.asleep) proceed(queue);
    },
    forget: (which) => {
      for (const queue of queues.values()) queue.jobs = queue.jobs.filter(({ label }) => !which(label));
    },
  };
}
