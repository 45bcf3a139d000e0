// A disk that hangs or is full holds nothing up: lines wait within bounds, beyond them they are counted,
// and when it is back the log goes on with a segment that owns up to the gap.

import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { step } from "../../agent/core/agent.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { aheadPath } from "../../agent/log/ahead.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import { createStore } from "../../agent/log/file.ts";
import { readLog } from "../../agent/log/read.ts";
import { logDirectory, recover, segmentsOf } from "../../agent/log/recover.ts";
import { replay } from "../../agent/log/replay.ts";
import type { Pruned } from "../../agent/log/segments.ts";
import { createDiskMeter } from "../../agent/operate/disk-meter.ts";
import { ALONE, live, wallClock } from "./history.ts";
import { aheadIn, dropped, fakeDisk, openLog, openStore, SHORT_LIFE, scratch, until, writeLog } from "./scratch.ts";

const { directory, clear } = scratch();
afterAll(clear);

const MIB = 1024 * 1024;
const AFTER_ALL = instantAt(99_000_000);

/** Writes so many lines that change nothing; gives how long each took, in ms. */
function chatter(log: EventLog, state: AgentState, lines: number): number[] {
  return Array.from({ length: lines }, (_, i) => {
    const turn = step(state, { at: AFTER_ALL, seen: dropped(i) });
    const before = performance.now();
    log.commit(turn);
    return performance.now() - before;
  });
}

/** The log folds to this state, has no flaw but the gaps it owns up to, and has lost so many lines. */
function expectSound(at: string, state: AgentState, head: number, lost: number): void {
  const { lines, flaws } = readLog(at);
  expect(flaws).toEqual([]);
  expect(lines.at(-1)?.seq).toBe(head);
  expect(lines).toHaveLength(head + 1 - lost);
  const owned = lines.reduce((sum, line) => sum + (line.type === "header" ? line.lost : 0), 0);
  expect(owned).toBe(lost);
  const replayed = replay(lines);
  expect(replayed.divergences).toEqual([]);
  expect(replayed.state.routers.map(({ phase }) => phase)).toEqual(state.routers.map(({ phase }) => phase));
}

describe("a disk that hangs", () => {
  it("holds up nothing, and everything is written when it is back", async () => {
    const at = directory();
    const disk = fakeDisk();
    const { store } = openStore(at, { openSegment: disk.openSegment });
    const log = openLog(store);
    disk.hang();
    const { state } = live(SHORT_LIFE, log, wallClock(), ALONE);
    await until("it hangs", () => disk.waiting() > 0);
    expect(store.status()).toMatchObject({ durable: -1, lost: 0, error: null });
    expect(store.status().queuedBytes).toBeGreaterThan(10_000);
    disk.resume();
    await store.close(5_000);
    expect(store.status()).toMatchObject({ queuedBytes: 0, durable: log.head(), head: log.head() });
    expectSound(at, state, log.head(), 0);
  });

  it("costs lines beyond the bound, which are counted, and a segment begins behind the gap", async () => {
    const at = directory();
    const disk = fakeDisk();
    const queueLimit = 200_000;
    const { store } = openStore(at, { openSegment: disk.openSegment, queueLimit });
    const log = openLog(store);
    const { state } = live(SHORT_LIFE, log, wallClock(), ALONE);
    disk.hang();
    const took = chatter(log, state, 4_000).sort((a, b) => a - b);
    // Beyond the bound there is only the header of one segment, which is always taken.
    expect(store.status().queuedBytes).toBeLessThan(queueLimit + 12_000);
    const { lost } = store.status();
    expect(lost).toBeGreaterThan(1_000);
    // Every one came back while the disk hung, so none waited for it. In ms: of 4000 lines the slowest
    // 200 may have met the garbage collector or a busy machine.
    expect(took[3_800]).toBeLessThan(5);

    disk.resume();
    await until("there is room", () => store.status().queuedBytes === 0);
    expect(readLog(at).flaws).toEqual([]);
    chatter(log, state, 30);
    await store.close(5_000);
    // The line that met the gap was the last one to be lost.
    expect(store.status().lost).toBe(lost + 1);
    expectSound(at, state, log.head(), lost + 1);
  });

  it("does not hold up the end either, and the copy has what it did not take", async () => {
    const at = directory();
    const disk = fakeDisk();
    const { store, recovered } = openStore(at, { openSegment: disk.openSegment });
    disk.hang();
    const log = openLog(store);
    const { state } = live(SHORT_LIFE, log, wallClock(), ALONE);
    const before = Date.now();
    await store.close(50);
    expect(Date.now() - before).toBeLessThan(2_000);
    const next = openStore(at);
    expect(next.recovered).toMatchObject({ epoch: recovered.epoch, rescued: log.head() + 1 });
    await next.store.close(5_000);
    expectSound(at, state, log.head(), 0);
    // A line that comes after the end is nobody's, and harms nobody.
    store.append("late\n", log.head() + 1);
    disk.resume();
  });
});

describe("a full disk", () => {
  it("is told, tried again, and leaves no line torn in the middle", async () => {
    const at = directory();
    const disk = fakeDisk();
    const meter = createDiskMeter();
    const { store } = openStore(at, { openSegment: disk.openSegment, watch: meter });
    const log = openLog(store);
    disk.room(20_001);
    const { state } = live(SHORT_LIFE, log, wallClock(), ALONE);
    await until("it is full", () => store.status().error !== null);
    expect(store.status().error).toMatch(/^ENOSPC/);
    expect(store.status().durable).toBeLessThan(log.head());
    const torn = readLog(at);
    // What a reader sees meanwhile: at most one torn line, and it is the last.
    expect(torn.flaws.length).toBeLessThan(2);
    for (const { says } of torn.flaws) expect(says).toBe("was torn off");
    disk.room(null);
    await until("it is written", () => store.status().durable === log.head());
    expect(store.status().error).toBeNull();
    await store.close(5_000);
    expectSound(at, state, log.head(), 0);
    const size = segmentsOf(at).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(meter.counted.bytes, "of what was refused nothing is counted twice").toBe(size);
    expect(meter.counted.refusals).toBeGreaterThan(0);
    const all = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
    expect([all(meter.appends.counts), all(meter.syncs.counts) > 0]).toEqual([log.head() + 1, true]);
  });

  it("does not keep a daemon from starting, and the log owns up to what it could not rescue", async () => {
    const at = directory();
    const written = await writeLog(at);
    const files = segmentsOf(at);
    const kept = readLog(at).lines.findIndex((line) => line.type === "header" && line.segment === 2);
    writeFileSync(aheadIn(at), files.map((file) => readFileSync(file, "utf8")).join(""));
    // The process died when all but the first segment was in the copy only, and there is no room for it.
    for (const file of files.slice(1)) rmSync(file);
    symlinkSync("/dev/full", files[1] ?? "");
    const recovered = recover(at, aheadIn(at));
    expect(recovered).toMatchObject({ rescued: 0, last: { seq: written - 1, segment: 1 } });
    expect(recovered.unwritten).toHaveLength(written - kept);

    rmSync(files[1] ?? "");
    const store = createStore({
      ...recovered,
      directory: logDirectory(at),
      ahead: null,
      retention: () => ({ bytes: 1_000_000, since: 0 }),
      queueLimit: 1_000_000,
      lost: recovered.unwritten.length,
    });
    const log = openLog(store);
    await store.close(5_000);
    const { lines, flaws } = readLog(at);
    expect(flaws).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ type: "header", start: true, lost: written - kept, seq: written });
    expect(log.head()).toBe(written);
  });
});

describe("the write-ahead copy", () => {
  it("lies in memory, or nowhere", () => {
    const path = aheadPath(directory());
    if (path !== null) expect([0x01021994, 0x858458f6]).toContain(statfsSync(dirname(path)).type);
  });

  it("is another one for another state directory", () => {
    const one = aheadPath(directory());
    expect(aheadPath(directory())).not.toBe(one ?? "");
  });

  it("does not grow while the disk keeps up, and has everything while it does not", async () => {
    const at = directory();
    const disk = fakeDisk();
    const { store } = openStore(at, { openSegment: disk.openSegment });
    const log = openLog(store);
    for (let i = 0; i < 10; i++) {
      chatter(log, initialState, 100);
      await until("the disk has it", () => store.status().queuedBytes === 0);
    }
    // 1000 lines of some 230 bytes; it is emptied above 64 KiB, after at most 100 lines more.
    expect(readFileSync(aheadIn(at)).length).toBeLessThan(64 * 1024 + 100 * 300);
    disk.hang();
    chatter(log, initialState, 1_000);
    expect(readFileSync(aheadIn(at), "utf8").trimEnd().split("\n").length).toBeGreaterThanOrEqual(1_000);
    disk.resume();
    await store.close(5_000);
  });

  it("stays small under a storm in which something always waits, and has all of that", async () => {
    const at = directory();
    const disk = fakeDisk();
    const { store } = openStore(at, { openSegment: disk.openSegment, queueLimit: 32 * MIB });
    const identity = { version: "1", cluster: "lab", boot: "b" };
    const log = openEventLog(store, identity, Date.now, initialState, instantAt(0), 4 * MIB);
    let longest = 0;
    for (let wave = 0; wave < 6; wave++) {
      disk.hang();
      chatter(log, initialState, 4_000);
      longest = Math.max(longest, store.status().queuedBytes);
      const { durable } = store.status();
      disk.resume();
      await until("the disk takes some of it", () => {
        chatter(log, initialState, 20);
        return store.status().durable > durable + 4_000;
      });
    }
    expect(store.status().queuedBytes).toBeGreaterThan(0);
    // Six waves of a MiB each went through it: it has what waits, and what was written since it had a MiB at last.
    expect(readFileSync(aheadIn(at)).length).toBeLessThan(longest + 2 * MIB);
    expect(log.head()).toBeGreaterThan(24_000);
    // As it would be found after a death at this moment, the copy first: the disk goes on.
    const found = directory();
    cpSync(aheadIn(at), aheadIn(found));
    cpSync(logDirectory(at), logDirectory(found), { recursive: true });
    expect(recover(found, aheadIn(found)).last.seq).toBe(log.head());
    await store.close(20_000);
    expect(readLog(at).flaws).toEqual([]);
    expect(readdirSync(dirname(aheadIn(at))).filter((name) => name.includes(".ahead"))).toEqual([]);
  });
});

describe("the segments", () => {
  it("are deleted from the oldest on, and the rest is a whole log", async () => {
    const at = directory();
    const { store } = openStore(at, { retention: () => ({ bytes: 40_000, since: 0 }) });
    const log = openLog(store);
    chatter(log, initialState, 2_000);
    await store.close(5_000);
    const { lines, flaws } = readLog(at);
    expect(flaws).toEqual([]);
    expect(lines.at(-1)?.seq).toBe(log.head());
    expect(lines[0]?.type).toBe("header");
    expect(lines[0]?.seq).toBeGreaterThan(1_000);
    // 40 000 bytes of segments of 12 000, and the one that is being written.
    expect(segmentsOf(at).length).toBeLessThanOrEqual(5);
  });

  it("stay beyond the retention as long as somebody needs them, up to twice as much, and what goes then is told", async () => {
    const at = directory();
    const told: Pruned[] = [];
    const needed = { from: 0, bytes: 80_000 };
    const { store } = openStore(at, {
      retention: () => ({ bytes: 40_000, since: Number.POSITIVE_INFINITY, needed }),
      pruned: (what) => told.push(what),
    });
    const log = openLog(store);
    const sizes = (): number => segmentsOf(at).reduce((sum, file) => sum + statSync(file).size, 0);
    const settled = () => until("it is on the disk", () => store.status().durable === log.head());
    while (sizes() < 70_000) {
      chatter(log, initialState, 50);
      await settled();
    }
    // 70 000 bytes, all of it older than it may be: nothing has gone.
    expect(readLog(at).lines[0]?.seq).toBe(0);
    expect(told.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
    expect(told.at(-1)?.held).toBeGreaterThan(10_000);
    while (readLog(at).lines[0]?.seq === 0) {
      chatter(log, initialState, 50);
      await settled();
    }
    expect(sizes()).toBeGreaterThan(60_000);
    expect(told.reduce((sum, { lost }) => sum + lost, 0)).toBe(readLog(at).lines[0]?.seq);
    // As soon as nobody needs it, it is as before: all is too old but the segment that is written.
    needed.from = log.head() + 1;
    const before = told.length;
    while (told.length === before) {
      chatter(log, initialState, 50);
      await settled();
    }
    expect(segmentsOf(at).length).toBeLessThanOrEqual(2);
    expect(told.at(-1)).toEqual({ held: 0, lost: 0 });
    await store.close(5_000);
    expect(readLog(at).flaws).toEqual([]);
  });

  it("are deleted when their last line is older than the retention, with what lies beside them", async () => {
    const at = directory();
    const day = 86_400_000;
    const retention = { bytes: 1e9, since: 0 };
    const { store } = openStore(at, { retention: () => retention });
    let wall = 10 * day;
    const identity = { version: "1", cluster: "lab", boot: "b" };
    const log = openEventLog(store, identity, () => wall, initialState, instantAt(0));
    // A segment ends after a day: one begins at day 10, and one on each of the next five.
    for (let days = 1; days <= 5; days++) {
      wall = (10 + days) * day + days;
      const at = instantAt(days * (day + 1) * 1_000);
      log.commit(step(initialState, { at, seen: dropped(days) }));
      await until("it is on the disk", () => store.status().durable === log.head());
    }
    expect(segmentsOf(at)).toHaveLength(6);
    const beside = segmentsOf(at).map((file) => file.replace(/\.jsonl$/, "-000000000007.flight"));
    for (const file of beside) writeFileSync(file, "");
    // Kept is what was written since day 13: the segment of day 12 ends when that of day 13 begins, at 13 days
    // and 3 ms, and so it just stays; those of the days 10 and 11 go.
    retention.since = 13 * day;
    log.commit(step(initialState, { at: instantAt(6 * (day + 1) * 1_000), seen: dropped(6) }));
    await store.close(5_000);
    const named = (files: readonly string[]): readonly number[] =>
      files.map((file) => Number(/(\d{8})/.exec(file)?.[1]));
    expect(named(segmentsOf(at))).toEqual([3, 4, 5, 6, 7]);
    expect(named(beside.filter((file) => existsSync(file)))).toEqual([3, 4, 5, 6]);
    expect(readLog(at).flaws).toEqual([]);
  });

  it("are not touched by what else lies there", async () => {
    const at = directory();
    const { store } = openStore(at, { retention: () => ({ bytes: 1, since: 0 }) });
    const log = openLog(store);
    appendFileSync(`${segmentsOf(at)[0]}.note`, "mine");
    chatter(log, initialState, 100);
    await store.close(5_000);
    expect(segmentsOf(at)).toHaveLength(1);
    expect(readFileSync(`${segmentsOf(at)[0]?.replace(/\d{8}\.jsonl$/, "00000001.jsonl")}.note`, "utf8")).toBe("mine");
  });
});
