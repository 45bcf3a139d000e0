// Time that passes only when it is told to: what is to happen, in its order.

import { after, type Duration, type Instant, instantAt } from "../core/time.ts";

export type VirtualTime = {
  readonly now: () => Instant;
  /** Does something then, or as soon as time goes on when that has passed; equals in the order they were asked for. Gives how to call it off. */
  readonly at: (when: Instant, act: () => void) => () => void;
  /** Lets time pass while something is being done: what falls due meanwhile happens afterwards, late. */
  readonly spend: (span: Duration) => void;
  /** Does the next thing; false when there is none. */
  readonly next: () => boolean;
  /** Does everything until then. */
  readonly advanceTo: (until: Instant) => void;
  readonly advance: (span: Duration) => void;
};

type Due = { readonly when: Instant; readonly act: () => void; off: boolean };

export function virtualTime(start: Instant = instantAt(0)): VirtualTime {
  const queue: Due[] = [];
  let now = start;

  /** Behind everything that is due no later. */
  const placeOf = (when: Instant): number => {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((queue[middle]?.when ?? 0) <= when) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const next = (): boolean => {
    const due = queue.shift();
    if (due === undefined) return false;
    if (due.off) return true;
    now = Math.max(now, due.when) as Instant;
    due.act();
    return true;
  };
  const advanceTo = (until: Instant): void => {
    while ((queue[0]?.when ?? Number.POSITIVE_INFINITY) <= until) next();
    now = Math.max(now, until) as Instant;
  };

  return {
    now: () => now,
    at: (when, act) => {
      const due = { when, act, off: false };
      queue.splice(placeOf(when), 0, due);
      return () => {
        due.off = true;
      };
    },
    spend: (span) => {
      now = after(now, span);
    },
    next,
    advanceTo,
    advance: (span) => advanceTo(after(now, span)),
  };
}
