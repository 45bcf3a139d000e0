// Reading from a real Redis, as users who may do only what they need.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { logKey, markKey } from "../../agent/audit/keys.ts";
import { openLibrary } from "../../agent/audit/library.ts";
import { audit } from "../../agent/cli/audit.ts";
import { explainAcross } from "../../agent/cli/explain.ts";
import { historyOfAll } from "../../agent/cli/history-all.ts";
import { EXIT } from "../../agent/cli/refusal.ts";
import { chain } from "../../agent/log/line.ts";
import { scratch } from "../log/scratch.ts";
import { skipBecause } from "../netns/requirements.ts";
import { run } from "./command.ts";
import { createNode, type Node } from "./lab.ts";
import { type RedisServer, startRedis, whyNoRedis } from "./redis-server.ts";
import { caughtUp, endShipping, serverAt, ship } from "./shipping.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();
const ACL = join(import.meta.dirname, "../../deploy/redis.acl");

const keyOf = (node: Node): string => logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 });

describe.skipIf(skipBecause("reading from a real Redis", whyNoRedis()))("a Redis with the logs of three nodes", () => {
  let redis: RedisServer;
  let nodes: readonly Node[];
  const options = () => ({ "state-dir": "/nonexistent", json: false, redis: [redis.url], "cluster-name": "lab" });

  beforeAll(async () => {
    redis = await startRedis();
    nodes = ["r1", "r2", "r3"].map((name, i) =>
      createNode({ name, directory: directory(), seed: i + 1, segmentBytes: 15_000 }),
    );
    for (const node of nodes) {
      node.happen(150);
      await caughtUp(node, ship(node, serverAt(redis.url)).shipper);
    }
    await endShipping();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    delete process.env["HEIRD_REDIS_USERNAME"];
    delete process.env["HEIRD_REDIS_PASSWORD"];
  });
  afterAll(async () => {
    await redis.remove();
    clear();
  });

  test("gives the same timeline as the logs it came from, and is left as it was", async () => {
    const before = await redis.client.keys("*");
    const shown = await run(() => audit(["timeline"], { ...options(), format: "csv" }));
    const logs = nodes.map(({ directory: home }) => home);
    const local = await run(() => audit(["timeline"], { "state-dir": "/x", json: false, format: "csv", logs }));
    const without = (text: string): string[] => text.split("\n").map((line) => line.split(",").slice(2).join(","));
    expect(without(shown.text).toSorted()).toEqual(without(local.text).toSorted());
    expect(shown.text.split("\n").length).toBeGreaterThan(30);
    expect((await run(() => audit(["report"], options()))).text).toContain("3 node(s), 2 virtual router(s)");
    const history = await run(() => historyOfAll(undefined, options()));
    expect(history.text).toMatch(/VI_1 +r1/);
    const why = await run(() => explainAcross(undefined, { ...options(), node: "r2" }));
    expect(why.text).toContain("Root cause");
    // A clock's offset makes a time that is asked for one with a fraction, which an id has not.
    const library = await openLibrary(serverAt(redis.url), "lab");
    for (const stream of await library.streams()) {
      let lines = 0;
      for await (const _ of library.read(stream, (stream.last?.hlc ?? 0) - 0.25)) lines += 1;
      expect(lines).toBeGreaterThan(0);
    }
    library.close();
    expect((await run(() => audit(["report"], { ...options(), since: "3650d" }))).code).toBe(EXIT.ok);
    expect((await redis.client.keys("*")).toSorted()).toEqual(before.toSorted());
  });

  test("verify: ok, and with the log here; then 21 for an entry that is gone, and 20 for one that is another", async () => {
    const [node] = nodes;
    if (node === undefined) throw new Error("no node");
    const verify = () => run(() => audit(["verify"], { ...options(), "state-dir": node.directory }));
    const sound = await verify();
    expect(sound.code).toBe(EXIT.ok);
    expect(sound.text).toContain(`${node.head() + 1} equal`);
    const all = await redis.client.xrange(keyOf(node), "-", "+");
    const [id = "", fields = []] = all[40] ?? [];
    await redis.client.xdel(keyOf(node), id);
    expect((await verify()).code).toBe(EXIT.gap);
    const b = fields.indexOf("b") + 1;
    const forged = fields.with(b, (fields[b] ?? "").replace('"at":', '"at":1'));
    await redis.client.del(keyOf(node));
    const again = all.map(([each, had]) => ["xadd", keyOf(node), each, ...(each === id ? forged : had)]);
    await redis.client.multi(again).exec();
    const tampered = await verify();
    expect(tampered.code).toBe(EXIT.tampered);
    expect(tampered.text).toContain("#40: the line is not the one its hash was taken of");
    await redis.client.del(keyOf(node));
    await redis.client.multi(all.map(([each, had]) => ["xadd", keyOf(node), each, ...had])).exec();
  });

  test("what a later heird adds is passed over: a signature, a line of a new kind, an entry of another format", async () => {
    const node = nodes[2];
    if (node === undefined) throw new Error("no node");
    const [key, reading] = [keyOf(node), options()];
    const all = await redis.client.xrange(key, "-", "+");
    const put = async (entries: readonly (readonly [string, readonly string[]])[]): Promise<void> => {
      await redis.client.del(key);
      await redis.client.multi(entries.map(([id, had]) => ["xadd", key, id, ...had])).exec();
    };
    const [lastId = "", fields = []] = all.at(-1) ?? [];
    const [hlc = 0, seq = 0] = lastId.split("-").map(Number);
    const before = fields[fields.indexOf("h") + 1] ?? "";
    // A line that tells of a signed end, chained as every line is.
    const body = JSON.stringify({ seq: seq + 1, at: 1, hlc, checkpoint: { upTo: seq, hash: before, by: "ed25519" } });
    const own = [
      "v",
      "1",
      "p",
      before,
      "h",
      chain(before, body),
      "k",
      "checkpoint",
      "c",
      "",
      "b",
      body,
      "s",
      "c2lnbg==",
    ];
    const more: (readonly [string, readonly string[]])[] = [...all, [`${hlc}-${seq + 1}`, own]];
    const before40 = more.map(([id, had], i) => [id, i === 40 ? [...had, "s", "c2lnbmVk"] : had] as const);
    const said = (await run(() => audit(["timeline"], reading))).text;
    await put(before40);
    const sound = await run(() => audit(["verify"], reading));
    expect(sound.code, sound.text).toBe(EXIT.ok);
    expect((await run(() => audit(["timeline"], reading))).text).toBe(said);
    for (const verb of ["report", "export"]) expect((await run(() => audit([verb], reading))).code, verb).toBe(EXIT.ok);
    // One that is changed is found even so: nobody has to know what it means.
    await put(
      more.map(([id, had], i) => [id, i === all.length ? had.with(11, body.replace("ed", "ef")) : had] as const),
    );
    expect((await run(() => audit(["verify"], reading))).code).toBe(EXIT.tampered);
    await put([...all, [`${hlc + 1}-0`, ["v", "2", "z", "whatever"]]]);
    const later = await run(() => audit(["verify"], reading));
    expect(later.code).toBe(EXIT.unknown);
    expect(later.text).toContain(`${node.name}: 1 entries were written by a later heird`);
    expect((await run(() => audit(["timeline"], reading))).text).toBe(said);
    await put(all);
    expect((await run(() => audit(["verify"], reading))).code).toBe(EXIT.ok);
  });

  test("verify: what the log here has and the Redis has not is a gap, unless it was only just written", async () => {
    const [node] = nodes;
    if (node === undefined) throw new Error("no node");
    const all = await redis.client.xrange(keyOf(node), "-", "+");
    const tail = all.slice(-7);
    await redis.client.xdel(keyOf(node), ...(tail.map(([id]) => id) as [string]));
    // It has not told that it shipped them.
    const mark = JSON.parse((await redis.client.get(markKey("lab", node.name))) ?? "") as { readonly seq: number };
    await redis.client.set(markKey("lab", node.name), JSON.stringify({ ...mark, seq: node.head() - 7 }));
    const verify = () => run(() => audit(["verify"], { ...options(), "state-dir": node.directory }));
    const short = await verify();
    expect(short.code).toBe(EXIT.gap);
    expect(short.text).toContain("7 not in the Redis");
    vi.spyOn(Date, "now").mockReturnValue(Number(tail[0]?.[0].split("-")[0]) + 1_000);
    expect((await verify()).code).toBe(EXIT.ok);
    vi.restoreAllMocks();
    await redis.client.del(keyOf(node));
    await redis.client.multi(all.map(([id, had]) => ["xadd", keyOf(node), id, ...had])).exec();
  });

  test("the least that each may do is enough, and keeps nodes apart", async () => {
    for (const line of readFileSync(ACL, "utf8").split("\n"))
      if (line.startsWith("user ")) {
        const words = line.replaceAll("CLUSTER", "lab").replaceAll("NODE", "r9").split(/\s+/).slice(1);
        const user = words.filter((word) => !word.startsWith("#") && word !== "+waitaof");
        await redis.client.acl("SETUSER", ...(user as [string, ...string[]]));
      }
    for (const user of ["heird-r9", "heird-reader", "heird-auditor"])
      await redis.client.acl("SETUSER", user, "on", "resetpass", ">secret");
    const node = createNode({ name: "r9", directory: directory(), segmentBytes: 15_000 });
    node.happen(200);
    process.env["HEIRD_REDIS_PASSWORD"] = "secret";
    const password = { from: "environment", name: "HEIRD_REDIS_PASSWORD" } as const;
    await caughtUp(node, ship(node, { ...serverAt(redis.url), username: "heird-r9", password }).shipper);
    await endShipping();

    const other = keyOf(nodes[0] ?? node);
    const mine = keyOf(node);
    const as = redis.client.duplicate({ username: "heird-r9", password: "secret" });
    await as.connect();
    for (const forbidden of [
      ["XADD", other, "9999999999999-1", "v", "1"],
      ["XTRIM", other, "MAXLEN", "0"],
      ["XTRIM", mine, "MAXLEN", "0"],
      ["XDEL", other, "1-1"],
      ["XDEL", mine, "1-1"],
      ["DEL", mine],
      ["SET", markKey("lab", "r1"), "x"],
      ["XRANGE", other, "-", "+"],
      ["FLUSHALL"],
      ["CONFIG", "GET", "*"],
      ["KEYS", "*"],
    ] as const)
      await expect(as.call(forbidden[0], ...forbidden.slice(1)), forbidden.join(" ")).rejects.toThrow(/NOPERM/);
    as.disconnect();

    process.env["HEIRD_REDIS_USERNAME"] = "heird-reader";
    const reading = options();
    expect((await run(() => audit(["report"], reading))).code).toBe(EXIT.ok);
    expect((await run(() => audit(["trim"], { ...reading, "older-than": "1s" }))).code).toBe(EXIT.redis);
    process.env["HEIRD_REDIS_USERNAME"] = "heird-auditor";
    const auditing = {
      ...options(),
      "older-than": new Date(node.wall()).toISOString(),
    };
    const trimmed = await run(() => audit(["trim"], auditing));
    expect(trimmed.text).toMatch(/r9 \w+: \d+ lines deleted, .* reports know nothing of that time any more/);
    delete process.env["HEIRD_REDIS_USERNAME"];
    delete process.env["HEIRD_REDIS_PASSWORD"];
    // What is left begins with a header, and says that it is not everything.
    const [first] = await redis.client.xrange(mine, "-", "+", "COUNT", 1);
    expect(first?.[1]).toContain("lifecycle");
    expect((await run(() => audit(["verify"], options()))).code).toBe(EXIT.unknown);
    // And the node goes on behind it.
    process.env["HEIRD_REDIS_PASSWORD"] = "secret";
    node.happen(20);
    await caughtUp(node, ship(node, { ...serverAt(redis.url), username: "heird-r9", password }).shipper);
    await endShipping();
    delete process.env["HEIRD_REDIS_PASSWORD"];
  });

  test("trim goes by when it really was: a clock that leapt two years ahead keeps nothing for two years", async () => {
    const node = createNode({ name: "r8", directory: directory(), segmentBytes: 15_000 });
    node.happen(100);
    const half = node.clock();
    node.leap(730 * 86_400_000);
    node.happen(100);
    await caughtUp(node, ship(node, serverAt(redis.url), { now: node.clock, boot: node.boot() }).shipper);
    await endShipping();
    // What is shipped now is as old by the Redis as by the clock that nobody sets.
    const middle = Date.now() - (node.clock() - half);
    const auditing = { ...options(), "older-than": new Date(middle + 1_000).toISOString() };
    const { text } = await run(() => audit(["trim"], auditing));
    const deleted = Number(/r8 \w+: (\d+) lines deleted/.exec(text)?.[1]);
    expect(deleted).toBeGreaterThan(0);
    expect(deleted).toBeLessThan(node.head() - 20);
    const [first] = await redis.client.xrange(keyOf(node), "-", "+", "COUNT", 1);
    expect(first?.[1]).toContain("lifecycle");
    await redis.client.del(keyOf(node));
  });

  test("a Redis that is not there is said so, with its own exit code", async () => {
    const away = { ...options(), redis: ["unix:///nonexistent/socket"] };
    const { code, text } = await run(() => audit(["report"], away));
    expect(code).toBe(EXIT.redis);
    expect(text).toContain("/nonexistent/socket");
    const empty = await run(() => audit(["report"], { ...options(), "cluster-name": "nobody" }));
    expect(empty.code).toBe(EXIT.unknown);
    for (const verb of ["timeline", "verify", "export"])
      expect((await run(() => audit([verb], { ...options(), "cluster-name": "nobody" }))).code, verb).toBe(
        EXIT.unknown,
      );
  });

  test("a wrong password, a right that is missing and a time that is none are told apart, and no password is told", async () => {
    await redis.client.acl("SETUSER", "nobody", "on", ">secret-of-nobody", "~other:*", "+@all");
    process.env["HEIRD_REDIS_USERNAME"] = "nobody";
    for (const [password, says] of [
      ["wrong-secret", /WRONGPASS/],
      ["secret-of-nobody", /NOPERM/],
    ] as const) {
      process.env["HEIRD_REDIS_PASSWORD"] = password;
      for (const verb of ["report", "timeline", "verify", "tail", "export"]) {
        const { code, text } = await run(() => audit([verb], options()));
        expect(code, verb).toBe(EXIT.redis);
        expect(text).toMatch(says);
        expect(text).not.toContain(password);
      }
    }
    delete process.env["HEIRD_REDIS_USERNAME"];
    delete process.env["HEIRD_REDIS_PASSWORD"];
    for (const since of ["yesterday", "30", "-1d", "2026-13-40"]) {
      const { code, text } = await run(() => audit(["report"], { ...options(), since }));
      expect(code, since).toBe(EXIT.usage);
      expect(text).toContain(since);
    }
    // A password that stands in a URL is not repeated either.
    for (const url of ["unix://nobody:secret-in-the-url@/tmp/s", "redis://nobody:secret-in-the-url@localhost"]) {
      const { code, text } = await run(() => audit(["report"], { ...options(), redis: [url] }));
      expect(code).toBe(EXIT.usage);
      expect(text).not.toContain("secret-in-the-url");
    }
    await redis.client.acl("DELUSER", "nobody");
  });
});
