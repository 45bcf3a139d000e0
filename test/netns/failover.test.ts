// Two heird on one LAN: election, the crash of the Master, its clean end, its return. What is
// measured is measured between packets, by the kernel's own time stamps on the bridge.

import { describe, expect, test } from "vitest";
import { type Capture, tellPackets } from "./capture.ts";
import { configOf, SAMPLE_MASTER, SAMPLE_SLAVE } from "./config.ts";
import { eventually } from "./eventually.ts";
import { expectWithin, rounds } from "./figures.ts";
import type { Heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { advertFrom, announcementOf, claimFrom, lastBefore, resignationFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

// RFC 3768 §6.1 and RFC 5798 §6.1, at an interval of 1 s the same for both:
//   priority 100: Skew_Time = (256 - 100) * 1 s / 256 = 0.609375 s,  Master_Down_Interval = 3.609375 s
//   priority 50:  Skew_Time = (256 - 50) * 1 s / 256 = 0.8046875 s,  Master_Down_Interval = 3.8046875 s
const SKEW_50 = 804_687;
const DOWN_50 = 3_804_687;
const DOWN_100 = 3_609_375;

type Pair = {
  readonly title: string;
  readonly tag: string;
  readonly strong: string;
  readonly weak: string;
  /** The primary addresses of rt1 and rt2. */
  readonly sources: readonly [string, string];
  readonly addresses: readonly string[];
  readonly version: 2 | 3;
};

const V4 = ["192.168.1.1/24", "192.168.1.2/24"];
const V6 = ["fe80::1:1/64", "2001:db8::1/64"];

const PAIRS: readonly Pair[] = [
  {
    title: "the sample pair (v2, PASS, the last brace missing)",
    tag: "sample",
    strong: SAMPLE_MASTER,
    weak: SAMPLE_SLAVE,
    sources: ["192.168.1.11", "192.168.1.12"],
    addresses: ["192.168.1.1"],
    version: 2,
  },
  {
    title: "v3 over IPv4",
    tag: "vthree",
    strong: configOf({ priority: 100, addresses: V4 }),
    weak: configOf({ priority: 50, addresses: V4 }),
    sources: ["192.168.1.11", "192.168.1.12"],
    addresses: ["192.168.1.1", "192.168.1.2"],
    version: 3,
  },
  {
    title: "v3 over IPv6",
    tag: "vsix",
    strong: configOf({ priority: 100, addresses: V6 }),
    weak: configOf({ priority: 50, addresses: V6 }),
    sources: ["fe80::ff:fe00:1", "fe80::ff:fe00:2"],
    addresses: ["fe80::1:1", "2001:db8::1"],
    version: 3,
  },
];

const holdsAll = async (host: Host, addresses: readonly string[]): Promise<boolean> => {
  const there = (await host.addresses()).map(({ address }) => address);
  return addresses.every((address) => there.includes(address));
};
const holdsNone = async (host: Host, addresses: readonly string[]): Promise<boolean> => {
  const there = (await host.addresses()).map(({ address }) => address);
  return !addresses.some((address) => there.includes(address));
};

/** From the advert that claims the addresses to the first announcement of each of them, in µs. */
function announcedAfter(packets: readonly Packet[], claim: Packet, addresses: readonly string[]): readonly number[] {
  return addresses.map((address) => {
    const first = packets.find((packet) => packet.at >= claim.at && announcementOf(address, claim.source)(packet));
    return first === undefined ? Number.POSITIVE_INFINITY : first.at - claim.at;
  });
}

/** What one pair went through, and what was measured. */
type Measured = {
  readonly crash: number[];
  readonly stop: number[];
  readonly announced: number[];
  readonly preempted: number[];
};

/** A pair at work: rt1 is Master, rt2 waits. */
type Scene = {
  readonly site: Site;
  readonly pair: Pair;
  readonly seen: Capture;
  readonly measured: Measured;
};

/** rt2's first claim after `since`; by then every address has to be announced, and held. */
async function takeover({ site, pair, seen, measured }: Scene, since: number): Promise<Packet> {
  const rt2 = site.host("rt2");
  const claim = await seen.next("rt2 claims the addresses", (p) => p.at > since && claimFrom(pair.sources[1])(p));
  await eventually("rt2 holds every address", () => holdsAll(rt2, pair.addresses));
  await eventually("rt2 announces every address", () =>
    announcedAfter(seen.packets(), claim, pair.addresses).every(Number.isFinite),
  );
  const early = seen
    .packets()
    .filter((p) => p.at > since && p.at < claim.at && pair.addresses.some((a) => announcementOf(a, rt2.mac)(p)));
  expect(tellPackets(early), "announcements before the advert").toBe("");
  measured.announced.push(...announcedAfter(seen.packets(), claim, pair.addresses));
  return claim;
}

/** rt1 comes back, waits as a Backup, and takes what is its own; rt2 lets go at its first advert. */
async function comeback({ site, pair, seen, measured }: Scene, ended: Heird): Promise<Heird> {
  const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
  const started = wallClock();
  const node = await site.again(ended);
  // It has still 3.6 s to wait: whatever it holds at this moment it holds unlawfully.
  expect(await holdsNone(rt1, pair.addresses)).toBe(true);
  const claim = await seen.next("rt1 claims the addresses", (p) => p.at > started && claimFrom(pair.sources[0])(p));
  measured.preempted.push(claim.at - started);
  await eventually("rt1 holds every address", () => holdsAll(rt1, pair.addresses));
  await eventually("rt2 holds none", () => holdsNone(rt2, pair.addresses));
  const next = await seen.next("rt1 claims again", (p) => p.at > claim.at + 500_000 && claimFrom(pair.sources[0])(p));
  const contested = seen.packets().filter((p) => p.at > claim.at + 20_000 && p.at < next.at);
  expect(tellPackets(contested.filter(advertFrom(pair.sources[1]))), "rt2 lets go without another word").toBe("");
  return node;
}

async function crash(scene: Scene, node: Heird): Promise<Heird> {
  const { site, pair, seen, measured } = scene;
  node.signalAll("SIGKILL");
  await node.ended;
  const died = wallClock();
  const claim = await takeover(scene, died);
  measured.crash.push(claim.at - lastBefore(seen.packets(), claim.at, claimFrom(pair.sources[0])));
  expect(await holdsAll(site.host("rt1"), pair.addresses), "what a killed daemon held stays").toBe(true);
  return comeback(scene, node);
}

async function stop(scene: Scene, node: Heird): Promise<Heird> {
  const { site, pair, seen, measured } = scene;
  const asked = wallClock();
  const { code } = await node.stop();
  expect(code).toBe(0);
  expect(await holdsNone(site.host("rt1"), pair.addresses), "addresses after a clean end").toBe(true);
  const resigned = await seen.next("rt1 resigns", (p) => p.at > asked && resignationFrom(pair.sources[0])(p));
  const claim = await takeover(scene, resigned.at);
  measured.stop.push(claim.at - resigned.at);
  const after = seen.packets().filter((p) => p.at > resigned.at && advertFrom(pair.sources[0])(p));
  expect(tellPackets(after), "the resignation is the last word").toBe("");
  return comeback(scene, node);
}

/** Both wait as Backups; the stronger one waits less, and the weaker one never says a word. */
async function election({ site, pair, seen }: Omit<Scene, "measured">): Promise<Heird> {
  // One after the other: a process that is slow to start would lose a head start of 0.2 s.
  const strong = await site.heird("rt1", pair.strong);
  await site.heird("rt2", pair.weak);
  const first = await seen.next("an advert", ({ vrrp }) => vrrp !== null);
  const { vrrp } = first;
  expect(first.ip?.source).toBe(pair.sources[0]);
  expect(first.ip).toMatchObject({ ttl: 255, trafficClass: 0xc0 });
  expect(vrrp).toMatchObject({ version: pair.version, priority: 100, interval: 1_000, addresses: pair.addresses });
  await eventually("rt1 holds every address", () => holdsAll(site.host("rt1"), pair.addresses));
  // Longer than the Master_Down_Interval of rt2: only adverts that it hears keep it quiet.
  const enough = first.at + DOWN_50 + 500_000;
  await seen.next("rt1 advertises on", (p) => p.at > enough && claimFrom(pair.sources[0])(p));
  expect(tellPackets(seen.packets().filter(advertFrom(pair.sources[1])))).toBe("");
  expect(await holdsNone(site.host("rt2"), pair.addresses)).toBe(true);
  return strong;
}

const needs = ["ip", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("failover between two heird", needs)).concurrent("failover between two heird", () => {
  const timeout = 60_000 + rounds(1) * 20_000;
  for (const pair of PAIRS)
    test(`${pair.title}: crash, clean end, return`, { timeout }, async () => {
      await onSite(pair.tag, ROUTERS, async (site) => {
        const seen = await site.capture(VRRP_TRAFFIC);
        const measured: Measured = { crash: [], stop: [], announced: [], preempted: [] };
        const scene = { site, pair, seen, measured };
        let node = await election(scene);
        for (let round = 0; round < rounds(1); round++) node = await crash(scene, node);
        for (let round = 0; round < rounds(1); round++) node = await stop(scene, node);
        await seen.stop();
        expectWithin(`${pair.title}: SIGKILL, last advert to first advert`, measured.crash, {
          atLeast: DOWN_50 - 1_000,
          atMost: DOWN_50 + 20_000,
        });
        expectWithin(`${pair.title}: SIGTERM, priority 0 to first advert`, measured.stop, {
          atLeast: SKEW_50 - 1_000,
          atMost: SKEW_50 + 20_000,
        });
        expectWithin(`${pair.title}: first advert to the announcement of each address`, measured.announced, {
          atLeast: 0,
          atMost: 20_000,
        });
        // Starting a process comes on top; that it waited at all is what counts.
        expectWithin(`${pair.title}: start of rt1 to its first advert`, measured.preempted, {
          atLeast: DOWN_100,
          atMost: DOWN_100 + 3_000_000,
        });
      });
    });

  test("five instances in one daemon, IPv4 and IPv6, v2 and v3: half of them Master here, half there", async () => {
    const five = (even: number, odd: number): string =>
      configOf(
        { name: "A", vrid: 1, version: 2, priority: even, password: "one", addresses: ["192.168.1.101/24"] },
        { name: "B", vrid: 2, version: 2, priority: odd, addresses: ["192.168.1.102/24"] },
        { name: "C", vrid: 3, priority: even, interval: "0.5", addresses: ["192.168.1.103/24", "192.168.1.113/24"] },
        // The same VRID in both families is fine.
        { name: "D", vrid: 3, priority: odd, interval: "0.5", addresses: ["fe80::3:1/64", "2001:db8::103/64"] },
        { name: "E", vrid: 5, priority: even, addresses: ["fe80::5:1/64"] },
      );
    const [here, there] = [
      ["192.168.1.101", "192.168.1.103", "192.168.1.113", "fe80::5:1"],
      ["192.168.1.102", "fe80::3:1", "2001:db8::103"],
    ];
    await onSite("five", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      const one = await site.heird("rt1", five(200, 100));
      const two = await site.heird("rt2", five(100, 200));
      await eventually("each holds what is its own", async () => (await holdsAll(rt1, here)) && holdsAll(rt2, there));
      await eventually("and nothing else", async () => (await holdsNone(rt1, there)) && holdsNone(rt2, here));
      one.signalAll("SIGKILL");
      await one.ended;
      await eventually("rt2 holds everything", () => holdsAll(rt2, [...here, ...there]));
      const packets = [...seen.packets()];
      for (const address of here)
        expect(packets.some(announcementOf(address, rt2.mac)), `${address} is announced`).toBe(true);
      const back = await site.again(one);
      await eventually("each has its own again", async () => (await holdsAll(rt1, here)) && holdsNone(rt2, here));
      expect(await holdsAll(rt2, there)).toBe(true);
      await Promise.all([back.reach("master", "A"), back.reach("backup", "D"), two.reach("backup", "E")]);
      const asked = wallClock();
      await two.stop();
      await eventually("rt1 holds everything", () => holdsAll(rt1, [...here, ...there]));
      expect(await holdsNone(rt2, [...here, ...there])).toBe(true);
      const resigned = (await seen.stop()).filter((p) => p.at > asked && p.vrrp?.priority === 0);
      // Only a Master resigns: B (VRID 2) over IPv4 and D (VRID 3) over IPv6.
      expect(resigned.map(({ vrrp, ip }) => `${vrrp?.vrid} ${ip?.source}`).sort()).toEqual([
        "2 192.168.1.12",
        "3 fe80::ff:fe00:2",
      ]);
    });
  });
});
