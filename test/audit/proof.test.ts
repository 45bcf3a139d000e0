// What verify has to find in a Redis: every word that a report reads, and what is gone from the end.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { logKey, markKey } from "../../agent/audit/keys.ts";
import { audit } from "../../agent/cli/audit.ts";
import { EXIT } from "../../agent/cli/refusal.ts";
import { scratch } from "../log/scratch.ts";
import { skipBecause } from "../netns/requirements.ts";
import { run } from "./command.ts";
import { createNode, labConfig, type Node, vrrp } from "./lab.ts";
import { type RedisServer, startRedis, whyNoRedis } from "./redis-server.ts";
import { caughtUp, endShipping, serverAt, ship } from "./shipping.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();
const keyOf = (node: Node): string => logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 });

type Row = readonly [id: string, fields: readonly string[]];

describe.skipIf(skipBecause("proving what a real Redis has", whyNoRedis()))("verify", () => {
  let redis: RedisServer;
  let node: Node;
  let all: readonly Row[];
  let mark: string;

  const verify = (where = "/nonexistent") =>
    run(() => audit(["verify"], { "state-dir": where, json: false, redis: [redis.url], "cluster-name": "lab" }));
  const report = () =>
    run(() =>
      audit(["report"], { "state-dir": "/nonexistent", json: false, redis: [redis.url], "cluster-name": "lab" }),
    );
  const reading = () => ({ "state-dir": "/nonexistent", json: false, redis: [redis.url], "cluster-name": "lab" });
  const put = async (entries: readonly Row[]): Promise<void> => {
    await redis.client.del(keyOf(node));
    await redis.client.multi(entries.map(([id, had]) => ["xadd", keyOf(node), id, ...had])).exec();
  };
  /** Everything as it is, but for one field of the last entry that has it so. */
  const altered = (name: string, from: string | RegExp, to: string): readonly Row[] => {
    const at = all.findLastIndex(([, had]) => had[had.indexOf(name) + 1]?.match(from) && had.includes(name));
    expect(at).toBeGreaterThan(0);
    return all.map(([id, had], i) => {
      const place = had.indexOf(name) + 1;
      return i === at ? [id, had.with(place, (had[place] ?? "").replace(from, to))] : [id, had];
    });
  };

  beforeAll(async () => {
    redis = await startRedis();
    const config = {
      ...labConfig("r1", [vrrp(1), vrrp(2, { basePriority: 150 })]),
      audit: { ...serverAt(redis.url), cluster: "lab", node: "r1", retentionDays: 400 },
    };
    node = createNode({ name: "r1", directory: directory(), segmentBytes: 15_000, config });
    // Shippers that die, and begin with less of the past than the first one knew.
    for (let life = 0; life < 8; life++) {
      node.happen(70);
      if (life === 4) node.restart();
      await caughtUp(node, ship(node, serverAt(redis.url)).shipper);
      await endShipping();
    }
    all = await redis.client.xrange(keyOf(node), "-", "+");
    mark = (await redis.client.get(markKey("lab", "r1"))) ?? "";
  });
  beforeEach(async () => {
    await redis.client.flushall();
    await put(all);
    await redis.client.set(markKey("lab", "r1"), mark);
  });
  afterEach(() => void vi.restoreAllMocks());
  afterAll(async () => {
    await redis.remove();
    clear();
  });

  test("is content with what several shippers made of one log", async () => {
    const sound = await verify(node.directory);
    expect(sound.code, sound.text).toBe(EXIT.ok);
    expect(sound.text).toContain(`${node.head() + 1} equal`);
  });

  test.each([
    ["why somebody became Master", "r", /"reason":"master_silent"/, '"reason":"operator"', /another transition.reason/],
    ["who that was", "r", /"self":true/, '"self":false', /another master.(before|after).self/],
    ["when", "r", /"wall":"2025/, '"wall":"2024', /another time.wall/],
    ["what was done about it", "r", /"detail":"1 address"/, '"detail":"none"', /another effects.0.detail/],
    ["that it was a transition", "k", /^transition$/, "other", /is filed as other, and its line is a transition/],
    ["that nothing was one", "k", /^routine$/, "transition", /is filed as transition, and its line is a routine/],
    ["its record at all", "r", /^\{/, "[", /has no record that can be read/],
  ])("finds an entry that says something else beside its line: %s", async (_, field, from, to, says) => {
    await put(altered(field, from, to));
    const found = await verify();
    expect(found.code, found.text).toBe(EXIT.tampered);
    expect(found.text).toMatch(says);
    // It is no reason to tell nothing of all the others.
    expect((await report()).code).toBe(EXIT.ok);
  });

  test("finds an entry that is no line of a log", async () => {
    await put([...all, [`${(all.at(-1)?.[0] ?? "").split("-")[0]}9-1`, ["x", "1"]]]);
    const found = await verify();
    expect(found.code, found.text).toBe(EXIT.tampered);
    expect(found.text).toMatch(/r1 \d+-1: is no line of a log/);
  });

  test("finds a line under another time", async () => {
    const [id = "", had = []] = all.at(-1) ?? [];
    const [hlc, seq] = id.split("-");
    await put([...all.slice(0, -1), [`${Number(hlc) + 3_600_000}-${seq}`, had]]);
    const found = await verify();
    expect(found.code).toBe(EXIT.tampered);
    expect(found.text).toContain(`#${seq}: stands under another time than its own`);
  });

  test("finds an end that is gone, and a stream that is gone, by what the node said that it shipped", async () => {
    await put(all.slice(0, -5));
    const short = await verify();
    expect(short.code).toBe(EXIT.gap);
    expect(short.text).toContain("r1: 5 line(s) at the end are gone, which the node says it has shipped");
    await redis.client.del(keyOf(node));
    const gone = await verify();
    expect(gone.code).toBe(EXIT.gap);
    expect(gone.text).toContain(`r1: ${node.head() + 1} line(s) at the end are gone`);
  });

  test("finds a Redis that has nothing, by the log here, if that is shipped to this cluster", async () => {
    await redis.client.flushall();
    expect((await verify()).code).toBe(EXIT.unknown);
    const found = await verify(node.directory);
    expect(found.code).toBe(EXIT.gap);
    expect(found.text).toContain(`0 equal, ${node.head() + 1} not in the Redis`);
    const elsewhere = createNode({ name: "r1", directory: directory() });
    expect((await verify(elsewhere.directory)).code).toBe(EXIT.unknown);
  });

  test("tells two nodes apart that have one name by mistake, as a reading of their logs does", async () => {
    const other = createNode({ name: "r1", directory: directory(), seed: 5 });
    other.happen(200);
    await caughtUp(other, ship(other, serverAt(redis.url)).shipper);
    await endShipping();
    const found = await report();
    expect(found.text).toContain("2 node(s)");
    const names = [node, other].map((one) => `r1(${one.epoch().slice(-6)})`);
    const sound = await verify();
    expect(sound.code, sound.text).toBe(EXIT.ok);
    for (const name of names) expect(sound.text).toContain(name);
    // Two routers died with the first one, once; nobody has died of the other's beginning.
    const deaths = (await run(() => audit(["timeline"], reading()))).text.match(/-> died/g);
    expect(deaths?.length).toBe(2);
  });

  test("names what is no stream and no mark, which nobody else stumbles over", async () => {
    const stray = logKey("lab", { node: "r1", epoch: "01STRAY", fork: 0 });
    await redis.client.set(stray, "x");
    await redis.client.set(markKey("lab", "r2"), "{not a mark");
    await redis.client.lpush(markKey("lab", "r3"), "nor this");
    const found = await verify();
    expect(found.code, found.text).toBe(EXIT.unknown);
    expect(found.text).toContain(`${stray} is no stream, and is passed over`);
    for (const name of ["r2", "r3"])
      expect(found.text).toContain(`${markKey("lab", name)} is no mark that can be read`);
    expect((await report()).code).toBe(EXIT.ok);
  });
});
