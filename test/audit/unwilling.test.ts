// A Redis that lets a shipper in and gives it work for nothing, or loses what it took: pauses grow, it is told once, and
// no stream that lacks a line is gone on with.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Session } from "../../agent/audit/port.ts";
import { logDirectory } from "../../agent/log/recover.ts";
import { scratch } from "../log/scratch.ts";
import { type FakeRedis, fakeRedis } from "./fake-redis.ts";
import { createNode, type Node } from "./lab.ts";
import { caughtUp, endShips, keyOf, ship, streamOf, until } from "./quick.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();

afterEach(async () => {
  await endShips();
  clear();
});

/** The same Redis, where some of what a session does comes out otherwise. */
const but = (redis: FakeRedis, change: (session: Session) => Partial<Session>): Pick<FakeRedis, "connect"> => ({
  connect: async () => {
    const session = await redis.connect();
    return { ...session, ...change(session) };
  },
});

/** The log keeps nothing of what stands before that line. */
function forget(node: Node, before: number): void {
  const folder = logDirectory(node.directory);
  const segments = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort();
  for (const name of segments) {
    if (Number(node.written()[0]?.id.split("-")[1]) >= before) return;
    rmSync(join(folder, name));
  }
}

/** Cuts a stream off behind so many entries, as a server that lost its end. */
function cut(redis: FakeRedis, key: string, entries: number): void {
  const stream = redis.streams.get(key);
  if (stream === undefined) throw new Error("nothing was shipped");
  stream.entries.splice(entries);
  stream.last = stream.entries.at(-1)?.id ?? "";
}

test("a replica takes no word: it is told once, and pauses grow although each connection succeeds", async () => {
  const node = createNode({ name: "r1", directory: directory() });
  const redis = fakeRedis(node.wall);
  let isReplica = true;
  const refuse = async (): Promise<never> => {
    throw new Error("READONLY You can't write against a read only replica.");
  };
  const one = ship(
    node,
    but(redis, () => (isReplica ? { append: refuse, mark: refuse } : {})),
  );
  await until("thirty attempts", () => one.pauses.length >= 30);
  expect(one.said).toEqual([expect.stringMatching(/^warn: audit: READONLY/)]);
  expect(one.shipper.status().error).toMatch(/^READONLY/);
  // 250 ms doubled, and three quarters of it with half the chance, up to 30 s * 3/4.
  expect(one.pauses.slice(0, 3)).toEqual([187.5, 375, 750]);
  expect(Math.max(...one.pauses)).toBe(22_500);
  isReplica = false;
  await caughtUp(node, one);
  expect(one.said.slice(1)).toEqual(["info: audit: shipping again, from line 0 on"]);
  expect(one.shipper.status().error).toBeNull();
  expect(streamOf(redis, keyOf(node))).toEqual(node.written());
});

test("streams that are evicted as soon as they are there are not shipped without a pause", async () => {
  const node = createNode({ name: "r1", directory: directory() });
  node.happen(600);
  const redis = fakeRedis(node.wall);
  let evicts = true;
  const one = ship(
    node,
    but(redis, ({ append }) => ({
      append: async (key, after, entries) => {
        const appended = await append(key, after, entries);
        if (evicts) redis.streams.clear();
        return appended;
      },
    })),
  );
  await until("ten pauses", () => one.pauses.length >= 10);
  // The first two losses are made good at once; then 250 ms doubled, and three quarters of it.
  expect(one.pauses.slice(0, 3)).toEqual([187.5, 375, 750]);
  expect(one.said).toEqual([expect.stringMatching(/^warn: audit: .* deletes or evicts it \(maxmemory-policy/)]);
  evicts = false;
  await caughtUp(node, one);
  expect(streamOf(redis, keyOf(node))).toEqual(node.written());
});

test.each([
  ["the answer is lost", "append", "shipper"],
  ["the connection ends before it is closed", "bury", "shipper"],
  ["the shipper dies before it is closed", "bury", "another"],
] as const)("a stream that lost its end before a batch came is found out although %s", async (_, call, who) => {
  const node = createNode({ name: "r1", directory: directory() });
  node.happen(100);
  const redis = fakeRedis(node.wall);
  let fails = false;
  const server = but(redis, (session) => ({
    [call]: async (key: string, after: string, entries: []) => {
      if (!fails) return session[call](key, after, entries);
      fails = false;
      if (call === "append") await session.append(key, after, entries);
      if (who === "another") one.shipper.stop();
      throw new Error("Command timed out");
    },
  }));
  const one = ship(node, server);
  await caughtUp(node, one);
  cut(redis, keyOf(node), 60);
  fails = true;
  node.happen(30);
  await until("it has failed", () => !fails);
  const next = who === "another" ? ship(node, server) : one;
  await caughtUp(node, next);
  expect(next.shipper.status().stream).toBe(keyOf(node, 1));
  expect(streamOf(redis, keyOf(node, 1))).toEqual(node.written());
  expect(next.said.filter((said) => said.includes("lacks lines that it was sent")).length).toBe(1);
});

describe("when the log has forgotten its beginning", () => {
  test("a stream that was closed stays closed, and the one behind it goes on", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 8_000 });
    node.happen(100);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    cut(redis, keyOf(node), 60);
    node.happen(100);
    await caughtUp(node, one);
    const closed = streamOf(redis, keyOf(node));
    const had = streamOf(redis, keyOf(node, 1));
    forget(node, 60);
    redis.kill();
    node.happen(100);
    await caughtUp(node, one);
    expect(one.shipper.status()).toMatchObject({ stream: keyOf(node, 1), forks: 1 });
    expect(streamOf(redis, keyOf(node))).toEqual(closed);
    expect(streamOf(redis, keyOf(node, 1)).slice(0, had.length)).toEqual(had);
    expect(streamOf(redis, keyOf(node, 1)).at(-1)).toEqual(node.written().at(-1));
  });

  test("a stream of another history is not taken for its own because nobody can tell any more", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 8_000 });
    node.happen(100);
    const redis = fakeRedis(node.wall);
    await caughtUp(node, ship(node, redis));
    const twin = createNode({ name: "r1", directory: directory(), seed: 3 });
    twin.happen(60);
    // The same epoch with another end, which stands before what this log is about to forget.
    cut(redis, keyOf(node), 50);
    const stream = redis.streams.get(keyOf(node));
    const foreign = twin.written()[50];
    if (stream === undefined || foreign === undefined) throw new Error("nothing was shipped");
    const id = `${Number(stream.last.split("-")[0]) + 1}-50`;
    stream.last = id;
    stream.entries.push({ ...foreign, id, prev: "", entry: null });
    redis.kill();
    const again = ship(node, redis);
    await caughtUp(node, again);
    expect(again.shipper.status().stream).toBe(keyOf(node, 1));
    const theirs = streamOf(redis, keyOf(node));
    forget(node, 51);
    redis.kill();
    node.happen(100);
    await caughtUp(node, again);
    expect(again.shipper.status()).toMatchObject({ stream: keyOf(node, 1), forks: 1 });
    expect(streamOf(redis, keyOf(node))).toEqual(theirs);
  });
});
