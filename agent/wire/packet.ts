// An advertisement in its IP packet: what the kernel is handed to send.

import { bytesOf, type Family, type IpAddress } from "../core/address.ts";
import type { RouterConfig } from "../core/config.ts";
import { type AdvertFields, advertFieldsOf, encodeAdvert, setPriority, VRRP_PROTOCOL } from "./advert.ts";
import { AH_LENGTH, AH_PROTOCOL, protect } from "./ah.ts";
import { IPV4_HEADER_LENGTH, ipv4Packet, TOS_INTERNETWORK_CONTROL } from "./ipv4.ts";
import { IPV6_HEADER_LENGTH, ipv6Packet } from "./ipv6.ts";

/** One packet, and whom it goes to. */
export type Addressed = { readonly destination: IpAddress; readonly packet: Uint8Array };

/** Where a router's advertisements go: its group, or each of its peers. */
export const destinationsOf = ({ transport: { to } }: RouterConfig): readonly IpAddress[] =>
  to.type === "multicast" ? [to.group] : to.peers.map(({ address }) => address);

/** The packets a router sends; encode them once per configuration and source, then `setPacketPriority`. */
export const advertPackets = (config: RouterConfig, priority: number, source: IpAddress): readonly Addressed[] =>
  destinationsOf(config).map((destination) => ({
    destination,
    packet: packetOf(advertFieldsOf(config, priority, source, destination)),
  }));

/** The first of them. */
export const advertPacket = (config: RouterConfig, priority: number, source: IpAddress): Uint8Array =>
  packetOf(advertFieldsOf(config, priority, source));

/**
 * An advertisement behind its IP header; the IPv4 identification is left to the kernel. One with an
 * Authentication Header still has to be signed.
 */
export function packetOf(fields: AdvertFields): Uint8Array {
  const { source, destination, ttl = 255 } = fields;
  const pdu = encodeAdvert(fields);
  if (fields.family === "ipv4") {
    const header = fields.version === 2 && fields.authentication.type === "ah";
    const protocol = header ? AH_PROTOCOL : VRRP_PROTOCOL;
    const payload = header ? protect(pdu, bytesOf(source)) : pdu;
    return ipv4Packet({ source, destination, protocol, identification: 0, ttl }, payload);
  }
  const trafficClass = TOS_INTERNETWORK_CONTROL;
  return ipv6Packet({ source, destination, nextHeader: VRRP_PROTOCOL, trafficClass, flowLabel: 0, hopLimit: ttl }, pdu);
}

/** Changes the priority inside a packet of `advertPackets`, in place. The IP header does not cover it; a signature does. */
export function setPacketPriority(packet: Uint8Array, family: Family, priority: number): void {
  const header = family === "ipv4" && packet[9] === AH_PROTOCOL ? AH_LENGTH : 0;
  setPriority(packet.subarray((family === "ipv4" ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH) + header), priority);
}
