// How much a Redis and a report can take: the streams of many nodes in one Redis. By hand, on a machine that does
// nothing else: bash test/setup.sh test && node dist/test/audit/scale.js [NODES [LINES]]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { openDesk } from "../../agent/audit/desk.ts";
import { type Entry, UNKNOWN_CLOCK } from "../../agent/audit/entry.ts";
import { logKey } from "../../agent/audit/keys.ts";
import { openLibrary } from "../../agent/audit/library.ts";
import { openOutbox } from "../../agent/audit/outbox.ts";
import { connector, sessionOn } from "../../agent/audit/redis.ts";
import { reportOn } from "../../agent/audit/report.ts";
import { accountsOf } from "../../agent/cli/audit-source.ts";
import { createNode } from "./lab.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { serverAt } from "./shipping.ts";

const NODES = Number(process.argv[2] ?? 10_000);
const LINES = Number(process.argv[3] ?? 30);
/** Streams that are sent at once. */
const AT_ONCE = 50;
const DAY = 86_400_000;
/** A quiet virtual router writes a window each ten seconds; and this fleet is asked about. */
const WINDOWS_A_DAY = 8_640;
const FLEET = 100_000;

const say = (what: string, value: number, unit: string): void =>
  void process.stdout.write(`${what}: ${value.toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}\n`);

const memoryOf = async ({ client }: RedisServer): Promise<number> =>
  Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);

/** The lines of one life, as they are shipped. */
function lifeOf(directory: string): {
  readonly entries: readonly Entry[];
  readonly epoch: string;
  readonly until: number;
} {
  const node = createNode({ name: "r1", directory });
  node.happen(LINES);
  const desk = openDesk(openOutbox(directory), { cluster: "lab", node: "r1" }, () => UNKNOWN_CLOCK);
  const entries = desk.take(-1, node.epoch()).slice(0, LINES);
  desk.close();
  node.close();
  return { entries, epoch: node.epoch(), until: node.wall() };
}

/** Two nodes have the same virtual routers, and nobody else has. */
const ofPair = (entries: readonly Entry[], pair: number): readonly Entry[] =>
  entries.map((entry) => {
    const record = entry.record?.replaceAll(/"vips":\["10\.0\.(\d)\.100/g, `"vips":["10.$1.${pair >> 8}.${pair & 255}`);
    return { ...entry, record: record ?? null };
  });

async function fill(redis: RedisServer, entries: readonly Entry[], epoch: string): Promise<void> {
  const session = sessionOn(await connector(serverAt(redis.url), "scale", "x")());
  for (let from = 0; from < NODES; from += AT_ONCE) {
    const nodes = Array.from({ length: Math.min(AT_ONCE, NODES - from) }, (_, i) => from + i);
    await Promise.all(
      nodes.map((node) =>
        session.append(logKey("lab", { node: `n${node}`, epoch, fork: 0 }), null, ofPair(entries, node >> 1)),
      ),
    );
  }
  session.close();
}

async function measure(redis: RedisServer, directory: string): Promise<void> {
  const { entries, epoch, until } = lifeOf(directory);
  const total = NODES * entries.length;
  say("nodes", NODES, `with ${entries.length} lines each`);
  const [before, begun] = [await memoryOf(redis), performance.now()];
  await fill(redis, entries, epoch);
  const filled = performance.now();
  const bytes = (await memoryOf(redis)) - before;
  say("ingest by one process, one connection", total / ((filled - begun) / 1_000), "lines/s");
  say("memory of the Redis", bytes / total, "bytes/line");
  const library = await openLibrary(serverAt(redis.url), "lab");
  const read = performance.now();
  const accounts = await accountsOf(library, until - 30 * DAY, until);
  const folded = performance.now();
  const { vrs } = reportOn(accounts, until - 30 * DAY, until, []);
  const reported = performance.now();
  library.close();
  say(
    "audit report --since 30d, reading",
    (folded - read) / 1_000,
    `s (${Math.round((1_000 * total) / (folded - read))} lines/s)`,
  );
  say("audit report --since 30d, reckoning", (reported - folded) / 1_000, `s for ${vrs.length} virtual routers`);
  say("memory of the reader", process.memoryUsage().rss / 1e6, "MB");
  say(`${FLEET} quiet routers`, (FLEET * WINDOWS_A_DAY) / 86_400, "lines/s");
  say(
    "  a day of them",
    (FLEET * WINDOWS_A_DAY * bytes) / total / 1e12,
    "TB of memory over all nodes of a Redis Cluster",
  );
}

const directory = mkdtempSync(join(tmpdir(), "heird-scale-"));
const redis = await startRedis({ lines: ["appendonly no"] });
try {
  await measure(redis, directory);
} finally {
  await redis.remove();
  rmSync(directory, { recursive: true, force: true });
}
