// Who says to have an address: the sender of an ARP packet (RFC 826), or the target of a Neighbor
// Advertisement (RFC 4861 §4.4). Read from a whole Ethernet frame.

import { addressFromBytes, type IpAddress } from "../core/address.ts";
import { MAC_LENGTH } from "./mac.ts";

export type AddressClaim = { readonly address: IpAddress; readonly mac: Uint8Array };

const ETHERNET_HEADER = 14;
const ETHERTYPE = 12;
const ARP = 0x0806;
const IPV6 = 0x86dd;

const ARP_LENGTH = 28;
/** Ethernet (1), IPv4 (0800), lengths 6 and 4. */
const ARP_OVER_ETHERNET = [0x00, 0x01, 0x08, 0x00, MAC_LENGTH, 4];
const SENDER_MAC = 22;
const SENDER_IP = 28;

const NEXT_HEADER = ETHERNET_HEADER + 6;
const HOP_LIMIT = ETHERNET_HEADER + 7;
const ICMPV6 = 58;
const NA = ETHERNET_HEADER + 40;
const NA_TYPE = 136;
const TARGET = NA + 8;
const OPTIONS = NA + 24;
/** Target Link-Layer Address, in units of 8 bytes. */
const TARGET_LINK_LAYER = 2;

/** The claim in a frame; undefined when it is none. */
export function claimIn(frame: Uint8Array): AddressClaim | undefined {
  switch (wordAt(frame, ETHERTYPE)) {
    case ARP:
      return claimInArp(frame);
    case IPV6:
      return claimInNa(frame);
    default:
      return undefined;
  }
}

function claimInArp(frame: Uint8Array): AddressClaim | undefined {
  if (frame.length < ETHERNET_HEADER + ARP_LENGTH) return undefined;
  if (ARP_OVER_ETHERNET.some((byte, i) => frame[ETHERNET_HEADER + i] !== byte)) return undefined;
  // RFC 5227 §1.1: a probe names no sender, and claims nothing.
  if (frame.subarray(SENDER_IP, SENDER_IP + 4).every((byte) => byte === 0)) return undefined;
  return {
    address: addressFromBytes(frame, SENDER_IP, 4),
    mac: frame.slice(SENDER_MAC, SENDER_MAC + MAC_LENGTH),
  };
}

function claimInNa(frame: Uint8Array): AddressClaim | undefined {
  if (frame.length < OPTIONS || frame[NEXT_HEADER] !== ICMPV6 || frame[NA] !== NA_TYPE) return undefined;
  // RFC 4861 §7.1.2: anything else came over a router.
  if (frame[HOP_LIMIT] !== 255) return undefined;
  return { address: addressFromBytes(frame, TARGET, 16), mac: linkLayerAddressIn(frame) };
}

/** Of the option; without one, of the sender of the frame. */
function linkLayerAddressIn(frame: Uint8Array): Uint8Array {
  for (let at = OPTIONS; at + 8 <= frame.length; ) {
    const length = (frame[at + 1] ?? 0) * 8;
    if (length === 0) break;
    if (frame[at] === TARGET_LINK_LAYER) return frame.slice(at + 2, at + 2 + MAC_LENGTH);
    at += length;
  }
  return frame.slice(MAC_LENGTH, 2 * MAC_LENGTH);
}

const wordAt = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
