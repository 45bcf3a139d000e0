// Ships the logs of test nodes to real Redis servers.

import { logKey } from "../../agent/audit/keys.ts";
import { openOutbox } from "../../agent/audit/outbox.ts";
import { connector, type Server, sessionOn } from "../../agent/audit/redis.ts";
import { createShipper, type Shipper } from "../../agent/audit/shipper.ts";
import { eventually } from "../netns/eventually.ts";
import type { Node } from "./lab.ts";

const NOBODY = { username: null, password: null, tls: { ca: null, cert: null, key: null } } as const;
export const PATIENT = { within: 30_000, every: 20 };

export const serverAt = (...urls: readonly string[]): Server => ({
  redis: urls,
  sentinels: [],
  sentinelName: null,
  ...NOBODY,
});

const ships: { readonly shipper: Shipper; readonly over: Promise<void> }[] = [];

export type Shipping = { readonly shipper: Shipper; readonly said: readonly string[] };

/** Goes on until `endShipping`. Pauses are short: what is tested is not how long they are. */
export function ship(
  node: Node,
  server: Server,
  { now, boot } = { now: () => performance.now(), boot: "of this machine" },
): Shipping {
  const said: string[] = [];
  const connect = connector(server, "heird-audit", logKey("lab", { node: node.name, epoch: "none", fork: 0 }));
  const shipper = createShipper(
    { cluster: "lab", node: node.name },
    {
      outbox: openOutbox(node.directory),
      connect: async () => sessionOn(await connect()),
      wall: Date.now,
      now,
      boot,
      random: Math.random,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 50))),
      kernelClock: () => ({ sync: null, errUs: null }),
      tell: (level, sentence) => said.push(`${level}: ${sentence}`),
    },
  );
  ships.push({ shipper, over: shipper.run() });
  return { shipper, said };
}

/** Everything that ships has ended. */
export async function endShipping(): Promise<void> {
  await Promise.all(
    ships.splice(0).map(({ shipper, over }) => {
      shipper.stop();
      return over;
    }),
  );
}

export const caughtUp = (node: Node, shipper: Shipper, within = PATIENT.within): Promise<unknown> =>
  eventually(`${node.name} is shipped`, () => shipper.status().shipped === node.head(), {
    ...PATIENT,
    within,
    otherwise: () => JSON.stringify(shipper.status()),
  });
