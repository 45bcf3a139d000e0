// Interfaces and addresses that go and come back. A router that cannot hold its addresses is in FAULT
// and silent; when what it missed is back, so is the router.

import { describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { run } from "./command.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import type { Heird } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { advertFrom, announcementOf, claimFrom, largestGap, resignationFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const VIP = "192.168.1.1";
const [FIRST, SECOND] = ["192.168.1.11", "192.168.1.12"];
const both = (priority: number): string =>
  configOf(
    { name: "FOUR", vrid: 4, priority, interval: "0.2", addresses: [`${VIP}/24`] },
    { name: "SIX", vrid: 6, priority, interval: "0.2", addresses: ["fe80::6:1/64"] },
  );

const reasons = (node: Heird, name: string): readonly string[] =>
  readLog(node.home.stateDirectory).lines.flatMap((line) =>
    line.type === "mark" && line.name === name ? [`${line.from} -> ${line.phase} (${line.because})`] : [],
  );

const pairOf = async (site: Site): Promise<readonly [Heird, Heird]> => {
  const strong = await site.heird("rt1", both(200));
  await strong.reach("master");
  const weak = await site.heird("rt2", both(100));
  await weak.reach("backup");
  return [strong, weak];
};

/** Makes rt1's eth0 anew, as it was: the kernel gives it another number. */
async function rebuild(site: Site): Promise<void> {
  const { namespace, mac } = site.host("rt1");
  const bridge = site.bridge;
  const peer = ["peer", "name", "eth0", "address", mac, "netns", namespace];
  await run(["ip", "-n", bridge, "link", "add", "rt1", "type", "veth", ...peer]);
  await run(["ip", "-n", bridge, "link", "set", "rt1", "master", "br0", "up"]);
  await run(["ip", "-n", namespace, "link", "set", "eth0", "up"]);
  await run(["ip", "-n", namespace, "address", "add", `${FIRST}/24`, "dev", "eth0"]);
}

const needs = ["ip", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("links and addresses", needs)).concurrent("links and addresses", () => {
  test("an interface that vanishes and comes back with the same name, twice", { timeout: 60_000 }, async () => {
    await onSite("vanish", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const [strong, weak] = await pairOf(site);
      for (let round = 0; round < 2; round++) {
        const seen = await site.capture(VRRP_TRAFFIC);
        await rt1.run(["ip", "link", "delete", "eth0"]);
        await strong.reach("fault");
        await weak.reach("master");
        await eventually("rt2 holds the addresses", async () => (await rt2.holds(VIP)) && rt2.holds("fe80::6:1"));
        const rebuilt = wallClock();
        await rebuild(site);
        await seen.next("rt1 claims again over IPv4", (p) => p.at > rebuilt && claimFrom(FIRST, 4)(p));
        await seen.next("and over IPv6", (p) => p.at > rebuilt && claimFrom(rt1.linkLocal, 6)(p));
        await eventually("rt1 holds the addresses", async () => (await rt1.holds(VIP)) && rt1.holds("fe80::6:1"));
        await weak.reach("backup");
        await seen.next("announced on the new link", (p) => p.at > rebuilt && announcementOf(VIP, rt1.mac)(p));
        await seen.stop();
      }
      expect(reasons(strong, "FOUR").slice(2, 5)).toEqual([
        "master -> fault (link_down)",
        expect.stringMatching(/^fault -> backup \((link_up|primary_address)\)$/),
        "backup -> master (master_weaker)",
      ]);
    });
  });

  test("the cable out and in: FAULT at once, and back as a Backup first", { timeout: 60_000 }, async () => {
    await onSite("cable", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const [strong, weak] = await pairOf(site);
      const seen = await site.capture(VRRP_TRAFFIC);
      await rt1.unplug();
      await strong.reach("fault");
      // Nobody may find the address on a router that cannot be reached, when the cable is in again.
      await eventually("rt1 has let go", async () => !(await rt1.holds(VIP)) && !(await rt1.holds("fe80::6:1")));
      await weak.reach("master");
      const plugged = wallClock();
      await rt1.plug();
      const claim = await seen.next("rt1 claims again", (p) => p.at > plugged && claimFrom(FIRST, 4)(p));
      // RFC 5798 §6.1, priority 200: Master_Down_Interval = 3 * 0.2 s + (256 - 200) * 0.2 s / 256 = 0.64375 s.
      expect(claim.at - plugged).toBeGreaterThan(643_000);
      await eventually("rt1 alone holds the address", async () => (await rt1.holds(VIP)) && !(await rt2.holds(VIP)));
      // Administratively, too.
      await rt1.run(["ip", "link", "set", "eth0", "down"]);
      await strong.reach("fault");
      await weak.reach("master");
      await rt1.run(["ip", "link", "set", "eth0", "up"]);
      await strong.reach("master", "FOUR");
      await weak.reach("backup", "FOUR");
      expect(reasons(strong, "FOUR").slice(2, 5)).toEqual([
        "master -> fault (link_down)",
        "fault -> backup (link_up)",
        "backup -> master (master_weaker)",
      ]);
      await seen.stop();
    });
  });

  test("the last source address taken away and given back", { timeout: 60_000 }, async () => {
    await onSite("source", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const [strong, weak] = await pairOf(site);
      const seen = await site.capture(VRRP_TRAFFIC);
      // The virtual address is a secondary one of the same subnet: it shall not go with the first.
      await rt1.sysctl("net.ipv4.conf.eth0.promote_secondaries", 1);
      const taken = wallClock();
      await rt1.run(["ip", "address", "delete", `${FIRST}/24`, "dev", "eth0"]);
      await strong.reach("fault", "FOUR");
      await seen.next("rt1 resigns", (p) => p.at > taken && resignationFrom(FIRST, 4)(p));
      await weak.reach("master", "FOUR");
      await eventually("rt1 has let go", async () => !(await rt1.holds(VIP)));
      expect((await strong.status()).instances.map(({ name, state }) => `${name} ${state}`)).toEqual([
        "FOUR fault",
        "SIX master",
      ]);
      expect(await rt1.holds("fe80::6:1"), "IPv6 does not mind").toBe(true);
      await rt1.run(["ip", "address", "add", `${FIRST}/24`, "dev", "eth0"]);
      await strong.reach("master", "FOUR");
      await eventually("rt1 alone holds the address", async () => (await rt1.holds(VIP)) && !(await rt2.holds(VIP)));

      await rt1.run(["ip", "address", "delete", `${rt1.linkLocal}/64`, "dev", "eth0"]);
      await strong.reach("fault", "SIX");
      await weak.reach("master", "SIX");
      await rt1.run(["ip", "address", "add", `${rt1.linkLocal}/64`, "dev", "eth0"]);
      await strong.reach("master", "SIX");
      await weak.reach("backup");
      expect(reasons(strong, "FOUR").slice(2, 5)).toEqual([
        "master -> fault (no_primary_address)",
        "fault -> backup (primary_address)",
        "backup -> master (master_weaker)",
      ]);
      await seen.stop();
    });
  });

  test("a virtual address that somebody takes away: what happens today", async () => {
    await onSite("stolen", ROUTERS, async (site) => {
      const rt1 = site.host("rt1");
      const [strong, weak] = await pairOf(site);
      const seen = await site.capture(VRRP_TRAFFIC);
      await seen.next("an advert", claimFrom(FIRST, 4));
      await rt1.run(["ip", "address", "delete", `${VIP}/24`, "dev", "eth0"]);
      const stolen = wallClock();
      await seen.next("what comes after", (p) => p.at > stolen + 1_500_000 && claimFrom(FIRST, 4)(p));
      const held = await rt1.holds(VIP);
      const state = (await strong.status()).instances[0]?.state;
      tell(
        `a virtual address taken away from a Master: after 1.5 s it is ${state}, the address is ${held ? "back" : "still missing"}`,
      );
      // Whatever becomes of the address, nothing breaks: adverts go on, and the Backup stays one.
      const packets = await seen.stop();
      expect(largestGap(packets.filter(advertFrom(FIRST, 4)))).toBeLessThan(300_000);
      expect(packets.filter(advertFrom(SECOND))).toEqual([]);
      await weak.reach("backup");
    });
  });
});
