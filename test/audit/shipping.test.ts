// The shipper against a Redis that loses, forgets and delays: at the end each stream is its node's log.

import { afterEach, describe, expect, test, vi } from "vitest";
import { entryIn, fieldsOf } from "../../agent/audit/entry.ts";
import { logKey, markKey, streamIn } from "../../agent/audit/keys.ts";
import type { AuditRecord } from "../../agent/audit/record.ts";
import { scratch } from "../log/scratch.ts";
import { type FakeRedis, fakeRedis } from "./fake-redis.ts";
import { chance, createNode, labConfig, vrrp } from "./lab.ts";
import { caughtUp, endShips, keyOf, ship, streamOf, until } from "./quick.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();

afterEach(async () => {
  await endShips();
  clear();
});

describe("a log in peace", () => {
  test("becomes its stream: every line, its id of time and number, its chain", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(700);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    node.happen(50);
    await caughtUp(node, one);
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
    const entries = redis.streams.get(keyOf(node))?.entries ?? [];
    for (const [i, { prev }] of entries.entries()) if (i > 0) expect(prev).toBe(entries[i - 1]?.hash);
    expect(one.shipper.status()).toMatchObject({ connected: true, resyncs: 0, forks: 0, missed: 0, error: null });
    expect(one.said).toEqual([]);
  });

  test("has a record with every transition: who was Master, why, what it weighed and how long it took", async () => {
    const node = createNode({ name: "r1", directory: directory(), config: labConfig("r1", [vrrp(7)]) });
    node.happen(400);
    const redis = fakeRedis(node.wall);
    await caughtUp(node, ship(node, redis));
    const entries = (redis.streams.get(keyOf(node))?.entries ?? []).flatMap(({ entry }) => entry ?? []);
    const marks = entries.filter(({ body }) => body.includes('"mark":1'));
    const records = marks.map(({ record }) => JSON.parse(record ?? "null") as AuditRecord);
    expect(marks.length).toBeGreaterThan(20);
    for (const record of records) {
      if (record.kind !== "transition") throw new Error("a transition without its record");
      const { transition, cause, time, vr, config } = record;
      expect(vr).toMatchObject({ name: "VI_7", vrid: 7, vips: ["10.0.7.100/24"] });
      expect(transition.from).not.toBe(transition.to);
      expect(cause.length).toBeGreaterThan(0);
      expect(cause.map(({ seq }) => seq)).toEqual(cause.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect(Date.parse(time.wall)).toBeGreaterThan(0);
      expect(config.hash).toMatch(/^[0-9a-f]{64}$/);
    }
    const taken = records.find((one) => one.kind === "transition" && one.transition.reason === "master_silent");
    // 1 s interval, priority 100: 3 s of silence and (256 - 100) / 256 s = 0.609375 s.
    expect(taken).toMatchObject({
      transition: { yangEvent: "vrrp-event-master-timeout", mibReason: 3 },
      timers: { adverMs: 1_000, skewMs: 609.375, masterDownMs: 3_609.375 },
      master: { after: { self: true, prio: 100 } },
    });
    // Of one that was heard: three whole intervals went by without it, and a part of the fourth.
    const silenced = records.find(
      (one) => one.kind === "transition" && one.transition.reason === "master_silent" && one.master.before !== null,
    );
    expect(silenced).toMatchObject({
      timers: { advertsMissed: 3 },
      master: { before: { addr: "10.0.0.9", self: false } },
      config: { file: "/etc/heird/heird.conf" },
      evidence: { recorder: null, actor: null },
    });
    if (silenced?.kind !== "transition") throw new Error("nobody fell silent");
    const { deadlineAt, firedAt, latenessUs } = silenced.timers;
    expect((firedAt ?? 0) - (deadlineAt ?? 0)).toBeCloseTo((latenessUs ?? Number.NaN) / 1_000, 2);
    expect(silenced.master.before?.adverts).toBeGreaterThan(0);
    const deeds = entries.filter(({ kind, record }) => kind === "vip" && record !== null);
    expect(deeds.some(({ record }) => (record ?? "").includes('"of":"1764'))).toBe(true);
    expect(entries[5]?.clock).toMatchObject({ sync: true, errUs: 500 });
  });

  test("every ten seconds it says until when nothing else has happened, if the daemon says so", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(20);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    const mark = () => JSON.parse(redis.marks.get(markKey("lab", "r1")) ?? "{}") as { until?: number; seq?: number };
    await until("a mark", () => mark().seq === node.head());
    const last = one.shipper.status().shippedAt;
    expect(mark().until).toBe(last);
    one.shipper.pulse(node.head(), last + 77_000);
    await until("a later mark", () => mark().until === last + 77_000);
    // A daemon that has written more than was found says nothing about its silence.
    one.shipper.pulse(node.head() + 5, last + 99_000);
    await until("an honest mark", () => mark().until === last);
  });
});

/** What a number between 0 and 1 does to a Redis. */
function harmTo(redis: FakeRedis): (dice: number) => void {
  let copy = redis.copy();
  const harms: readonly (readonly [number, () => void])[] = [
    [0.2, () => redis.breakNext("before")],
    [0.4, () => redis.breakNext("after")],
    [0.6, () => redis.kill()],
    [
      0.7,
      () => {
        redis.kill();
        redis.goBackTo(copy);
      },
    ],
    [
      0.75,
      () => {
        redis.kill();
        redis.streams.clear();
      },
    ],
    [
      0.85,
      () => {
        copy = redis.copy();
      },
    ],
    // Between two answers on one connection, nobody the wiser.
    [0.9, () => redis.streams.clear()],
  ];
  return (dice) => harms.find(([below]) => dice < below)?.[1]();
}

describe("a Redis that fails", () => {
  test("is told once, however long it is away, and is tried again with pauses that grow", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const redis = fakeRedis(node.wall);
    redis.down(true);
    const one = ship(node, redis);
    await until("thirty attempts", () => one.pauses.length >= 30);
    node.happen(100);
    expect(one.said.length).toBe(1);
    // 250 ms doubled, and three quarters of it with half the chance: 187.5, 375 … 30 s * 3/4.
    expect(one.pauses.slice(0, 3)).toEqual([187.5, 375, 750]);
    expect(Math.max(...one.pauses)).toBe(22_500);
    redis.down(false);
    await caughtUp(node, one);
    expect(one.said.map((said) => said.split(":")[0])).toEqual(["warn", "info"]);
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
  });

  test("that is full takes nothing, and everything once there is room", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(300);
    const redis = fakeRedis(node.wall);
    redis.full(true);
    const one = ship(node, redis);
    await until("it is told", () => one.said.some((said) => said.includes("full")));
    expect(one.shipper.status().error).toContain("OOM");
    redis.full(false);
    await caughtUp(node, one);
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
    expect(one.said.filter((said) => said.includes("is full")).length).toBe(1);
  });

  test("loses its end, everything, or answers: the stream is the log again each time", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 20_000 });
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    const random = chance(7);
    const harm = harmTo(redis);
    for (let i = 0; i < 60; i++) {
      node.happen(1 + Math.floor(random() * 20));
      harm(random());
      // S8: whatever is there, at any moment, is the beginning of the log.
      const there = streamOf(redis, keyOf(node));
      expect(there).toEqual(node.written().slice(0, there.length));
      if (random() < 0.5) await caughtUp(node, one);
    }
    await caughtUp(node, one);
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
    expect(one.shipper.status().forks).toBe(0);
    expect(one.shipper.status().resyncs).toBeGreaterThan(5);
  });

  test("is met by a shipper that dies at any time, and one that begins beside it", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 20_000 });
    const redis = fakeRedis(node.wall);
    for (let i = 0; i < 12; i++) {
      node.happen(40);
      const one = ship(node, redis);
      const other = ship(node, redis);
      await until("somebody has shipped something", () => one.shipper.status().shipped > 40 * i);
      if (i % 3 === 0) node.restart();
      other.shipper.stop();
    }
    await caughtUp(node, ship(node, redis));
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
  });
});

describe("another history", () => {
  test("is never overwritten: FORK is said, and the log goes into a new stream from its beginning", async () => {
    const [home, elsewhere] = [directory(), directory()];
    const node = createNode({ name: "r1", directory: home });
    node.happen(100);
    const redis = fakeRedis(node.wall);
    await caughtUp(node, ship(node, redis));
    const before = streamOf(redis, keyOf(node));
    // The same epoch with another end: what a machine has that lost power after it had shipped.
    const twin = createNode({ name: "r1", directory: elsewhere, seed: 3 });
    twin.happen(300);
    const stream = redis.streams.get(keyOf(node));
    const foreign = twin.written()[200];
    if (stream === undefined || foreign === undefined) throw new Error("nothing was shipped");
    stream.last = foreign.id;
    stream.entries.push({ ...foreign, prev: "", entry: null });
    redis.kill();
    node.happen(250);
    const again = ship(node, redis);
    await caughtUp(node, again);
    expect(again.said.filter((said) => said.startsWith("error: audit: FORK")).length).toBe(1);
    expect(streamOf(redis, keyOf(node)).slice(0, -1)).toEqual(before);
    expect(streamOf(redis, keyOf(node, 1))).toEqual(node.written());
    expect(again.shipper.status()).toMatchObject({ forks: 1, stream: keyOf(node, 1) });
  });

  test("a stream that lost its end while it was written to is closed, and another one has everything", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(100);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    const stream = redis.streams.get(keyOf(node));
    if (stream === undefined) throw new Error("nothing was shipped");
    stream.entries.splice(60);
    stream.last = stream.entries.at(-1)?.id ?? "";
    node.happen(30);
    await caughtUp(node, one);
    expect(streamOf(redis, keyOf(node, 1))).toEqual(node.written());
    // And it stays so for whoever begins later.
    const later = ship(node, redis);
    node.happen(10);
    await caughtUp(node, later);
    expect(later.shipper.status().stream).toBe(keyOf(node, 1));
    expect(streamOf(redis, keyOf(node, 1))).toEqual(node.written());
  });

  test("a machine that is installed anew goes on under a new epoch", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(50);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    const [old, had] = [keyOf(node), node.written()];
    node.reinstall();
    node.happen(50);
    await until("it is shipped", () => streamOf(redis, keyOf(node)).length === node.written().length);
    expect(keyOf(node)).not.toBe(old);
    expect(streamOf(redis, old)).toEqual(had);
    expect(streamOf(redis, keyOf(node))).toEqual(node.written());
    expect(one.shipper.status().forks).toBe(0);
  });
});

describe("names and entries", () => {
  test.each([
    ["lab", "r1", "heird:{lab}:log:r1:01E"],
    ["a{b}:c", "r 1*", "heird:{a%7bb%7d%3ac}:log:r%201%2a:01E"],
  ])("a key of %s and %s has one hash tag, and nothing that a glob would read", (cluster, node, wanted) => {
    const key = logKey(cluster, { node, epoch: "01E", fork: 0 });
    expect(key).toBe(wanted);
    expect(streamIn(key)).toEqual({ node, epoch: "01E", fork: 0 });
    expect(streamIn(logKey(cluster, { node, epoch: "01E", fork: 2 }))).toEqual({ node, epoch: "01E", fork: 2 });
  });

  test("an entry is read as it was written, and one of a later format not at all", () => {
    const clock = { sync: true, errUs: 500, offsetUs: -62, offsetErrUs: 163 };
    const entry = {
      hlc: 5,
      seq: 7,
      prev: "a",
      hash: "b",
      kind: "transition",
      body: "{}",
      record: "{}",
      clock,
    } as const;
    expect(entryIn("5-7", fieldsOf(entry))).toEqual(entry);
    expect(entryIn("5-7", fieldsOf({ ...entry, record: null }))).toEqual({ ...entry, record: null });
    expect(entryIn("5-7", ["v", "2", ...fieldsOf(entry).slice(2)])).toBeUndefined();
    expect(entryIn("5-7", ["k", "broken"])).toBeUndefined();
  });
});
