// Time as the fold sees it: whole microseconds, told with the event, never read from a clock.
//
// Microseconds, because a valid VRRPv3 Skew_Time can be 78 µs (priority 254, interval 10 ms);
// whole numbers, because rounding can never reach a fractional instant.

declare const duration: unique symbol;
declare const instant: unique symbol;

/** A span of time in whole microseconds, never negative. */
export type Duration = number & { readonly [duration]: true };

/** A point on the daemon's monotonic clock, in whole microseconds since that clock began. */
export type Instant = number & { readonly [instant]: true };

/** Rounds to whole microseconds; a negative span is a programmer's mistake and throws. */
export function microseconds(n: number): Duration {
  const whole = Math.round(n);
  if (!(whole >= 0)) throw new RangeError(`a duration cannot be ${n} µs`);
  return whole as Duration;
}

export const milliseconds = (n: number): Duration => microseconds(n * 1_000);
export const centiseconds = (n: number): Duration => microseconds(n * 10_000);
export const seconds = (n: number): Duration => microseconds(n * 1_000_000);

/** The instant so many microseconds after the clock began. */
export const instantAt = (us: number): Instant => microseconds(us) as number as Instant;

/** The instant `span` later. */
export const after = (at: Instant, span: Duration): Instant => (at + span) as Instant;

/** How long it is from `now` until `at`; zero when that has passed. */
export const until = (now: Instant, at: Instant): Duration => Math.max(0, at - now) as Duration;

/** How long ago `at` was; zero when it lies ahead. */
export const since = (at: Instant, now: Instant): Duration => Math.max(0, now - at) as Duration;

/** A deadline moved by so many microseconds, though not into the past; by nothing, it stays where it is. */
export const movedBy = (us: number, deadline: Instant, at: Instant): Instant =>
  us === 0 ? deadline : after(at, microseconds(Math.max(0, deadline + us - at)));

/** A span in words, exact to the microsecond: `3.609375s`. */
export const inSeconds = (span: Duration | Instant): string => `${Number((span / 1_000_000).toFixed(6))}s`;
