// Addresses as properties: what is printed is read again, what is no address is refused, and the
// order is that of unsigned integers. Node's own parser and URLs are the second opinion.

import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressFromBytes,
  bytesOf,
  compareAddresses,
  familyOf,
  type IpAddress,
  isLinkLocal,
  isMulticast,
  parseAddress,
} from "../../agent/core/address.ts";

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Bytes of which many are 0 and 255: runs to compress, and sign bits to stumble over. */
const roughOctets = (length: number) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.constant(255), fc.integer({ min: 0, max: 255 })), {
      minLength: length,
      maxLength: length,
    })
    .map((bytes) => Uint8Array.from(bytes));
const bytes4 = fc.oneof(octets(4), roughOctets(4));
const bytes16 = fc.oneof(octets(16), roughOctets(16));
const anyBytes = fc.oneof(bytes4, bytes16);

const integerOf = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
const wordsOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
/** The text of an address, or a failed test. */
const read = (text: string): IpAddress => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} was refused`);
  return address;
};

describe("an address", () => {
  it("is read as it was printed", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const address = addressFromBytes(bytes);
        expect(bytesOf(address)).toEqual(bytes);
        expect(parseAddress(address)).toBe(address);
        expect(familyOf(address)).toBe(bytes.length === 4 ? "ipv4" : "ipv6");
      }),
      { numRuns: 500 },
    );
  });

  it("is found inside a packet", () => {
    fc.assert(
      fc.property(octets(40), fc.integer({ min: 0, max: 24 }), fc.constantFrom(4, 16), (packet, offset, length) => {
        expect(addressFromBytes(packet, offset, length)).toBe(addressFromBytes(packet.slice(offset, offset + length)));
      }),
    );
    expect(() => addressFromBytes(new Uint8Array(5))).toThrow(RangeError);
  });

  it("is one text however it was written", () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const words = wordsOf(bytes);
        const address = addressFromBytes(bytes);
        const long = words.map((word) => word.toString(16).padStart(4, "0")).join(":");
        const mixed = `${words
          .slice(0, 6)
          .map((word) => word.toString(16))
          .join(":")}:${bytes.slice(12).join(".")}`;
        expect([long, long.toUpperCase(), mixed].map(parseAddress)).toEqual([address, address, address]);
      }),
    );
  });

  it("is printed as a URL prints it", () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const long = wordsOf(bytes)
          .map((word) => word.toString(16))
          .join(":");
        expect(`[${addressFromBytes(bytes)}]`).toBe(new URL(`http://[${long}]/`).hostname);
      }),
      { numRuns: 500 },
    );
  });

  it("is what Node takes for one, and nothing else", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0125f9aF:::..."), maxLength: 24 });
    // Something that was an address before one character was taken out, put in or changed.
    const almost = fc
      .tuple(anyBytes.map(addressFromBytes), fc.nat(), fc.nat(2), fc.constantFrom(..."0125f:. "))
      .map(([address, where, cut, put]) => {
        const i = where % (address.length + 1);
        return address.slice(0, i) + put + address.slice(i + cut);
      });
    fc.assert(
      fc.property(fc.oneof(text, almost), (candidate) => {
        expect(parseAddress(candidate) !== undefined).toBe(isIP(candidate) !== 0);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("two addresses", () => {
  it("compare as unsigned integers in network byte order", () => {
    const pair = fc.oneof(
      fc.tuple(bytes4, bytes4),
      fc.tuple(bytes16, bytes16),
      anyBytes.map((bytes) => [bytes, bytes] as const),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [x, y] = [integerOf(a), integerOf(b)];
        const order = compareAddresses(addressFromBytes(a), addressFromBytes(b));
        expect(Math.sign(order)).toBe(Number(x > y) - Number(x < y));
        expect(Math.sign(compareAddresses(addressFromBytes(b), addressFromBytes(a)))).toBe(
          Number(y > x) - Number(y < x),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("that differ by one are in order", () => {
    fc.assert(
      fc.property(bytes4, fc.nat(3), (bytes, place) => {
        fc.pre((bytes[place] ?? 255) < 255);
        const greater = bytes.map((byte, i) => (i === place ? byte + 1 : byte));
        expect(compareAddresses(addressFromBytes(bytes), addressFromBytes(greater))).toBeLessThan(0);
      }),
    );
  });

  it.each([
    ["9.255.255.255", "10.0.0.1"],
    ["10.0.0.9", "10.0.0.10"],
    ["127.255.255.255", "128.0.0.0"],
    ["10.0.0.1", "192.0.2.1"],
    ["fe80::9", "fe80::10"],
    ["fe80::ffff", "fe80::1:0"],
    ["7fff::", "8000::"],
    ["255.255.255.255", "::"],
  ])("%s is less than %s", (a, b) => {
    expect(compareAddresses(read(a), read(b))).toBeLessThan(0);
    expect(compareAddresses(read(b), read(a))).toBeGreaterThan(0);
    expect(compareAddresses(read(a), read(a))).toBe(0);
  });
});

describe("by example", () => {
  // RFC 5952 §4: leading zeros go, `::` stands for as much as it can but not for one group, the
  // longest run is taken, the first of equals, and letters are small.
  it.each([
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::AAAA", "2001:db8::aaaa"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
  ])("%s is %s", (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  it.each([
    "",
    " 10.0.0.1",
    "10.0.0.1 ",
    "10.0.0",
    "10.0.0.1.2",
    "10.0.0.256",
    "10.0.0.01",
    "010.0.0.1",
    "10.0.0.-1",
    "10.0.0.1e1",
    "10.0.0.0x1",
    "10.0.0.1/24",
    ":",
    ":::",
    "1::2::3",
    ":1",
    "1:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "[::1]",
    "::10.0.0.256",
    "10.0.0.1::",
    "::10.0.0.1:1",
    "1:2:3:4:5:6:7:10.0.0.1",
  ])("%j is no address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("a text that is none has no bytes", () => {
    expect(() => bytesOf("nowhere" as string as IpAddress)).toThrow(TypeError);
  });

  it("link-local and multicast are told by their first bits", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const address = addressFromBytes(bytes);
        const [first = 0, second = 0] = bytes;
        const v6 = bytes.length === 16;
        expect(isLinkLocal(address)).toBe(v6 && first === 0xfe && (second & 0xc0) === 0x80);
        expect(isMulticast(address)).toBe(v6 ? first === 0xff : first >= 224 && first <= 239);
      }),
    );
    const local = ["fe80::1", "fe8f::", "febf::1", "fec0::1", "fe7f::", "fe8::", "::fe80", "169.254.0.1"].map(read);
    expect(local.map(isLinkLocal)).toEqual([true, true, true, false, false, false, false, false]);
    const group = ["224.0.0.18", "239.255.255.255", "223.255.255.255", "240.0.0.0", "ff02::12", "ff0::1"].map(read);
    expect(group.map(isMulticast)).toEqual([true, true, false, false, true, false]);
  });
});
