// Every packet of test/wire/*.hex, byte for byte, in both directions. How each checksum comes about
// stands in the file of the packet. What is sent is filled in as RFC 5798 §7.2, RFC 9568 §7.2 (the
// plain checksum) and RFC 3768 §7.2 (v2) demand.

import { describe, expect, it } from "vitest";
import { bytesOf } from "../../agent/core/address.ts";
import type { RouterConfig } from "../../agent/core/config.ts";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import {
  type AdvertFields,
  checksumFormOf,
  decodeAdvert,
  encodeAdvert,
  VRRP_PROTOCOL,
} from "../../agent/wire/advert.ts";
import { sign } from "../../agent/wire/ah.ts";
import { gratuitousArp, setArpAddress } from "../../agent/wire/arp.ts";
import { ipv4Packet, parseIpv4Packet } from "../../agent/wire/ipv4.ts";
import { ipv6Packet, parseIpv6Packet } from "../../agent/wire/ipv6.ts";
import type { ReceivedDatagram } from "../../agent/wire/ladder.ts";
import { parseMac } from "../../agent/wire/mac.ts";
import { setNaAddress, unsolicitedNa } from "../../agent/wire/ndp.ts";
import { advertPacket } from "../../agent/wire/packet.ts";
import { createReceiver, type Received } from "../../agent/wire/receive.ts";
import { goldenPacket, goldenPackets, hexOf } from "./golden.ts";
import { datagram, ip, router, routerOf } from "./routers.ts";

const PEER = ip("192.0.2.1");
const PEER_V6 = ip("fe80::a");
const MAC = parseMac("02:00:00:00:00:0a") ?? new Uint8Array();

const V2: AdvertFields = {
  version: 2,
  family: "ipv4",
  vrid: 51,
  priority: 150,
  adverInterval: seconds(1),
  addresses: [ip("192.0.2.100")],
  authentication: { type: "none" },
  checksum: "plain",
  source: PEER,
  destination: ip("224.0.0.18"),
};
const V3: AdvertFields = { ...V2, version: 3, vrid: 54, addresses: [ip("192.0.2.104")], checksum: "pseudoHeader" };
const V3_UNICAST: AdvertFields = { ...V3, vrid: 57, addresses: [ip("192.0.2.106")], destination: ip("192.0.2.2") };
const V3_IPV6: AdvertFields = {
  ...V3,
  family: "ipv6",
  vrid: 55,
  adverInterval: milliseconds(500),
  addresses: [ip("fe80::100"), ip("2001:db8::100")],
  source: PEER_V6,
  destination: ip("ff02::12"),
};

/** What each file says; `identification` is the one the sender's kernel chose. */
const ADVERTS: Readonly<Record<string, { readonly fields: AdvertFields; readonly identification: number }>> = {
  "v2-no-authentication": { fields: V2, identification: 1 },
  "v2-priority-0": { fields: { ...V2, priority: 0 }, identification: 7 },
  "v2-password": {
    fields: {
      ...V2,
      vrid: 52,
      addresses: [ip("192.0.2.101"), ip("192.0.2.102")],
      authentication: { type: "pass", password: "1111" },
    },
    identification: 1,
  },
  "v2-unicast": {
    fields: { ...V2, vrid: 56, addresses: [ip("192.0.2.105")], destination: ip("192.0.2.2") },
    identification: 1,
  },
  "v3-ipv4-pseudo-header": { fields: V3, identification: 1 },
  "v3-ipv4-plain": { fields: { ...V3, checksum: "plain" }, identification: 1 },
  "v3-ipv4-unicast-pseudo-header": { fields: V3_UNICAST, identification: 1 },
  "v3-ipv4-unicast-plain": { fields: { ...V3_UNICAST, checksum: "plain" }, identification: 1 },
  "v3-ipv6": { fields: V3_IPV6, identification: 0 },
};
const OTHERS = ["v2-authentication-header", "gratuitous-arp", "neighbor-advertisement"];

it("knows every golden packet there is, and there are some", () => {
  expect([...goldenPackets().keys()].sort()).toEqual([...Object.keys(ADVERTS), ...OTHERS].sort());
});

/** The packet the sender made, its kernel's choices (identification, flow label 86d80) included. */
function packetAsSent({ fields, identification }: (typeof ADVERTS)[string]): Uint8Array {
  const { source, destination } = fields;
  const pdu = encodeAdvert(fields);
  if (fields.family === "ipv4")
    return ipv4Packet({ source, destination, protocol: VRRP_PROTOCOL, identification }, pdu);
  const envelope = { source, destination, nextHeader: VRRP_PROTOCOL, trafficClass: 0xc0, flowLabel: 0x86d80 };
  return ipv6Packet(envelope, pdu);
}

type Opened = ReceivedDatagram;

/** The datagram inside a packet. */
function opened(packet: Uint8Array): Opened {
  const four = parseIpv4Packet(packet);
  if (four !== undefined)
    return { ...four, bytes: four.payload, packet, protocol: four.protocol === 51 ? 51 : 112, at: instantAt(0) };
  const six = parseIpv6Packet(packet);
  if (six !== undefined)
    return { ...six, ttl: six.hopLimit, bytes: six.payload, packet: new Uint8Array(), protocol: 112, at: instantAt(0) };
  throw new Error("neither IPv4 nor IPv6");
}

describe.each(Object.entries(ADVERTS))("%s", (name, golden) => {
  const { fields } = golden;
  const value = {
    version: fields.version,
    vrid: fields.vrid,
    priority: fields.priority,
    maxAdverInterval: fields.adverInterval,
    source: fields.source,
    addresses: fields.addresses,
    checksum: fields.version === 2 ? "plain" : fields.checksum,
  };

  it("is encoded byte for byte", () => {
    expect(hexOf(packetAsSent(golden))).toBe(hexOf(goldenPacket(name)));
  });

  it("is decoded", () => {
    const { bytes, ...header } = opened(goldenPacket(name));
    expect(header).toMatchObject({ source: fields.source, destination: fields.destination, ttl: 255, complete: true });
    // The configuration expects the other form, to show that the packet decides.
    const other = fields.checksum === "plain" ? "pseudoHeader" : "plain";
    const form = checksumFormOf(bytes, fields.version, fields.family, header, other);
    expect(form).toBe(value.checksum);
    expect(decodeAdvert(bytes, fields.version, fields.family, header.source, form ?? other)).toEqual(value);
  });

  it("is received when it was sent to the group, and refused when to somebody else", () => {
    const config = routerOf(fields);
    const received = createReceiver()(opened(goldenPacket(name)), fields.family, () => config);
    if (fields.destination === ip("192.0.2.2"))
      expect(received).toMatchObject({ reason: "destination", detail: "sent to 192.0.2.2, expected 224.0.0.18" });
    else expect(received).toEqual({ ok: true, router: config.key, advert: value });
  });
});

describe("v2-authentication-header", () => {
  const header = parseIpv4Packet(goldenPacket("v2-authentication-header"));
  const payload = header?.payload ?? new Uint8Array();

  it("is another IP protocol, 51", () => {
    expect(header).toMatchObject({ protocol: 51, complete: true, source: PEER });
  });

  const AH = { type: "ah", password: "12345678" } as const;
  const config = router({ vrid: 53, addresses: ["192.0.2.103"], authentication: AH });
  const golden = goldenPacket("v2-authentication-header");

  it("is encoded byte for byte, number and integrity check value included", () => {
    const packet = advertPacket(config, 150, PEER);
    sign(packet, 1, AH.password);
    // The header checksum is left to the kernel.
    packet.set(golden.subarray(10, 12), 10);
    expect(hexOf(packet)).toBe(hexOf(golden));
  });

  it("is received by who has its key, and knows no other way in", () => {
    const received = (by: RouterConfig, packet = golden): Received =>
      createReceiver()(opened(packet), "ipv4", () => by);
    expect(received(config)).toMatchObject({ ok: true, advert: { priority: 150, vrid: 53, source: PEER } });
    const other = { ...config, authentication: { ...AH, password: "12345679" } };
    expect(received(other)).toMatchObject({
      reason: "authMismatch",
      detail: "the integrity check value is not ours",
    });
    // The key is padded with zeros: a shorter one is another.
    expect(received({ ...config, authentication: { ...AH, password: "1234567" } })).toMatchObject({ ok: false });
    expect(received(router({ vrid: 53 }))).toMatchObject({ detail: "authentication AH, ours none" });
    // Any bit of what is covered: identification, TTL to the group, addresses, numbers, the advertisement.
    for (const at of [4, 8, 12, 19, 24, 28, 32, 43, 46, 54, 59]) {
      const bent = golden.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect([at, received(config, bent).ok]).toEqual([at, false]);
    }
    // What may change on the way is not covered: type of service.
    const marked = golden.slice();
    marked[1] = 0;
    // The header checksum covers it: 18b6 + c0 = 1976.
    marked.set([0x19, 0x76], 10);
    expect(received(config, marked)).toMatchObject({ ok: true });
    // An IPsec that protects something else is nobody's business.
    const foreign = golden.slice();
    foreign[20] = 6;
    expect(received(config, foreign)).toMatchObject({ ok: false, router: null, reason: "vrid" });
  });

  it("is refused when read as VRRP: its first byte, next header 0x70, is no version", () => {
    const received = createReceiver()(datagram(payload, PEER), "ipv4", () => undefined);
    expect(received).toEqual({ ok: false, router: null, reason: "version", detail: "version 7, known are 2 and 3" });
  });

  it("is refused by its authentication type when read behind the 24 bytes of AH", () => {
    const plain = router({ vrid: 53 });
    const received = createReceiver()(datagram(payload.subarray(24), PEER), "ipv4", () => plain);
    expect(received).toEqual({
      ok: false,
      router: plain.key,
      reason: "authType",
      detail: "authentication AH, ours none",
    });
  });
});

describe("announcements", () => {
  it("are the golden gratuitous ARP", () => {
    const frame = gratuitousArp(MAC);
    setArpAddress(frame, bytesOf(ip("10.9.8.7")));
    setArpAddress(frame, bytesOf(ip("192.0.2.100")));
    expect(hexOf(frame)).toBe(hexOf(goldenPacket("gratuitous-arp")));
  });

  it("are the golden Neighbor Advertisement", () => {
    const packet = unsolicitedNa(MAC, false);
    setNaAddress(packet, bytesOf(ip("2001:db8::ffff")));
    setNaAddress(packet, bytesOf(ip("fe80::100")));
    expect(hexOf(packet)).toBe(hexOf(goldenPacket("neighbor-advertisement")));
  });

  it("carry the Router flag on a router, which moves 0x8000 into the checksum", () => {
    const packet = unsolicitedNa(MAC, true);
    setNaAddress(packet, bytesOf(ip("fe80::100")));
    expect(packet[44]).toBe(0xa0);
    // The sum of the golden one is aa6b folded; + 8000 = 12a6b, folded 2a6c, complement d593.
    expect(hexOf(packet.subarray(42, 44))).toBe("d593");
  });
});

it("advertPacket gives the golden multicast packets, but for what the kernel fills in", () => {
  // Identification 0 instead of 1: the header checksum is one more, 1892 and 189a for 1891 and 1899.
  const v2 = hexOf(goldenPacket("v2-no-authentication")).replace("00010000ff701891", "00000000ff701892");
  expect(hexOf(advertPacket(router(), 150, PEER))).toBe(v2);
  const v3 = hexOf(goldenPacket("v3-ipv4-pseudo-header")).replace("00010000ff701899", "00000000ff70189a");
  expect(hexOf(advertPacket(routerOf(V3), 150, PEER))).toBe(v3);
  const v6 = hexOf(goldenPacket("v3-ipv6")).replace("6c086d80", "6c000000");
  expect(hexOf(advertPacket(routerOf(V3_IPV6), 150, PEER_V6))).toBe(v6);
});
