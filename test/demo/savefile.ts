// The savefile format of libpcap, the writing half: what the demo saw, for any tool that reads packets.

import type { Packet } from "../netns/packet.ts";

/** Microseconds, in the byte order that we write. */
const MAGIC = 0xa1b2c3d4;
const ETHERNET = 1;
const LONGEST = 262_144;

/** The packets as the content of a `.pcap` file. */
export function savefileOf(packets: readonly Packet[]): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4); // version 2.4
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(LONGEST, 16);
  header.writeUInt32LE(ETHERNET, 20);
  return Buffer.concat([header, ...packets.flatMap(({ at, bytes }) => [recordHeader(at, bytes.length), bytes])]);
}

function recordHeader(at: number, length: number): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(at / 1_000_000), 0);
  header.writeUInt32LE(at % 1_000_000, 4);
  header.writeUInt32LE(length, 8);
  header.writeUInt32LE(length, 12);
  return header;
}
