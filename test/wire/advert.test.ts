// What an advertisement cannot say, how long it gets, and changing its priority in place.

import { describe, expect, it } from "vitest";
import { parseAddress } from "../../agent/core/address.ts";
import { centiseconds, milliseconds, seconds } from "../../agent/core/time.ts";
import {
  type AdvertFields,
  adverIntervalOf,
  advertFieldsOf,
  advertLength,
  encodeAdvert,
  passwordBytes,
  setPriority,
} from "../../agent/wire/advert.ts";
import { advertPacket, setPacketPriority } from "../../agent/wire/packet.ts";
import { goldenPacket, hexOf } from "./golden.ts";
import { ip, router } from "./routers.ts";

const V2 = advertFieldsOf(router(), 150, ip("192.0.2.1"));
const V3 = advertFieldsOf(router({ version: 3 }), 150, ip("192.0.2.1"));
const addresses = (count: number) =>
  Array.from({ length: count }, (_, i) => parseAddress(`10.0.0.${i}`) ?? ip("10.0.0.0"));

describe("the length", () => {
  it("is 16 + 4n in v2, 8 + 4n in v3 over IPv4, 8 + 16n over IPv6", () => {
    expect(advertLength(2, "ipv4", 0)).toBe(16);
    expect(advertLength(2, "ipv4", 255)).toBe(1036);
    expect(advertLength(3, "ipv4", 255)).toBe(1028);
    expect(advertLength(3, "ipv6", 255)).toBe(4088);
  });

  it("allows 255 addresses and no more: the count is one octet", () => {
    expect(encodeAdvert({ ...V2, addresses: addresses(255) })).toHaveLength(1036);
    expect(() => encodeAdvert({ ...V2, addresses: addresses(256) })).toThrow(
      "number of addresses 256 is outside 0..255",
    );
  });
});

describe("what an advertisement cannot say", () => {
  const refused: readonly (readonly [string, AdvertFields, string])[] = [
    ["VRRPv2 over IPv6", { ...V2, family: "ipv6" }, "VRRPv2 has no IPv6 layout"],
    ["VRID 0", { ...V2, vrid: 0 }, "VRID 0 is outside 1..255"],
    ["VRID 256", { ...V2, vrid: 256 }, "VRID 256 is outside 1..255"],
    ["priority 256", { ...V2, priority: 256 }, "priority 256 is outside 0..255"],
    ["half a priority", { ...V2, priority: 1.5 }, "priority 1.5 is outside 0..255"],
    ["v2 with 1.5 s", { ...V2, adverInterval: milliseconds(1500) }, "an interval of 1.5s does not fit"],
    ["v2 with 256 s", { ...V2, adverInterval: seconds(256) }, "an interval of 256s does not fit"],
    ["v3 with 0 s", { ...V3, adverInterval: seconds(0) }, "an interval of 0s does not fit"],
    ["v3 with 5 ms", { ...V3, adverInterval: milliseconds(5) }, "an interval of 0.005s does not fit"],
    ["v3 with 40.96 s", { ...V3, adverInterval: centiseconds(4096) }, "an interval of 40.96s does not fit"],
    ["IPv6 among IPv4", { ...V3, addresses: [ip("fe80::1")] }, "fe80::1 in an ipv4 advertisement"],
  ];
  it.each(refused)("%s", (_name, fields, message) => {
    expect(() => encodeAdvert(fields)).toThrow(message);
  });

  it("but 255 s in v2 and 40.95 s in v3 it can", () => {
    expect(encodeAdvert({ ...V2, adverInterval: seconds(255) })[5]).toBe(255);
    expect(hexOf(encodeAdvert({ ...V3, adverInterval: centiseconds(4095) }).subarray(4, 6))).toBe("0fff");
  });
});

it("the four reserved bits of v3 are not part of the interval: f064 is 100 cs", () => {
  const bytes = encodeAdvert(V3);
  bytes[4] = 0xf0;
  expect(adverIntervalOf(bytes, 3)).toBe(seconds(1));
});

it("a password fills 8 bytes, padded with zeros or cut", () => {
  expect(hexOf(passwordBytes("1111"))).toBe("3131313100000000");
  expect(hexOf(passwordBytes("123456789"))).toBe("3132333435363738");
  expect(hexOf(passwordBytes("é"))).toBe("c3a9000000000000");
});

it("setting the priority of the golden packet to 0 gives the golden packet with priority 0", () => {
  const bytes = goldenPacket("v2-no-authentication").subarray(20);
  setPriority(bytes, 0);
  expect(hexOf(bytes)).toBe(hexOf(goldenPacket("v2-priority-0").subarray(20)));
  expect(() => setPriority(bytes, 256)).toThrow("priority 256 is outside 0..255");
});

it.each([
  ["VRRPv2", router(), "192.0.2.1"],
  ["VRRPv3 over IPv4", router({ version: 3 }), "192.0.2.1"],
  ["VRRPv3 over IPv6", router({ version: 3, family: "ipv6", addresses: ["fe80::100"] }), "fe80::a"],
] as const)("the priority of a %s packet is set as if it were encoded anew", (_name, config, source) => {
  const packet = advertPacket(config, 150, ip(source));
  for (const priority of [0, 255, 1, 254, 150]) {
    setPacketPriority(packet, config.family, priority);
    expect(hexOf(packet)).toBe(hexOf(advertPacket(config, priority, ip(source))));
  }
});
