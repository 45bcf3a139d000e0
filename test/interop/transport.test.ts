// The transports, authentications, checksums and stations of keepalived.conf beside real Keepalived 2.2.7, in
// both roles: each hears the other (or it would take over), makes the other yield, and inherits from it.

import { describe, expect, test } from "vitest";
import { type Capture, tellPackets } from "../netns/capture.ts";
import { configOf } from "../netns/config.ts";
import { eventually } from "../netns/eventually.ts";
import { exchangeChecksums } from "../netns/frr.ts";
import type { HostSpec } from "../netns/lan.ts";
import { expectOneMaster } from "../netns/mastership.ts";
import { mustSkip } from "../netns/requirements.ts";
import { onSite, ROUTERS, type Site } from "../netns/site.ts";
import { advertFrom, claimFrom, resignationFrom, VRRP_TRAFFIC, wallClock } from "../netns/wire.ts";

type Side = "rt1" | "rt2";
type Sources = Readonly<Record<Side, string>>;
type Pace = { readonly interval: number; readonly skew: number; readonly down: number };
type Flavour = {
  readonly title: string;
  readonly tag: string;
  readonly address: string;
  /** Whom the two speak as. */
  readonly sources: Sources;
  readonly pace: Pace;
  /** What heird hears Keepalived use. */
  readonly checksum: "plain" | "pseudoHeader";
  readonly config: (side: Side, priority: number) => string;
  /** Where the address stands. */
  readonly device?: string;
  readonly hosts?: readonly HostSpec[];
  readonly prepare?: (site: Site) => Promise<void>;
};

const SOURCES: Sources = { rt1: "192.168.1.11", rt2: "192.168.1.12" };
const SOURCES6: Sources = { rt1: "2001:db8::11", rt2: "2001:db8::12" };
const LOCAL6: Sources = { rt1: "fe80::ff:fe00:1", rt2: "fe80::ff:fe00:2" };
const ROUTED: Sources = { rt1: "10.1.0.1", rt2: "10.2.0.2" };
const other = (side: Side): Side => (side === "rt1" ? "rt2" : "rt1");
const unicast = (sources: Sources, side: Side): string[] => [
  `unicast_src_ip ${sources[side]}`,
  "unicast_peer {",
  `  ${sources[other(side)]}`,
  "}",
];
const AH = ["authentication {", "  auth_type AH", "  auth_pass k3y", "}"];
const V4 = "192.168.1.1";
const V6 = "2001:db8::1";

// RFC 3768 §6.1 and RFC 5798 §6.1, of the smallest and the greatest priority of an heir, 50 and 100, in µs:
//   1 s:    Skew_Time 0.609375 s to 0.8046875 s,  Master_Down_Interval = 3 * 1 s + Skew_Time: at most 3.8046875 s
//   0.5 s:  Skew_Time 0.3046875 s to 0.40234375 s, Master_Down_Interval at most 1.90234375 s
const SLOW: Pace = { interval: 1_000_000, skew: 609_375, down: 3_804_687 };
const QUICK: Pace = { interval: 500_000, skew: 304_687, down: 1_902_343 };

const slow = { pace: SLOW, checksum: "plain" } as const;
const quick = { pace: QUICK, checksum: "pseudoHeader" } as const;
const v2 = (priority: number, extra: readonly string[]): string =>
  configOf({ priority, version: 2, addresses: [`${V4}/24`], extra });
const v3 = (priority: number, extra: readonly string[] = [], addresses: readonly string[] = [`${V4}/24`]): string =>
  configOf({ priority, interval: "0.5", addresses, extra });
const SIX = ["fe80::1:1/64", `${V6}/64`];
const MANY = Array.from({ length: 20 }, (_, i) => `192.168.1.${i + 101}/24`);

/** Everything that either may say in version 3 over IPv4 with the priorities of these tests. */
const SAID = (["rt1", "rt2"] as const).flatMap((side) =>
  [200, 100, 50, 0].map((priority) => {
    const router = { version: 3, vrid: 1, addresses: [V4], interval: 50 } as const;
    return { ...router, priority, source: SOURCES[side], destination: "224.0.0.18" };
  }),
);

const FLAVOURS: readonly Flavour[] = [
  {
    title: "v2 with an Authentication Header",
    tag: "ah",
    ...slow,
    address: V4,
    sources: SOURCES,
    config: (_, priority) => v2(priority, AH),
  },
  {
    title: "v2 with an Authentication Header, unicast",
    tag: "ahu",
    ...slow,
    address: V4,
    sources: SOURCES,
    config: (side, priority) => v2(priority, [...AH, ...unicast(SOURCES, side)]),
  },
  {
    title: "v3 over IPv4, unicast",
    tag: "u4",
    ...quick,
    address: V4,
    sources: SOURCES,
    config: (side, priority) => v3(priority, unicast(SOURCES, side)),
  },
  {
    title: "v3 over IPv6, unicast",
    tag: "u6",
    ...quick,
    address: V6,
    sources: SOURCES6,
    config: (side, priority) => v3(priority, unicast(SOURCES6, side), SIX),
  },
  {
    // Both are to find room for the same (120 - 20 - 8 - 14) / 4 = 19.5: Keepalived hears nobody who has another count.
    title: "v3 over IPv4 with more addresses than a packet takes",
    tag: "mtu",
    ...quick,
    address: V4,
    sources: SOURCES,
    config: (_, priority) => v3(priority, [], [`${V4}/24`, ...MANY]),
    prepare: async (site) => {
      for (const side of ["rt1", "rt2"]) await site.host(side).run(["ip", "link", "set", "eth0", "mtu", "120"]);
    },
  },
  {
    // Keepalived 2.2.7 has no v3_checksum_as_v2: the two forms are exchanged on its way.
    title: "v3 over IPv4 without pseudo-header, which heird insists on",
    tag: "rfc",
    ...quick,
    checksum: "plain",
    address: V4,
    sources: SOURCES,
    prepare: (site) => exchangeChecksums(site.host("rt2"), SAID),
    config: (side, priority) => v3(priority, side === "rt1" ? ["v3_checksum_as_v2", "strict_checksum"] : []),
  },
  {
    title: "virtual MAC, IPv4",
    tag: "vm4",
    ...quick,
    address: V4,
    device: "vrrp.1",
    sources: SOURCES,
    config: (_, priority) => v3(priority, ["use_vmac"]),
  },
  {
    title: "virtual MAC, IPv6",
    tag: "vm6",
    ...quick,
    address: V6,
    device: "vrrp.1",
    sources: LOCAL6,
    config: (_, priority) => v3(priority, ["use_vmac"], SIX),
  },
  {
    title: "another group and another source",
    tag: "grp",
    ...quick,
    address: V4,
    sources: { rt1: "192.168.1.21", rt2: "192.168.1.22" },
    hosts: [
      { name: "rt1", addresses: ["192.168.1.11/24", "192.168.1.21/24"] },
      { name: "rt2", addresses: ["192.168.1.12/24", "192.168.1.22/24"] },
    ],
    config: (side, priority) =>
      v3(priority, ["mcast_dst_ip 224.0.0.99", `mcast_src_ip 192.168.1.2${side === "rt1" ? 1 : 2}`]),
  },
  {
    title: "unicast across a router, without an interface",
    tag: "far",
    ...quick,
    address: "10.9.0.1",
    sources: ROUTED,
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
      const text = v3(priority, unicast(ROUTED, side), ["10.9.0.1/32 dev eth0"]);
      // Keepalived 2.2.7 wants one; heird goes by the routing table.
      return side === "rt1" ? text.replace("  interface eth0\n", "") : text;
    },
  },
];

type Scene = { readonly site: Site; readonly flavour: Flavour; readonly seen: Capture };
const patient = { within: 30_000 };

async function holds({ site, flavour }: Scene, side: Side): Promise<boolean> {
  const there = await site.host(side).addresses(flavour.device);
  return there.some(({ address }) => address === flavour.address);
}

/** The first claim of `side` after `since`; it holds the address and the other one does not. */
async function takes(scene: Scene, side: Side, since: number): Promise<number> {
  const source = scene.flavour.sources[side];
  const claim = await scene.seen.next(`${side} claims`, (p) => p.at > since && claimFrom(source)(p), patient);
  const alone = async () => (await holds(scene, side)) && !(await holds(scene, other(side)));
  await eventually(`${side} alone holds the address`, alone, patient);
  return claim.at;
}

/** It goes on alone for longer than the other's Master_Down_Interval: only who is heard keeps the other silent. */
async function keeps(scene: Scene, side: Side): Promise<void> {
  const { seen, flavour } = scene;
  const { sources, pace } = flavour;
  const start = wallClock() + 100_000;
  const enough = start + pace.down + 300_000;
  await seen.next(`${side} goes on`, (p) => p.at > enough && claimFrom(sources[side])(p), patient);
  const intruding = seen.packets().filter((p) => p.at > start && advertFrom(sources[other(side)])(p));
  expect(tellPackets(intruding), "the other one is silent").toBe("");
  expect(await holds(scene, side)).toBe(true);
  expect(await holds(scene, other(side))).toBe(false);
}

/** `leaving` was stopped: it resigned, and the heir waits for Skew_Time and no silence. */
async function inherits(scene: Scene, leaving: Side, since: number): Promise<void> {
  const { seen, flavour } = scene;
  const { sources, pace } = flavour;
  const resigned = await seen.next("it resigns", (p) => p.at > since && resignationFrom(sources[leaving])(p), patient);
  const waited = (await takes(scene, other(leaving), since)) - resigned.at;
  expect(waited).toBeGreaterThan(pace.skew - 1_000);
  expect(waited).toBeLessThan(pace.down - pace.interval);
}

describe
  .skipIf(mustSkip("transports beside Keepalived", ["ip", "nft", "tcpdump", "keepalived"]))
  .concurrent("transports beside Keepalived", () => {
    for (const flavour of FLAVOURS)
      test(flavour.title, { timeout: 180_000 }, async () => {
        await onSite(`t${flavour.tag}`, flavour.hosts ?? ROUTERS, async (site) => {
          await flavour.prepare?.(site);
          const seen = await site.capture(VRRP_TRAFFIC);
          const scene: Scene = { site, flavour, seen };
          let keepalived = await site.host("rt2").startKeepalived(flavour.config("rt2", 100));
          await takes(scene, "rt2", 0);
          // heird is heard: Keepalived yields, and stays silent.
          let since = wallClock();
          let heird = await site.heird("rt1", flavour.config("rt1", 200));
          await takes(scene, "rt1", since);
          await keeps(scene, "rt1");
          expect((await heird.status()).instances[0]).toMatchObject({ state: "master", splitBrain: null });
          since = wallClock();
          await heird.stop();
          await inherits(scene, "rt1", since);
          // A restart locks nobody out, whatever the numbers of an Authentication Header have become.
          since = wallClock();
          heird = await site.again(heird);
          await takes(scene, "rt1", since);
          // Keepalived is heard: heird yields, and stays Backup.
          since = wallClock();
          heird.reload(flavour.config("rt1", 50));
          await takes(scene, "rt2", since);
          await keeps(scene, "rt2");
          expect((await heird.status()).instances[0]).toMatchObject({
            state: "backup",
            neighbours: [{ checksum: flavour.checksum, sameAddresses: true }],
          });
          since = wallClock();
          await keepalived.stop();
          await inherits(scene, "rt2", since);
          // Keepalived begins its numbers at 1 again.
          since = wallClock();
          keepalived = await site.host("rt2").startKeepalived(flavour.config("rt2", 100));
          await takes(scene, "rt2", since);
          // Keepalived four times, heird three times.
          const counted = expectOneMaster(flavour.title, await seen.stop(), flavour.pace.interval);
          expect(counted).toBeGreaterThanOrEqual(7);
        });
      });
  });
