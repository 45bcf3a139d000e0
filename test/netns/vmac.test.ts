// Virtual MAC addresses, with real Keepalived as the neighbour: which station every frame comes from,
// what was changed on the machine, and that nothing of it is left.

import { describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import type { Heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { announcementOf, claimFrom, resignationFrom, VRRP_TRAFFIC } from "./wire.ts";

const VIP4 = "192.168.1.1";
const VIP6 = "2001:db8::1";
/** RFC 9568 §7.3: 00-00-5E-00-01-{VRID}, 00-00-5E-00-02-{VRID}; 51 is 0x33, 52 is 0x34. */
const MAC4 = "00:00:5e:00:01:33";
const MAC6 = "00:00:5e:00:02:34";
const CLIENT = { name: "client", addresses: ["192.168.1.20/24", "2001:db8::20/64"] };
const SITE = [...ROUTERS, CLIENT];

/** An instance of each family; both daemons read it. */
const both = (priority: number, extra: readonly string[] = ["use_vmac"]): string =>
  configOf(
    { name: "FOUR", vrid: 51, priority, interval: "0.5", addresses: [`${VIP4}/24`], extra },
    { name: "SIX", vrid: 52, priority, interval: "0.5", addresses: ["fe80::1:1/64", `${VIP6}/64`], extra },
  );

const linksOf = async (host: Host): Promise<readonly string[]> =>
  (await host.run(["ip", "-o", "link"])).split("\n").flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);

/** Every setting of every interface of a host, and its packet filter. */
const machineOf = async (host: Host): Promise<{ readonly settings: readonly string[]; readonly rules: string }> => ({
  settings: (
    await host.run(["sh", "-c", "grep -rH . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null || true"])
  )
    .split("\n")
    .filter((line) => !/stable_secret/.test(line))
    .sort(),
  rules: await host.run(["nft", "list", "ruleset"]),
});

const holdsOn = async (host: Host, device: string, address: string): Promise<boolean> =>
  (await host.addresses(device)).some((own) => own.address === address);

/** What becomes of a connection to a port where nobody listens: refused by who has the address, or silence. */
const knock = (host: Host, address: string, patience = 1_000): Promise<string> =>
  host.run([process.execPath, "-e", `(${connect})(${JSON.stringify(address)}, ${patience})`]);

// Sent to another process as text: it must use nothing from outside.
function connect(address: string, patience: number): void {
  const say = (word: string): void => void process.stdout.write(word, () => process.exit(0));
  const socket = process.getBuiltinModule("node:net").connect(9, address);
  socket.on("error", (error: NodeJS.ErrnoException) => say(error.code ?? ""));
  setTimeout(() => say("silence"), patience);
}

const stationOf = async (client: Host, address: string): Promise<string | undefined> => {
  const family = address.includes(":") ? "-6" : "-4";
  await knock(client, address);
  const line = await client.run(["ip", family, "neigh", "show", "to", address]);
  return /lladdr (\S+)/.exec(line)?.[1];
};

/** Every advertisement of this address comes from this station. */
function expectFrom(packets: readonly Packet[], source: string, mac: string): void {
  const adverts = packets.filter(claimFrom(source));
  expect(adverts.length, `adverts of ${source}`).toBeGreaterThan(0);
  expect([...new Set(adverts.map((packet) => packet.source))]).toEqual([mac]);
}

async function rivals(site: Site): Promise<{ readonly heird: Heird; readonly strong: Host; readonly client: Host }> {
  const strong = site.host("rt1");
  // Something to put back: the filter that a virtual interface must not have.
  await strong.sysctl("net.ipv4.conf.all.rp_filter", 1);
  await site.host("rt2").startKeepalived(both(100));
  const heird = await site.heird("rt1", both(200));
  return { heird, strong, client: site.host("client") };
}

const needs = ["ip", "nft", "tcpdump", "keepalived"] as const;

describe.skipIf(mustSkip("virtual MAC addresses", needs))("virtual MAC addresses", () => {
  test("beside Keepalived, both families: the LAN sees the virtual stations, and nothing is left", async () => {
    await onSite("vmac", SITE, async (site) => {
      const rt1 = site.host("rt1");
      const rt2 = site.host("rt2");
      await rt1.sysctl("net.ipv4.conf.all.rp_filter", 1);
      const before = await machineOf(rt1);
      const seen = await site.capture(VRRP_TRAFFIC);
      const { heird, client } = await rivals(site);
      await heird.reach("master");
      expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(true);
      expect(await holdsOn(rt1, "vrrp.52", VIP6)).toBe(true);
      await seen.next("the address is announced", announcementOf(VIP4, MAC4));
      await seen.next("the other one, too", announcementOf(VIP6, MAC6));
      // RFC 9568 §8.1.2. Who answers: the virtual station for the virtual address, the interface's own for its own.
      expect(await stationOf(client, VIP4)).toBe(MAC4);
      expect(await stationOf(client, VIP6)).toBe(MAC6);
      expect(await stationOf(client, "192.168.1.11")).toBe(rt1.mac);
      expect(await stationOf(client, "2001:db8::11")).toBe(rt1.mac);
      expect(await knock(client, VIP4)).toBe("ECONNREFUSED");
      expect(await knock(client, VIP6)).toBe("ECONNREFUSED");
      // Every setting is listed with what it was.
      const listed = (await heird.status()).settings.map(({ path, set, before }) => `${path} ${before} ${set}`);
      expect(listed).toEqual(
        expect.arrayContaining([
          "net/ipv4/conf/all/rp_filter 1 0",
          "net/ipv4/conf/eth0/arp_ignore 0 1",
          "net/ipv4/conf/eth0/arp_filter 0 1",
          "net/ipv4/conf/eth0/arp_announce 0 2",
          "net/ipv4/conf/vrrp.51/accept_local 0 1",
        ]),
      );
      await heird.stop();
      await seen.next("heird resigns from the virtual station", resignationFrom("192.168.1.11"));
      await eventually("Keepalived took over", () => holdsOn(rt2, "vrrp.51", VIP4));
      expect(await linksOf(rt1)).toEqual(["lo", "eth0"]);
      expect(await machineOf(rt1)).toEqual(before);
      const packets = await seen.stop();
      expectFrom(packets, "192.168.1.11", MAC4);
      expectFrom(packets, rt1.linkLocal, MAC6);
      // No Backup ever spoke as the virtual station: what came from it came from the Master.
      const strangers = packets.filter(
        ({ source, arp, na, vrrp, ip }) =>
          (source === MAC4 || source === MAC6) && arp === null && na === null && vrrp === null && ip?.protocol !== 58,
      );
      expect(strangers).toEqual([]);
    });
  });

  test("after SIGKILL heird cleanup puts everything back, and so does the next start", async () => {
    await onSite("vmacdeath", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      await rt1.sysctl("net.ipv4.conf.all.rp_filter", 1);
      // Somebody else's table, which nothing of ours may touch.
      await rt1.run(["nft", "-f", "-"], { input: "table inet other {\nchain c {\ncounter\n}\n}\n" });
      const before = await machineOf(rt1);
      let node = await site.heird("rt1", both(200, ["use_vmac", "no_accept"]));
      await node.reach("master");
      node.signalAll("SIGKILL");
      await node.ended;
      expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(true);
      const { code, stderr } = await node.home.cleanup();
      expect(code, stderr).toBe(0);
      expect(await machineOf(rt1)).toEqual(before);
      node = await site.again(node);
      await node.reach("master");
      node.signalAll("SIGKILL");
      await node.ended;
      node = await site.again(node);
      await node.reach("master");
      expect(await holdsOn(rt1, "vrrp.51", VIP4)).toBe(true);
      // The interface below goes and comes: so does the virtual one, and everything works again.
      await rt1.run(["ip", "link", "set", "eth0", "down"]);
      await node.reach("fault");
      await rt1.run(["ip", "link", "set", "eth0", "up"]);
      await node.reach("master");
      await rt1.run(["ip", "link", "delete", "vrrp.51"]);
      await eventually("the virtual interface is there again", () => holdsOn(rt1, "vrrp.51", VIP4));
      await node.stop();
      expect(await linksOf(rt1)).toEqual(["lo", "eth0"]);
      expect(await machineOf(rt1)).toEqual(before);
    });
  });

  // RFC 5798 §6.4.3 (650): accepted under Accept_Mode only. RFC 5798 §6.4.3 (635): without it, neighbour
  // discovery is not dropped all the same.
  test("no_accept: the addresses answer neighbours and nobody else", async () => {
    await onSite("noaccept", SITE, async (site) => {
      const client = site.host("client");
      const config = (word: string): string => both(200, [word]);
      const node = await site.heird("rt1", config("no_accept"));
      await node.reach("master");
      const { mac } = site.host("rt1");
      for (const address of [VIP4, VIP6]) {
        expect(await knock(client, address)).toBe("silence");
        expect(await stationOf(client, address)).toBe(mac);
      }
      expect(await knock(client, "192.168.1.11")).toBe("ECONNREFUSED");
      node.reload(config("accept"));
      for (const address of [VIP4, VIP6])
        await eventually(`${address} answers`, async () => (await knock(client, address)) === "ECONNREFUSED");
    });
  });
});
