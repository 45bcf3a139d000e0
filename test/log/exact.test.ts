// The log is exact: whatever a daemon lives through, folding what it wrote gives what it was.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { inSeconds, instantAt, seconds } from "../../agent/core/time.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { chain, genesis, type Line, type RouterWindow, unseal } from "../../agent/log/line.ts";
import { redactConfig } from "../../agent/log/redact.ts";
import { NOTHING_REPLAYED, type Replayed, replayLine } from "../../agent/log/replay.ts";
import { ALONE, type Companion, type Happening, type History, history, live, PASSWORD, wallClock } from "./history.ts";
import { EPOCH, memoryStore } from "./memory-store.ts";

const IDENTITY = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
const RUNS = 60;
/** Small, so that a life of a few hundred lines turns the page often. */
const SEGMENT_BYTES = 12_000;

type Life = {
  readonly lines: readonly { readonly text: string; readonly line: Line }[];
  readonly snapshots: readonly AgentState[];
  readonly state: AgentState;
  readonly heard: number;
};

/** A job is reported done without having been done: this is about the log, not about addresses. */
function companion(snapshots: AgentState[]): Companion {
  const waiting: Observation[] = [];
  return {
    ...ALONE,
    onSnapshot: (state) => void snapshots.push(asRemembered(state)),
    onTurn: ({ effects }) => {
      for (const { type, router } of effects)
        if (type !== "sendAdvert")
          waiting.push({ type: "effectDone", effect: type, router, took: seconds(0), detail: "done", foreign: [] });
    },
    perform: (jobs, tell) => {
      for (const seen of waiting.splice(0, jobs)) tell(seen);
    },
  };
}

function lead(life: History): Life {
  const store = memoryStore();
  const wall = wallClock();
  const snapshots: AgentState[] = [];
  const log = openEventLog(store, IDENTITY, wall.read, initialState, instantAt(0), SEGMENT_BYTES);
  const beside = companion(snapshots);
  let turns = 0;
  let clearing: Iterator<void> | null = null;
  // As while a configuration is read: windows are closed a few at a time, between turns.
  const onTurn: Companion["onTurn"] = (turn) => {
    beside.onTurn(turn);
    turns += 1;
    if (turns % 13 === 0) clearing = log.clear(turn.state);
    clearing?.next();
  };
  const { state, heard } = live(life, log, wall, { ...beside, onTurn });
  return { lines: store.lines, snapshots, state, heard };
}

/** A log remembers everything but passwords, which the fold never looks at. */
function asRemembered(state: AgentState): AgentState {
  const config = redactConfig(state.config, EPOCH);
  const routers = state.routers.map((router, i) => ({ ...router, config: config.routers[i] ?? router.config }));
  return { ...state, config, routers };
}

describe("a log", () => {
  it("folds to the live state at every snapshot, whatever happened", () => {
    const met: Record<string, number> = {};
    fc.assert(
      fc.property(history, (life) => {
        const led = lead(life);
        const replayed = expectSnapshots(led);
        expect(replayed.divergences).toEqual([]);
        expect(isDeepStrictEqual(replayed.state, asRemembered(led.state))).toBe(true);
        expect(led.lines.some(({ text }) => text.includes(PASSWORD))).toBe(false);
        for (const { line } of led.lines) for (const kind of kindsOf(line)) met[kind] = (met[kind] ?? 0) + 1;
      }),
      { numRuns: RUNS },
    );
    // A generator that never gets there proves nothing.
    for (const kind of KINDS) expect(met[kind], kind).toBeGreaterThan(0);
  });

  it("is chained without a gap, and its clock never goes back although the wall clock does", () => {
    const setBack: Happening[] = [
      { type: "wall", by: -90_000 },
      { type: "drop", count: 1 },
    ];
    fc.assert(
      fc.property(history, ({ happenings, lateness }) => {
        const { lines } = lead({ happenings: [...happenings, ...setBack], lateness });
        let hash = genesis(EPOCH);
        let hlc = 0;
        for (const [i, { text, line }] of lines.entries()) {
          const sealed = unseal(text.trimEnd());
          const said = { seq: line.seq, hash: sealed?.hash, back: line.hlc < hlc };
          expect(said).toEqual({ seq: i, hash: chain(hash, sealed?.body ?? ""), back: false });
          if (line.type === "header") expect(line.prev).toBe(hash);
          hash = sealed?.hash ?? "";
          hlc = line.hlc;
        }
      }),
      { numRuns: 40 },
    );
  });

  it("has the time of day in its header at which that was begun, however long a file takes to be made", () => {
    // The file of a segment takes 40 ms: its header bears the time before, which belongs to `at`.
    let now = 1_000_000;
    const made = memoryStore();
    const beginSegment = (): number => {
      now += 40;
      return 0;
    };
    openEventLog({ ...made, beginSegment }, IDENTITY, () => now, initialState, instantAt(0), SEGMENT_BYTES);
    expect(made.lines.map(({ line }) => line.hlc)).toEqual([1_000_000]);
  });

  it("counts every advertisement once, in windows no longer than 10 s", () => {
    fc.assert(
      fc.property(history, (life) => {
        const { lines, heard } = lead(life);
        const windows = lines.flatMap(({ line }) => (line.type === "window" ? [line.window] : []));
        for (const window of windows) if (window.kind !== "answers") expectSound(window);
        const single = lines.filter(({ line }) => line.type === "event" && line.seen.type === "advertReceived").length;
        const packets = windows.filter(({ kind }) => kind !== "ticks" && kind !== "answers");
        const folded = packets.reduce((sum, { count }) => sum + count, 0);
        expect(single + folded).toBe(heard);
      }),
      { numRuns: 40 },
    );
  });
});

/** Folds a life line by line, and compares at every snapshot. */
function expectSnapshots({ lines, snapshots }: Life): Replayed {
  let replayed = NOTHING_REPLAYED;
  let seen = 0;
  for (const { line } of lines) {
    replayed = replayLine(replayed, line);
    if (line.type !== "snapshot") continue;
    const wanted = snapshots[seen++];
    if (wanted === undefined) throw new Error("a snapshot that nobody took");
    if (!isDeepStrictEqual(replayed.state, wanted)) expect(replayed.state).toEqual(wanted);
  }
  expect(seen).toBe(snapshots.length);
  return replayed;
}

/** What a line shows that the generator has reached. */
const KINDS = [
  "ticks",
  "accepted",
  "unchanged",
  "answers",
  "checkReported",
  "checkDue",
  "full",
  "early",
  "segment",
  "mark",
  "configured",
  "linkChanged",
];

function kindsOf(line: Line): readonly string[] {
  switch (line.type) {
    case "header":
      return line.start ? [] : ["segment"];
    case "event":
      return [line.seen.type];
    case "window":
      return [line.window.kind, line.window.last - line.window.first > seconds(9) ? "full" : "early"];
    case "mark":
    case "snapshot":
      return [line.type];
  }
}

function expectSound({ kind, count, first, last, minGap, maxGap, advert }: RouterWindow): void {
  expect(last - first, `${kind} from ${inSeconds(first)} to ${inSeconds(last)}`).toBeLessThan(seconds(10));
  expect(count).toBeGreaterThan(0);
  expect(advert === null).toBe(kind === "ticks");
  // n events have n - 1 gaps, none of them outside [minGap, maxGap].
  expect(last - first).toBeGreaterThanOrEqual((count - 1) * minGap);
  expect(last - first).toBeLessThanOrEqual((count - 1) * maxGap);
}
