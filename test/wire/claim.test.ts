// Who says to have an address: read from frames written by hand, byte for byte.

import { expect, test } from "vitest";
import { claimIn } from "../../agent/wire/claim.ts";
import { printMac } from "../../agent/wire/mac.ts";

const frameOf = (...parts: readonly string[]): Uint8Array => Uint8Array.from(Buffer.from(parts.join(""), "hex"));
const tell = (frame: Uint8Array): string | undefined => {
  const claim = claimIn(frame);
  return claim && `${claim.address} ${printMac(claim.mac)}`;
};

const ETHERNET = "ffffffffffff02000000000a";
// Ethernet, IPv4, lengths 6 and 4; then the operation.
const ARP = "0806" + "0001080006040001";
const ARP_REPLY = "0806" + "0001080006040002";
const REST = "ffffffffffffc0000264";

test("the sender of an ARP packet claims its address: gratuitous, reply or question", () => {
  // B17: Keepalived's GARP for 192.0.2.100 (c0000264).
  expect(tell(frameOf(ETHERNET, ARP, "02000000000ac0000264", REST))).toBe("192.0.2.100 02:00:00:00:00:0a");
  expect(tell(frameOf(ETHERNET, ARP_REPLY, "02000000000ac0000264", REST))).toBe("192.0.2.100 02:00:00:00:00:0a");
  // Who has c0000201? Tell c0000264.
  expect(tell(frameOf(ETHERNET, ARP, "02000000000bc0000264", "000000000000c0000201"))).toBe(
    "192.0.2.100 02:00:00:00:00:0b",
  );
});

test("a probe (RFC 5227 §1.1), other hardware and half a packet claim nothing", () => {
  expect(tell(frameOf(ETHERNET, ARP, "02000000000a00000000", REST))).toBeUndefined();
  expect(tell(frameOf(ETHERNET, "08060006080006040001", "02000000000ac0000264", REST))).toBeUndefined();
  expect(tell(frameOf(ETHERNET, ARP, "02000000000ac0000264", "ffffffffffffc00002"))).toBeUndefined();
  expect(tell(new Uint8Array())).toBeUndefined();
});

// B17: Keepalived's neighbour advertisement for fe80::100.
const IP6 = "86dd" + "6000000000203aff" + "fe800000000000000000000000000100" + "ff020000000000000000000000000001";
const NA = "8800559420000000" + "fe800000000000000000000000000100";

test("the target of a neighbour advertisement is claimed for the station in its option, or else the sender", () => {
  expect(tell(frameOf(ETHERNET, IP6, NA, "020102000000000b"))).toBe("fe80::100 02:00:00:00:00:0b");
  expect(tell(frameOf(ETHERNET, IP6, NA))).toBe("fe80::100 02:00:00:00:00:0a");
  // An option of another kind before it; one of length 0 ends them.
  expect(tell(frameOf(ETHERNET, IP6, NA, "0e01000000000000", "020102000000000c"))).toBe("fe80::100 02:00:00:00:00:0c");
  expect(tell(frameOf(ETHERNET, IP6, NA, "0e00000000000000", "020102000000000c"))).toBe("fe80::100 02:00:00:00:00:0a");
});

test("what came over a router (RFC 4861 §7.1.2), or is another message, claims nothing", () => {
  expect(tell(frameOf(ETHERNET, IP6.replace("3aff", "3afe"), NA, "020102000000000b"))).toBeUndefined();
  expect(tell(frameOf(ETHERNET, IP6, NA.replace("8800", "8700"), "020102000000000b"))).toBeUndefined();
  expect(tell(frameOf(ETHERNET, IP6.replace("203aff", "2011ff"), NA, "020102000000000b"))).toBeUndefined();
});
