// heird and real Keepalived 2.2.7 on one LAN, in both roles. The order of the assertions matters: each
// can hold only for the right reason.

import { describe, expect, test } from "vitest";
import { type Capture, tellPackets } from "../netns/capture.ts";
import type { Daemon } from "../netns/command.ts";
import { configOf } from "../netns/config.ts";
import { eventually } from "../netns/eventually.ts";
import { expectWithin, rounds, tell } from "../netns/figures.ts";
import type { Keepalived } from "../netns/keepalived.ts";
import type { Host } from "../netns/lan.ts";
import { expectOneMaster } from "../netns/mastership.ts";
import type { Packet } from "../netns/packet.ts";
import { mustSkip } from "../netns/requirements.ts";
import { onSite, ROUTERS, type Site } from "../netns/site.ts";
import {
  advertFrom,
  announcementOf,
  claimFrom,
  lastBefore,
  resignationFrom,
  VRRP_TRAFFIC,
  wallClock,
} from "../netns/wire.ts";

type Flavour = {
  readonly title: string;
  readonly tag: string;
  readonly config: (priority: number) => string;
  /** The primary addresses of rt1 and rt2. */
  readonly sources: readonly [string, string];
  readonly addresses: readonly string[];
  /** Of priority 100, which the weaker one always has; all in µs. */
  readonly interval: number;
  readonly skew: number;
  readonly down: number;
};

const V4 = ["192.168.1.1/24", "192.168.1.2/24"];
const V6 = ["fe80::1:1/64", "2001:db8::1/64"];
const SOURCES = ["192.168.1.11", "192.168.1.12"] as const;

// RFC 3768 §6.1 and RFC 5798 §6.1, priority 100:
//   1 s:    Skew_Time = (256 - 100) * 1 s / 256 = 0.609375 s,     Master_Down_Interval = 3 * 1 s + Skew_Time = 3.609375 s
//   0.5 s:  Skew_Time = (256 - 100) * 0.5 s / 256 = 0.3046875 s,  Master_Down_Interval = 1.8046875 s
const FLAVOURS: readonly Flavour[] = [
  {
    title: "v2 with PASS",
    tag: "two",
    config: (priority) => configOf({ priority, version: 2, password: "password", addresses: V4 }),
    sources: SOURCES,
    addresses: ["192.168.1.1", "192.168.1.2"],
    interval: 1_000_000,
    skew: 609_375,
    down: 3_609_375,
  },
  {
    title: "v3 over IPv4",
    tag: "three",
    config: (priority) => configOf({ priority, interval: "0.5", addresses: V4 }),
    sources: SOURCES,
    addresses: ["192.168.1.1", "192.168.1.2"],
    interval: 500_000,
    skew: 304_687,
    down: 1_804_687,
  },
  {
    title: "v3 over IPv6",
    tag: "six",
    config: (priority) => configOf({ priority, interval: "0.5", addresses: V6 }),
    sources: ["fe80::ff:fe00:1", "fe80::ff:fe00:2"],
    addresses: ["fe80::1:1", "2001:db8::1"],
    interval: 500_000,
    skew: 304_687,
    down: 1_804_687,
  },
];

/** One of the two as the other sees it. */
type Side = { readonly host: Host; readonly source: string };

type Scene = {
  readonly site: Site;
  readonly flavour: Flavour;
  readonly seen: Capture;
  readonly first: Side;
  readonly second: Side;
};

const holding = async ({ host }: Side, { addresses }: Flavour): Promise<number> => {
  const there = (await host.addresses()).map(({ address }) => address);
  return addresses.filter((address) => there.includes(address)).length;
};
const holdsAll = async (side: Side, flavour: Flavour): Promise<boolean> =>
  (await holding(side, flavour)) === flavour.addresses.length;

/** `owner` claims, and holds everything alone, for longer than the other's Master_Down_Interval. */
async function ownsAlone({ flavour, seen }: Scene, owner: Side, other: Side, since: number): Promise<void> {
  const claim = await seen.next("the owner claims", (p) => p.at > since && claimFrom(owner.source)(p));
  await eventually("the owner holds everything", () => holdsAll(owner, flavour));
  await eventually("the other holds nothing", async () => (await holding(other, flavour)) === 0);
  const start = seen.packets().at(-1)?.at ?? claim.at;
  const enough = start + flavour.down + 300_000;
  await seen.next("the owner goes on", (p) => p.at > enough && claimFrom(owner.source)(p), {
    within: flavour.down / 1_000 + 5_000,
  });
  const intruding = seen.packets().filter((p) => p.at > start && advertFrom(other.source)(p));
  expect(tellPackets(intruding), "the other is silent").toBe("");
  expect(await holding(other, flavour)).toBe(0);
  expect(await holdsAll(owner, flavour)).toBe(true);
}

/** The first claim of `heir` after `since`; by then every address is to be announced, and held. */
async function inherits({ flavour, seen }: Scene, heir: Side, since: number): Promise<Packet> {
  const claim = await seen.next("the heir claims", (p) => p.at > since && claimFrom(heir.source)(p));
  await eventually("the heir holds everything", () => holdsAll(heir, flavour));
  for (const address of flavour.addresses)
    await seen.next(
      `${address} is announced`,
      (p) => p.at >= claim.at - 1_000 && announcementOf(address, heir.host.mac)(p),
    );
  return claim;
}

/** A stronger one comes: how long both claimed, in µs. The weaker one may have an advert on its way. */
async function preempts(scene: Scene, stronger: Side, weaker: Side, since: number): Promise<number> {
  const { flavour, seen } = scene;
  const claim = await inherits(scene, stronger, since);
  await eventually("the weaker one lets go", async () => (await holding(weaker, flavour)) === 0);
  await seen.next("the stronger one goes on", (p) => p.at > claim.at + flavour.skew && claimFrom(stronger.source)(p));
  const last = seen.packets().findLast(advertFrom(weaker.source));
  return Math.max(0, (last?.at ?? 0) - claim.at);
}

type Measured = { readonly stop: number[]; readonly crash: number[]; readonly both: number[] };

/** What Keepalived says in an ordinary life; anything else that sounds like a complaint is one about us. */
const COMPLAINT =
  /bogus|invalid|mismatch|incorrect|unexpected|wrong|discard|dropp|ignor|checksum|authentic|differ|unknown|bad |fail|error|warn/i;
/** What has nothing to do with our packets; and that a weaker one is heard before it hears. */
const OWN_AFFAIRS =
  /^.{0,60}(Registering|Unable to open|Unsafe permissions|SECURITY VIOLATION|script|Truncat|Netlink:|received lower priority .* - discarding$)/;

function complaintsOf({ output }: Daemon): readonly string[] {
  return output()
    .split("\n")
    .filter((line) => COMPLAINT.test(line) && !OWN_AFFAIRS.test(line));
}

const needs = ["ip", "nft", "tcpdump", "keepalived"] as const;

async function onScene(tag: string, flavour: Flavour, act: (scene: Scene, measured: Measured) => Promise<void>) {
  await onSite(`${flavour.tag}${tag}`, ROUTERS, async (site) => {
    const seen = await site.capture(VRRP_TRAFFIC);
    const [first, second] = [
      { host: site.host("rt1"), source: flavour.sources[0] },
      { host: site.host("rt2"), source: flavour.sources[1] },
    ];
    const measured: Measured = { stop: [], crash: [], both: [] };
    await act({ site, flavour, seen, first, second }, measured);
    await seen.stop();
  });
}

function report(who: string, { title, skew, down }: Flavour, { stop, crash, both }: Measured, slack: number): void {
  expectWithin(`${title}: ${who} stops, priority 0 to the heir's advert`, stop, {
    atLeast: skew - 1_000,
    atMost: skew + slack,
  });
  expectWithin(`${title}: ${who} crashes, last advert to the heir's`, crash, {
    atLeast: down - 1_000,
    atMost: down + slack,
  });
  expectWithin(`${title}: ${who} returns, both claim`, both, { atLeast: 0, atMost: slack });
}

describe.skipIf(mustSkip("heird beside Keepalived", needs)).concurrent("heird beside Keepalived", () => {
  const timeout = 180_000 + rounds(1) * 20_000;
  for (const flavour of FLAVOURS) {
    test(`${flavour.title}: heird is the stronger one`, { timeout }, async () => {
      await onScene("s", flavour, async (scene, measured) => {
        const { site, seen, first, second } = scene;
        const keepalived = await second.host.startKeepalived(flavour.config(100));
        await eventually("Keepalived holds everything", () => holdsAll(second, flavour), {
          otherwise: keepalived.output,
        });
        let started = wallClock();
        let heird = await site.heird("rt1", flavour.config(200));
        measured.both.push(await preempts(scene, first, second, started));
        await ownsAlone(scene, first, second, started);
        for (let round = 0; round < rounds(1); round++) {
          const asked = wallClock();
          const { code } = await heird.stop();
          expect(code).toBe(0);
          expect(await holding(first, flavour)).toBe(0);
          const resigned = await seen.next("heird resigns", (p) => p.at > asked && resignationFrom(first.source)(p));
          measured.stop.push((await inherits(scene, second, resigned.at)).at - resigned.at);
          started = wallClock();
          heird = await site.again(heird);
          measured.both.push(await preempts(scene, first, second, started));

          heird.signalAll("SIGKILL");
          await heird.ended;
          const claim = await inherits(scene, second, wallClock());
          measured.crash.push(claim.at - lastBefore(seen.packets(), claim.at, claimFrom(first.source)));
          started = wallClock();
          heird = await site.again(heird);
          measured.both.push(await preempts(scene, first, second, started));
        }
        expect(complaintsOf(keepalived)).toEqual([]);
        // Keepalived is the heir here: how quick it is, is told and given room.
        report("heird", flavour, measured, 60_000);
        expectOneMaster(`${flavour.title}: heird the stronger one`, await seen.stop(), flavour.interval);
      });
    });

    test(`${flavour.title}: Keepalived is the stronger one`, { timeout }, async () => {
      await onScene("w", flavour, async (scene, measured) => {
        const { site, seen, first, second } = scene;
        await site.heird("rt1", flavour.config(100));
        await eventually("heird holds everything", () => holdsAll(first, flavour));
        let started = wallClock();
        let keepalived: Keepalived = await second.host.startKeepalived(flavour.config(200));
        measured.both.push(await preempts(scene, second, first, started));
        await ownsAlone(scene, second, first, started);
        for (let round = 0; round < rounds(1); round++) {
          const asked = wallClock();
          await keepalived.stop();
          const resigned = await seen.next(
            "Keepalived resigns",
            (p) => p.at > asked && resignationFrom(second.source)(p),
          );
          measured.stop.push((await inherits(scene, first, resigned.at)).at - resigned.at);
          started = wallClock();
          keepalived = await second.host.startKeepalived(flavour.config(200));
          measured.both.push(await preempts(scene, second, first, started));

          keepalived.signalAll("SIGKILL");
          await keepalived.ended;
          const claim = await inherits(scene, first, wallClock());
          measured.crash.push(claim.at - lastBefore(seen.packets(), claim.at, claimFrom(second.source)));
          started = wallClock();
          keepalived = await second.host.startKeepalived(flavour.config(200));
          measured.both.push(await preempts(scene, second, first, started));
        }
        expect(complaintsOf(keepalived)).toEqual([]);
        report("Keepalived", flavour, measured, 20_000);
        expectOneMaster(`${flavour.title}: Keepalived the stronger one`, await seen.stop(), flavour.interval);
      });
    });
  }

  for (const [place, other] of [
    ["rt1", "rt2"],
    ["rt2", "rt1"],
  ] as const)
    for (const flavour of FLAVOURS.filter(({ tag }) => tag !== "two"))
      test(`${flavour.title}: of equal priorities the greater address wins; heird is ${place}`, {
        timeout,
      }, async () => {
        await onScene(`t${place}`, flavour, async (scene) => {
          const { site, seen, first, second } = scene;
          // Nothing gets through: both are Master, and each with good reason.
          await site.isolate("rt1");
          const keepalived = await site.host(other).startKeepalived(flavour.config(100));
          await site.heird(place, flavour.config(100));
          await eventually(
            "both hold everything",
            async () => (await holdsAll(first, flavour)) && holdsAll(second, flavour),
          );
          const healed = wallClock();
          await site.loseNothing();
          // rt2 has the greater address, in IPv4 (.12) as in IPv6 (…:2).
          await eventually("rt1 lets go", async () => (await holding(first, flavour)) === 0);
          await ownsAlone(scene, second, first, healed + 100_000);
          const last = seen.packets().findLast(claimFrom(first.source));
          // Negative when the last one was on its way before the LAN was whole.
          const both = Math.max(0, (last?.at ?? healed) - healed);
          tell(
            `${flavour.title}: equal priorities, heird is ${place}: both claimed for ${(both / 1_000).toFixed(1)} ms after the LAN was whole`,
          );
          // RFC 5798 §6.4.3 (725): the advert of the greater one, due within 0.5 s, ends it.
          expect(both).toBeLessThan(500_000 + 100_000);
          expect(complaintsOf(keepalived)).toEqual([]);
        });
      });

  // What the others rely on: complaints are found where there is reason for them.
  test("a password that differs is complained of by both, and makes two Masters of them", { timeout }, async () => {
    await onSite("password", ROUTERS, async (site) => {
      const config = (password: string): string => configOf({ priority: 100, version: 2, password, addresses: V4 });
      const keepalived = await site.host("rt2").startKeepalived(config("theirs"));
      const heird = await site.heird("rt1", config("ours"));
      await heird.reach("master");
      await eventually("rt2 holds the address", () => site.host("rt2").holds("192.168.1.1"));
      await eventually("Keepalived complains", () => complaintsOf(keepalived).length > 0);
      await eventually("heird complains", () => heird.stderr().includes("refused (authMismatch)"));
      expect(heird.stderr(), "and keeps the secret").not.toMatch(/theirs|"ours"/);
    });
  });
});
