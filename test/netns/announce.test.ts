// Gratuitous ARP and neighbour advertisements on the wire: how often, in which order, how far apart, on which
// interface, and after which signs that somebody else may have the addresses. And no advert waits for them.

import { describe, expect, test } from "vitest";
import { type Capture, startCapture } from "./capture.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { advert, arpClaim, frame, inject, naClaim, packet } from "./frames.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { announcementOf, claimFrom, lastBefore, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const [FIRST, STRANGER] = ["192.168.1.11", "192.168.1.66"];
const HOSTS = [...ROUTERS, { name: "rt3", addresses: [`${STRANGER}/24`] }];
const [V4, V6] = ["192.168.1.1", "fe80::6:1"];
/** Of `inject`: whoever claims here has another one than the routers. */
const STATION = "02:00:00:00:00:66";
const globals = (...lines: readonly string[]): string => `global_defs {\n  ${lines.join("\n  ")}\n}\n`;
const patient = { within: 30_000 };

const of = (seen: Capture, address: string, mac: string): readonly Packet[] =>
  seen.packets().filter(announcementOf(address, mac));
/** Waits until an address was announced that often, and gives when, after `since`, in µs. */
async function times(
  seen: Capture,
  address: string,
  mac: string,
  count: number,
  since = 0,
): Promise<readonly number[]> {
  const found = () => of(seen, address, mac).filter(({ at }) => at >= since);
  await eventually(`${address} is announced ${count} times`, () => found().length >= count, patient);
  return found().map(({ at }) => at - since);
}

const needs = ["ip", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("announcements", needs)).concurrent("announcements", () => {
  test("blocks, refreshes and their pace, while adverts go on", { timeout: 180_000 }, async () => {
    await onSite("garp", HOSTS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      const fours = [1, 2, 3, 4].map((last) => `192.168.1.${last}`);
      const pace = ["vrrp_garp_interval 0.12", "vrrp_gna_interval 0.15"];
      const blocks = ["vrrp_garp_master_repeat 3", "vrrp_garp_master_delay 2"];
      const refresh = ["vrrp_garp_master_refresh 4", "vrrp_garp_master_refresh_repeat 2"];
      const paced = configOf({
        ...{ priority: 255, interval: "0.5", addresses: fours.map((address) => `${address}/24`) },
        extra: [`virtual_ipaddress_excluded {\n  ${V6}/64\n}`],
      });
      await site.heird("rt1", globals(...pace, ...blocks, ...refresh) + paced);
      // Beside it one that says everything once.
      const once = configOf({ name: "ONCE", vrid: 9, priority: 255, addresses: ["192.168.1.9/24"] });
      await site.heird("rt2", globals("vrrp_min_garp") + once);
      const start = (await seen.next("rt1 claims", claimFrom(FIRST))).at;
      // 3 at once, 3 more from 2 s on, 2 from 4 s on, 2 from 8 s on; of each address.
      for (const address of [V4, V6]) {
        const at = (await times(seen, address, rt1.mac, 10, start - 1_000)).map((time) => time - 1_000);
        for (const [i, from] of [0, 0, 0, 2, 2, 2, 4, 4, 8, 8].entries())
          expect([address, i, (at[i] ?? 0) >= from * 1_000_000 - 100_000]).toEqual([address, i, true]);
        expect(at[2], "the first block is over before the second begins").toBeLessThan(2_000_000);
      }
      const packets = await seen.stop();
      const first = packets.filter((p) => fours.some((address) => announcementOf(address, rt1.mac)(p)));
      // Each address once before any is announced again; 0.12 s and 0.15 s between two.
      const order = [...fours, ...fours, ...fours];
      expect(first.slice(0, 12).map(({ arp }) => arp?.senderIp)).toEqual(order);
      const gaps = (list: readonly Packet[]) => list.slice(1).map(({ at }, i) => at - (list[i]?.at ?? 0));
      expect(Math.min(...gaps(first))).toBeGreaterThan(119_000);
      expect(Math.min(...gaps(packets.filter(announcementOf(V6, rt1.mac))))).toBeGreaterThan(149_000);
      // A block of 12 lasts 1.32 s: adverts, 0.5 s apart, stand between its packets, unless they wait for them.
      const [begun, ended] = [first[0]?.at ?? 0, first[11]?.at ?? 0];
      const between = packets.filter((p) => p.at > begun && p.at < ended && claimFrom(FIRST)(p));
      expect(between.length).toBeGreaterThanOrEqual(1);
      expect(packets.filter(announcementOf("192.168.1.9", rt2.mac))).toHaveLength(1);
    });
  });

  test("a weaker advert to one member: it is answered at once, and the whole group announces", {
    timeout: 180_000,
  }, async () => {
    await onSite("weaker", HOSTS, async (site) => {
      const { mac, linkLocal } = site.host("rt1");
      const seen = await site.capture(VRRP_TRAFFIC);
      const settings = ["vrrp_garp_master_delay 0", "vrrp_garp_lower_prio_repeat 2", "vrrp_garp_lower_prio_delay 1"];
      const group = "vrrp_sync_group G {\n  group {\n    FOUR\n    SIX\n  }\n}\n";
      const members = configOf(
        { name: "FOUR", vrid: 4, priority: 255, interval: "5", addresses: [`${V4}/24`] },
        { name: "SIX", vrid: 6, priority: 255, interval: "5", addresses: [`${V6}/64`] },
      );
      const node = await site.heird("rt1", globals(...settings) + group + members);
      await node.reach("master");
      await seen.next("an advert", claimFrom(FIRST));
      await seen.next("an advert of the other member", claimFrom(linkLocal));
      const destination = "224.0.0.18";
      const weaker = { version: 3, vrid: 4, priority: 50, addresses: [V4], interval: 500 } as const;
      const payload = advert({ ...weaker, source: STRANGER, destination });
      await inject(site.host("rt3"), [frame(packet({ source: STRANGER, destination, payload }))]);
      const heard = await seen.next("the weaker advert", claimFrom(STRANGER));
      // RFC 9568 §6.4.3: at once, and not when the next one is due, 5 s after the last.
      const answer = await seen.next("the answer", (p) => p.at > heard.at && claimFrom(FIRST)(p), patient);
      const regular = lastBefore(seen.packets(), heard.at, claimFrom(FIRST)) + 5_000_000;
      expect(answer.at < heard.at + 500_000 || answer.at < regular - 100_000).toBe(true);
      for (const address of [V4, V6]) {
        // Two at once, and two 1 s later.
        const at = await times(seen, address, mac, 4, heard.at);
        expect(at[2]).toBeGreaterThanOrEqual(998_000);
        expect(at[1]).toBeLessThan(998_000);
      }
      // SIX heard nothing, and has no advert but the regular ones.
      const others = (await seen.stop()).filter(claimFrom(linkLocal));
      for (const [i, { at }] of others.slice(1).entries()) expect(at - (others[i]?.at ?? 0)).toBeGreaterThan(4_900_000);
    });
  });

  test("somebody else's ARP and NA: the Master says again where the addresses are, a Backup does not", {
    timeout: 180_000,
  }, async () => {
    await onSite("claims", HOSTS, async (site) => {
      const [rt1, rt2, rt3] = [site.host("rt1"), site.host("rt2"), site.host("rt3")];
      const both = (priority: number): string =>
        globals("vrrp_garp_master_delay 0", "vrrp_garp_lower_prio_delay 0", "vrrp_garp_lower_prio_repeat 2") +
        configOf(
          { name: "FOUR", vrid: 4, priority, interval: "0.5", addresses: [`${V4}/24`] },
          { name: "SIX", vrid: 6, priority, interval: "0.5", addresses: [`${V6}/64`] },
        );
      const master = await site.heird("rt1", both(200));
      await master.reach("master");
      const backup = await site.heird("rt2", both(100));
      await backup.reach("backup");
      const seen = await site.capture(VRRP_TRAFFIC);
      const foreign = [arpClaim(V4, STATION), naClaim(V6, STATION)];
      await inject(rt3, foreign);
      const claimed = (await seen.next("the claim", announcementOf(V4, STATION))).at;
      await seen.next("the other claim", announcementOf(V6, STATION));
      for (const address of [V4, V6]) await times(seen, address, rt1.mac, 2, claimed);
      await eventually("the status has both", async () => (await master.status()).claims.length === 2);
      expect((await master.status()).claims.map(({ address, mac }) => `${address} ${mac}`).sort()).toEqual([
        `${V4} ${STATION}`,
        `${V6} ${STATION}`,
      ]);
      expect(master.stderr()).toContain(`somebody else at MAC ${STATION} on eth0 claims ${V4}`);
      // A flood is answered once a second: two at the end of each at most. The same claim is told again after a second.
      await seen.next("a second later", (p) => p.at > claimed + 1_100_000 && claimFrom(FIRST)(p), patient);
      const flooded = wallClock();
      await inject(rt3, new Array<string>(60).fill(foreign[0] ?? ""));
      await times(seen, V4, rt1.mac, 2, flooded);
      await seen.next("a while later", (p) => p.at > flooded + 2_500_000 && claimFrom(FIRST)(p), patient);
      const packets = await seen.stop();
      const answers = packets.filter((p) => p.at > flooded && announcementOf(V4, rt1.mac)(p));
      const lasted = (packets.findLast(announcementOf(V4, STATION))?.at ?? 0) - flooded;
      expect(answers.length).toBeLessThanOrEqual(2 * (2 + Math.ceil(lasted / 1_000_000)));
      expect(packets.filter((p) => [V4, V6].some((address) => announcementOf(address, rt2.mac)(p)))).toEqual([]);
      expect((await backup.status()).claims).toEqual([]);
    });
  });

  test("garp_extra_if: what stands on another interface is announced there again and again", {
    timeout: 180_000,
  }, async () => {
    await onSite("elsewhere", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const mac = "02:00:00:00:00:77";
      await rt1.run(["ip", "link", "add", "eth1", "address", mac, "type", "veth", "peer", "name", "far"]);
      for (const name of ["eth1", "far"]) await rt1.run(["ip", "link", "set", name, "up"]);
      const here = await site.capture(VRRP_TRAFFIC);
      const there = await startCapture(rt1.namespace, "far", [VRRP_TRAFFIC]);
      const addresses = [`${V4}/24`, "10.7.0.1/24 dev eth1"];
      const once = ["garp_master_repeat 1", "garp_master_delay 0", "garp_extra_if all 1"];
      const node = await site.heird("rt1", configOf({ priority: 255, interval: "0.5", addresses, extra: once }));
      await node.reach("master");
      // At 0 s with everything else, and then at 1, 2 and 3 s; on a busy machine the first may be late, the others less so.
      const at = await times(there, "10.7.0.1", mac, 4);
      const spans = at.slice(1, 4).map((time) => time - (at[0] ?? 0));
      for (const [i, span] of spans.entries()) expect(span).toBeGreaterThan((i + 1) * 1_000_000 - 300_000);
      expect(of(here, V4, rt1.mac), "on its own interface the adverts tell").toHaveLength(1);
      await here.stop();
      await there.stop();
    });
  });
});
