// The IPv6 header, RFC 8200 §3.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Traffic Class |           Flow Label                  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |         Payload Length        |  Next Header  |   Hop Limit   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                                                               |
//   +                     Source Address (16 bytes)                 +
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                                                               |
//   +                  Destination Address (16 bytes)               +
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

import { addressFromBytes, bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import { putWord, wordAt } from "./checksum.ts";

export const IPV6_HEADER_LENGTH = 40;

/** Where source and destination begin, for whoever patches a packet in place. */
export const IPV6_SOURCE_OFFSET = 8;
export const IPV6_DESTINATION_OFFSET = 24;

/** RFC 5798 §5.1.2.3, RFC 4861 §7.1.2: 255 proves that no router forwarded it. */
export const HOP_LIMIT_ONE_LINK = 255;

export type Ipv6Envelope = {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** 0..255; 112 for VRRP, 58 for ICMPv6. */
  readonly nextHeader: number;
  /** 0..255; 0xc0 for VRRP. */
  readonly trafficClass: number;
  /** 20 bits; 0 for none (RFC 6437 §2). */
  readonly flowLabel: number;
  /** 0..255; 255 when it is left out. */
  readonly hopLimit?: number;
};

/** A whole IPv6 packet around a payload: no extension headers. */
export function ipv6Packet(envelope: Ipv6Envelope, payload: Uint8Array): Uint8Array {
  const { source, destination, nextHeader, trafficClass, flowLabel, hopLimit = HOP_LIMIT_ONE_LINK } = envelope;
  if (familyOf(source) !== "ipv6" || familyOf(destination) !== "ipv6")
    throw new RangeError(`not IPv6: ${source} or ${destination}`);
  const packet = new Uint8Array(IPV6_HEADER_LENGTH + payload.length);
  putWord(packet, 0, 0x6000 | (trafficClass << 4) | (flowLabel >>> 16));
  putWord(packet, 2, flowLabel & 0xffff);
  putWord(packet, 4, payload.length);
  packet[6] = nextHeader;
  packet[7] = hopLimit;
  packet.set(bytesOf(source), IPV6_SOURCE_OFFSET);
  packet.set(bytesOf(destination), IPV6_DESTINATION_OFFSET);
  packet.set(payload, IPV6_HEADER_LENGTH);
  return packet;
}

export type Ipv6Header = {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly nextHeader: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly hopLimit: number;
  /** The payload length agrees with what arrived. */
  readonly complete: boolean;
  /** A view of what follows the header, up to the payload length or the end of what arrived. */
  readonly payload: Uint8Array;
};

/** Reads an IPv6 header; undefined when there is none: too short or another version. Extension headers are left in the payload. */
export function parseIpv6Packet(packet: Uint8Array): Ipv6Header | undefined {
  const first = wordAt(packet, 0);
  if (packet.length < IPV6_HEADER_LENGTH || first >> 12 !== 6) return undefined;
  const end = IPV6_HEADER_LENGTH + wordAt(packet, 4);
  return {
    source: addressFromBytes(packet, IPV6_SOURCE_OFFSET, 16),
    destination: addressFromBytes(packet, IPV6_DESTINATION_OFFSET, 16),
    nextHeader: packet[6] ?? 0,
    trafficClass: (first >> 4) & 0xff,
    flowLabel: ((first & 0x0f) << 16) | wordAt(packet, 2),
    hopLimit: packet[7] ?? 0,
    complete: end <= packet.length,
    payload: packet.subarray(IPV6_HEADER_LENGTH, end),
  };
}
