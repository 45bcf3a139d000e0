// A sync group of an IPv4 and an IPv6 router beside a group of real Keepalived, in both roles; preempt_delay
// and an owner. Judged by the kernel's addresses and by what is on the wire.

import { describe, expect, test } from "vitest";
import { configOf, type Instance } from "./config.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";
import { expectOneMaster } from "./mastership.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom, resignationFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const [V4, V6] = ["192.168.1.1", "fe80::6:1"];
const [FIRST, SECOND] = ["192.168.1.11", "192.168.1.12"];
const GROUP = "vrrp_sync_group G {\n  group {\n    FOUR\n    SIX\n  }\n}\n";
const four = (priority: number, extra: readonly string[] = []): Instance => ({
  name: "FOUR",
  vrid: 4,
  priority,
  interval: "0.2",
  addresses: [`${V4}/24`],
  extra,
});
const six = (priority: number): Instance => ({
  name: "SIX",
  vrid: 6,
  priority,
  interval: "0.2",
  addresses: [`${V6}/64`],
});
/** 0.2 s, in µs. */
const INTERVAL = 200_000;
const grouped = (priority: number): string => `${GROUP}${configOf(four(priority), six(priority))}`;

const holdsBoth = async (host: Host): Promise<boolean> => (await host.holds(V4)) && host.holds(V6);
const holdsNone = async (host: Host): Promise<boolean> => !((await host.holds(V4)) || (await host.holds(V6)));
const alone = (holder: Host, other: Host): Promise<unknown> =>
  eventually(`${holder.name} holds both addresses, ${other.name} none`, async () => {
    return (await holdsBoth(holder)) && holdsNone(other);
  });

/** Takes the address away that only the IPv6 router needs, and gives it back. */
const cripple = (host: Host): Promise<string> =>
  host.run(["ip", "-6", "address", "del", `${host.linkLocal}/64`, "dev", "eth0"]);
const heal = (host: Host): Promise<string> =>
  host.run(["ip", "-6", "address", "add", `${host.linkLocal}/64`, "dev", "eth0", "nodad"]);

const needs = ["ip", "keepalived", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("sync groups", needs)).concurrent("sync groups", () => {
  test("heird's group fails over as one, to Keepalived's and back", { timeout: 180_000 }, async () => {
    await onSite("group", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      await rt2.startKeepalived(grouped(100));
      const strong = await site.heird("rt1", grouped(200));
      await alone(rt1, rt2);
      const crippled = wallClock();
      await cripple(rt1);
      await strong.reach("fault");
      // Nothing is wrong with the IPv4 router but its company, and it says so.
      await seen.next("FOUR resigns", (p) => p.at > crippled && resignationFrom(FIRST)(p));
      await alone(rt2, rt1);
      await heal(rt1);
      await alone(rt1, rt2);
      expectOneMaster("a sync group of heird's", await seen.stop(), INTERVAL);
    });
  });

  test("Keepalived's group fails over to heird's as one, and back", { timeout: 180_000 }, async () => {
    await onSite("company", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      await site.heird("rt2", grouped(100));
      const keepalived = await rt1.startKeepalived(grouped(200));
      await alone(rt1, rt2);
      await keepalived.stop();
      await alone(rt2, rt1);
      await rt1.startKeepalived(grouped(200));
      await alone(rt1, rt2);
      expectOneMaster("a sync group of Keepalived's", await seen.stop(), INTERVAL);
    });
  });

  test("preempt_delay tolerates a weaker Keepalived for its time, and an owner nobody", {
    timeout: 180_000,
  }, async () => {
    await onSite("delay", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      await rt2.startKeepalived(configOf(four(100)));
      await eventually("Keepalived holds the address", () => rt2.holds(V4));
      const started = wallClock();
      const late = await site.heird("rt1", configOf(four(200, ["preempt_delay 2"])));
      const claim = await seen.next("rt1 preempts", (p) => p.at > started && advertFrom(FIRST, 4)(p));
      // The delay of 2 s and, from the last advertisement tolerated, at least two of three intervals of 0.2 s.
      expect(claim.at - started).toBeGreaterThan(2_000_000);
      await eventually("rt1 alone holds the address", async () => (await rt1.holds(V4)) && !(await rt2.holds(V4)));
      const reloaded = wallClock();
      late.reload(configOf(four(255)));
      await seen.next("the owner advertises", (p) => p.at > reloaded && advertFrom(FIRST, 4)(p));
      expect(await rt2.holds(V4)).toBe(false);
      expect(seen.packets().some((p) => p.at > reloaded && advertFrom(SECOND, 4)(p))).toBe(false);
      expectOneMaster("preempt_delay, and an owner", await seen.stop(), INTERVAL);
    });
  });

  test("Keepalived's preempt_delay tolerates heird for its time, and its owner nobody", {
    timeout: 180_000,
  }, async () => {
    await onSite("owner", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      const weak = await site.heird("rt2", configOf(four(100)));
      await weak.reach("master");
      const started = wallClock();
      const late = await rt1.startKeepalived(configOf(four(200, ["preempt_delay 2"])));
      const claim = await seen.next("rt1 preempts", (p) => p.at > started && advertFrom(FIRST, 4)(p));
      expect(claim.at - started).toBeGreaterThan(2_000_000);
      await eventually("rt1 alone holds the address", async () => (await rt1.holds(V4)) && !(await rt2.holds(V4)));
      await late.stop();
      await eventually("heird inherits", async () => (await rt2.holds(V4)) && !(await rt1.holds(V4)));
      const again = wallClock();
      await rt1.startKeepalived(configOf(four(255)));
      await seen.next("the owner claims", (p) => p.at > again && advertFrom(FIRST, 4)(p));
      await weak.reach("backup");
      await eventually("rt1 alone holds it again", async () => (await rt1.holds(V4)) && !(await rt2.holds(V4)));
      expectOneMaster("Keepalived's preempt_delay and owner", await seen.stop(), INTERVAL);
    });
  });
});
