// Ethernet addresses: six bytes on the wire, `00:00:5e:00:01:33` for people.

import { bytesOf, type Family, familyOf, type IpAddress } from "../core/address.ts";

export const MAC_LENGTH = 6;

/** ff:ff:ff:ff:ff:ff, as a fresh array. */
export const broadcastMac = (): Uint8Array => new Uint8Array(MAC_LENGTH).fill(0xff);

/** The virtual router MAC address: 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6. RFC 5798 §7.3. */
export function virtualMac(family: Family, vrid: number): Uint8Array {
  if (!(Number.isInteger(vrid) && vrid >= 1 && vrid <= 255)) throw new RangeError(`a VRID is 1..255, not ${vrid}`);
  return Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === "ipv4" ? 0x01 : 0x02, vrid);
}

/**
 * The Ethernet group an IP multicast group is sent to: 01-00-5E and the low 23 bits of an IPv4
 * group (RFC 1112 §6.4), 33-33 and the low 32 bits of an IPv6 group (RFC 2464 §7).
 */
export function multicastMac(group: IpAddress): Uint8Array {
  const bytes = bytesOf(group);
  if (familyOf(group) === "ipv6") return Uint8Array.of(0x33, 0x33, ...bytes.subarray(12));
  const [, second = 0, third = 0, fourth = 0] = bytes;
  return Uint8Array.of(0x01, 0x00, 0x5e, second & 0x7f, third, fourth);
}

/** Reads six pairs of hexadecimal digits between colons or hyphens; undefined when the text is none. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16));
}

/** The address as `ip link` writes it. */
export const printMac = (mac: Uint8Array): string =>
  Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
