// A Redis behind Sentinel that is demoted again and again for a replica without its last lines.

import { logKey } from "../../agent/audit/keys.ts";
import { eventually } from "../netns/eventually.ts";
import type { Node } from "./lab.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { caughtUp, PATIENT, serverAt, ship } from "./shipping.ts";

export type Guarded = {
  readonly server: ReturnType<typeof serverAt>;
  readonly master: () => RedisServer;
  /**
   * The replica stands still, `meanwhile` happens to the master, and that dies; resolves when the replica is master.
   * Gives how many entries the replica did not have.
   */
  readonly demote: (node: Node, meanwhile: () => Promise<void>) => Promise<number>;
  readonly remove: () => Promise<void>;
};

const PROMPT = { ...PATIENT, within: 60_000, every: 50 };

const entries = async ({ client }: RedisServer, node: Node): Promise<number> =>
  client.xlen(logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 }));

/** One master, one replica, one Sentinel that is quick to judge. */
export async function guarded(): Promise<Guarded> {
  let master = await startRedis({ tcp: true });
  let replica = await startRedis({ tcp: true, lines: [`replicaof 127.0.0.1 ${master.port}`] });
  const watch = [
    `monitor audit 127.0.0.1 ${master.port} 1`,
    "down-after-milliseconds audit 1500",
    "failover-timeout audit 3000",
  ];
  const sentinel = await startRedis({ tcp: true, sentinel: true, lines: watch.map((line) => `sentinel ${line}`) });
  const isMaster = async ({ client }: RedisServer): Promise<boolean> =>
    /role:master/.test(await client.info("replication"));
  return {
    server: { ...serverAt(), sentinels: [{ host: "127.0.0.1", port: sentinel.port }], sentinelName: "audit" },
    master: () => master,
    demote: async (node, meanwhile) => {
      if (replica.isDown()) {
        // The old master comes back with what it had, and is told by Sentinel whom to follow.
        await replica.start();
        await eventually("the old master follows", async () => !(await isMaster(replica)), PROMPT);
      }
      const knows = async (): Promise<boolean> =>
        String(await sentinel.client.call("SENTINEL", "REPLICAS", "audit")).includes(String(replica.port));
      await eventually("the sentinel knows the replica", knows, PROMPT);
      const has = async (): Promise<boolean> => (await entries(replica, node)) >= node.head();
      await eventually("the replica has everything", has, PROMPT);
      replica.signal("SIGSTOP");
      // What is on its way to one that stands still lies in a buffer of the kernel, and would be read after all.
      await master.client.client("KILL", "TYPE", "replica");
      await meanwhile();
      const before = await entries(master, node);
      await master.kill();
      replica.signal("SIGCONT");
      const lacking = before - (await entries(replica, node));
      await eventually("the replica is master", () => isMaster(replica), PROMPT);
      [master, replica] = [replica, master];
      return lacking;
    },
    remove: async () => {
      for (const one of [sentinel, replica, master]) await one.remove();
    },
  };
}

/** So many demotions while the logs grow; gives how often lines were lost, and the server that has the streams now. */
export async function demoted(nodes: readonly Node[], times: number, lines: number) {
  const redis = await guarded();
  const shippers = nodes.map((node) => ship(node, redis.server).shipper);
  const all = async (): Promise<void> => {
    for (const [i, node] of nodes.entries()) {
      const shipper = shippers[i];
      if (shipper !== undefined) await caughtUp(node, shipper, 90_000);
    }
  };
  let lost = 0;
  await all();
  for (let i = 0; i < times; i++) {
    const node = nodes[i % nodes.length];
    if (node === undefined) break;
    const lacking = await redis.demote(node, async () => {
      for (const one of nodes) one.happen(lines);
      await all();
    });
    if (lacking > 0) lost += 1;
    for (const one of nodes) one.happen(lines);
    await all();
  }
  return { redis, shippers, lost };
}
