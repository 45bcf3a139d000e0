// An IP packet to a multicast group in its Ethernet II frame, for an interface from which the kernel
// would send no packet by itself.
//
//   +-----------+-----------+-----------+
//   | to (6)    | from (6)  | type (2)  |  packet
//   +-----------+-----------+-----------+

import { familyOf, type IpAddress } from "../core/address.ts";
import { MAC_LENGTH, multicastMac } from "./mac.ts";

export const ETHERNET_HEADER_LENGTH = 14;

/** The frame; the packet stands in it from ETHERNET_HEADER_LENGTH on. */
export function multicastFrame(mac: Uint8Array, group: IpAddress, packet: Uint8Array): Uint8Array {
  if (mac.length !== MAC_LENGTH) throw new RangeError(`a MAC has 6 bytes, not ${mac.length}`);
  const frame = new Uint8Array(ETHERNET_HEADER_LENGTH + packet.length);
  frame.set(multicastMac(group), 0);
  frame.set(mac, MAC_LENGTH);
  frame.set(familyOf(group) === "ipv4" ? [0x08, 0x00] : [0x86, 0xdd], 2 * MAC_LENGTH);
  frame.set(packet, ETHERNET_HEADER_LENGTH);
  return frame;
}
