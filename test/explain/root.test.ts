// S13: an explanation is total and sound. Whatever a daemon lives through, each transition has a chain
// that begins with something from outside, and without that the transition is not there.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initialState } from "../../agent/core/state.ts";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { causesOf } from "../../agent/explain/causes.ts";
import type { Transition } from "../../agent/explain/chronicle.ts";
import { inputsOf } from "../../agent/explain/inputs.ts";
import { type Witnessed, witnessed } from "../../agent/explain/observer.ts";
import { refold } from "../../agent/explain/refold.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import type { Line } from "../../agent/log/line.ts";
import { told } from "../../agent/log/replay.ts";
import { ALONE, history, live, wallClock } from "../log/history.ts";
import { memoryStore } from "../log/memory-store.ts";

const OURS: ReadonlySet<string> = new Set([
  "deadlineReached",
  "waitOver",
  "effectDone",
  "effectFailed",
  "checkDue",
  "hookBegan",
  "hookEnded",
  "fifoMissed",
]);

/** Whether a line tells of something that the daemon did not do itself. */
function isExternal(line: Line | undefined): boolean {
  if (line?.type === "window") return line.window.kind !== "ticks";
  return line?.type === "event" && !OURS.has(line.seen.type);
}

function logOf(life: Parameters<typeof live>[0]): readonly Line[] {
  const store = memoryStore();
  const wall = wallClock();
  const log = openEventLog(store, { version: "1", cluster: "lab", boot: "b" }, wall.read, initialState, instantAt(0));
  live(life, log, wall, ALONE);
  return store.lines.map(({ line }) => line);
}

/** What these lines' inputs lead to, every deadline being met to the microsecond. */
const outcomes = (lines: readonly Line[], until: Instant): readonly Transition[] =>
  refold(
    { state: initialState, at: instantAt(0) },
    inputsOf(lines),
    (config) => config,
    (at) => at,
    until,
  );

const LATENESS = 1_000_000;

/** The same transition among others, as near as a late ring lets it be. */
const likewise = (
  found: readonly Transition[],
  { router, from, to, because, at }: Transition,
): Transition | undefined =>
  found.find(
    (one) =>
      one.router === router &&
      one.from === from &&
      one.to === to &&
      one.because === because &&
      Math.abs(one.at - at) < LATENESS,
  );

/**
 * Where the root is one advertisement. A link, a reload or a group may give the same outcome by another
 * way when one of its roots is taken: then several were enough, and none of them is the only one.
 */
const isOneAdvertisement = (line: Line): boolean => line.type === "event" && line.seen.type === "advertReceived";

/** Said twice at one instant: without the one there is still the other. */
const isTwofold = (line: Line, lines: readonly Line[]): boolean =>
  lines.some(
    (other) =>
      other.seq !== line.seq &&
      other.type === "event" &&
      line.type === "event" &&
      Math.abs(other.at - line.at) < 1_000 &&
      JSON.stringify(other.seen) === JSON.stringify(line.seen),
  );

/** Throws when the chain does not begin outside; gives whether taking the root away was tried. */
function holdsFor(scene: Witnessed, lines: readonly Line[]): boolean {
  const { because, to, at, seq, router } = scene.transition;
  const chain = causesOf(scene);
  const says = `#${seq} ${because}: ${JSON.stringify(chain.map(({ text }) => text))}`;
  const [root] = chain;
  if (root === undefined) throw new Error(`${says} has no root`);
  const line = lines.find((one) => one.seq === root.seq);
  expect(isExternal(line), `${says} begins with ${JSON.stringify(line)}`).toBe(true);
  expect(root.at, says).toBeLessThanOrEqual(at);
  // A timer that was set twice at one instant is not moved by taking away one of the two.
  if (line?.type !== "event" || root.at === scene.trail.entered?.at) return false;
  // preempt_delay begins with any weaker advertisement, and max_failovers ends with one: another would have done as well.
  const anyone = because === "preempt_delay_over" || because === "failover_limit_over";
  if (anyone || !isOneAdvertisement(line) || isTwofold(line, lines)) return false;
  const until = (at + LATENESS) as Instant;
  const there = likewise(outcomes(lines, until), scene.transition);
  if (there === undefined) return false;
  const rest = outcomes(
    lines.filter((one) => one.seq !== root.seq),
    until,
  );
  expect(
    rest.some((one) => one.at === there.at && one.router === router && one.to === to),
    says,
  ).toBe(false);
  return true;
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
          removed += Number(holdsFor(scene, lines));
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 15_000 },
    );
    expect(removed).toBeGreaterThan(0);
    for (const reason of ["startup", "master_silent"]) expect(met[reason] ?? 0, reason).toBeGreaterThan(0);
    expect(Object.keys(met).length, JSON.stringify(met)).toBeGreaterThan(4);
  });
});
