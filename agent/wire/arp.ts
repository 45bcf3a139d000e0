// Gratuitous ARP, RFC 826 in an Ethernet II frame: "this IPv4 address is at this MAC", said to
// everybody. RFC 5798 §6.4.1 (120) and §6.4.2 (380) ask for it on becoming Master.
//
//   +--------+--------+------+----+----+---+---+----+----------+----------+----------+----------+
//   | to     | from   | 0806 | 1  |0800| 6 | 4 | 1  | sender   | sender   | target   | target   |
//   | ff..ff | ours   |      | Eth| IP |   |   | ask| MAC ours | IP       | MAC ff.. | IP       |
//   +--------+--------+------+----+----+---+---+----+----------+----------+----------+----------+
//   0        6        12     14   16   18  19  20   22         28         32         38        42
//
// It is a request with sender IP = target IP (RFC 5227 §3), because some stacks ignore replies
// nobody asked for. The target MAC field is all ones, as Keepalived sends it, although RFC 826
// gives it no meaning in a request.

import { broadcastMac, MAC_LENGTH } from "./mac.ts";

/** The driver pads it to Ethernet's minimum. */
export const ARP_FRAME_LENGTH = 42;

const SENDER_IP = 28;
const TARGET_IP = 38;
const HEADER = [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01];

/** A gratuitous ARP frame for the MAC, its address still 0.0.0.0: a template for `setArpAddress`. */
export function gratuitousArp(mac: Uint8Array): Uint8Array {
  if (mac.length !== MAC_LENGTH) throw new RangeError(`a MAC has 6 bytes, not ${mac.length}`);
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  frame.set(broadcastMac(), 0);
  frame.set(mac, 6);
  frame.set(HEADER, 12);
  frame.set(mac, 22);
  frame.set(broadcastMac(), 32);
  return frame;
}

/** Points the frame at an IPv4 address (4 bytes), in place and without allocating. */
export function setArpAddress(frame: Uint8Array, address: Uint8Array): void {
  if (address.length !== 4) throw new RangeError(`an IPv4 address has 4 bytes, not ${address.length}`);
  frame.set(address, SENDER_IP);
  frame.set(address, TARGET_IP);
}
