// Ships the logs of test nodes to a Redis that is a map, and waits for nothing.

import { logKey } from "../../agent/audit/keys.ts";
import { openOutbox } from "../../agent/audit/outbox.ts";
import { createShipper, type Shipper } from "../../agent/audit/shipper.ts";
import type { FakeRedis } from "./fake-redis.ts";
import type { Node } from "./lab.ts";

const ships: { readonly shipper: Shipper; readonly over: Promise<void> }[] = [];

/** Everything that ships has ended. */
export async function endShips(): Promise<void> {
  await Promise.all(
    ships.splice(0).map(({ shipper, over }) => {
      shipper.stop();
      return over;
    }),
  );
}

export type Ship = { readonly shipper: Shipper; readonly said: string[]; readonly pauses: number[] };

/** Ships a node's log; what would be waited for comes at once. */
export function ship(node: Pick<Node, "directory" | "name" | "wall">, redis: Pick<FakeRedis, "connect">): Ship {
  const said: string[] = [];
  const pauses: number[] = [];
  let time = 0;
  const shipper = createShipper(
    { cluster: "lab", node: node.name },
    {
      outbox: openOutbox(node.directory),
      // Whoever connects without a pause does not keep the test from looking on.
      connect: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return redis.connect();
      },
      wall: node.wall,
      now: () => time,
      boot: "of this machine",
      random: () => 0.5,
      pause: (ms, until) => {
        if (until === "stop") pauses.push(ms);
        time += ms;
        return new Promise((resolve) => setImmediate(resolve));
      },
      kernelClock: () => ({ sync: true, errUs: 500 }),
      tell: (level, sentence) => said.push(`${level}: ${sentence}`),
    },
  );
  ships.push({ shipper, over: shipper.run() });
  return { shipper, said, pauses };
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it never came to pass: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export const caughtUp = (node: Node, { shipper }: Ship): Promise<void> =>
  until(`${node.name} is shipped: ${JSON.stringify(shipper.status())}`, () => shipper.status().shipped === node.head());

export const keyOf = (node: Node, fork = 0): string => logKey("lab", { node: node.name, epoch: node.epoch(), fork });

/** Id, hash and text of everything that a stream has. */
export const streamOf = (redis: FakeRedis, key: string) =>
  (redis.streams.get(key)?.entries ?? []).map(({ id, hash, body }) => ({ id, hash, body }));
