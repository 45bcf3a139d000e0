// 50 instances at 10 ms whose log is shipped to a Redis that hangs: no advertisement waits for it. In turns within
// one run, without a Redis and with one that is stopped; what was not shipped meanwhile is, once it goes on.
//
// HEIRD_HUNG=60 for a minute of each.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { logKey } from "../../agent/audit/keys.ts";
import { readLog } from "../../agent/log/read.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../audit/redis-server.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import type { Heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import { type Packet, readFrame } from "./packet.ts";
import { pcapReader } from "./pcap.ts";
import { mustSkip, skipBecause } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { claimFrom, wallClock } from "./wire.ts";

const SOURCE = "192.168.1.11";
const VRIDS = Array.from({ length: 50 }, (_, i) => i + 1);
const SPAN = Number(process.env["HEIRD_HUNG"] ?? 4) * 1_000;
/** A new configuration has had its turn by then. */
const SETTLING = 1_000;
/** Something is written into the log so often, so that there is something to ship. */
const NEWS_EVERY = 500;
/** Of so many instances. */
const WITH_NEWS = 10;

const configuration = (file: string, audit: string): string =>
  [
    audit,
    `track_file news {\n  file ${file}\n  weight 1\n}`,
    configOf(
      ...VRIDS.map((vrid) => ({
        name: `VI_${vrid}`,
        vrid,
        priority: 200,
        interval: "0.01",
        addresses: [`10.0.${vrid}.1/32`],
        // No second announcement, which would fall into the first spell alone.
        extra: ["garp_master_delay 0", ...(vrid <= WITH_NEWS ? ["track_file {\n    news weight 1\n  }"] : [])],
      })),
    ),
  ].join("\n");

type Spell = { readonly what: string; readonly count: number; readonly p99: number; readonly max: number };

/** Writes something into the log now and then, for as long as that takes, while somebody listens. */
async function spellOf(what: string, site: Site, file: string): Promise<Spell> {
  await pause(SETTLING);
  const seen = await record(site.host("rt1"), `${file}.pcap`);
  const from = wallClock();
  for (let end = performance.now() + SPAN, n = 0; performance.now() < end; n++) {
    writeFileSync(file, `${n % 5}\n`);
    await pause(NEWS_EVERY);
  }
  const late = latenessOf((await seen()).filter(claimFrom(SOURCE)));
  const [p99, max] = [late[Math.floor(late.length * 0.99)] ?? Number.NaN, late.at(-1) ?? Number.NaN];
  tell(
    `50 x 10 ms for ${((wallClock() - from) / 1e6).toFixed(0)} s ${what}: ${late.length} adverts, late by ` +
      `${p99.toFixed(2)} ms p99, ${max.toFixed(2)} ms at most`,
  );
  return { what, count: late.length, p99, max };
}

/** Captures into a file: 5000 packets a second are read when they are all there, and none is lost meanwhile. */
async function record(host: Host, file: string): Promise<() => Promise<readonly Packet[]>> {
  const options = ["-n", "-s", "128", "-B", "16384", "-Z", "root", "--time-stamp-precision=nano"];
  const tcpdump = await host.start("tcpdump", ["tcpdump", ...options, "-i", "eth0", "-w", file, "ip", "proto", "112"]);
  await eventually("tcpdump listens", () => tcpdump.stderr().includes("listening on"), { within: 30_000 });
  return async () => {
    tcpdump.signal("SIGINT");
    await tcpdump.ended;
    if (!tcpdump.stderr().includes("\n0 packets dropped by kernel")) throw new Error(tcpdump.stderr());
    const packets: Packet[] = [];
    pcapReader(({ at, bytes }) => packets.push(readFrame(at, bytes)))(readFileSync(file));
    return packets;
  };
}

/** How much later than 10 ms after the one before of its instance each advertisement came, in ms, ascending. */
function latenessOf(packets: readonly Packet[]): readonly number[] {
  const last = new Map<number, number>();
  const late: number[] = [];
  for (const { at, vrrp } of packets) {
    const before = last.get(vrrp?.vrid ?? 0);
    if (before !== undefined) late.push((at - before) / 1_000 - 10);
    last.set(vrrp?.vrid ?? 0, at);
  }
  return late.sort((a, b) => a - b);
}

const auditOf = async (node: Heird) => {
  const { audit } = await node.status();
  if (audit === null) throw new Error("nothing is known of the audit yet");
  return audit;
};

/** Every line of the log is there, once and in order. */
async function expectWhole(redis: RedisServer, node: Heird): Promise<void> {
  const { head } = await node.status().then(({ log }) => log);
  await eventually("it is shipped", async () => (await auditOf(node)).shipped >= head, { within: 60_000, every: 100 });
  const [key = ""] = await redis.client.keys(logKey("lab", { node: "r1", epoch: "*", fork: 0 }));
  const ids = (await redis.client.xrange(key, "-", "+")).map(([id]) => id);
  const { lines } = readLog(node.home.stateDirectory);
  expect(ids.slice(0, head + 1)).toEqual(lines.slice(0, head + 1).map(({ hlc, seq }) => `${hlc}-${seq}`));
}

describe.skipIf(mustSkip("a hung Redis", ["ip", "nft", "tcpdump"]) || skipBecause("a hung Redis", whyNoRedis()))(
  "a Redis that hangs",
  () => {
    test("makes no advertisement later, and has everything once it goes on", { timeout: 270_000 }, async () => {
      const redis = await startRedis();
      const file = join(redis.directory, "news");
      writeFileSync(file, "0\n");
      try {
        await onSite("hungredis", ROUTERS.slice(0, 1), async (site) => {
          const node = await site.heird("rt1", configuration(file, ""));
          await node.reach("master", undefined, 30_000);
          const without = await spellOf("without a Redis", site, file);
          node.reload(configuration(file, `audit {\n  redis ${redis.url}\n  cluster lab\n  node r1\n}`));
          const connected = async (): Promise<boolean> => (await auditOf(node)).connected;
          await eventually("it ships", connected, { within: 30_000, every: 100 });
          redis.signal("SIGSTOP");
          const hung = await spellOf("with one that hangs", site, file);
          const missed = await auditOf(node);
          redis.signal("SIGCONT");
          tell(`the hung Redis: ${missed.lagEvents} lines behind, ${JSON.stringify(missed.error)}`);
          expect(missed.lagEvents).toBeGreaterThan(0);
          await expectWhole(redis, node);
          // RFC 5798 §6.1: the strongest Backup, 254, waits 3 * 10 ms + 2 * 10 ms / 256 = 30.08 ms: 20.08 ms late. On a
          // machine that is late by itself, no more than twice as late as without.
          expect(hung.p99).toBeLessThan(Math.max(20.08, 2 * without.p99));
        });
      } finally {
        await redis.remove();
      }
    });
  },
);
