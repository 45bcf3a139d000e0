// Skew_Time and Master_Down_Interval as properties, against whole-number arithmetic that never
// rounds before its end, and against examples worked out by hand.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  after,
  centiseconds,
  type Duration,
  inSeconds,
  instantAt,
  microseconds,
  milliseconds,
  seconds,
  since,
  until,
} from "../../agent/core/time.ts";
import { masterDownInterval, skewTime } from "../../agent/core/timers.ts";

const priority = fc.integer({ min: 1, max: 255 });
/** All that fits the 12-bit field of VRRPv3. */
const v3Interval = fc.integer({ min: 1, max: 4095 }).map(centiseconds);
/** All that fits the octet of VRRPv2. */
const v2Interval = fc.integer({ min: 1, max: 255 }).map(seconds);
const adverts = fc.integer({ min: 1, max: 255 });
const timing = fc.oneof(
  fc.record({ version: fc.constant(2 as const), interval: v2Interval }),
  fc.record({ version: fc.constant(3 as const), interval: v3Interval }),
);

const laterBy = after;

/** (256 - Priority) * base / 256 to the nearest microsecond, in whole numbers throughout. */
const skewByHand = (rank: number, base: bigint): bigint => (2n * BigInt(256 - rank) * base + 256n) / 512n;

describe("Skew_Time", () => {
  it("is the RFC's fraction, to the nearest microsecond", () => {
    fc.assert(
      fc.property(priority, timing, (rank, { version, interval }) => {
        const base = version === 2 ? 1_000_000n : BigInt(interval);
        expect(BigInt(skewTime(version, rank, interval))).toBe(skewByHand(rank, base));
      }),
    );
  });

  // A step of priority is 1/256 of at least 10 ms: 39 µs, which no rounding can hide.
  it("is shorter for every higher priority", () => {
    fc.assert(
      fc.property(priority, priority, timing, (a, b, { version, interval }) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(low < high);
        expect(skewTime(version, high, interval)).toBeLessThan(skewTime(version, low, interval));
      }),
    );
  });

  it("grows with the interval in version 3, by as much within rounding, and not at all in version 2", () => {
    fc.assert(
      fc.property(priority, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100 }), (rank, times, cs) => {
        const once = skewTime(3, rank, centiseconds(cs));
        // Half a microsecond of rounding here, and `times` halves there.
        expect(Math.abs(skewTime(3, rank, centiseconds(cs * times)) - times * once)).toBeLessThanOrEqual(
          (times + 1) / 2,
        );
        expect(skewTime(2, rank, seconds(times))).toBe(skewTime(2, rank, seconds(1)));
      }),
    );
  });

  it("is never nothing and never a whole interval", () => {
    fc.assert(
      fc.property(priority, timing, (rank, { version, interval }) => {
        const skew = skewTime(version, rank, interval);
        expect(skew).toBeGreaterThan(0);
        expect(skew).toBeLessThan(version === 2 ? 1_000_000 : interval);
      }),
    );
  });
});

describe("Master_Down_Interval", () => {
  it("is so many intervals and Skew_Time, in whole microseconds", () => {
    fc.assert(
      fc.property(priority, timing, adverts, (rank, { version, interval }, count) => {
        const down = masterDownInterval(version, rank, interval, count);
        expect(Number.isSafeInteger(down)).toBe(true);
        expect(down - count * interval).toBe(skewTime(version, rank, interval));
      }),
    );
  });

  it("is longer for no higher priority", () => {
    fc.assert(
      fc.property(priority, priority, timing, adverts, (a, b, { version, interval }, count) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(masterDownInterval(version, high, interval, count)).toBeLessThanOrEqual(
          masterDownInterval(version, low, interval, count),
        );
      }),
    );
  });
});

describe("worked out by hand", () => {
  // (256 - P) * base / 256, base the interval in version 3 and 1 s in version 2.
  it.each<[string, 2 | 3, number, Duration, number, number]>([
    // 156 * 1 000 000 / 256 = 609 375
    ["v3, priority 100, 1 s", 3, 100, seconds(1), 609_375, 3_609_375],
    // 106 * 500 000 / 256 = 207 031.25; Keepalived was seen to send after 1.707 s
    ["v3, priority 150, 0.5 s", 3, 150, milliseconds(500), 207_031, 1_707_031],
    // 106 * 1 000 000 / 256 = 414 062.5; Keepalived was seen to send after 3.414 s
    ["v3, priority 150, 1 s", 3, 150, seconds(1), 414_063, 3_414_063],
    // 2 * 10 000 / 256 = 78.125
    ["v3, priority 254, 10 ms", 3, 254, milliseconds(10), 78, 30_078],
    // 1 * 10 000 / 256 = 39.0625
    ["v3, the owner, 10 ms", 3, 255, milliseconds(10), 39, 30_039],
    // 255 * 40 950 000 / 256 = 40 790 039.0625; 3 * 40 950 000 = 122 850 000
    ["v3, priority 1, 40.95 s", 3, 1, centiseconds(4095), 40_790_039, 163_640_039],
    // 156 * 1 000 000 / 256 = 609 375, and 3 * 10 s
    ["v2, priority 100, 10 s", 2, 100, seconds(10), 609_375, 30_609_375],
    // 255 * 1 000 000 / 256 = 996 093.75, and 3 * 255 s
    ["v2, priority 1, 255 s", 2, 1, seconds(255), 996_094, 765_996_094],
  ])("%s", (_name, version, rank, interval, skew, down) => {
    expect(skewTime(version, rank, interval)).toBe(skew);
    expect(masterDownInterval(version, rank, interval, 3)).toBe(down);
  });
});

describe("time", () => {
  it("is whole, and a span is never negative", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (us) => {
        expect(microseconds(us)).toBe(Math.round(us));
      }),
    );
    expect(() => microseconds(-1)).toThrow(RangeError);
    expect(() => microseconds(Number.NaN)).toThrow(RangeError);
    expect([milliseconds(1.5), centiseconds(1), seconds(0.000001)]).toEqual([1_500, 10_000, 1]);
  });

  it("lies ahead or behind, and never both", () => {
    const instant = fc.integer({ min: 0, max: 1e12 }).map(instantAt);
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(until(a, b) === 0 || since(b, a) === 0).toBe(true);
        expect(a <= b ? laterBy(a, until(a, b)) : laterBy(b, since(b, a))).toBe(Math.max(a, b));
      }),
    );
  });

  it("is told to the microsecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (us) => {
        const [whole = "", fraction = ""] = inSeconds(instantAt(us)).replace(/s$/, "").split(".");
        expect(BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"))).toBe(BigInt(us));
      }),
    );
    expect(inSeconds(microseconds(78))).toBe("0.000078s");
  });
});
