// What the next daemon takes for left behind: of this boot only, and with whatever the disk did not take.

import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { initialState } from "../../agent/core/state.ts";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { drainsLeftBy } from "../../agent/daemon/drains.ts";
import { bootId, lastLife, leftBy } from "../../agent/daemon/leftovers.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import type { Line } from "../../agent/log/line.ts";
import { readLog } from "../../agent/log/read.ts";
import { logDirectory, segmentsOf } from "../../agent/log/recover.ts";
import { ALONE, CONFIGS, type History, live, wallClock } from "./history.ts";
import { openStore, scratch } from "./scratch.ts";

const { directory, clear } = scratch();
afterAll(clear);

/** A daemon that becomes Master of everything, and is gone: in one segment, or in many. */
async function leave(boot: string, segmentBytes = 1_000_000, then: History["happenings"] = []): Promise<string> {
  const at = directory();
  const { store } = openStore(at);
  const identity = { version: "1.2.3", cluster: "lab", boot };
  const log = openEventLog(store, identity, Date.now, initialState, instantAt(0), segmentBytes);
  // Without its first answer the check of weight 0 would keep the whole group from starting.
  live({ happenings: [ANSWERED, { type: "wait", span: 9_000_000 }, ...then], lateness: [0] }, log, wallClock(), ALONE);
  await store.close(5_000);
  return at;
}

const ANSWERED = { type: "answer", check: 0, ok: true, value: 0, count: 1, gap: 50_000 } as const;

const ALL = [
  "eth0 10.0.1.100/24",
  "eth0 10.0.1.101/24",
  "eth0 10.0.2.100/24",
  "eth1 10.0.4.100/24",
  "eth1 fe80::3:100/64",
];
const placesIn = (holdings: ReturnType<typeof leftBy>): string[] => [...holdings.keys()].sort();
const leftAt = (at: string, unwritten?: readonly Line[]) => leftBy(lastLife(at, unwritten));
const drainsLeftAt = (at: string, unwritten: readonly Line[], now: Instant) =>
  drainsLeftBy(lastLife(at, unwritten), now);

describe("what a dead daemon left", () => {
  it("is read from the last segment", async () => {
    expect(placesIn(leftAt(await leave(bootId())))).toEqual(ALL);
    const many = await leave(bootId(), 6_000);
    expect(segmentsOf(many).length).toBeGreaterThan(2);
    expect(placesIn(leftAt(many))).toEqual(ALL);
  });

  it("is nothing after another boot, which took it", async () => {
    expect(placesIn(leftAt(await leave("another-boot")))).toEqual([]);
  });

  it("is nothing where no daemon was", async () => {
    const at = directory();
    const { store } = openStore(at);
    await store.close(5_000);
    expect(segmentsOf(at).map((path) => path.startsWith(logDirectory(at)))).toEqual([true]);
    expect(placesIn(leftAt(at))).toEqual([]);
  });

  it("is told by the segment before when a header cannot be read", async () => {
    const at = await leave(bootId(), 6_000);
    const last = segmentsOf(at).at(-1) ?? "";
    const text = readFileSync(last, "utf8");
    writeFileSync(last, text.slice(text.indexOf("\n") - 30));
    expect(placesIn(leftAt(at))).toEqual(ALL);
  });

  it("is told by the lines that the disk did not take, too", async () => {
    const at = await leave(bootId());
    const { lines } = readLog(at);
    const [file = ""] = segmentsOf(at);
    const kept = readFileSync(file, "utf8").split("\n").slice(0, 5).join("\n");
    writeFileSync(file, `${kept}\n`);
    expect(placesIn(leftAt(at))).toEqual([]);
    expect(placesIn(leftAt(at, lines.slice(5)))).toEqual(ALL);
    writeFileSync(file, "");
    expect(placesIn(leftAt(at, lines))).toEqual(ALL);
  });
});

describe("what was drained when a daemon died", () => {
  const drain = (nth: number, lasts: number) => ({ type: "operate", what: "drain", nth, lasts }) as const;
  const FOR_GOOD = drain(4, 0);
  const wait = { type: "wait", span: 2_000_000 } as const;
  const NOW = instantAt(0);
  const by = { via: "signal", signal: "SIGUSR1" } as const;

  it("is drained again, for what is left of its time", async () => {
    const at = await leave(bootId(), undefined, [FOR_GOOD]);
    const everything = { type: "drain", routers: null, lasts: null, reason: "test 4" } as const;
    expect(drainsLeftAt(at, [], NOW)).toEqual([{ command: everything, by }]);
    // The fourth router is in no group; 8 s from a moment after its ninth second.
    const one = await leave(bootId(), undefined, [drain(3, 8_000_000), wait]);
    const [left] = drainsLeftAt(one, [], instantAt(10_000_000));
    const [, , , fourth] = CONFIGS[0]?.routers ?? [];
    expect(left?.command).toMatchObject({ type: "drain", routers: [fourth?.key], reason: "test 3" });
    const { lasts } = left?.command.type === "drain" ? left.command : { lasts: null };
    expect(lasts).toBeGreaterThan(7_000_000);
    expect(lasts).toBeLessThan(8_000_000);
    expect(drainsLeftAt(one, [], instantAt(18_000_000))).toEqual([]);
  });

  it("is known from the header of a segment, too, and by nothing that no daemon wrote", async () => {
    const at = await leave(bootId(), undefined, [FOR_GOOD]);
    const [file = ""] = segmentsOf(at);
    const text = readFileSync(file, "utf8");
    const { lines } = readLog(at);
    const header = lines.find((line) => line.type === "header");
    const last = lines.findLast((line) => line.type === "snapshot");
    const [config] = CONFIGS;
    if (header === undefined || last === undefined || config === undefined) throw new Error("the log is not whole");
    writeFileSync(file, "");
    expect(drainsLeftAt(at, [{ ...header, config, state: last.state }], NOW)).toMatchObject([
      { command: { routers: null }, by },
    ]);
    writeFileSync(file, text.replaceAll('"routers"', '"rooters"'));
    expect(drainsLeftAt(at, [], NOW)).toEqual([]);
  });

  it("is nobody after another boot, and after a stop", async () => {
    expect(drainsLeftAt(await leave("another-boot", undefined, [FOR_GOOD]), [], NOW)).toEqual([]);
    const stopped = await leave(bootId(), undefined, [FOR_GOOD, { type: "command", command: "shutdown" }]);
    expect(drainsLeftAt(stopped, [], NOW)).toEqual([]);
  });
});
