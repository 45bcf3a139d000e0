// Unsolicited Neighbor Advertisement, RFC 4861 §4.4: what gratuitous ARP is to IPv4. RFC 5798
// §6.4.1 (130) and §6.4.2 (395) ask for it on becoming Master.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Type 136    |    Code 0     |          Checksum             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |R|S|O|                     Reserved                            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                                                               |
//   +                  Target Address (16 bytes)                    +
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Option 2    |   Length 1    |  Target Link-Layer Address    |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+          (6 bytes)            +
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

import { addressFromBytes, type IpAddress } from "../core/address.ts";
import { addRange, checksumOf, putWord } from "./checksum.ts";
import { IPV6_DESTINATION_OFFSET, IPV6_HEADER_LENGTH, IPV6_SOURCE_OFFSET, ipv6Packet } from "./ipv6.ts";
import { MAC_LENGTH } from "./mac.ts";

/** ff02::1, where an unsolicited Neighbor Advertisement goes. RFC 4861 §7.2.6. */
export const ALL_NODES: IpAddress = addressFromBytes(
  Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
);
const UNSPECIFIED: IpAddress = addressFromBytes(new Uint8Array(16));

const ICMPV6 = 58;
const NA_LENGTH = 32;
const CHECKSUM = IPV6_HEADER_LENGTH + 2;
const TARGET = IPV6_HEADER_LENGTH + 8;
const ROUTER_FLAG = 0x80;
const OVERRIDE_FLAG = 0x20;

/**
 * A whole IPv6 packet with an unsolicited Neighbor Advertisement for the MAC, its address still `::`:
 * a template for `setNaAddress`. Override is set, so that neighbours drop the old MAC at once;
 * Solicited is clear; Router tells whether the interface forwards, as in Keepalived (RFC 5798 always
 * sets it): whoever clears it while forwarding is struck off its neighbours' default router lists
 * (§7.2.5).
 */
export function unsolicitedNa(mac: Uint8Array, router: boolean): Uint8Array {
  if (mac.length !== MAC_LENGTH) throw new RangeError(`a MAC has 6 bytes, not ${mac.length}`);
  const na = new Uint8Array(NA_LENGTH);
  na[0] = 136;
  na[4] = router ? ROUTER_FLAG | OVERRIDE_FLAG : OVERRIDE_FLAG;
  na[24] = 2; // Target Link-Layer Address, RFC 4861 §4.6.1 ...
  na[25] = 1; // ... in units of 8 bytes
  na.set(mac, 26);
  const envelope = { source: UNSPECIFIED, destination: ALL_NODES, nextHeader: ICMPV6, trafficClass: 0, flowLabel: 0 };
  return ipv6Packet(envelope, na);
}

/** Points the packet at an IPv6 address (16 bytes), source and target alike, and writes the checksum; in place and without allocating. */
export function setNaAddress(packet: Uint8Array, address: Uint8Array): void {
  if (address.length !== 16) throw new RangeError(`an IPv6 address has 16 bytes, not ${address.length}`);
  packet.set(address, IPV6_SOURCE_OFFSET);
  packet.set(address, TARGET);
  putWord(packet, CHECKSUM, 0);
  // Source and destination stand side by side in the header and are half of the pseudo-header.
  const addresses = addRange(0, packet, IPV6_SOURCE_OFFSET, IPV6_DESTINATION_OFFSET + 16);
  const covered = addRange(addresses + ICMPV6 + NA_LENGTH, packet, IPV6_HEADER_LENGTH, packet.length);
  putWord(packet, CHECKSUM, checksumOf(covered));
}
