// An advertisement in its IP packet: what the kernel is handed to send.

import type { Family, IpAddress } from "../core/address.ts";
import type { RouterConfig } from "../core/config.ts";
import { type AdvertFields, advertFieldsOf, encodeAdvert, setPriority, VRRP_PROTOCOL } from "./advert.ts";
import { IPV4_HEADER_LENGTH, ipv4Packet, TOS_INTERNETWORK_CONTROL } from "./ipv4.ts";
import { IPV6_HEADER_LENGTH, ipv6Packet } from "./ipv6.ts";

/** The whole packet a router sends; encode it once per configuration and source, then `setPacketPriority`. */
export const advertPacket = (config: RouterConfig, priority: number, source: IpAddress): Uint8Array =>
  packetOf(advertFieldsOf(config, priority, source));

/** An advertisement behind its IP header; the IPv4 identification is left to the kernel. */
export function packetOf(fields: AdvertFields): Uint8Array {
  const { source, destination } = fields;
  const pdu = encodeAdvert(fields);
  if (fields.family === "ipv4")
    return ipv4Packet({ source, destination, protocol: VRRP_PROTOCOL, identification: 0 }, pdu);
  const trafficClass = TOS_INTERNETWORK_CONTROL;
  return ipv6Packet({ source, destination, nextHeader: VRRP_PROTOCOL, trafficClass, flowLabel: 0 }, pdu);
}

/** Changes the priority inside a packet of `advertPacket`, in place. The IP header does not cover it. */
export const setPacketPriority = (packet: Uint8Array, family: Family, priority: number): void =>
  setPriority(packet.subarray(family === "ipv4" ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH), priority);
