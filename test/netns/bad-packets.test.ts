// A hostile neighbour: everything on the wire that is not an advertisement, or not for us, or not
// from this link. Nothing of it may move a router, and each is told with its reason.

import { describe, expect, test } from "vitest";
import type { DropReason } from "../../agent/core/event.ts";
import { readLog } from "../../agent/log/read.ts";
import { goldenPackets } from "../wire/golden.ts";
import { tellPackets } from "./capture.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import { type Advert, advert, fragments, frame, type IpPacket, inject, packet } from "./frames.ts";
import { type Heird, residentKiB } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, wallClock } from "./wire.ts";

const GROUP = "224.0.0.18";
const GROUP6 = "ff02::12";

// Three routers in each daemon: v2 with a password, v3 over IPv4, v3 over IPv6.
const config = (priority: number): string =>
  configOf(
    { name: "TWO", vrid: 1, version: 2, priority, password: "password", addresses: ["192.168.1.1/24"] },
    { name: "THREE", vrid: 2, priority, addresses: ["192.168.1.2/24"] },
    { name: "SIX", vrid: 3, priority, addresses: ["fe80::3:1/64"] },
  );

/** A claim with priority 255 that would take everything over, were it believed. */
const two = (source: string, twist: Partial<Advert> = {}): number[] =>
  advert({
    ...{ version: 2, vrid: 1, priority: 255, addresses: ["192.168.1.1"], interval: 1, authType: 1 },
    ...{ password: "password", source, destination: GROUP, ...twist },
  });
const three = (source: string, twist: Partial<Advert> = {}): number[] =>
  advert({
    ...{ version: 3, vrid: 2, priority: 255, addresses: ["192.168.1.2"], interval: 100 },
    ...{ source, destination: GROUP, ...twist },
  });
const six = (source: string, twist: Partial<Advert> = {}): number[] =>
  advert({
    ...{ version: 3, vrid: 3, priority: 255, addresses: ["fe80::3:1"], interval: 100 },
    ...{ source, destination: GROUP6, ...twist },
  });

/** `null`: somebody below us drops it, or it is not for a router of ours; the log does not hear of it. */
type Attack = {
  readonly title: string;
  readonly reason: DropReason | null;
  readonly frames: (source: string) => readonly string[];
};

const four = (source: string, payload: readonly number[], twist: Partial<IpPacket> = {}): string =>
  frame(packet({ source, destination: GROUP, payload, ...twist }));
const ipv6 = (source: string, payload: readonly number[], twist: Partial<IpPacket> = {}): string =>
  frame(packet({ source, destination: GROUP6, payload, ...twist }));

const spoilt = (pdu: readonly number[]): number[] => pdu.with(6, (pdu[6] ?? 0) ^ 0xff);
const one = (title: string, reason: DropReason | null, make: (source: string) => string): Attack => ({
  title,
  reason,
  frames: (source) => [make(source)],
});

const FOUR: readonly Attack[] = [
  one("an empty packet", "truncated", (s) => four(s, [])),
  one("four octets", "truncated", (s) => four(s, two(s).slice(0, 4))),
  one("an IP header that promises more than came", null, (s) => four(s, two(s), { length: 1400 })),
  one("TTL 254", "ttl", (s) => four(s, two(s), { ttl: 254 })),
  one("TTL 1", "ttl", (s) => four(s, two(s), { ttl: 1 })),
  one("version 3 for a v2 router", "version", (s) => four(s, three(s, { vrid: 1 }))),
  one("version 2 for a v3 router", "version", (s) => four(s, two(s, { vrid: 2 }))),
  one("version 15", "version", (s) => four(s, two(s).with(0, 0xf1))),
  one("type 2", "type", (s) => four(s, two(s, { type: 2 }))),
  one("VRID 0", null, (s) => four(s, two(s, { vrid: 0 }))),
  one("another VRID", null, (s) => four(s, two(s, { vrid: 99 }))),
  one("255 addresses announced, one sent", "length", (s) => four(s, two(s, { count: 255 }))),
  one("the password cut off", "length", (s) => four(s, two(s).slice(0, -8))),
  one("no authentication", "authType", (s) => four(s, two(s, { authType: 0, password: "" }))),
  one("authentication type 2 in the header", "authType", (s) => four(s, two(s, { authType: 2 }))),
  one("another password", "authMismatch", (s) => four(s, two(s, { password: "Password" }))),
  one("interval 2 s", "interval", (s) => four(s, two(s, { interval: 2 }))),
  one("interval 0 in v3", "interval", (s) => four(s, three(s, { interval: 0 }))),
  one("a wrong checksum in v2", "checksum", (s) => four(s, spoilt(two(s)))),
  one("a wrong checksum in v3", "checksum", (s) => four(s, spoilt(three(s)))),
  one("sent to us alone", "destination", (s) =>
    frame(packet({ source: s, destination: "192.168.1.12", payload: two(s) }), "02:00:00:00:00:02"),
  ),
  one("sent to everybody", "destination", (s) =>
    frame(packet({ source: s, destination: "255.255.255.255", payload: two(s) }), "ff:ff:ff:ff:ff:ff"),
  ),
  // RFC 2402: protocol 51, next header 112, 12 octets of a digest that nobody checks here.
  one("an IP Authentication Header", null, (s) =>
    four(s, [112, 4, 0, 0, 192, 168, 1, 66, 0, 0, 0, 1, ...new Array<number>(12).fill(7), ...two(s, { authType: 2 })], {
      protocol: 51,
    }),
  ),
  one("a fragment whose rest never comes", null, (s) =>
    four(s, two(s).slice(0, 16), { fragment: { id: 77, offset: 0, more: true } }),
  ),
  {
    title: "fragments of a wrong one",
    reason: "checksum",
    frames: (s) => fragments({ source: s, destination: GROUP, payload: spoilt(two(s)) }, 78, 16).map((ip) => frame(ip)),
  },
  {
    // 65 535 is the most that an IPv4 packet can have; 20 of them are its header. No advert is half as long,
    // so no buffer has to be.
    title: "65 kB",
    reason: "truncated",
    frames: (s) => {
      const payload = [...spoilt(two(s)), ...new Array<number>(65_500 - 28).fill(0xaa)];
      return fragments({ source: s, destination: GROUP, payload }, 79).map((ip) => frame(ip));
    },
  },
];

const SIX: readonly Attack[] = [
  one("an empty packet", "truncated", (s) => ipv6(s, [])),
  one("hop limit 64", "ttl", (s) => ipv6(s, six(s), { ttl: 64 })),
  one("version 2 over IPv6", "version", (s) => ipv6(s, [0x21, ...six(s).slice(1)])),
  one("type 3", "type", (s) => ipv6(s, six(s, { type: 3 }))),
  one("another VRID", null, (s) => ipv6(s, six(s, { vrid: 77 }))),
  one("200 addresses announced, one sent", "length", (s) => ipv6(s, six(s, { count: 200 }))),
  one("interval 0", "interval", (s) => ipv6(s, six(s, { interval: 0 }))),
];

/** Each bit of a good packet turned round, one at a time: the checksum has to notice every one of them. */
const flips = (pdu: readonly number[]): readonly number[][] =>
  Array.from({ length: pdu.length * 8 }, (_, bit) => pdu.with(bit >> 3, (pdu[bit >> 3] ?? 0) ^ (1 << (bit & 7))));

/** Octets that are the same in every run: a linear congruential generator. */
function noise(seed: number, length: number): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) & 255;
  });
}

const complaintsIn = (node: Heird): ReadonlyMap<string, string> =>
  new Map(
    readLog(node.home.stateDirectory).lines.flatMap((line) =>
      line.type === "event" && line.seen.type === "advertDropped" ? [[line.seen.source, line.seen.reason]] : [],
    ),
  );

describe.skipIf(mustSkip("bad packets", ["ip", "nft", "tcpdump"]))("bad packets", () => {
  test("each is refused with its reason, nobody moves, and memory stays flat", { timeout: 90_000 }, async () => {
    const hosts = [...ROUTERS, { name: "rt3", addresses: ["192.168.1.66/24"] }];
    await onSite("bad", hosts, async (site) => {
      const attacker = site.host("rt3");
      const master = await site.heird("rt1", config(200));
      const backup = await site.heird("rt2", config(100));
      await master.reach("master");
      await backup.reach("backup");
      const seen = await site.capture("ip proto 112 or ip6 proto 112");
      const attacks = [
        ...FOUR.map((attack, i) => ({ ...attack, source: `192.168.1.${150 + i}` })),
        ...SIX.map((attack, i) => ({ ...attack, source: `fe80::${150 + i}` })),
      ];
      await inject(
        attacker,
        attacks.flatMap(({ frames, source }) => frames(source)),
      );

      const flipped = [
        ...flips(two("192.168.1.99")).map((pdu) => four("192.168.1.99", pdu)),
        ...flips(three("192.168.1.99")).map((pdu) => four("192.168.1.99", pdu)),
        ...flips(six("fe80::99")).map((pdu) => ipv6("fe80::99", pdu)),
      ];
      const golden = [...goldenPackets().values()].map((bytes) => frame([...bytes]));
      const garbage = Array.from({ length: 2_000 }, (_, i) => four("192.168.1.98", noise(i, i % 300)));
      const strangers = Array.from({ length: 3_000 }, (_, i) =>
        four(`10.${i % 7}.${i >> 8}.${i & 255}`, spoilt(two("192.168.1.97"))),
      );
      const flood = [...flipped, ...golden, ...garbage, ...strangers];
      await inject(attacker, flood);
      const [before, beforeToo] = [residentKiB(backup), residentKiB(master)];
      for (let round = 0; round < 4; round++) await inject(attacker, flood);
      const grown = Math.max(residentKiB(backup) - before, residentKiB(master) - beforeToo);
      tell(
        `bad packets: ${5 * flood.length + attacks.length} sent; resident memory ${before} KiB, grown by ${grown} KiB`,
      );
      expect(grown, "KiB").toBeLessThan(24 * 1024);

      // Longer than the Master_Down_Interval of the Backup (3.609 s): the Master is still heard.
      const flooded = wallClock();
      await seen.next("the Master goes on", (p) => p.at > flooded + 4_200_000 && claimFrom("192.168.1.11", 1)(p));
      const moved = seen.packets().filter((p) => p.source === site.host("rt2").mac);
      expect(tellPackets(moved), "adverts of the Backup").toBe("");
      await master.reach("master");
      await backup.reach("backup");

      for (const node of [master, backup]) {
        const dropped = (await node.status()).dropped["eth0"] ?? {};
        expect(dropped.vrid, "counted, but nobody's mistake").toBeGreaterThan(0);
        const complaints = complaintsIn(node);
        // What was sent to rt2 alone has not come to rt1.
        const heard = attacks.filter(({ title }) => node === backup || title !== "sent to us alone");
        const told = heard.map(({ title, source }) => [title, complaints.get(source) ?? null]);
        expect(told).toEqual(heard.map(({ title, reason }) => [title, reason]));
      }

      // And what is right still works: the resignation is heard, long before the silence would be.
      await master.stop();
      await backup.reach("master", undefined, 2_000);
      await eventually("the Backup holds the addresses", () => site.host("rt2").holds("fe80::3:1"));
    });
  });
});
