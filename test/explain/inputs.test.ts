// Inputs are taken out of a log while it is read: in the order of their time, with a bounded part of it in memory.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Run } from "../../agent/core/check.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Event } from "../../agent/core/event.ts";
import { initialState } from "../../agent/core/state.ts";
import { instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { edited, editOf } from "../../agent/explain/edit.ts";
import { inOrder, inputsOf } from "../../agent/explain/inputs.ts";
import { refold } from "../../agent/explain/refold.ts";
import { good } from "../../checks/check.ts";
import { belief, check } from "../checks/ask.ts";
import { createLan, router } from "./two-nodes.ts";

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

describe("the answers that a log has folded", () => {
  const counts = { rise: 2, fall: 3 };
  const asked = check({ kind: "tcp", host: "192.0.2.1", port: 80, send: null, expect: [] });
  const tcp = { ...asked, name: "check/t", belief: belief({ master: counts, backup: counts }) };
  const run: Run = { ...good("x"), started: instantAt(0), queued: microseconds(0), took: microseconds(0), skipped: 0 };

  /** One that is good for 20 s, fails eight times at 1 s, and is good for 20 s; its transitions, under an edit. */
  const transitions = (text: string): readonly string[] => {
    const lan = createLan();
    const tracks = [{ check: "check/t", weight: 0, reverse: false }];
    const node = lan.checking("hA", "10.0.0.1", [tcp], router("priority=150", { tracks }));
    for (let i = 0; i < 48; i++) {
      node.see({ type: "checkReported", check: "check/t", run: { ...run, ok: i < 20 || i >= 28 } });
      lan.pass(seconds(1));
    }
    const edit = editOf(text);
    if (typeof edit === "string") throw new Error(edit);
    const inputs = inputsOf(node.log().steps.map(({ line }) => line));
    const change = (config: AgentConfig) => edited(config, edit, undefined);
    const all = refold({ state: initialState, at: instantAt(0) }, inputs, change, Number, lan.now());
    return all.map(({ at, from, to }) => `${Math.round(at / 1e6)} ${from} -> ${to}`).slice(-3);
  };

  it("count one by one, as they did", () => {
    // The 21st answer, at 20 s, is the first bad one: the third comes at 22 s, the second good one at 29 s, and
    // Master_Down_Interval is 3 * 1 s + (256 - 150) / 256 s.
    expect(transitions("fall t 3")).toEqual(["22 master -> fault", "29 fault -> backup", "32 backup -> master"]);
  });

  it("count otherwise under an edit, and are all that there were", () => {
    expect(transitions("fall t 6")).toEqual(["25 master -> fault", "29 fault -> backup", "32 backup -> master"]);
    expect(transitions("rise t 5")).toEqual(["22 master -> fault", "32 fault -> backup", "35 backup -> master"]);
    // Eight were bad: nothing came of them.
    expect(transitions("fall t 9").at(-1)).toBe("3 backup -> master");
  });
});
