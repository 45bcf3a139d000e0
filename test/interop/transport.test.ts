// The transports and authentications of keepalived.conf beside real Keepalived 2.2.7, in both roles: each
// hears the other (or it would take over), and each makes the other yield.

import { describe, expect, test } from "vitest";
import { configOf } from "../netns/config.ts";
import { eventually } from "../netns/eventually.ts";
import type { HostSpec } from "../netns/lan.ts";
import { mustSkip } from "../netns/requirements.ts";
import { onSite, ROUTERS, type Site } from "../netns/site.ts";

type Side = "rt1" | "rt2";
type Flavour = {
  readonly title: string;
  readonly tag: string;
  readonly address: string;
  /** µs of Master_Down_Interval of priority 100. */
  readonly down: number;
  readonly config: (side: Side, priority: number) => string;
  readonly hosts?: readonly HostSpec[];
  readonly prepare?: (site: Site) => Promise<void>;
};

const SOURCES = { rt1: "192.168.1.11", rt2: "192.168.1.12" } as const;
const SOURCES6 = { rt1: "2001:db8::11", rt2: "2001:db8::12" } as const;
const ROUTED = { rt1: "10.1.0.1", rt2: "10.2.0.2" } as const;
const other = (side: Side): Side => (side === "rt1" ? "rt2" : "rt1");
const unicast = (sources: Readonly<Record<Side, string>>, side: Side): string[] => [
  `unicast_src_ip ${sources[side]}`,
  "unicast_peer {",
  `  ${sources[other(side)]}`,
  "}",
];
const AH = ["authentication {", "  auth_type AH", "  auth_pass k3y", "}"];
const V4 = "192.168.1.1";
const V6 = "2001:db8::1";

// Priority 100: 3 * 1 s + 0.609375 s in version 2; half of it at 0.5 s in version 3.
const SLOW = 3_609_375;
const QUICK = 1_804_687;

const FLAVOURS: readonly Flavour[] = [
  {
    title: "v2 with an Authentication Header",
    tag: "ah",
    address: V4,
    down: SLOW,
    config: (_, priority) => configOf({ priority, version: 2, addresses: [`${V4}/24`], extra: AH }),
  },
  {
    title: "v2 with an Authentication Header, unicast",
    tag: "ahu",
    address: V4,
    down: SLOW,
    config: (side, priority) =>
      configOf({ priority, version: 2, addresses: [`${V4}/24`], extra: [...AH, ...unicast(SOURCES, side)] }),
  },
  {
    title: "v3 over IPv4, unicast",
    tag: "u4",
    address: V4,
    down: QUICK,
    config: (side, priority) =>
      configOf({ priority, interval: "0.5", addresses: [`${V4}/24`], extra: unicast(SOURCES, side) }),
  },
  {
    title: "v3 over IPv6, unicast",
    tag: "u6",
    address: V6,
    down: QUICK,
    config: (side, priority) =>
      configOf({ priority, interval: "0.5", addresses: ["fe80::1:1/64", `${V6}/64`], extra: unicast(SOURCES6, side) }),
  },
  {
    title: "another group and another source",
    tag: "grp",
    address: V4,
    down: QUICK,
    hosts: [
      { name: "rt1", addresses: ["192.168.1.11/24", "192.168.1.21/24"] },
      { name: "rt2", addresses: ["192.168.1.12/24", "192.168.1.22/24"] },
    ],
    config: (side, priority) =>
      configOf({
        priority,
        interval: "0.5",
        addresses: [`${V4}/24`],
        extra: ["mcast_dst_ip 224.0.0.99", `mcast_src_ip 192.168.1.2${side === "rt1" ? 1 : 2}`],
      }),
  },
  {
    title: "unicast across a router, without an interface",
    tag: "far",
    address: "10.9.0.1",
    down: QUICK,
    hosts: [
      { name: "rt1", addresses: ["10.1.0.1/24"] },
      { name: "rt2", addresses: ["10.2.0.2/24"] },
      { name: "gw", addresses: ["10.1.0.254/24", "10.2.0.254/24"] },
    ],
    prepare: async (site) => {
      await site.host("gw").sysctl("net.ipv4.ip_forward", 1);
      await site.host("rt1").run(["ip", "route", "add", "default", "via", "10.1.0.254"]);
      await site.host("rt2").run(["ip", "route", "add", "default", "via", "10.2.0.254"]);
    },
    config: (side, priority) => {
      const text = configOf({
        priority,
        interval: "0.5",
        addresses: ["10.9.0.1/32 dev eth0"],
        extra: unicast(ROUTED, side),
      });
      // Keepalived 2.2.7 wants one; heird goes by the routing table.
      return side === "rt1" ? text.replace("  interface eth0\n", "") : text;
    },
  },
];

const holds = (site: Site, side: Side, { address }: Flavour): Promise<boolean> => site.host(side).holds(address);

/** The one holds the address, and the other does not, for longer than its Master_Down_Interval. */
async function alone(site: Site, flavour: Flavour, owner: Side): Promise<void> {
  await eventually(`${owner} holds the address`, () => holds(site, owner, flavour));
  await eventually(`${other(owner)} holds nothing`, async () => !(await holds(site, other(owner), flavour)));
  const until = Date.now() + flavour.down / 1_000 + 300;
  const intrusions: boolean[] = [];
  await eventually(
    "long enough",
    async () => {
      intrusions.push(await holds(site, other(owner), flavour));
      return Date.now() > until;
    },
    { within: flavour.down / 1_000 + 10_000 },
  );
  expect(intrusions).not.toContain(true);
  expect(await holds(site, owner, flavour)).toBe(true);
}

describe
  .skipIf(mustSkip("transports beside Keepalived", ["ip", "nft", "tcpdump", "keepalived"]))
  .concurrent("transports beside Keepalived", () => {
    for (const flavour of FLAVOURS)
      test(flavour.title, { timeout: 90_000 }, async () => {
        await onSite(`t${flavour.tag}`, flavour.hosts ?? ROUTERS, async (site) => {
          await flavour.prepare?.(site);
          const keepalived = await site.host("rt2").startKeepalived(flavour.config("rt2", 100));
          await eventually("Keepalived holds the address", () => holds(site, "rt2", flavour), {
            otherwise: keepalived.output,
          });
          // heird is heard: Keepalived yields, and stays silent.
          const heird = await site.heird("rt1", flavour.config("rt1", 200));
          await alone(site, flavour, "rt1");
          expect((await heird.status()).instances[0]).toMatchObject({ state: "master", splitBrain: null });
          // Keepalived is heard: heird yields, and stays Backup.
          heird.reload(flavour.config("rt1", 50));
          await alone(site, flavour, "rt2");
          expect((await heird.status()).instances[0]).toMatchObject({
            state: "backup",
            neighbours: [{ checksum: flavour.down === SLOW ? "plain" : "pseudoHeader", sameAddresses: true }],
          });
          if (flavour.tag !== "ah") return;
          // And a restart of either locks nobody out: Keepalived begins its numbers at 1 again.
          await heird.stop();
          const again = await site.again(heird);
          again.reload(flavour.config("rt1", 200));
          await alone(site, flavour, "rt1");
          await keepalived.stop();
          await site.host("rt2").startKeepalived(flavour.config("rt2", 100));
          await alone(site, flavour, "rt1");
        });
      });
  });
