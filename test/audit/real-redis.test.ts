// The shipper against real Redis servers: what a fake one believes of them is asked here.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { logKey, logPattern, markKey } from "../../agent/audit/keys.ts";
import { scratch } from "../log/scratch.ts";
import { eventually } from "../netns/eventually.ts";
import { skipBecause } from "../netns/requirements.ts";
import { createNode, type Node } from "./lab.ts";
import { type RedisServer, startRedis, whyNoRedis } from "./redis-server.ts";
import { caughtUp, endShipping, PATIENT, serverAt, ship } from "./shipping.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();

const keyOf = (node: Node, fork = 0): string => logKey("lab", { node: node.name, epoch: node.epoch(), fork });

/** Id, hash and text of everything that a stream has. */
async function streamOf(redis: RedisServer, key: string) {
  const entries = await redis.client.xrange(key, "-", "+");
  return entries.map(([id, fields]) => ({
    id,
    hash: fields[fields.indexOf("h") + 1],
    body: fields[fields.indexOf("b") + 1],
  }));
}

const unusable = whyNoRedis();

describe.skipIf(skipBecause("shipping to a real Redis", unusable))("one Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await endShipping();
    await redis.client.config("SET", "maxmemory", "0");
    await redis.client.flushall();
    clear();
  });
  afterAll(() => redis.remove());

  test("has a log byte for byte, in order, with its chain, and a mark of the node", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    node.happen(600);
    const { shipper } = ship(node, serverAt(redis.url));
    await caughtUp(node, shipper);
    expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
    await eventually("a mark", async () => (await redis.client.exists(markKey("lab", "r1"))) === 1, PATIENT);
    const { offsetUs, offsetErrUs } = shipper.status().clock;
    // One machine, one clock: the offset lies within its own error, and a millisecond of Date.now.
    expect(Math.abs(offsetUs ?? 1e9)).toBeLessThanOrEqual((offsetErrUs ?? 0) + 1_000);
    // 7.0 has no WAITAOF and this one has no replica: nothing is confirmed, and that is said.
    expect(["memory", "aof"]).toContain(shipper.status().durability);
    expect(await redis.client.keys("*")).toEqual(expect.arrayContaining([keyOf(node)]));
    expect((await redis.client.keys(logPattern("lab"))).length).toBe(1);
  });

  test("loses every connection, again and again", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper } = ship(node, serverAt(redis.url));
    for (let i = 0; i < 25; i++) {
      node.happen(40);
      await redis.client.client("KILL", "TYPE", "normal", "SKIPME", "yes");
      if (i % 5 === 0) await caughtUp(node, shipper);
    }
    await caughtUp(node, shipper);
    expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
    expect(shipper.status().forks).toBe(0);
  });

  test("dies and comes back: from its AOF, from an older one, with nothing", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper } = ship(node, serverAt(redis.url));
    node.happen(100);
    await caughtUp(node, shipper);
    await redis.kill();
    const copy = redis.copy();
    await redis.start();
    for (const how of [() => undefined, () => redis.goBackTo(copy), () => redis.empty()]) {
      node.happen(150);
      await caughtUp(node, shipper);
      node.happen(20);
      await redis.kill();
      how();
      node.happen(30);
      await redis.start();
      await caughtUp(node, shipper);
      expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
    }
    expect(shipper.status().resyncs).toBeGreaterThanOrEqual(2);
    expect(shipper.status().forks).toBe(0);
  });

  test("is deleted from under an open connection", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper } = ship(node, serverAt(redis.url));
    node.happen(100);
    await caughtUp(node, shipper);
    await redis.client.del(keyOf(node));
    node.happen(10);
    await caughtUp(node, shipper);
    expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
  });

  test("loses the end of a stream under an open connection, and its node begins another one", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper } = ship(node, serverAt(redis.url));
    node.happen(100);
    await caughtUp(node, shipper);
    const had = await redis.client.xrange(keyOf(node), "-", "+");
    const less = had.slice(0, 50).map(([id, fields]) => ["xadd", keyOf(node), id, ...fields]);
    await redis.client.multi([["del", keyOf(node)], ...less]).exec();
    node.happen(10);
    await caughtUp(node, shipper);
    expect(shipper.status().stream).toBe(keyOf(node, 1));
    expect(await streamOf(redis, keyOf(node, 1))).toEqual(node.written());
  });

  test("is full: it takes no half of a batch, and the rest when there is room", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper, said: told } = ship(node, serverAt(redis.url));
    node.happen(50);
    await caughtUp(node, shipper);
    await redis.client.config("SET", "maxmemory", "1");
    node.happen(600);
    await eventually("it is told", () => told.some((one) => one.includes("is full")), PATIENT);
    expect((await streamOf(redis, keyOf(node))).length).toBeLessThan(node.head());
    await redis.client.config("SET", "maxmemory", "0");
    await caughtUp(node, shipper);
    expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
  });

  test("hangs: nothing is sent twice that it takes when it wakes", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const { shipper, said: told } = ship(node, serverAt(redis.url));
    node.happen(50);
    await caughtUp(node, shipper);
    redis.signal("SIGSTOP");
    node.happen(300);
    await eventually("it is missed", () => told.some((one) => one.startsWith("warn")), PATIENT);
    redis.signal("SIGCONT");
    await caughtUp(node, shipper);
    expect(await streamOf(redis, keyOf(node))).toEqual(node.written());
  });

  test("asks for a password, which comes from a file or from the environment and is told nowhere", async () => {
    const secret = "s3cr3t-of-the-test";
    const home = directory();
    const file = join(home, "password");
    writeFileSync(file, `${secret}\n`);
    await redis.client.acl("SETUSER", "r1", "on", `>${secret}`, "~*", "+@all");
    await redis.client.acl("SETUSER", "default", "resetpass", ">other");
    try {
      const node = createNode({ name: "r1", directory: directory() });
      const user = { ...serverAt(redis.url), username: "r1" };
      const refused = ship(node, { ...user, password: { from: "file", name: join(home, "nothing") } });
      await eventually("it says what it lacks", () => refused.said.length > 0, PATIENT);
      writeFileSync(join(home, "nothing"), "wrong\n");
      await eventually("it is refused", () => /WRONGPASS/.test(refused.shipper.status().error ?? ""), PATIENT);
      writeFileSync(join(home, "nothing"), `${secret}\n`);
      await caughtUp(node, refused.shipper);
      const other = createNode({ name: "r2", directory: directory() });
      process.env["HEIRD_TEST_PASSWORD"] = secret;
      const inEnvironment = ship(other, { ...user, password: { from: "environment", name: "HEIRD_TEST_PASSWORD" } });
      await caughtUp(other, inEnvironment.shipper);
      expect(JSON.stringify([refused.said, refused.shipper.status(), inEnvironment.said])).not.toContain(secret);
    } finally {
      delete process.env["HEIRD_TEST_PASSWORD"];
      rmSync(file);
      await redis.client.acl("SETUSER", "default", "resetpass", "nopass");
    }
  });
});
