// What the LAN has of its Master, and has not of a Backup: frames for the virtual MAC address are forwarded
// (RFC 5798 §6.4.3 (645), RFC 5798 §6.4.2 (335)), and whoever sends router advertisements on these machines
// does it in the Master's name (RFC 5798 §6.4.3 (630), RFC 5798 §6.4.2 (325)).

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "./command.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { wallClock } from "./wire.ts";

const patient = { within: 30_000 };
const [V4, V6] = ["192.168.1.1", "fe80::6:1"];
/** RFC 9568 §7.3: 00-00-5E-00-01-{VRID}; 1 is 0x01. */
const MAC4 = "00:00:5e:00:01:01";
const FAR = "10.8.0.30";

/** Routers of two subnets on one wire, somebody in each. */
const HOSTS = [
  { name: "rt1", addresses: ["192.168.1.11/24", "10.8.0.11/24"] },
  { name: "rt2", addresses: ["192.168.1.12/24", "10.8.0.12/24"] },
  { name: "client", addresses: ["192.168.1.20/24"] },
  { name: "far", addresses: [`${FAR}/24`] },
];

const sendTo = (host: Host, address: string): Promise<string> =>
  host.run(["bash", "-c", `echo x >/dev/udp/${address}/9`]);
const vmac = (priority: number, extra: readonly string[] = ["use_vmac"]): string =>
  configOf({ priority, interval: "0.5", addresses: [`${V4}/24`], extra });

async function forwarding(site: Site): Promise<void> {
  const [rt1, rt2, client, far] = ["rt1", "rt2", "client", "far"].map(site.host) as [Host, Host, Host, Host];
  for (const router of [rt1, rt2]) await router.sysctl("net.ipv4.ip_forward", 1);
  await client.run(["ip", "route", "add", "10.8.0.0/24", "via", V4]);
  const master = await site.heird("rt1", vmac(200));
  await master.reach("master");
  // With use_vmac the kernel of a Backup takes such a frame when a switch floods it.
  const backup = await site.heird("rt2", vmac(100, []));
  await backup.reach("backup");
  const seen = await site.capture("udp port 9");
  const forwarded = (by: Host) => (p: Packet) => p.source === by.mac && p.destination === far.mac && p.ip?.ttl === 63;
  const asked = wallClock();
  await sendTo(client, FAR);
  await seen.next("it goes to the virtual station", (p) => p.at > asked && p.destination === MAC4, patient);
  await seen.next("the Master forwards it", forwarded(rt1), patient);
  // The switch is made to send the frames to the Backup.
  await run(["bridge", "-n", site.bridge, "fdb", "replace", MAC4, "dev", "rt2", "master", "static"]);
  const turned = wallClock();
  for (let i = 0; i < 3; i++) await sendTo(client, FAR);
  const sent = (p: Packet): boolean => p.at > turned && p.destination === MAC4;
  await eventually("they are sent", () => seen.packets().filter(sent).length === 3, patient);
  await sendTo(rt2, FAR);
  // Its own is the measure of when it would have forwarded the others.
  await seen.next("the Backup sends its own", (p) => p.source === rt2.mac && p.ip?.ttl === 64, patient);
  expect(seen.packets().filter(forwarded(rt2))).toEqual([]);
  await seen.stop();
}

async function advertising(site: Site): Promise<void> {
  const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
  const config = (priority: number): string => configOf({ priority, interval: "0.5", addresses: [`${V6}/64`] });
  const strong = await site.heird("rt1", config(200));
  await strong.reach("master");
  const weak = await site.heird("rt2", config(100));
  await weak.reach("backup");
  const seen = await site.capture("icmp6");
  for (const [host, { home }] of [
    [rt1, strong],
    [rt2, weak],
  ] as const) {
    await host.sysctl("net.ipv6.conf.all.forwarding", 1);
    const file = join(home.configFile, "..", "radvd.conf");
    const lines = ["AdvSendAdvert on;", "MinRtrAdvInterval 3;", "MaxRtrAdvInterval 4;"];
    const source = `AdvRASrcAddress { ${V6}; };`;
    writeFileSync(file, `interface eth0 {\n${[...lines, source].join("\n")}\nprefix 2001:db8:7::/64 { };\n};\n`);
    await host.start("radvd", ["radvd", "-n", "-C", file, "-p", `${file}.pid`, "-m", "stderr"]);
  }
  // RFC 4861 §4.2: type 134.
  const fromRouter = ({ ip }: Packet): boolean => ip?.protocol === 58 && ip.payload[0] === 134;
  const told = (host: Host, since: number) => (p: Packet) =>
    p.at > since && fromRouter(p) && p.source === host.mac && p.ip?.source === V6;
  // Twice: the other radvd, asked every 4 s, had its time, too.
  const first = await seen.next("the Master's radvd speaks", told(rt1, 0), patient);
  await seen.next("and again", told(rt1, first.at + 3_900_000), patient);
  expect(seen.packets().filter((p) => fromRouter(p) && p.source === rt2.mac)).toEqual([]);
  await strong.stop();
  const ended = wallClock();
  await weak.reach("master");
  const heir = await seen.next("the new Master's radvd speaks", told(rt2, ended), patient);
  await seen.next("and again", told(rt2, heir.at + 3_900_000), patient);
  const late = (p: Packet): boolean => p.at > ended + 500_000 && fromRouter(p) && p.source === rt1.mac;
  expect(seen.packets().filter(late)).toEqual([]);
  await seen.stop();
}

const timeout = 180_000;

describe
  .skipIf(mustSkip("duties of a Master", ["ip", "bridge", "nft", "tcpdump", "radvd"]))
  .concurrent("the duties of a Master", () => {
    test("frames for the virtual MAC address: the Master forwards them, a Backup does not", { timeout }, async () => {
      await onSite("forward", HOSTS, forwarding);
    });

    test("router advertisements of radvd come from the Master alone, in the name of the virtual router", {
      timeout,
    }, async () => {
      await onSite("radvd", ROUTERS, advertising);
    });
  });
