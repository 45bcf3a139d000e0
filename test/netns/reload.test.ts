// SIGHUP under way: what changed is done, what stayed is not disturbed, and a file with a mistake
// changes nothing.

import { describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import type { Host } from "./lan.ts";
import { watchAddresses } from "./monitor.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom, announcementOf, claimFrom, largestGap, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const FIRST = "192.168.1.11";
const OWN = ["192.168.1.11", "2001:db8::11", "fe80::ff:fe00:1"];

/** What stands on eth0 besides the host's own. */
const virtual = async (host: Host): Promise<readonly string[]> =>
  (await host.addresses())
    .filter(({ address }) => !OWN.includes(address))
    .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
    .sort();

const config = (...addresses: readonly string[]): string => configOf({ priority: 100, interval: "0.2", addresses });

const needs = ["ip", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("a new configuration", needs)).concurrent("a new configuration", () => {
  test("addresses come and go by the difference, no advert is missed, and nobody else moves", async () => {
    await onSite("reload", ROUTERS, async (site) => {
      const rt1 = site.host("rt1");
      const node = await site.heird("rt1", config("192.168.1.1/24", "192.168.1.2/24"));
      await node.reach("master");
      const backup = await site.heird(
        "rt2",
        configOf({ priority: 50, interval: "0.2", addresses: ["192.168.1.1/24"] }),
      );
      await eventually("both are held", async () => (await virtual(rt1)).length === 2);
      const addresses = await watchAddresses(rt1);
      const seen = await site.capture(VRRP_TRAFFIC);
      await seen.next("an advert", claimFrom(FIRST));

      // One goes, one stays, one comes.
      let reloaded = wallClock();
      node.reload(config("192.168.1.2/24", "192.168.1.3/24"));
      await eventually(
        "the difference is made",
        async () => JSON.stringify(await virtual(rt1)) === JSON.stringify(["192.168.1.2/24", "192.168.1.3/24"]),
      );
      await seen.next("the new list", (p) => p.vrrp?.addresses.join() === "192.168.1.2,192.168.1.3");
      await seen.next("the new one is announced", (p) => p.at > reloaded && announcementOf("192.168.1.3", rt1.mac)(p));

      // Another instance beside it, and another prefix for an address that stays.
      reloaded = wallClock();
      const other = configOf(
        { priority: 100, interval: "0.2", addresses: ["192.168.1.2/32", "192.168.1.3/24"] },
        { name: "VI_6", vrid: 6, priority: 100, interval: "0.2", addresses: ["fe80::6:1/64"] },
      );
      node.reload(other);
      await node.reach("master", "VI_6");
      await eventually(
        "all is there",
        async () => (await virtual(rt1)).join() === "192.168.1.2/32,192.168.1.3/24,fe80::6:1/64",
      );

      // It goes again, and says so.
      node.reload(config("192.168.1.2/32", "192.168.1.3/24"));
      await seen.next("VRID 6 resigns", ({ vrrp }) => vrrp?.vrid === 6 && vrrp.priority === 0);
      await eventually("its address is gone", async () => !(await rt1.holds("fe80::6:1")));

      // The same file once more is no change at all.
      const quiet = wallClock();
      const before = (await node.status()).config.generation;
      node.signal("SIGHUP");
      await eventually("it is read", async () => (await node.status()).config.generation === before + 1);
      await seen.next("it goes on", (p) => p.at > quiet + 700_000 && claimFrom(FIRST, 1)(p));

      const packets = await seen.stop();
      const adverts = packets.filter(advertFrom(FIRST, 1));
      const gap = largestGap(adverts);
      tell(`five reloads: ${adverts.length} adverts at 200 ms, largest gap ${(gap / 1_000).toFixed(1)} ms`);
      // An interval and a half would be a missed one.
      expect(gap).toBeLessThan(300_000);
      expect(adverts.every(({ vrrp }) => vrrp?.priority === 100)).toBe(true);
      expect(packets.filter(advertFrom("192.168.1.12"))).toEqual([]);
      await backup.reach("backup");
      const touched = (await addresses.stop()).filter(({ at }) => at > quiet);
      expect(touched, "what did not change is not touched").toEqual([]);
      const moved = packets.filter((p) => p.at > quiet && announcementOf("192.168.1.2", rt1.mac)(p));
      expect(moved).toEqual([]);
      expect(await virtual(rt1)).toEqual(["192.168.1.2/32", "192.168.1.3/24"]);
    });
  });

  test("a broken file is refused with the reason, and the old one goes on", async () => {
    await onSite("broken", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const node = await site.heird("rt1", config("192.168.1.1/24"));
      await node.reach("master");
      const seen = await site.capture(VRRP_TRAFFIC);
      await seen.next("an advert", claimFrom(FIRST));
      const wrongs: readonly (readonly [string, RegExp])[] = [
        [
          config("192.168.1.1/24", "192.168.1.9/24").replace("priority 100", "priority 1000"),
          /heird\.conf:6:12: error.*priority/,
        ],
        [config("192.168.1.9/24").replace("interface eth0", "interface eth9"), /no interface eth9/],
        ["}}}{{{", /heird\.conf:1:/],
      ];
      for (const [text, says] of wrongs) {
        const told = node.stderr().length;
        node.reload(text);
        await eventually(`it is refused: ${says}`, () => says.test(node.stderr().slice(told)), {
          otherwise: () => node.stderr().slice(told),
        });
        expect(node.stderr().slice(told)).toMatch(/reload refused, the old configuration stays/);
        expect((await node.status()).config).toMatchObject({ generation: 1, lastReload: expect.stringMatching(says) });
        expect(await virtual(rt1)).toEqual(["192.168.1.1/24"]);
      }
      await rt1.run(["ip", "address", "add", "192.168.1.9/24", "dev", "eth0"]);
      node.reload(config("192.168.1.9/24"));
      await eventually("an address of somebody else is refused", () =>
        /192\.168\.1\.9 is on eth0 already/.test(node.stderr()),
      );
      expect(await virtual(rt1)).toEqual(["192.168.1.1/24", "192.168.1.9/24"]);
      // And a good one is taken after all of them.
      node.reload(config("192.168.1.8/24"));
      await eventually(
        "the good one is taken",
        async () => (await virtual(rt1)).join() === "192.168.1.8/24,192.168.1.9/24",
      );
      const adverts = (await seen.stop()).filter(advertFrom(FIRST));
      expect(largestGap(adverts)).toBeLessThan(300_000);
      expect(adverts.every(({ vrrp }) => vrrp?.priority === 100)).toBe(true);
    });
  });
});
