// Many nodes, one Redis, and everything that can happen to both, by chance and by the number of a seed.

import { logKey } from "../../agent/audit/keys.ts";
import type { Shipper } from "../../agent/audit/shipper.ts";
import { demoted } from "./demotion.ts";
import { chance, createNode, type Node } from "./lab.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { caughtUp, endShipping, serverAt, ship } from "./shipping.ts";

export type TortureOptions = {
  readonly events: number;
  readonly nodes: number;
  readonly rounds: number;
  /** How often a Sentinel demotes the Redis for a replica without the last lines, before all the rest. */
  readonly demotions: number;
  readonly seed: number;
  readonly directory: () => string;
};

export type Tortured = {
  /** Faults and how often each was done. */
  readonly faults: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly resyncs: number;
  readonly forks: number;
  /** What is wrong at the end, node by node. */
  readonly wrong: readonly string[];
};

type Life = {
  readonly redis: RedisServer;
  readonly nodes: readonly Node[];
  readonly shippers: Shipper[];
  copy: string | null;
};

/** Everything that is done, by its name; each leaves a Redis that answers. */
const FAULTS: Readonly<Record<string, (life: Life, random: () => number) => Promise<unknown>>> = {
  "connections killed": ({ redis }) => redis.client.client("KILL", "TYPE", "normal", "SKIPME", "yes"),
  "SIGKILL, back from its AOF": async ({ redis }) => {
    await redis.kill();
    await redis.start();
  },
  "SIGKILL, back empty": async ({ redis }) => {
    await redis.kill();
    redis.empty();
    await redis.start();
  },
  "SIGKILL, back from an older copy": async (life) => {
    const { redis } = life;
    await redis.kill();
    if (life.copy !== null) redis.goBackTo(life.copy);
    life.copy = redis.copy();
    await redis.start();
  },
  slow: async ({ redis }) => {
    redis.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 300));
    redis.signal("SIGCONT");
  },
  full: async ({ redis }) => {
    await redis.client.config("SET", "maxmemory", "1");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await redis.client.config("SET", "maxmemory", "0");
  },
  "a daemon restarted": async ({ nodes }, random) => nodes[Math.floor(random() * nodes.length)]?.restart(),
  "a shipper killed": async ({ nodes, shippers, redis }, random) => {
    const i = Math.floor(random() * nodes.length);
    const node = nodes[i];
    if (node === undefined) return;
    // The old one finishes what it is doing beside the new one.
    shippers[i]?.stop();
    shippers[i] = ship(node, serverAt(redis.url)).shipper;
  },
};

export async function torture({
  events,
  nodes: count,
  rounds,
  demotions,
  seed,
  directory,
}: TortureOptions): Promise<Tortured> {
  const random = chance(seed);
  const nodes = Array.from({ length: count }, (_, i) =>
    createNode({ name: `r${i + 1}`, directory: directory(), seed: seed + i, segmentBytes: 1024 * 1024 }),
  );
  const faults: Record<string, number> = {};
  const wrong: string[] = [];
  const before = demotions === 0 ? 0 : await demotedFirst(nodes, demotions, wrong);
  if (demotions > 0) faults["demoted by Sentinel, with a lagging replica"] = demotions;
  const redis = await startRedis();
  const life: Life = {
    redis,
    nodes,
    shippers: nodes.map((node) => ship(node, serverAt(redis.url)).shipper),
    copy: null,
  };
  const names = Object.keys(FAULTS);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const node of nodes) node.happen(Math.ceil(events / rounds / count));
      // Each fault comes in its turn, at a moment of its own.
      const name = names[round % names.length] ?? "";
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
      await FAULTS[name]?.(life, random);
      faults[name] = (faults[name] ?? 0) + 1;
      // S8: whatever is there, at any moment, is the beginning of the log. One of them each time.
      const node = nodes[round % count];
      if (node !== undefined) wrong.push(...(await differences(redis, node, "beginning")));
    }
    for (const [i, node] of nodes.entries()) {
      const shipper = life.shippers[i];
      if (shipper !== undefined) await caughtUp(node, shipper, 500_000);
    }
    for (const node of nodes) wrong.push(...(await differences(redis, node, "whole")));
    const status = life.shippers.map((shipper) => shipper.status());
    return {
      faults,
      lines: nodes.reduce((sum, node) => sum + node.head() + 1, 0),
      resyncs: status.reduce((sum, { resyncs }) => sum + resyncs, before),
      forks: status.reduce((sum, { forks }) => sum + forks, 0),
      wrong,
    };
  } finally {
    await endShipping();
    for (const node of nodes) node.close();
    await redis.remove();
  }
}

/** The same nodes, with a Redis of their own; gives how often a stream was found shorter than it was. */
async function demotedFirst(nodes: readonly Node[], times: number, wrong: string[]): Promise<number> {
  const { redis, shippers, lost } = await demoted(nodes, times, 100);
  await endShipping();
  if (lost < times) wrong.push(`${times} demotions, and only ${lost} replicas lagged`);
  for (const node of nodes) wrong.push(...(await differences(redis.master(), node, "whole")));
  await redis.remove();
  return shippers.reduce((sum, shipper) => sum + shipper.status().resyncs, 0);
}

/** Where a stream is not its node's log: order, gaps, duplicates and every byte. */
async function differences(redis: RedisServer, node: Node, what: "whole" | "beginning"): Promise<readonly string[]> {
  const written = node.written();
  const key = logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 });
  let at = 0;
  for (let start = "-"; ; ) {
    const rows = await redis.client.xrange(key, start, "+", "COUNT", 2_000);
    for (const [id, fields] of rows) {
      const line = written[at];
      at += 1;
      const same =
        line?.id === id &&
        fields[fields.indexOf("h") + 1] === line.hash &&
        fields[fields.indexOf("b") + 1] === line.body;
      const follows = at === 1 || fields[fields.indexOf("p") + 1] === written[at - 2]?.hash;
      if (!same || !follows) return [`${node.name}: entry ${at - 1} is ${id}, the log has ${line?.id ?? "no more"}`];
    }
    const last = rows.at(-1)?.[0];
    if (rows.length < 2_000 || last === undefined) break;
    start = `(${last}`;
  }
  return at === written.length || what === "beginning"
    ? []
    : [`${node.name}: ${at} entries, the log has ${written.length} lines`];
}
