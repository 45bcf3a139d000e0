// S13: an explanation is total and sound. Whatever a daemon lives through, each transition has a chain
// that begins with something from outside, and without that the transition is not there.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { witnessed } from "../../agent/explain/observer.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import type { Line } from "../../agent/log/line.ts";
import { told } from "../../agent/log/replay.ts";
import { ALONE, history, live, wallClock } from "../log/history.ts";
import { memoryStore } from "../log/memory-store.ts";
import { soundnessOf } from "./soundness.ts";

function logOf(life: Parameters<typeof live>[0]): readonly Line[] {
  const store = memoryStore();
  const wall = wallClock();
  const log = openEventLog(store, { version: "1", cluster: "lab", boot: "b" }, wall.read, initialState, instantAt(0));
  live(life, log, wall, ALONE);
  return store.lines.map(({ line }) => line);
}

describe("every transition of a random life", () => {
  it("has a chain that begins outside, and is not there without its root", () => {
    const met: Record<string, number> = {};
    let removed = 0;
    fc.assert(
      fc.property(history, (life) => {
        const lines = logOf(life);
        for (const scene of witnessed(told(lines), () => true)) {
          const { because } = scene.transition;
          met[because] = (met[because] ?? 0) + 1;
          const { wrong, removed: taken } = soundnessOf(scene, lines);
          expect(wrong).toBe(null);
          removed += Number(taken);
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 15_000 },
    );
    expect(removed).toBeGreaterThan(0);
    for (const reason of ["startup", "master_silent", "operator"]) expect(met[reason] ?? 0, reason).toBeGreaterThan(0);
    expect(Object.keys(met).length, JSON.stringify(met)).toBeGreaterThan(4);
  });
});
