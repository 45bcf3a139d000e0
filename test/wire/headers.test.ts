// Checksum, MAC, IPv4, IPv6, ARP and ND where the golden packets do not reach.

import { describe, expect, it } from "vitest";
import { gratuitousArp, setArpAddress } from "../../agent/wire/arp.ts";
import { addRange, adjustChecksum, checksumOf, fold, pseudoHeaderSum } from "../../agent/wire/checksum.ts";
import { multicastFrame } from "../../agent/wire/ethernet.ts";
import { ipv4Packet, parseIpv4Packet } from "../../agent/wire/ipv4.ts";
import { ipv6Packet, parseIpv6Packet } from "../../agent/wire/ipv6.ts";
import { multicastMac, parseMac, printMac, virtualMac } from "../../agent/wire/mac.ts";
import { setNaAddress, unsolicitedNa } from "../../agent/wire/ndp.ts";
import { fromHex, goldenPacket, hexOf } from "./golden.ts";
import { ip } from "./routers.ts";

describe("the checksum", () => {
  it("is that of RFC 1071 §3: 0001+f203+f4f5+f6f7 = 2ddf0, folded ddf2, complement 220d", () => {
    const sum = addRange(0, fromHex("0001f203f4f5f6f7"), 0, 8);
    expect(sum).toBe(0x2ddf0);
    expect(fold(sum)).toBe(0xddf2);
    expect(checksumOf(sum)).toBe(0x220d);
  });

  it("takes only its range, and an odd last byte as the high half of a word: f203+f400 = 1e603", () => {
    expect(addRange(0, fromHex("0001f203f4f5"), 2, 5)).toBe(0x1e603);
    expect(addRange(5, fromHex("0001"), 1, 1)).toBe(5);
  });

  it("adds up a pseudo-header: c000+0201+e000+0012+0070+000c = 1a28f", () => {
    expect(pseudoHeaderSum(fromHex("c0000201"), fromHex("e0000012"), 112, 12)).toBe(0x1a28f);
  });

  it("holds the largest packet there can be: 32768 words of ffff fold to ffff", () => {
    const largest = new Uint8Array(65_536).fill(0xff);
    expect(addRange(0, largest, 0, largest.length)).toBe(32_768 * 0xffff);
    expect(fold(addRange(0, largest, 0, largest.length))).toBe(0xffff);
  });

  it("is adjusted as in RFC 1624 §4: from dd2f with 5555 become 3285 it is 0000, and not ffff", () => {
    // ~dd2f + ~5555 + 3285 = 22d0 + aaaa + 3285 = ffff, complement 0000.
    expect(adjustChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });
});

describe("MAC addresses", () => {
  it("of virtual routers are those of RFC 5798 §7.3; VRID 51 is 33 in hexadecimal", () => {
    expect(printMac(virtualMac("ipv4", 51))).toBe("00:00:5e:00:01:33");
    expect(printMac(virtualMac("ipv6", 255))).toBe("00:00:5e:00:02:ff");
    for (const vrid of [0, 256, 1.5]) expect(() => virtualMac("ipv4", vrid)).toThrow("a VRID is 1..255");
  });

  it("of groups keep 23 bits of IPv4 and 32 of IPv6", () => {
    expect(printMac(multicastMac(ip("224.0.0.18")))).toBe("01:00:5e:00:00:12");
    // 239.129.2.3: 129 is 81 in hexadecimal, and its top bit is the 24th.
    expect(printMac(multicastMac(ip("239.129.2.3")))).toBe("01:00:5e:01:02:03");
    expect(printMac(multicastMac(ip("ff02::12")))).toBe("33:33:00:00:00:12");
    expect(printMac(multicastMac(ip("ff02::1")))).toBe("33:33:00:00:00:01");
  });

  it("are read with colons or hyphens, and not with both", () => {
    expect(parseMac("00-00-5E-00-01-33")).toEqual(virtualMac("ipv4", 51));
    expect(parseMac("00:00:5e:00:01:33")).toEqual(virtualMac("ipv4", 51));
    for (const text of [
      "",
      "00:00:5e:00:01",
      "00:00:5e:00:01:33:44",
      "00:00-5e:00:01:33",
      "0:0:5e:0:1:33",
      "gg:00:5e:00:01:33",
    ])
      expect(parseMac(text)).toBeUndefined();
  });
});

describe("the IPv4 header", () => {
  const packet = () => goldenPacket("v2-no-authentication");
  const with_ = (offset: number, value: number) => {
    const changed = packet();
    changed[offset] = value;
    return changed;
  };

  it("is read in full", () => {
    expect(parseIpv4Packet(packet())).toEqual({
      source: "192.0.2.1",
      destination: "224.0.0.18",
      protocol: 112,
      tos: 0xc0,
      ttl: 255,
      identification: 1,
      headerLength: 20,
      totalLength: 40,
      complete: true,
      payload: packet().subarray(20),
    });
  });

  it("is none when it is short, of another version, or its IHL cannot be", () => {
    expect(parseIpv4Packet(packet().subarray(0, 19))).toBeUndefined();
    expect(parseIpv4Packet(with_(0, 0x65))).toBeUndefined();
    expect(parseIpv4Packet(with_(0, 0x44))).toBeUndefined(); // 4 words are less than 20 bytes
    expect(parseIpv4Packet(with_(0, 0x4f).subarray(0, 59))).toBeUndefined(); // 15 words are 60 bytes
    expect(parseIpv4Packet(new Uint8Array())).toBeUndefined();
  });

  it("is incomplete when its length, checksum or fragment bits say so", () => {
    expect(parseIpv4Packet(packet().subarray(0, 39))).toMatchObject({ complete: false, totalLength: 40 });
    expect(parseIpv4Packet(with_(8, 254))).toMatchObject({ complete: false, ttl: 254 });
    // Total length 19, less than the header: 4500+0013+c000+0201+e000+0012 = 1e726, folded e727, complement 18d8.
    const total19 = fromHex("4500001300000000000018d8c0000201e0000012");
    expect(parseIpv4Packet(total19)).toMatchObject({ complete: false, payload: new Uint8Array() });
    // More Fragments: 4500+0014+2000+ff70+c000+0201+e000+0012 = 30697, folded 069a, complement f965.
    // Offset 8: 0001 for 2000 makes 2e698, folded e69a, complement 1965.
    // Don't Fragment is no fragment: 4000 for 2000 makes 32697, folded 269a, complement d965.
    expect(parseIpv4Packet(fromHex("4500001400002000ff70f965c0000201e0000012"))).toMatchObject({ complete: false });
    expect(parseIpv4Packet(fromHex("4500001400000001ff701965c0000201e0000012"))).toMatchObject({ complete: false });
    expect(parseIpv4Packet(fromHex("4500001400004000ff70d965c0000201e0000012"))).toMatchObject({ complete: true });
  });

  it("is skipped with its options, and padding behind the total length is not payload", () => {
    // IHL 6: 24 bytes; total length 28 (1c); 2 bytes of Ethernet padding behind.
    const options = fromHex("4600001c00000000ff700000c0000201e0000012" + "94040000" + "01020304" + "0000");
    const parsed = parseIpv4Packet(options);
    expect(parsed?.headerLength).toBe(24);
    expect(hexOf(parsed?.payload ?? new Uint8Array())).toBe("01020304");
  });

  it("takes no IPv6 address", () => {
    const envelope = { source: ip("fe80::a"), destination: ip("224.0.0.18"), protocol: 112, identification: 0 };
    expect(() => ipv4Packet(envelope, new Uint8Array())).toThrow("not IPv4");
  });
});

describe("the IPv6 header", () => {
  it("is read in full", () => {
    const packet = goldenPacket("v3-ipv6");
    expect(parseIpv6Packet(packet)).toEqual({
      source: "fe80::a",
      destination: "ff02::12",
      nextHeader: 112,
      trafficClass: 0xc0,
      flowLabel: 0x86d80,
      hopLimit: 255,
      complete: true,
      payload: packet.subarray(40),
    });
  });

  it("is none when it is short or of another version, and incomplete when more was promised", () => {
    const packet = goldenPacket("v3-ipv6");
    expect(parseIpv6Packet(packet.subarray(0, 39))).toBeUndefined();
    expect(parseIpv6Packet(goldenPacket("v2-password"))).toBeUndefined();
    expect(parseIpv6Packet(packet.subarray(0, 79))).toMatchObject({ complete: false });
  });

  it("takes no IPv4 address", () => {
    const envelope = {
      source: ip("192.0.2.1"),
      destination: ip("ff02::12"),
      nextHeader: 112,
      trafficClass: 0,
      flowLabel: 0,
    };
    expect(() => ipv6Packet(envelope, new Uint8Array())).toThrow("not IPv6");
  });
});

describe("announcements", () => {
  it("refuse a MAC or an address of the wrong size", () => {
    expect(() => gratuitousArp(new Uint8Array(0))).toThrow("a MAC has 6 bytes, not 0");
    expect(() => unsolicitedNa(new Uint8Array(8), false)).toThrow("a MAC has 6 bytes, not 8");
    expect(() => setArpAddress(gratuitousArp(virtualMac("ipv4", 1)), new Uint8Array(16))).toThrow(
      "has 4 bytes, not 16",
    );
    expect(() => setNaAddress(unsolicitedNa(virtualMac("ipv6", 1), true), new Uint8Array(4))).toThrow(
      "has 16 bytes, not 4",
    );
  });
});

it("puts a packet for a group into a frame from the virtual router's MAC address, RFC 9568 §7.2, §7.3", () => {
  const frame = multicastFrame(virtualMac("ipv6", 51), ip("ff02::12"), Uint8Array.of(0x60, 1, 2));
  // To 33-33 and the last four bytes of ff02::12 (RFC 2464 §7), from 00-00-5E-00-02-33, type 86dd.
  expect(Buffer.from(frame).toString("hex")).toBe("333300000012" + "00005e000233" + "86dd" + "600102");
});
