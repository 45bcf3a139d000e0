// Where the Masters of a crowd advertise, and when they do the rest.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RouterConfig } from "../../agent/core/config.ts";
import { aside, nextAdvert, placeIn } from "../../agent/core/crowd.ts";
import { centiseconds, type Duration, instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { router } from "../log/history.ts";

const STEP = 10_000;
const ALL = Array.from({ length: 255 }, (_, i) => i + 1);

const of = (vrid: number, adverInterval: Duration): RouterConfig =>
  router("eth0", "ipv4", vrid, { version: 3, adverInterval, crowded: true });

const interval = fc.integer({ min: 1, max: 4095 }).map(centiseconds);
const vrid = fc.integer({ min: 1, max: 255 });
const instant = fc.integer({ min: 0, max: 1e13 }).map(instantAt);

/** How many share each place. */
function sharesOf(adverInterval: Duration, vrids: readonly number[]): number[] {
  const shares = new Map<number, number>();
  for (const one of vrids) shares.set(placeIn(adverInterval, one), (shares.get(placeIn(adverInterval, one)) ?? 0) + 1);
  return [...shares.values()];
}

describe("the place of a Master", () => {
  it.each([
    // 100 ms have room for 10 places of 10 ms: of 255 VRIDs 25 or 26 each would be even.
    [100, ALL, 10, 30],
    // 1 s for 100, which is the most, and so has an interval of 10 s.
    [1_000, ALL, 100, 4],
    [10_000, ALL, 100, 4],
    // Each tenth VRID: 25 of them in 10 places.
    [100, ALL.filter((one) => one % 10 === 0), 10, 5],
    // One waking has to serve all where an interval is no longer than one step.
    [10, ALL, 1, 255],
  ])("of an interval of %i ms is shared by few", (ms, vrids, places, most) => {
    const shares = sharesOf(milliseconds(ms), vrids);
    expect(shares).toHaveLength(places);
    expect(Math.max(...shares)).toBeLessThanOrEqual(most);
  });

  it("lies in the interval, a whole number of steps from its beginning", () => {
    fc.assert(
      fc.property(interval, vrid, (span, one) => {
        const place = placeIn(span, one);
        expect(place % STEP).toBe(0);
        expect(place).toBeLessThan(span);
      }),
    );
  });
});

describe("the next advertisement of a Master of a crowd", () => {
  it("comes after an interval at the latest, and in its place", () => {
    fc.assert(
      fc.property(interval, vrid, instant, (span, one, at) => {
        const config = of(one, span);
        const next = nextAdvert(config, at);
        expect(next).toBeGreaterThan(at);
        expect(next - at).toBeLessThanOrEqual(span);
        expect((next - placeIn(span, one)) % span).toBe(0);
        // From there on, each interval is whole.
        expect(nextAdvert(config, next) - next).toBe(span);
      }),
    );
  });

  it("comes after an interval where there is no crowd", () => {
    expect(nextAdvert(router("eth0", "ipv4", 1), instantAt(1_234_567))).toBe(2_234_567);
  });
});

describe("what a Master of a crowd does besides", () => {
  it("is later by a fifth at most, and never when somebody's place is", () => {
    fc.assert(
      fc.property(interval, vrid, instant, interval, (span, one, at, wait) => {
        const then = aside(of(one, span), at, wait);
        expect(then - at).toBeGreaterThanOrEqual(wait);
        // Up to the next middle between two places.
        expect(then - at).toBeLessThan(wait + Math.min(seconds(1), wait / 5) + STEP + 1);
        expect(then % STEP).toBe(STEP / 2);
      }),
    );
  });

  it("is at its time where there is no crowd", () => {
    expect(aside(router("eth0", "ipv4", 1), instantAt(1), seconds(5))).toBe(5_000_001);
  });

  it("is spread: of 255 second blocks, due in the same instant, no more than four are sent in one", () => {
    // 5 s later, spread over a second, by steps of 10 ms: 2.55 each would be even.
    const times = ALL.map((one) => aside(of(one, milliseconds(100)), instantAt(7), seconds(5)));
    const shares = new Map<number, number>();
    for (const time of times) shares.set(time, (shares.get(time) ?? 0) + 1);
    expect(Math.max(...shares.values())).toBeLessThanOrEqual(4);
  });
});
