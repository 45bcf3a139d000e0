// How far this node's clock is from that of the Redis: a common axis for nodes that have no other.
//
// What is measured is where the monotonic clock of this boot stands on the clock of the Redis. So a line
// has its place there whatever the wall clock said when it was written, and whatever was done to that since.

import type { ClockNote } from "./entry.ts";
import type { Session } from "./port.ts";

/** A moment on both clocks. */
export type Axis = {
  /** ms of the monotonic clock. */
  readonly now: number;
  /** µs since 1970 by the Redis, and how far that may be off. */
  readonly redis: number;
  readonly errUs: number;
};

type Offset = Pick<ClockNote, "offsetUs" | "offsetErrUs">;

/** A line of the log as a clock sees it. */
export type Stamp = { readonly at: number; readonly hlc: number; readonly wall?: number };

/** Asked so often; the quickest answer says it best. */
const ASKED = 3;
/** What a quartz may be wrong by. */
const DRIFT = 100e-6;

/** Half the round trip is what it may be off by: the answer was made at any time within it. */
export async function measureAxis(session: Pick<Session, "time">, now: () => number): Promise<Axis> {
  const axes: Axis[] = [];
  for (let i = 0; i < ASKED; i++) {
    const begun = now();
    const redis = await session.time();
    const half = (now() - begun) / 2;
    axes.push({ now: begun + half, redis, errUs: Math.ceil(half * 1_000) });
  }
  return axes.reduce((best, one) => (one.errUs < best.errUs ? one : best));
}

/** The wall clock of this moment less that of the Redis. */
export const offsetNow = (axis: Axis, wall: number, now: number): Offset => offset(axis, wall, now);

/** What the time that a line bears is ahead of the Redis; `sameBoot` tells whether its `at` is of this clock. */
export function offsetOf(axis: Axis | null, { at, hlc, wall }: Stamp, sameBoot: boolean): Offset {
  if (axis !== null && sameBoot) return offset(axis, hlc, at / 1_000);
  // All that is known is that the clock was set back before it was written.
  return { offsetUs: wall === undefined ? null : (hlc - wall) * 1_000, offsetErrUs: null };
}

function offset({ now, redis, errUs }: Axis, wall: number, moment: number): Offset {
  const offsetUs = Math.round(wall * 1_000 - redis - (moment - now) * 1_000);
  return { offsetUs, offsetErrUs: Math.ceil(errUs + Math.abs(moment - now) * 1_000 * DRIFT) };
}
