// The IPv4 header, RFC 791 §3.1.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version|  IHL  |Type of Service|          Total Length         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |         Identification        |Flags|      Fragment Offset    |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Time to Live |    Protocol   |         Header Checksum       |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                       Source Address                          |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                    Destination Address                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

import { addressFromBytes, bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import { addRange, checksumOf, fold, putWord, wordAt } from "./checksum.ts";

/** Without options, which heird never sends. */
export const IPV4_HEADER_LENGTH = 20;

/** CS6, Internetwork Control (RFC 2474 §4.2.2.2): what Keepalived sends and switches give way to. */
export const TOS_INTERNETWORK_CONTROL = 0xc0;

/** RFC 5798 §5.1.1.3: a receiver drops everything else, since 255 proves that no router forwarded it. */
export const TTL_ONE_LINK = 255;

export type Ipv4Envelope = {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** 0..255; 112 for VRRP. */
  readonly protocol: number;
  /** 0..65535; 0 asks the kernel for one. */
  readonly identification: number;
  /** 0..255; 255 when it is left out. */
  readonly ttl?: number;
};

/** A whole IPv4 packet around a payload: TOS 0xc0, DF not set, header checksum written. */
export function ipv4Packet(envelope: Ipv4Envelope, payload: Uint8Array): Uint8Array {
  const { source, destination, protocol, identification, ttl = TTL_ONE_LINK } = envelope;
  if (familyOf(source) !== "ipv4" || familyOf(destination) !== "ipv4")
    throw new RangeError(`not IPv4: ${source} or ${destination}`);
  const packet = new Uint8Array(IPV4_HEADER_LENGTH + payload.length);
  packet[0] = 0x45; // version 4, five words
  packet[1] = TOS_INTERNETWORK_CONTROL;
  putWord(packet, 2, packet.length);
  putWord(packet, 4, identification);
  packet[8] = ttl;
  packet[9] = protocol;
  packet.set(bytesOf(source), 12);
  packet.set(bytesOf(destination), 16);
  putWord(packet, 10, checksumOf(addRange(0, packet, 0, IPV4_HEADER_LENGTH)));
  packet.set(payload, IPV4_HEADER_LENGTH);
  return packet;
}

export type Ipv4Header = {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly tos: number;
  readonly ttl: number;
  readonly identification: number;
  /** In bytes: IHL times four. */
  readonly headerLength: number;
  readonly totalLength: number;
  /** Total length and header checksum agree with what arrived, and it is no fragment. */
  readonly complete: boolean;
  /** A view of what follows the header, up to the total length or the end of what arrived. */
  readonly payload: Uint8Array;
};

/** Reads an IPv4 header; undefined when there is none: too short, another version, or an IHL that cannot be. */
export function parseIpv4Packet(packet: Uint8Array): Ipv4Header | undefined {
  const [first = 0] = packet;
  const headerLength = (first & 0x0f) * 4;
  if (first >> 4 !== 4 || headerLength < IPV4_HEADER_LENGTH || packet.length < headerLength) return undefined;
  const totalLength = wordAt(packet, 2);
  const fragment = wordAt(packet, 6) & 0x3fff; // More Fragments and the offset; not DF
  const fits = totalLength >= headerLength && totalLength <= packet.length;
  return {
    source: addressFromBytes(packet, 12, 4),
    destination: addressFromBytes(packet, 16, 4),
    protocol: packet[9] ?? 0,
    tos: packet[1] ?? 0,
    ttl: packet[8] ?? 0,
    identification: wordAt(packet, 4),
    headerLength,
    totalLength,
    complete: fits && fragment === 0 && fold(addRange(0, packet, 0, headerLength)) === 0xffff,
    payload: packet.subarray(headerLength, Math.max(headerLength, totalLength)),
  };
}
