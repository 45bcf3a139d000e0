// Neighbours that must not be believed, or that cannot be heard: senders that are no peers, borrowed
// addresses, our own words come back, wires of one direction, two clusters with one VRID, two owners. On real
// packets; each with what the daemon says of it.

import { describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { configOf, type Instance } from "./config.ts";
import { eventually } from "./eventually.ts";
import { advert, frame, inject, packet } from "./frames.ts";
import { type Heird, heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import { expectOneMaster } from "./mastership.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const [FIRST, SECOND, THIRD] = ["192.168.1.11", "192.168.1.12", "192.168.1.66"];
const HOSTS = [...ROUTERS, { name: "rt3", addresses: [`${THIRD}/24`, "2001:db8::66/64"] }];
const [V4, V6] = ["192.168.1.1", "fe80::1:1"];
const GROUP = "224.0.0.18";
const INTERVAL = 500_000;
const patient = { within: 30_000 };

/** One instance over IPv4. */
const four = (priority: number, extra: readonly string[] = [], address = V4): string =>
  configOf({ priority, interval: "0.5", addresses: [`${address}/24`], extra });
const unicast = (source: string, peers: readonly string[], extra: readonly string[] = []): readonly string[] => [
  `unicast_src_ip ${source}`,
  "unicast_peer {",
  ...peers.map((peer) => `  ${peer}`),
  "}",
  ...extra,
];

/** A claim of the owner, in a frame for rt1: what would take everything over, were it believed. */
function claimTo(destination: string, source: string, ttl = 255, priority = 255): string {
  const six = source.includes(":");
  const addresses = [six ? V6 : V4];
  const payload = advert({ version: 3, vrid: 1, priority, addresses, interval: 50, source, destination });
  const group = destination === GROUP;
  return frame(packet({ source, destination, payload, ttl }), group ? undefined : "02:00:00:00:00:01");
}

/** What was refused, as the log has it: who, and why. */
const refusals = (node: Heird): readonly string[] =>
  readLog(node.home.stateDirectory).lines.flatMap((line) =>
    line.type === "event" && line.seen.type === "advertDropped" ? [`${line.seen.source} ${line.seen.reason}`] : [],
  );
const inWords = (host: Host, node: Heird): Promise<string> =>
  host.run(heird("status", "--state-dir", node.home.stateDirectory), { timeout: 180_000 });
const instanceOf = async (node: Heird) => (await node.status()).instances[0];

describe.skipIf(mustSkip("strangers", ["ip", "nft", "tcpdump"])).concurrent("strangers", () => {
  test("unicast: who is no peer, comes from too far or speaks to the group is refused", {
    timeout: 180_000,
  }, async () => {
    await onSite("unlisted", HOSTS, async (site) => {
      const [rt1, rt3] = [site.host("rt1"), site.host("rt3")];
      const extra = unicast(FIRST, [`${SECOND} min_ttl 254`]);
      const node = await site.heird("rt1", four(200, extra));
      await node.reach("master");
      const since = (await instanceOf(node))?.forSeconds ?? 0;
      const seen = await site.capture(VRRP_TRAFFIC);
      await inject(rt3, [
        claimTo(FIRST, THIRD),
        claimTo(FIRST, SECOND, 253),
        claimTo(GROUP, THIRD),
        // Our own address: no kernel believes that of a packet that comes in, and nobody hears of it.
        claimTo(FIRST, FIRST),
      ]);
      const wanted = [`${THIRD} source`, `${SECOND} ttl`];
      await eventually("each is refused", () => wanted.every((one) => refusals(node).includes(one)), {
        ...patient,
        otherwise: () => refusals(node).join(),
      });
      const sent = wallClock();
      await seen.next("rt1 goes on", (p) => p.at > sent + 2_000_000 && claimFrom(FIRST)(p), patient);
      expect(await instanceOf(node)).toMatchObject({ state: "master", because: "master_silent" });
      expect((await instanceOf(node))?.forSeconds).toBeGreaterThan(since);
      expect((await node.status()).dropped["eth0"]).toMatchObject({ ttl: 1 });
      expect(refusals(node).filter((line) => line.startsWith(FIRST))).toEqual([]);
      // Whoever contradicts a Master is named: to programs, to people who ask, and in the journal.
      await inject(rt3, [claimTo(FIRST, THIRD)]);
      const suspected = async () => (await instanceOf(node))?.splitBrain;
      await eventually("split brain is suspected", async () => (await suspected()) !== null, patient);
      expect(["source", "ttl", "destination"]).toContain((await suspected())?.field);
      expect(await inWords(rt1, node)).toMatch(/VI_1: split brain suspected: 192\.168\.1\.\d+ speaks for VRID 1, too/);
      expect(node.stderr()).toMatch(/split brain suspected: 192\.168\.1\.66 speaks for VRID 1, too, and is refused/);
      // Where senders are not checked, as with Keepalived, the very same packet is believed.
      node.reload(four(200, [...extra, "check_unicast_src off"]));
      await eventually("the file is read", async () => (await node.status()).config.generation > 1, patient);
      await inject(rt3, [claimTo(FIRST, THIRD)]);
      await node.reach("backup", undefined, 30_000);
      await seen.stop();
    });
  });

  test("our own words come back: told as a loop, and answered by nobody", { timeout: 180_000 }, async () => {
    await onSite("looped", HOSTS, async (site) => {
      const rt1 = site.host("rt1");
      // IPv4 believes our own source address only where it is told so; IPv6 does not ask.
      await rt1.sysctl("net.ipv4.conf.all.accept_local", 1);
      const pair = [
        { name: "FOUR", priority: 200, interval: "0.5", addresses: [`${V4}/24`] },
        { name: "SIX", priority: 200, interval: "0.5", addresses: [`${V6}/64`] },
      ];
      const node = await site.heird("rt1", configOf(...pair));
      await node.reach("master");
      const seen = await site.capture(VRRP_TRAFFIC);
      const [own, own6] = [claimFrom(FIRST), claimFrom(rt1.linkLocal)];
      const caught = [await seen.next("an advert", own), await seen.next("one over IPv6", own6)];
      const looped = wallClock();
      const again = caught.map(({ bytes }) => Buffer.from(bytes).toString("hex"));
      await inject(site.host("rt3"), [...again, ...again]);
      const both = async () => (await node.status()).instances.every(({ rival }) => rival?.ownAddress === true);
      await eventually("both are recognised", both, patient);
      await seen.next("rt1 goes on", (p) => p.at > looped + 2_000_000 && own(p), patient);
      await node.reach("master");
      const spoken = seen.packets().filter((p) => p.at > looped && (own(p) || own6(p)));
      const last = spoken.at(-1)?.at ?? looped;
      // Two routers every 0.5 s, the four that were sent again, and one more each at the edges. Who answered
      // himself would hear the answer, too.
      expect(spoken.length).toBeLessThanOrEqual(2 * Math.ceil((last - looped) / INTERVAL) + 4 + 2);
      expect(await inWords(rt1, node)).toContain(`FOUR: two Masters: its own address ${FIRST} (a loop, or a duplicate`);
      expect(node.stderr()).toContain(`heard its own address ${FIRST}: a loop, or a duplicate address`);
      await seen.stop();
    });
  });

  test("a wire of one direction: a Backup that hears nothing is Master, and the Master says so", {
    timeout: 180_000,
  }, async () => {
    await onSite("oneway", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const strong = await site.heird("rt1", four(200));
      await strong.reach("master");
      const weak = await site.heird("rt2", four(100));
      await weak.reach("backup");
      // What the Backup would say is lost: nothing happens, since it says nothing.
      const seen = await site.capture(VRRP_TRAFFIC);
      await site.lose('iifname "rt2" oifname "rt1"');
      const lost = wallClock();
      // Longer than Master_Down_Interval, 1.8046875 s.
      await seen.next("rt1 goes on", (p) => p.at > lost + 2_300_000 && claimFrom(FIRST)(p), patient);
      expect((await instanceOf(weak))?.state).toBe("backup");
      await site.loseNothing();
      await site.lose('iifname "rt1" oifname "rt2"');
      await weak.reach("master", undefined, 30_000);
      await eventually("rt1 hears rt2", async () => (await instanceOf(strong))?.rival?.address === SECOND, patient);
      expect(await instanceOf(strong)).toMatchObject({ state: "master", rival: { priority: 100, ownAddress: false } });
      expect(await inWords(rt1, strong)).toContain(`VI_1: two Masters: ${SECOND} (100), first heard`);
      expect(strong.stderr()).toContain(`split brain suspected: two Masters, heard ${SECOND}, with priority 100`);
      expect((await instanceOf(weak))?.rival, "rt2 hears nothing").toBeNull();
      const healed = wallClock();
      await site.loseNothing();
      await weak.reach("backup", undefined, 30_000);
      await eventually("rt1 alone holds it", async () => (await rt1.holds(V4)) && !(await rt2.holds(V4)), patient);
      const after = (await seen.stop()).filter((p) => p.at > healed);
      expectOneMaster("a wire whole again", after, INTERVAL);
    });
  });

  test("two clusters with one VRID: what differs is said on both sides", { timeout: 180_000 }, async () => {
    await onSite("clusters", HOSTS, async (site) => {
      const rt1 = site.host("rt1");
      const other = "192.168.1.77";
      const node = await site.heird("rt1", four(200));
      await node.reach("master");
      // Another version: neither understands the other, and both are Master.
      const old = (extra: Partial<Instance>): string =>
        configOf({ priority: 100, version: 2, addresses: [`${other}/24`], ...extra });
      const stranger = await site.heird("rt3", old({}));
      await stranger.reach("master");
      for (const [who, source] of [
        [node, THIRD],
        [stranger, FIRST],
      ] as const)
        await eventually(
          "the version differs",
          async () => {
            const { splitBrain } = (await instanceOf(who)) ?? {};
            return splitBrain?.field === "version" && splitBrain.source === source;
          },
          patient,
        );
      expect(await inWords(rt1, node)).toMatch(
        /VI_1: split brain suspected: 192\.168\.1\.66 speaks for VRID 1, too, and is refused: version differs \(version 2, ours 3\), last \S+ ago/,
      );
      // The same version: one virtual router, of two minds about its address.
      stranger.reload(old({ version: 3, interval: "0.5" }));
      await stranger.reach("backup", undefined, 30_000);
      const known = async () => (await instanceOf(stranger))?.neighbours.some((one) => one.address === FIRST);
      await eventually("the neighbour is known", known, patient);
      expect((await instanceOf(stranger))?.neighbours[0]).toMatchObject({ address: FIRST, sameAddresses: false });
      expect(await inWords(site.host("rt3"), stranger)).toContain(`VI_1: ${FIRST} advertises other addresses`);
      expect(stranger.stderr()).toContain(`${FIRST} advertises other addresses than are configured here`);
    });
  });

  test("two owners: the greater address stays, and both know", { timeout: 180_000 }, async () => {
    await onSite("owners", ROUTERS, async (site) => {
      const seen = await site.capture(VRRP_TRAFFIC);
      const [lower, greater] = [await site.heird("rt1", four(255)), await site.heird("rt2", four(255))];
      await greater.reach("master");
      await lower.reach("backup", undefined, 30_000);
      expect(await instanceOf(lower)).toMatchObject({ because: "peer_tie_address", priority: 255 });
      const at = wallClock();
      await seen.next("rt2 goes on", (p) => p.at > at + 2_000_000 && claimFrom(SECOND)(p), patient);
      expect((await instanceOf(lower))?.state).toBe("backup");
      expect(lower.stderr()).toContain(`split brain suspected: two Masters, heard ${SECOND}, with priority 255`);
      expectOneMaster("two owners", await seen.stop(), INTERVAL);
    });
  });
});

describe
  .skipIf(mustSkip("two owners beside Keepalived", ["ip", "nft", "tcpdump", "keepalived"]))
  .concurrent("two owners beside Keepalived", () => {
    // Keepalived 2.2.7 lowers itself to 254 as soon as it hears another owner, whatever the addresses are.
    for (const [place, other] of [
      ["rt1", "rt2"],
      ["rt2", "rt1"],
    ] as const)
      test(`heird is ${place}: one of them is left`, { timeout: 180_000 }, async () => {
        await onSite(`own${place}`, ROUTERS, async (site) => {
          const seen = await site.capture(VRRP_TRAFFIC);
          const [ours, theirs] = [site.host(place), site.host(other)];
          const keepalived = await theirs.startKeepalived(four(255));
          await eventually("Keepalived holds the address", () => theirs.holds(V4), { otherwise: keepalived.output });
          const node = await site.heird(place, four(255));
          const alone = async () => (await ours.holds(V4)) && !(await theirs.holds(V4));
          await eventually("heird alone holds it", alone, { ...patient, otherwise: keepalived.output });
          const at = wallClock();
          const source = place === "rt1" ? FIRST : SECOND;
          await seen.next("heird goes on", (p) => p.at > at + 2_000_000 && claimFrom(source)(p), patient);
          expect(await alone()).toBe(true);
          expect((await instanceOf(node))?.state).toBe("master");
          expectOneMaster(`two owners, heird is ${place}`, await seen.stop(), INTERVAL);
        });
      });
  });
