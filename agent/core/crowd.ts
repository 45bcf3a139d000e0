// When hundreds of Masters act. What they do in the same instant comes out one after the other: the last advertisement
// milliseconds after the first, the take-overs of their Backups as well. So each of a crowd has a place in its interval.

import type { RouterConfig } from "./config.ts";
import { after, type Duration, type Instant, microseconds, milliseconds, seconds } from "./time.ts";

/** Places are so far apart: a waking serves all that share one, and is over before the next. */
const STEP: Duration = milliseconds(10);
/** What they do besides falls between two places, */
const BETWEEN: Duration = milliseconds(5);
/** and is spread over a fifth of the time it is waited for, but no more than this. */
const SPREAD: Duration = seconds(1);
const MOST_PLACES = 100;

/** The place of a router of a crowd: a number of places, each a whole number of steps from the next. */
export function placeIn(adverInterval: Duration, vrid: number): Duration {
  const places = Math.min(MOST_PLACES, Math.max(1, Math.floor(adverInterval / STEP)));
  const apart = Math.floor(adverInterval / places / STEP) * STEP;
  return microseconds(Math.floor(share(vrid) * places) * apart);
}

/** Multiples of the golden ratio: VRIDs in a row, or each tenth, lie evenly between 0 and 1. */
const share = (vrid: number): number => (vrid * GOLDEN) % 1;

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** When a Master that advertises now does so again: after an interval, or sooner, in its place. */
export function nextAdvert({ adverInterval, vrid, crowded }: RouterConfig, at: Instant): Instant {
  const next = after(at, adverInterval);
  return crowded ? ((next - modulo(next - placeIn(adverInterval, vrid), adverInterval)) as Instant) : next;
}

/** When a Master does what is due so much later, and is no advertisement: in a crowd a little later still, in its turn. */
export function aside({ crowded, vrid }: RouterConfig, at: Instant, span: Duration): Instant {
  const due = after(at, span);
  if (!crowded) return due;
  const late = after(due, microseconds(share(vrid) * Math.min(SPREAD, span / 5)));
  return after(late, microseconds(modulo(BETWEEN - late, STEP)));
}

const modulo = (n: number, by: number): number => ((n % by) + by) % by;
