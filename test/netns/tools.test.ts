// The parts of the LAN that need no kernel: what they conclude from bytes and text.

import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { isGratuitousArp, readFrame } from "./packet.ts";
import { pcapReader } from "./pcap.ts";
import { readAnswers } from "./probe.ts";
import { mustSkip, skipBecause, skippingIsAnError, whyUnusable } from "./requirements.ts";

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ""), "hex"));

// Ethernet 14, IPv4 20 (version 4, IHL 5, TOS c0, length 0x28 = 40, TTL ff, protocol 70 = 112),
// VRRPv2 20: type 21, vrid 01, priority 64 = 100, one address, auth 1, 1 s, password "password".
const ADVERT = octets(`
  01005e000012 020000000001 0800
  45c00028 00010000 ff700000 c0a8010b e0000012
  21016401 01010000 c0a80101 70617373776f7264`);

/** The savefile header and one record; `little` endian, `nano` seconds. */
function savefile(little: boolean, nano: boolean, packet: Uint8Array, linkType = 1): Uint8Array {
  const bytes = new Uint8Array(24 + 16 + packet.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nano ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint32(20, linkType, little);
  view.setUint32(24, 1_764_000_000, little);
  view.setUint32(28, nano ? 123_456_789 : 123_456, little);
  view.setUint32(32, packet.length, little);
  view.setUint32(36, packet.length, little);
  bytes.set(packet, 40);
  return bytes;
}

test("a savefile is read in either byte order and resolution, in pieces of any size", () => {
  for (const little of [true, false])
    for (const nano of [true, false])
      for (const size of [1, 7, 40, 1_000]) {
        const found: { at: number; bytes: Uint8Array }[] = [];
        const feed = pcapReader((packet) => found.push(packet));
        const file = savefile(little, nano, ADVERT);
        for (let at = 0; at < file.length; at += size) feed(file.subarray(at, at + size));
        // 1764000000 s and 123456 µs; the 789 ns of the finer form are cut off.
        expect(found).toEqual([{ at: 1_764_000_000_123_456, bytes: ADVERT }]);
      }
});

test("what is no savefile, no Ethernet, or damaged is refused", () => {
  const ignore = () => undefined;
  expect(() => pcapReader(ignore)(new Uint8Array(24))).toThrow(/not a pcap stream/);
  expect(() => pcapReader(ignore)(savefile(true, true, ADVERT, 113))).toThrow(/link type 113/);
  const damaged = savefile(true, true, ADVERT);
  new DataView(damaged.buffer).setUint32(32, 0x7fff_ffff, true);
  expect(() => pcapReader(ignore)(damaged)).toThrow(/damaged/);
});

test("an advertisement is read field by field", () => {
  const packet = readFrame(5, ADVERT);
  expect(packet).toMatchObject({ at: 5, source: "02:00:00:00:00:01", destination: "01:00:5e:00:00:12", arp: null });
  expect(packet.ip).toMatchObject({ source: "192.168.1.11", destination: "224.0.0.18", ttl: 255, trafficClass: 0xc0 });
  expect(packet.vrrp).toEqual({
    version: 2,
    type: 1,
    vrid: 1,
    priority: 100,
    addresses: ["192.168.1.1"],
    authType: 1,
    password: "password",
    interval: 1_000,
    checksum: 0,
  });
});

test("gratuitous ARP, neighbour advertisements and IPv6 addresses are read", () => {
  const arp = readFrame(
    0,
    octets("ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 c0a80101 ffffffffffff c0a80101"),
  );
  expect(isGratuitousArp(arp)).toBe(true);
  expect(arp.arp).toMatchObject({ operation: "request", senderMac: "02:00:00:00:00:02", senderIp: "192.168.1.1" });
  const na = readFrame(
    0,
    octets(`
      333300000001 020000000002 86dd 6c000000 0018 3a ff
      fe80000000000000 000000fffe000002 ff02000000000000 0000000000000001
      88000000 a0000000 20010db800100000 0000000000000001`),
  );
  expect(na.na).toEqual({ target: "2001:db8:10::1", router: true, solicited: false, override: true });
  expect(na.ip).toMatchObject({ source: "fe80::ff:fe00:2", destination: "ff02::1", ttl: 255, trafficClass: 0xc0 });
});

test("addresses that begin or end in zeros, or have two runs of them, are printed as RFC 5952 §4.2 wants", () => {
  const source = (groups: string) =>
    readFrame(0, octets(`333300000001 020000000002 86dd 60000000 0000 3b ff ${groups} ${"00".repeat(16)}`)).ip?.source;
  expect(source("00000000000000000000000000000001")).toBe("::1");
  expect(source("20010000000000000000000000000000")).toBe("2001::");
  expect(source("20010000000000010000000000000001")).toBe("2001:0:0:1::1");
  expect(source("20010010000000000001000000000001")).toBe("2001:10::1:0:0:1");
  expect(source("20010000000100020003000400050006")).toBe("2001:0:1:2:3:4:5:6");
});

test("questions and answers are put together; half a line, a repeat and a stray answer are left out", () => {
  const text = ["q 1000 0", "a 1250 0 rt1", "a 1300 0 rt2", "q 2000 1", "a 9 7 rt1", "q 3000 2", "a 3100 2 r"].join(
    "\n",
  );
  expect(readAnswers(text)).toEqual([
    { sequence: 0, askedAt: 1_000, took: 250, by: "rt1" },
    { sequence: 1, askedAt: 2_000, took: null, by: null },
    { sequence: 2, askedAt: 3_000, took: null, by: null },
  ]);
});

test("what never happens is told with its name, the last error and what else there is to say", async () => {
  const failing = () => {
    throw new Error("no such file");
  };
  const waiting = eventually("the pig flies", failing, { within: 20, every: 1, otherwise: () => "the log" });
  await expect(waiting).rejects.toThrow("not within 20 ms: the pig flies (no such file)\nthe log");
  let looks = 0;
  expect(await eventually("the third look", () => (++looks === 3 ? "seen" : undefined), { every: 1 })).toBe("seen");
});

test("skipping is an error under CI and where it is forbidden", () => {
  expect(skippingIsAnError({})).toBe(false);
  expect(skippingIsAnError({ CI: "false" })).toBe(false);
  expect(skippingIsAnError({ CI: "true" })).toBe(true);
  expect(skippingIsAnError({ HEIRD_NO_SKIP: "1" })).toBe(true);
  expect(skipBecause("nothing", null)).toBe(false);
  if (whyUnusable(["ip"]) === null) expect(mustSkip("nothing", ["ip"])).toBe(false);
});
