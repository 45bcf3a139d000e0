// The ladder: its order, each rung with its words, what is no reason to drop, and the memory. Each
// rung of RFC 5798 §7.1, RFC 9568 §7.1 (v3) and RFC 3768 §7.1 (v2) is met once and missed once.

import { describe, expect, it } from "vitest";
import type { RouterConfig } from "../../agent/core/config.ts";
import { DROP_REASONS, type DropReason } from "../../agent/core/event.ts";
import { centiseconds, seconds } from "../../agent/core/time.ts";
import { advertFieldsOf, encodeAdvert } from "../../agent/wire/advert.ts";
import { putWord, wordAt } from "../../agent/wire/checksum.ts";
import type { ReceivedDatagram } from "../../agent/wire/ladder.ts";
import { ALL_NODES } from "../../agent/wire/ndp.ts";
import { createReceiver, type Received } from "../../agent/wire/receive.ts";
import { datagram, ip, router } from "./routers.ts";

const PEER = ip("192.0.2.1");
const PEER_V6 = ip("fe80::a");
const V2 = router({ authentication: { type: "pass", password: "secret" } });
const V3 = router({ version: 3 });
const V3_IPV6 = router({ version: 3, family: "ipv6", addresses: ["fe80::100"] });

/** What a peer with this configuration says, at priority 100. */
const said = (config: RouterConfig): Uint8Array =>
  encodeAdvert(advertFieldsOf(config, 100, config.family === "ipv4" ? PEER : PEER_V6));

/** Received by a router of its own configuration, with an empty memory. */
const received = (config: RouterConfig, seen: ReceivedDatagram): Received =>
  createReceiver()(seen, config.family, (vrid) => (vrid === config.vrid ? config : undefined));

const heard = (config: RouterConfig, bytes: Uint8Array, more: Partial<ReceivedDatagram> = {}): Received =>
  received(config, datagram(bytes, config.family === "ipv4" ? PEER : PEER_V6, more));

/** A copy with bytes changed and the checksum repaired, as a peer would send it. */
function changed(bytes: Uint8Array, at: Readonly<Record<number, number>>): Uint8Array {
  const copy = bytes.slice();
  for (const [offset, value] of Object.entries(at)) copy[Number(offset)] = value;
  // RFC 1624 §3, word by word: the new checksum is the old one plus what the words lost.
  let sum = wordAt(copy, 6);
  for (let i = 0; i < copy.length; i += 2) if (i !== 6) sum += wordAt(bytes, i) - wordAt(copy, i);
  putWord(copy, 6, ((sum % 0xffff) + 0xffff) % 0xffff);
  return copy;
}

describe("the order of the rungs", () => {
  type Mutable = { -readonly [K in keyof ReceivedDatagram]: ReceivedDatagram[K] };
  /** One way to offend against each rung, which leaves the others alone (but for the checksum, which comes after). */
  const OFFENCES: readonly (readonly [DropReason, (seen: Mutable) => void])[] = [
    ["truncated", (seen) => (seen.complete = false)],
    ["ttl", (seen) => (seen.ttl = 254)],
    ["version", (seen) => (seen.bytes[0] = 0x70 | ((seen.bytes[0] ?? 0) & 0x0f))],
    ["type", (seen) => (seen.bytes[0] = 0x02 | ((seen.bytes[0] ?? 0) & 0xf0))],
    ["vrid", (seen) => (seen.bytes[1] = 99)],
    ["length", (seen) => (seen.bytes[3] = 200)],
    ["authType", (seen) => (seen.bytes[4] = 2)],
    ["authMismatch", (seen) => (seen.bytes[12] = 0x58)],
    ["interval", (seen) => (seen.bytes[5] = 9)],
    ["checksum", (seen) => (seen.bytes[6] = (seen.bytes[6] ?? 0) ^ 0xff)],
    ["destination", (seen) => (seen.destination = ip("192.0.2.2"))],
  ];
  /** From how far away others may speak unicast to a VRID that is none of ours is not judged. */
  const judged = (reasons: readonly DropReason[]): DropReason | undefined =>
    reasons.find((reason) => reason !== "ttl" || !(reasons.includes("vrid") && reasons.includes("destination")));

  it("is that of DROP_REASONS; one has no rung, and two are met by the tests of unicast and of AH", () => {
    const withRung = OFFENCES.map(([reason]) => reason);
    expect(withRung).toEqual(DROP_REASONS.filter((reason) => !["owner", "source", "replay"].includes(reason)));
  });

  it("decides for each of the 2047 ways to offend against some of them at once", () => {
    for (let set = 1; set < 1 << OFFENCES.length; set++) {
      const seen: Mutable = datagram(said(V2), PEER);
      const offended = OFFENCES.filter((_, i) => set & (1 << i));
      for (const [, offend] of offended) offend(seen);
      const got = received(V2, seen);
      const reasons = offended.map(([reason]) => reason);
      expect([reasons, got.ok ? "ok" : got.reason]).toEqual([reasons, judged(reasons)]);
    }
  });

  it("has nothing to say without an offence", () => {
    expect(heard(V2, said(V2))).toMatchObject({ ok: true, router: "eth0/ipv4/51", advert: { priority: 100 } });
  });
});

describe("what is dropped, and what is said of it", () => {
  const v2 = said(V2);
  const v3 = said(V3);
  const toAllNodes = encodeAdvert({ ...advertFieldsOf(V3_IPV6, 100, PEER_V6), destination: ALL_NODES });
  const cases: readonly (readonly [string, Received, DropReason, string])[] = [
    ["nothing at all", heard(V2, new Uint8Array()), "truncated", "0 bytes, a VRRP header has 8"],
    ["7 bytes", heard(V2, v2.subarray(0, 7)), "truncated", "7 bytes, a VRRP header has 8"],
    ["half a packet", heard(V2, v2, { complete: false }), "truncated", "the IP header promises more than arrived"],
    ["TTL 254", heard(V2, v2, { ttl: 254 }), "ttl", "TTL 254, expected 255"],
    ["hop limit 64", heard(V3_IPV6, said(V3_IPV6), { ttl: 64 }), "ttl", "TTL 64, expected 255"],
    ["v3 at a v2 router", heard(V2, v3), "version", "version 3, ours 2"],
    ["v2 at a v3 router", heard(V3, v2), "version", "version 2, ours 3"],
    ["a type of 2", heard(V3, changed(v3, { 0: 0x32 })), "type", "type 2, only 1 is known"],
    ["another VRID", heard(V3, changed(v3, { 1: 52 })), "vrid", "VRID 52, not configured here"],
    // 8 + 2 * 4 = 16, and only 12 came.
    ["an address missing", heard(V3, changed(v3, { 3: 2 })), "length", "12 bytes, 2 addresses need 16"],
    // 8 + 1 * 4 + 8 = 20.
    ["no authentication data", heard(V2, v2.subarray(0, 12)), "length", "12 bytes, 1 addresses need 20"],
    ["no password", heard(V2, changed(v2, { 4: 0 })), "authType", "authentication none, ours PASS"],
    ["AH", heard(V2, changed(v2, { 4: 2 })), "authType", "authentication AH, ours PASS"],
    [
      "authentication 9",
      heard(router(), changed(said(router()), { 4: 9 })),
      "authType",
      "authentication type 9, ours none",
    ],
    ["another password", heard(V2, changed(v2, { 12: 0x53 })), "authMismatch", "the password is not ours"],
    ["a longer password", heard(V2, changed(v2, { 18: 0x21 })), "authMismatch", "the password is not ours"],
    ["v2 with 2 s", heard(V2, changed(v2, { 5: 2 })), "interval", "interval 2s, ours 1s"],
    ["v3 with 0 cs", heard(V3, changed(v3, { 4: 0, 5: 0 })), "interval", "interval 0"],
    ["v3 with only reserved bits", heard(V3, changed(v3, { 4: 0xf0, 5: 0 })), "interval", "interval 0"],
    [
      "a wrong checksum",
      heard(
        V3,
        v3.map((byte, i) => (i >= 6 && i < 8 ? 0x12 : byte)),
      ),
      "checksum",
      "checksum 0x1212 is wrong",
    ],
    [
      "unicast",
      heard(V2, v2, { destination: ip("192.0.2.2") }),
      "destination",
      "sent to 192.0.2.2, expected 224.0.0.18",
    ],
    ["IPv6 to all nodes", heard(V3_IPV6, said(V3_IPV6), { destination: ALL_NODES }), "checksum", "is wrong"],
    [
      "IPv6 to all nodes, and meant so",
      heard(V3_IPV6, toAllNodes, { destination: ALL_NODES }),
      "destination",
      "sent to ff02::1, expected ff02::12",
    ],
  ];

  it.each(cases)("%s", (_name, got, reason, detail) => {
    expect(got).toMatchObject({ ok: false, reason });
    expect(got.ok ? "" : got.detail).toContain(detail);
    expect(JSON.stringify(got)).not.toContain("secret");
  });

  it("v3 to a router we do not have is of no interest, whatever ours speak", () => {
    expect(heard(V2, changed(v3, { 1: 52 }))).toEqual({
      ok: false,
      router: null,
      reason: "vrid",
      detail: "VRID 52, not configured here",
    });
  });

  it("VRRPv2 over IPv6 has no layout, whoever it is for", () => {
    const bytes = changed(said(V3_IPV6), { 0: 0x21 });
    expect(heard(router({ version: 2, family: "ipv6" }), bytes)).toMatchObject({ reason: "version" });
    expect(heard(V3_IPV6, changed(bytes, { 1: 99 }))).toMatchObject({ router: null, reason: "version" });
  });

  it("the router is told as soon as the VRID tells it", () => {
    expect(heard(V2, said(V2), { ttl: 1 })).toMatchObject({ router: "eth0/ipv4/51" });
    expect(heard(V2, changed(said(V2), { 1: 9 }), { ttl: 1 })).toMatchObject({ router: null });
  });
});

describe("what is no reason to drop", () => {
  it("another list of addresses", () => {
    const other = router({ version: 3, addresses: ["10.0.0.1", "10.0.0.2"] });
    expect(heard(V3, said(other))).toMatchObject({ advert: { addresses: ["10.0.0.1", "10.0.0.2"] } });
    expect(heard(V3, said(router({ version: 3, addresses: [] })))).toMatchObject({ advert: { addresses: [] } });
  });

  it("another interval in v3, which is learned", () => {
    const other = router({ version: 3, adverInterval: centiseconds(25) });
    expect(heard(V3, said(other))).toMatchObject({ advert: { maxAdverInterval: 250_000 } });
  });

  it("the reserved bits of v3", () => {
    expect(heard(V3, changed(said(V3), { 4: 0xf0 }))).toMatchObject({ advert: { maxAdverInterval: seconds(1) } });
  });

  it("being the owner, unlike RFC 5798 §7.1: two owners must hear each other", () => {
    expect(heard(router({ version: 3, basePriority: 255 }), said(V3))).toMatchObject({ ok: true });
  });

  it("authentication data where there is no authentication", () => {
    const plain = router();
    expect(heard(plain, changed(said(plain), { 12: 0x58 }))).toMatchObject({ ok: true });
  });

  it("a password in the configuration of a v3 router: v3 carries none", () => {
    const config = router({ version: 3, authentication: { type: "pass", password: "secret" } });
    expect(heard(config, said(config))).toMatchObject({ ok: true });
  });

  it("a first IPv6 address that is not link-local", () => {
    const other = router({ version: 3, family: "ipv6", addresses: ["2001:db8::1"] });
    expect(heard(V3_IPV6, said(other))).toMatchObject({ advert: { addresses: ["2001:db8::1"] } });
  });

  it("padding", () => {
    for (const config of [V2, V3, V3_IPV6]) {
      const padded = new Uint8Array(64).fill(0xee);
      padded.set(said(config));
      expect(heard(config, padded)).toEqual(heard(config, said(config)));
      expect(heard(config, padded)).toMatchObject({ ok: true });
    }
  });

  it("either form of checksum in v3 over IPv4, and which one it was is told", () => {
    const plain = router({ version: 3, v3Checksum: "plain" });
    for (const ours of [plain, V3])
      for (const theirs of [plain, V3])
        expect(heard(ours, said(theirs))).toMatchObject({ ok: true, advert: { checksum: theirs.v3Checksum } });
  });

  it("both forms at once: then it is the one we expect", () => {
    // From 29.112.2.1 to the group the pseudo-header of 12 bytes is
    // 1d70+0201+e000+0012+0070+000c = ffff: nothing, in ones-complement.
    const source = ip("29.112.2.1");
    for (const ours of [router({ version: 3, v3Checksum: "plain" }), V3]) {
      const bytes = encodeAdvert(advertFieldsOf(V3, 100, source));
      expect(received(ours, datagram(bytes, source))).toMatchObject({ advert: { checksum: ours.v3Checksum } });
    }
  });
});

describe("the memory", () => {
  const lookup = (config: RouterConfig) => () => config;
  const advertOf = (got: Received) => (got.ok ? got.advert : undefined);

  it("answers the same bytes of the same peer with the very same object", () => {
    const receive = createReceiver();
    const first = receive(datagram(said(V2), PEER), "ipv4", lookup(V2));
    const again = receive(datagram(said(V2), PEER), "ipv4", lookup(V2));
    expect(first.ok).toBe(true);
    expect(again).toBe(first);
    expect(advertOf(again)).toBe(advertOf(first));
  });

  it("keeps its own copy: a buffer that is used again changes nothing", () => {
    const receive = createReceiver();
    const buffer = said(V3);
    const first = receive(datagram(buffer, PEER), "ipv4", lookup(V3));
    buffer.fill(0);
    expect(receive(datagram(buffer, PEER), "ipv4", lookup(V3))).toMatchObject({ reason: "version" });
    expect(receive(datagram(said(V3), PEER), "ipv4", lookup(V3))).toBe(first);
  });

  it("looks past padding", () => {
    const receive = createReceiver();
    const padded = new Uint8Array(40);
    padded.set(said(V3));
    const first = receive(datagram(padded, PEER), "ipv4", lookup(V3));
    expect(receive(datagram(said(V3), PEER), "ipv4", lookup(V3))).toBe(first);
    expect(receive(datagram(said(V3).subarray(0, 11), PEER), "ipv4", lookup(V3))).toMatchObject({ reason: "length" });
  });

  it("does not take bytes that are missing for zeros: 8 + 4 of 20, all zeros behind them", () => {
    const receive = createReceiver();
    const plain = router();
    expect(receive(datagram(said(plain), PEER), "ipv4", lookup(plain))).toMatchObject({ ok: true });
    const cut = said(plain).subarray(0, 12);
    expect(receive(datagram(cut, PEER), "ipv4", lookup(plain))).toMatchObject({ reason: "length" });
  });

  it("sees every byte that differs", () => {
    const receive = createReceiver();
    receive(datagram(said(V2), PEER), "ipv4", lookup(V2));
    for (let i = 0; i < said(V2).length; i++) {
      const other = said(V2);
      other[i] = (other[i] ?? 0) ^ 0x01;
      expect([i, receive(datagram(other, PEER), "ipv4", lookup(V2)).ok]).toEqual([i, false]);
    }
  });

  it("does not cover what is outside the bytes", () => {
    const receive = createReceiver();
    receive(datagram(said(V2), PEER), "ipv4", lookup(V2));
    const seen = (more: Partial<ReceivedDatagram>) => receive(datagram(said(V2), PEER, more), "ipv4", lookup(V2));
    expect(seen({ ttl: 254 })).toMatchObject({ reason: "ttl" });
    expect(seen({ complete: false })).toMatchObject({ reason: "truncated" });
    expect(seen({ destination: ip("192.0.2.2") })).toMatchObject({ reason: "destination" });
    expect(advertOf(seen({ source: ip("192.0.2.9") }))?.source).toBe("192.0.2.9");
  });

  it("ends with the configuration it was made under", () => {
    const receive = createReceiver();
    receive(datagram(said(V2), PEER), "ipv4", lookup(V2));
    const slower = router({ authentication: V2.authentication, adverInterval: seconds(2) });
    expect(receive(datagram(said(V2), PEER), "ipv4", lookup(slower))).toMatchObject({ reason: "interval" });
    expect(receive(datagram(said(V2), PEER), "ipv4", () => undefined)).toMatchObject({ reason: "vrid" });
  });

  it("holds four peers of a router and forgets the oldest", () => {
    const receive = createReceiver();
    const from = (last: number) => receive(datagram(said(V2), ip(`192.0.2.${last}`)), "ipv4", lookup(V2));
    const four = [1, 2, 3, 4].map(from);
    expect([1, 2, 3, 4].map((last, i) => from(last) === four[i])).toEqual([true, true, true, true]);
    from(5);
    expect([2, 3, 4].map((last, i) => from(last) === four[i + 1])).toEqual([true, true, true]);
    expect(from(1)).not.toBe(four[0]);
    expect(from(1)).toEqual(four[0]);
  });

  it("replaces what a peer said before, and keeps routers apart", () => {
    const receive = createReceiver();
    const other = router({ vrid: 52, version: 3 });
    const both = (vrid: number) => (vrid === 52 ? other : V3);
    const first = receive(datagram(said(V3), PEER), "ipv4", both);
    const second = receive(datagram(said(other), PEER), "ipv4", both);
    expect(second).toMatchObject({ router: "eth0/ipv4/52" });
    expect(receive(datagram(said(V3), PEER), "ipv4", both)).toBe(first);
    const resigned = encodeAdvert(advertFieldsOf(V3, 0, PEER));
    expect(receive(datagram(resigned, PEER), "ipv4", both)).toMatchObject({ advert: { priority: 0 } });
    expect(receive(datagram(said(V3), PEER), "ipv4", both)).not.toBe(first);
  });
});
