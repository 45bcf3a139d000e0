// The forms of use_vmac beside those of vmac.test.ts: a Backup beside a Keepalived that has one, with
// unicast, on other interfaces, under other names, and what a kernel without ipvlan is told.

import { describe, expect, test } from "vitest";
import { startCapture } from "./capture.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { announcementOf, claimFrom, resignationFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const VIP4 = "192.168.1.1";
const VIP6 = "2001:db8::1";
/** RFC 9568 §7.3; 51 is 0x33, 52 is 0x34. */
const MAC4 = "00:00:5e:00:01:33";
const MAC6 = "00:00:5e:00:02:34";
const ONE = ROUTERS.slice(0, 1);
const PATIENCE = { within: 30_000 };

const holdsOn = async (host: Host, device: string, address: string): Promise<boolean> =>
  (await host.addresses(device)).some((own) => own.address === address);

type Extra = (family: 4 | 6) => readonly string[];
const both = (priority: number, extra: Extra = () => ["use_vmac"], v6 = ["fe80::1:1/64", `${VIP6}/64`]): string =>
  configOf(
    { name: "FOUR", vrid: 51, priority, interval: "0.5", addresses: [`${VIP4}/24`], extra: extra(4) },
    { name: "SIX", vrid: 52, priority, interval: "0.5", addresses: v6, extra: extra(6) },
  );

const stations = (packets: readonly Packet[], source: string): readonly string[] => [
  ...new Set(packets.filter(claimFrom(source)).map((packet) => packet.source)),
];

/** A second interface of a host, whose other end is in the same namespace and hears what leaves. */
async function secondInterface(host: Host): Promise<void> {
  await host.run(["ip", "link", "add", "side0", "type", "veth", "peer", "name", "side1"]);
  for (const end of ["side0", "side1"]) await host.run(["ip", "link", "set", end, "up"]);
  await host.run(["ip", "address", "add", "10.9.0.11/24", "dev", "side0"]);
}

type Told = {
  readonly ifname: string;
  readonly link?: string;
  readonly address?: string;
  readonly group?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly mode?: string } };
};

async function virtualOn(host: Host): Promise<ReadonlyMap<string, string>> {
  const links = JSON.parse(await host.run(["ip", "-json", "-d", "link"])) as readonly Told[];
  return new Map(
    links
      .filter(({ linkinfo }) => linkinfo?.info_kind === "macvlan")
      .map(({ ifname, link, address, group, linkinfo }) => [
        ifname,
        `${link} ${address} ${linkinfo?.info_data?.mode} ${group}`,
      ]),
  );
}

const needs = ["ip", "nft", "tcpdump"] as const;

describe.skipIf(mustSkip("virtual MAC addresses beside Keepalived's", [...needs, "keepalived"]))(
  "a Backup beside a Keepalived with use_vmac",
  () => {
    test("waits while that speaks, takes over with the same stations, and gives way again", async () => {
      await onSite("vmacback", ROUTERS, async (site) => {
        const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
        const seen = await site.capture(VRRP_TRAFFIC);
        const keepalived = await rt2.startKeepalived(both(200));
        await eventually("Keepalived holds it", () => holdsOn(rt2, "vrrp.51", VIP4), PATIENCE);
        const node = await site.heird("rt1", both(100));
        await node.reach("backup", undefined, 30_000);
        // Master_Down_Interval: 3 * 0.5 s + 156/256 * 0.5 s = 1.8 s; more than that goes by.
        const quiet = wallClock() + 2_500_000;
        for (const source of ["192.168.1.12", rt2.linkLocal])
          await seen.next("Keepalived goes on", (p) => p.at > quiet && claimFrom(source)(p), PATIENCE);
        expect(stations(seen.packets(), "192.168.1.12")).toEqual([MAC4]);
        expect(stations(seen.packets(), rt2.linkLocal)).toEqual([MAC6]);
        for (const source of ["192.168.1.11", rt1.linkLocal]) expect(stations(seen.packets(), source)).toEqual([]);
        expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(false);
        const asked = wallClock();
        await keepalived.stop();
        await node.reach("master", undefined, 30_000);
        expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(true);
        expect(await holdsOn(rt1, "vrrp.52", VIP6)).toBe(true);
        const since = (wanted: (packet: Packet) => boolean) => (p: Packet) => p.at > asked && wanted(p);
        await seen.next("the address is announced", since(announcementOf(VIP4, MAC4)), PATIENCE);
        await seen.next("the other one, too", since(announcementOf(VIP6, MAC6)), PATIENCE);
        expect(stations(seen.packets(), "192.168.1.11")).toEqual([MAC4]);
        expect(stations(seen.packets(), rt1.linkLocal)).toEqual([MAC6]);

        await rt2.startKeepalived(both(200));
        await node.reach("backup", undefined, 30_000);
        await eventually("Keepalived holds it again", () => holdsOn(rt2, "vrrp.51", VIP4), PATIENCE);
        expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(false);
        expect(await holdsOn(rt1, "vrrp.52", VIP6)).toBe(false);
        await seen.stop();
      });
    }, 120_000);

    test("in unicast adverts go out of the interface below, and the address has its station all the same", async () => {
      await onSite("vmacuni", ROUTERS, async (site) => {
        const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
        const unicast =
          (own: number, other: number): Extra =>
          (family) => [
            "use_vmac",
            "vmac_xmit_base",
            `unicast_src_ip ${family === 4 ? `192.168.1.${own}` : `2001:db8::${own}`}`,
            `unicast_peer {\n${family === 4 ? `192.168.1.${other}` : `2001:db8::${other}`}\n}`,
          ];
        const seen = await site.capture(VRRP_TRAFFIC);
        const keepalived = await rt2.startKeepalived(both(100, unicast(12, 11), [`${VIP6}/64`]));
        const node = await site.heird("rt1", both(200, unicast(11, 12), [`${VIP6}/64`]));
        await node.reach("master", undefined, 30_000);
        await eventually("it is held", () => holdsOn(rt1, "vrrp.51", VIP4), PATIENCE);
        await seen.next("it is announced", announcementOf(VIP4, MAC4), PATIENCE);
        await seen.next("the other one, too", announcementOf(VIP6, MAC6), PATIENCE);
        const quiet = wallClock() + 2_500_000;
        for (const source of ["192.168.1.11", "2001:db8::11"])
          await seen.next("it goes on", (p) => p.at > quiet && claimFrom(source)(p), PATIENCE);
        for (const source of ["192.168.1.11", "2001:db8::11"])
          expect(stations(seen.packets(), source), source).toEqual([rt1.mac]);
        expect(await holdsOn(rt2, "vrrp.51", VIP4), keepalived.output()).toBe(false);
        await node.stop();
        await seen.next("it resigns", resignationFrom("192.168.1.11"), PATIENCE);
        await eventually("Keepalived has it", () => holdsOn(rt2, "vrrp.51", VIP4), PATIENCE);
        await seen.stop();
      });
    }, 120_000);
  },
);

describe.skipIf(mustSkip("virtual MAC addresses elsewhere", needs))("use_vmac of other interfaces and names", () => {
  test("an address's own, use_vmac_addr, prefixes, names, a MAC address and a group of links", async () => {
    await onSite("vmacform", ONE, async (site) => {
      const rt1 = site.host("rt1");
      await secondInterface(rt1);
      const side = await startCapture(rt1.namespace, "side1", ["arp"]);
      const owner = { priority: 255, interval: "1" };
      const node = await site.heird(
        "rt1",
        `global_defs {\n  vmac_prefix v\n  vmac_addr_prefix w\n}\n${configOf(
          // 51 is 0x33. One of its addresses has a MAC of its own, the instance has none.
          { ...owner, name: "A", vrid: 51, addresses: [`${VIP4}/24`, "10.9.0.1/24 dev side0 use_vmac"] },
          // 53 is 0x35: on its own interface and, by use_vmac_addr, on the other one.
          {
            ...owner,
            name: "B",
            vrid: 53,
            addresses: ["192.168.1.3/24", "10.9.0.3/24 dev side0"],
            extra: ["use_vmac", "use_vmac_addr"],
          },
          // 54 is 0x36: five octets, and the VRID is the sixth.
          {
            ...owner,
            name: "C",
            vrid: 54,
            addresses: ["192.168.1.4/24"],
            extra: ["use_vmac named 02:00:5e:00:09 group 7"],
          },
        )}`,
      );
      await node.reach("master", undefined, 30_000);
      await eventually("the last one is there", () => holdsOn(rt1, "named", "192.168.1.4"), PATIENCE);
      expect(Object.fromEntries(await virtualOn(rt1))).toEqual({
        "w.51": `side0 ${MAC4} vepa default`,
        "v.53": "eth0 00:00:5e:00:01:35 vepa default",
        "w.53": "side0 00:00:5e:00:01:35 vepa default",
        named: "eth0 02:00:5e:00:09:36 vepa 7",
      });
      expect(await holdsOn(rt1, "eth0", VIP4)).toBe(true);
      expect(await holdsOn(rt1, "w.51", "10.9.0.1")).toBe(true);
      expect(await holdsOn(rt1, "w.53", "10.9.0.3")).toBe(true);
      await side.next("its own station announces it", announcementOf("10.9.0.1", MAC4), PATIENCE);
      await side.next("and that of the other", announcementOf("10.9.0.3", "00:00:5e:00:01:35"), PATIENCE);
      await side.stop();
      node.signalAll("SIGKILL");
      await node.ended;
      expect(await node.home.cleanup()).toMatchObject({ code: 0 });
      expect([...(await virtualOn(rt1)).keys()]).toEqual([]);
    });
  }, 90_000);

  test("use_ipvlan works where the kernel has it, and is refused with the remedy where not", async () => {
    await onSite("ipvlan", ONE, async (site) => {
      const rt1 = site.host("rt1");
      const config = configOf({ vrid: 51, priority: 255, addresses: [`${VIP4}/24`], extra: ["use_ipvlan"] });
      const made = await rt1.attempt(["ip", "link", "add", "link", "eth0", "name", "try0", "type", "ipvlan"]);
      if (made.code === 0) {
        await rt1.run(["ip", "link", "delete", "try0"]);
        const node = await site.heird("rt1", config);
        await eventually("it is held", () => holdsOn(rt1, "vrrp.51", VIP4), PATIENCE);
        await node.stop();
      } else {
        const { configFile, stateDirectory } = site.unchecked("rt1", config);
        const argv = heird("run", "-f", configFile, "--state-dir", stateDirectory);
        const { code, stderr } = await rt1.attempt(argv, { timeout: 40_000 });
        expect(code).not.toBe(0);
        expect(stderr).toMatch(/this kernel has no ipvlan \(modprobe ipvlan\)/);
      }
      expect(await rt1.run(["ip", "-o", "link"])).not.toMatch(/vrrp/);
      expect((await rt1.addresses()).map(({ address }) => address)).not.toContain(VIP4);
    });
  }, 60_000);
});
