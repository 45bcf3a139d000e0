// An uplink of a router: a namespace behind a cable of its own, with a gateway, a page and a name server.

import type { Daemon } from "./command.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";

export const GATEWAY = "10.9.1.1";
export const GATEWAY6 = "fd00:9::1";

/** Answers pages on 80 with code 200, and names that begin with "up" with 192.0.2.7. */
const SERVER = `
const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
require("node:http").createServer((_, page) => page.end('{"load":10}')).listen(80, "${GATEWAY}");
const names = require("node:dgram").createSocket("udp4");
names.on("message", (asked, from) => {
  const reply = Buffer.from(asked.subarray(0, asked.indexOf(0, 12) + 5));
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(1, 6);
  reply.writeUInt32BE(0, 8);
  names.send(Buffer.concat([reply, answer]), from.port, from.address);
});
names.bind(53, "${GATEWAY}", () => process.stdout.write("serving\\n"));
`;

export type Uplink = {
  /** The cable is cut at the far end: the router's interface loses its carrier. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Everything that arrives is lost without a word; the link stays. */
  readonly swallow: () => Promise<void>;
  readonly spit: () => Promise<void>;
};

/** Lays a cable from a router's eth1 to a host that is its way out. */
export async function layUplink(router: Host, far: Host): Promise<Uplink> {
  await far.run(["ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth1", "netns", router.namespace]);
  for (const [host, device, end] of [
    [far, "up0", "1"],
    [router, "eth1", "2"],
  ] as const) {
    await host.run(["ip", "address", "add", `10.9.1.${end}/24`, "dev", device]);
    await host.run(["ip", "address", "add", `fd00:9::${end}/64`, "dev", device, "nodad"]);
    await host.run(["ip", "link", "set", device, "up"]);
  }
  const route = ["ip", "route", "replace", "198.51.100.0/24", "via", GATEWAY, "dev", "eth1"];
  await router.run(route);
  const server: Daemon = await far.start("server", [process.execPath, "-e", SERVER]);
  await eventually("the uplink serves", () => server.output().includes("serving"));
  return {
    cut: async () => void (await far.run(["ip", "link", "set", "up0", "down"])),
    mend: async () => {
      await far.run(["ip", "link", "set", "up0", "up"]);
      // Linux takes IPv6 addresses from a link that is set down.
      await far.run(["ip", "address", "replace", `${GATEWAY6}/64`, "dev", "up0", "nodad"]);
      // A link that went took the route along; whoever routes puts it back.
      await router.run(route);
    },
    swallow: () => far.drop("input", 'iifname "up0"'),
    spit: far.dropNothing,
  };
}
