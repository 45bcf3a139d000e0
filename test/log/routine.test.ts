// Windows of routine that many routers have open: they end in time, and not together.

import { expect, test } from "vitest";
import { after, type Instant, instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { createWindows } from "../../agent/log/routine.ts";
import { router } from "./history.ts";

/** Masters tick every 100 ms; gives how many windows were closed at each tick, and how long the longest was. */
function ticking(count: number, span: number) {
  const windows = createWindows();
  const keys = Array.from({ length: count }, (_, i) => router("eth0", "ipv4", i + 1).key);
  const closed = new Map<Instant, number>();
  let longest = 0;
  let ticks = 0;
  let counted = 0;
  for (let at = instantAt(0); at <= span; at = after(at, milliseconds(100)))
    for (const key of keys) {
      const over = windows.add("ticks", { at, seen: { type: "deadlineReached", router: key } });
      ticks += 1;
      closed.set(at, (closed.get(at) ?? 0) + over.length);
      for (const { first, last, count: members } of over) {
        longest = Math.max(longest, last - first);
        counted += members;
      }
    }
  for (const { count: members } of windows.close(null)) counted += members;
  return { most: Math.max(...closed.values()), longest, ticks, counted };
}

test("of 250 routers a few are closed at a time, none is longer than 10 s, and every tick is in one", () => {
  const { most, longest, ticks, counted } = ticking(250, seconds(60));
  // From 7.5 s on, within 2.5 s: 250 in 25 ticks are ten a tick.
  expect(most).toBeLessThanOrEqual(10);
  expect(longest).toBeGreaterThanOrEqual(seconds(7.4));
  expect(longest).toBeLessThanOrEqual(seconds(10));
  expect(counted).toBe(ticks);
});

test("of sixteen routers each is closed after 10 s", () => {
  const { most, longest, ticks, counted } = ticking(16, seconds(60));
  expect(most).toBe(16);
  // The tick at 10 s begins the next one.
  expect(longest).toBe(seconds(9.9));
  expect(counted).toBe(ticks);
});
