// Inputs are taken out of a log while it is read: in the order of their time, with a bounded part of it in memory.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../agent/core/event.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { inOrder } from "../../agent/explain/inputs.ts";

const SPAN = seconds(10);
const eventAt = (at: number): Event => ({ at: instantAt(at), seen: { type: "waitOver", link: null } });

describe("events that come nearly in order", () => {
  it("are put in order, when none is late by more than the span", () => {
    // Each comes up to a span later than the youngest before it.
    const lateness = fc.array(fc.tuple(fc.nat(3_000_000), fc.nat(SPAN)), { maxLength: 200 });
    fc.assert(
      fc.property(lateness, (steps) => {
        let youngest = 0;
        const events = steps.map(([forth, back]) => {
          youngest += forth;
          return eventAt(Math.max(0, youngest - back));
        });
        const sorted = [...events].sort((a, b) => a.at - b.at);
        expect([...inOrder(events, SPAN)].map(({ at }) => at)).toEqual(sorted.map(({ at }) => at));
      }),
    );
  });

  it("are held for two spans at most", () => {
    let read = 0;
    const source = function* (): Generator<Event> {
      for (; read < 100_000; read++) yield eventAt(read * 10_000);
    };
    let given = 0;
    let most = 0;
    for (const _ of inOrder(source(), SPAN)) {
      given += 1;
      most = Math.max(most, read - given);
    }
    expect(given).toBe(100_000);
    // A span is 1000 of them.
    expect(most).toBeLessThanOrEqual(2_000);
  });
});
