// Where a Redis lives: behind TLS with certificates of both sides, in a Redis Cluster, behind Sentinel.

import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { logKey } from "../../agent/audit/keys.ts";
import { openLibrary } from "../../agent/audit/library.ts";
import type { Server } from "../../agent/audit/redis.ts";
import { scratch } from "../log/scratch.ts";
import { eventually } from "../netns/eventually.ts";
import { skipBecause } from "../netns/requirements.ts";
import { demoted } from "./demotion.ts";
import { createNode, type Node } from "./lab.ts";
import { type RedisServer, type ServerOptions, startRedis, whyNoRedis } from "./redis-server.ts";
import { caughtUp, endShipping, PATIENT, serverAt, ship } from "./shipping.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();
const servers: RedisServer[] = [];

async function redis(options: ServerOptions): Promise<RedisServer> {
  const one = await startRedis(options);
  servers.push(one);
  return one;
}

function someNode(name: string): Node {
  const node = createNode({ name, directory: directory() });
  node.happen(100);
  return node;
}

const idsOf = async ({ client }: RedisServer, node: Node): Promise<readonly string[]> =>
  (await client.xrange(logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 }), "-", "+")).map(([id]) => id);

/** Whom a reader finds there. */
async function nodesReadAt(server: Server): Promise<readonly string[]> {
  const library = await openLibrary(server, "lab");
  try {
    return (await library.streams()).map(({ node }) => node).sort();
  } finally {
    library.close();
  }
}

const written = (node: Node): readonly string[] => node.written().map(({ id }) => id);

afterEach(async () => {
  await endShipping();
  await Promise.all(servers.splice(0).map((one) => one.remove()));
  clear();
});

/** A CA of the test, and certificates of it for both sides. */
function certificates(): string {
  const home = directory();
  const openssl = (...args: readonly string[]): unknown =>
    execFileSync("openssl", args, { cwd: home, stdio: "ignore" });
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca");
  for (const side of ["server", "client"]) {
    const request = ["-keyout", `${side}.key`, "-out", `${side}.csr`, "-subj", `/CN=${side}`];
    openssl("req", "-newkey", "rsa:2048", "-nodes", ...request, "-addext", "subjectAltName=IP:127.0.0.1");
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${side}.csr`, ...by, "-out", `${side}.pem`);
  }
  return home;
}

describe.skipIf(skipBecause("shipping to Redis servers elsewhere", whyNoRedis()))("a Redis", () => {
  test("behind TLS is believed by its own CA, and shown a certificate", async () => {
    const home = certificates();
    const files = ["cert-file DIR/server.pem", "key-file DIR/server.key", "ca-cert-file DIR/ca.pem"];
    const lines = ["port SECOND", "auth-clients yes", ...files].map((line) => `tls-${line.replace("DIR", home)}`);
    const server = await redis({ lines });
    const node = someNode("r1");
    const tls = { ca: `${home}/ca.pem`, cert: `${home}/client.pem`, key: `${home}/client.key` };
    const at = serverAt(`rediss://127.0.0.1:${server.second}`);
    const strange = ship(node, { ...at, tls: { ...tls, cert: null, key: null } });
    await eventually("it is refused", () => strange.said.some((said) => said.includes("certificate")), PATIENT);
    await endShipping();
    // A CA that is another one: of the same name, which says nothing.
    const stranger = ship(node, { ...at, tls: { ...tls, ca: `${certificates()}/ca.pem` } });
    await eventually("it is not believed", () => /certificate|signature/.test(stranger.said.join()), PATIENT);
    expect(stranger.shipper.status()).toMatchObject({ connected: false, shipped: -1 });
    await endShipping();
    await caughtUp(node, ship(node, { ...at, tls }).shipper);
    expect(await nodesReadAt({ ...at, tls })).toEqual(["r1"]);
    await expect(nodesReadAt(at)).rejects.toThrow(/certificate/);
    expect(await idsOf(server, node)).toEqual(written(node));
  });

  test("in a Redis Cluster is found through any of its nodes, and has all keys of a heird cluster in one slot", async () => {
    const lines = ["cluster-enabled yes", "cluster-port SECOND"];
    const all = [
      await redis({ tcp: true, lines }),
      await redis({ tcp: true, lines }),
      await redis({ tcp: true, lines }),
    ];
    for (const [i, { client }] of all.entries())
      await client.call("CLUSTER", "ADDSLOTSRANGE", String(i * 5_461), String(i === 2 ? 16_383 : i * 5_461 + 5_460));
    const [first, ...others] = all;
    for (const { port, second } of others)
      await first?.client.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(second));
    for (const { client } of all) {
      const isWhole = async (): Promise<boolean> =>
        /cluster_state:ok/.test(String(await client.call("CLUSTER", "INFO")));
      await eventually("the cluster is whole", isWhole, PATIENT);
    }
    const nodes = all.map((_, i) => someNode(`r${i}`));
    for (const [i, node] of nodes.entries())
      await caughtUp(node, ship(node, serverAt(`redis://127.0.0.1:${all[i]?.port}`)).shipper);
    const sizes = await Promise.all(all.map(({ client }) => client.dbsize()));
    expect(sizes.filter((size) => size > 0).length).toBe(1);
    const home = all[sizes.findIndex((size) => size > 0)];
    if (home === undefined) throw new Error("nothing was shipped");
    for (const node of nodes) expect(await idsOf(home, node)).toEqual(written(node));
    const found = await Promise.all(all.map(({ port }) => nodesReadAt(serverAt(`redis://127.0.0.1:${port}`))));
    expect(found).toEqual(all.map(() => ["r0", "r1", "r2"]));
  });

  test("that Sentinel demotes for a replica without the last lines is sent them again", async () => {
    const node = someNode("r1");
    const done = await demoted([node], 1, 60);
    await endShipping();
    try {
      // What the replica did not have was in the Redis, and is again.
      expect(done.lost).toBe(1);
      expect(done.shippers[0]?.status()).toMatchObject({ resyncs: 1, forks: 0 });
      expect(await idsOf(done.redis.master(), node)).toEqual(written(node));
      expect(await nodesReadAt(done.redis.server)).toEqual(["r1"]);
    } finally {
      await done.redis.remove();
    }
  }, 180_000);
});
