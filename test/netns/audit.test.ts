// A router whose log goes to a Redis, as people run it: killed, restarted, installed anew, while the Redis loses its
// connections; and what the commands say of it, with a password that is never seen.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { logPattern, streamIn } from "../../agent/audit/keys.ts";
import { logDirectory } from "../../agent/log/recover.ts";
import { writtenIn } from "../audit/lab.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../audit/redis-server.ts";
import { type Daemon, type Finished, start } from "./command.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { type Heird, heird, runHeird } from "./heird.ts";
import { mustSkip, skipBecause } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";

const SECRET = "s3cr3t-of-the-audit";
const PATIENT = { within: 40_000, every: 50 };

/** It forgets its users when it ends. */
const admit = ({ client }: RedisServer): Promise<unknown> =>
  client.acl("SETUSER", "heird", "on", `>${SECRET}`, "~*", "+@all");

/** A Redis with a password, which the file beside it has. */
async function guarded(): Promise<{ redis: RedisServer; file: string; config: string }> {
  const redis = await startRedis();
  const file = join(redis.directory, "password");
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
  await admit(redis);
  const audit = `audit {\n  redis ${redis.url}\n  cluster lab\n  node r1\n  username heird\n  password_file ${file}\n}\n`;
  return {
    redis,
    file,
    config: `${audit}${configOf({ priority: 100, interval: "0.1", addresses: ["192.168.1.1/24"] })}`,
  };
}

const streamsOf = async ({ client }: RedisServer): Promise<readonly string[]> =>
  (await client.keys(logPattern("lab"))).filter((key) => streamIn(key)?.node === "r1").sort();

/** What stands in the stream of a log is its lines, once and in order, each byte of them. */
async function expectEqual(redis: RedisServer, key: string, node: Heird): Promise<void> {
  const rows = await redis.client.xrange(key, "-", "+");
  const entries = rows.map(([id, fields]) => {
    const at = (name: string): string => fields[fields.indexOf(name) + 1] ?? "";
    return { id, hash: at("h"), body: at("b") };
  });
  const log = writtenIn(logDirectory(node.home.stateDirectory));
  expect(entries).toEqual(log.slice(0, entries.length));
}

/** Everything is there that the daemon has written by now. */
async function shipped(node: Heird): Promise<void> {
  const { head } = (await node.status()).log;
  const there = async (): Promise<boolean> => ((await node.status()).audit?.shipped ?? -1) >= head;
  await eventually("it is shipped", there, { ...PATIENT, otherwise: node.output });
}

const audit = (redis: RedisServer, ...words: readonly string[]): Promise<Finished> =>
  runHeird("audit", ...words, "--redis", redis.url, "--cluster-name", "lab");

/** Two lives that end without a word, connections that end meanwhile, and one that ends in order. */
async function liveAndDie(site: Site, redis: RedisServer, config: string): Promise<Heird> {
  let node = await site.heird("rt1", config);
  for (let life = 0; life < 2; life++) {
    await node.reach("master");
    // Not all of it is there when it dies.
    await eventually("it ships", async () => ((await node.status()).audit?.shipped ?? -1) >= 0, PATIENT);
    await redis.client.client("KILL", "USER", "heird");
    node.signal("SIGKILL");
    await node.ended;
    node = await site.again(node);
  }
  await node.reach("master");
  await shipped(node);
  return node;
}

/** Whatever of a secret is where others may see it. */
async function traces(node: Heird, tail: Daemon, redis: RedisServer): Promise<readonly string[]> {
  const folder = logDirectory(node.home.stateDirectory);
  const rows = await redis.client.xrange((await streamsOf(redis))[0] ?? "", "-", "+");
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const seen: Readonly<Record<string, string>> = {
    "the output of the daemon": node.output(),
    "its status": JSON.stringify(await node.status()),
    "heird status": (await runHeird("status", "--state-dir", node.home.stateDirectory)).stdout,
    "its log": readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "latin1"))
      .join(""),
    "the Redis": JSON.stringify(rows),
    "what tail says": tail.output(),
    "the words of processes": processes.map(wordsOf).join("\n"),
  };
  return Object.entries(seen).flatMap(([place, text]) => (text.includes(SECRET) ? [place] : []));
}

function wordsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // it has ended
  }
}

const needed = ["ip", "nft"] as const;
describe.skipIf(mustSkip("the audit of a router", needed) || skipBecause("the audit", whyNoRedis()))("a router", () => {
  test("that is killed and installed anew has everything in the Redis, once, and is one node", async () => {
    const { redis, config } = await guarded();
    const tail = await start("tail", heird("audit", "tail", "--redis", redis.url, "--cluster-name", "lab"));
    try {
      await eventually(
        "tail reads",
        async () => String(await redis.client.client("LIST")).includes("heird-reader"),
        PATIENT,
      );
      await onSite("auditing", ROUTERS.slice(0, 1), async (site) => {
        const node = await liveAndDie(site, redis, config);
        const [first = "", ...others] = await streamsOf(redis);
        expect(others).toEqual([]);
        await expectEqual(redis, first, node);
        const sound = await audit(redis, "verify", "--state-dir", node.home.stateDirectory);
        expect(sound).toMatchObject({ code: 0 });
        expect(sound.stdout).toMatch(/[1-9]\d* equal/);
        const masters = () => tail.stdout().match(/r1 +VI_1 +BACKUP -> MASTER/g)?.length ?? 0;
        await eventually("tail has told every takeover", () => masters() === 3, { ...PATIENT, otherwise: tail.output });
        expect(await traces(node, tail, redis)).toEqual([]);

        // The Redis goes away and comes back, and tail with it.
        await redis.kill();
        await eventually("tail misses it", () => tail.stderr().includes("it is tried again"), PATIENT);
        await redis.start();
        await admit(redis);
        await eventually("tail is back", () => tail.stderr().includes("reading again"), PATIENT);

        await node.stop();
        rmSync(node.home.stateDirectory, { recursive: true });
        const anew = await site.again(node);
        await anew.reach("master");
        await shipped(anew);
        const second = (await streamsOf(redis)).find((key) => key !== first) ?? "";
        expect(streamIn(second)?.epoch).toBe((await anew.status()).log.epoch);
        await expectEqual(redis, second, anew);
        await eventually("tail has told this one, too", () => masters() === 4, { ...PATIENT, otherwise: tail.output });
        const report = JSON.parse((await audit(redis, "report", "--json")).stdout) as {
          readonly nodes: readonly string[];
        };
        expect(report.nodes).toEqual(["r1"]);
        expect((await audit(redis, "verify")).code).toBe(0);
      });
      const keys = (await redis.client.keys("*")).sort();
      expect(keys.filter((key) => !key.includes(":log:r1:"))).toEqual(["heird:{lab}:mark:r1"]);
      tail.signal("SIGINT");
      expect(await tail.ended).toMatchObject({ code: 0 });
      const gone = async (): Promise<boolean> => !String(await redis.client.client("LIST")).includes("name=heird-");
      await eventually("nobody is left there", gone, PATIENT);
    } finally {
      await tail.stop();
      await redis.remove();
    }
  }, 240_000);
});
