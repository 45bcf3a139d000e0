// The Authentication Header around a VRRPv2 advertisement: RFC 2338 §5.3.6.3, RFC 2402 §2, with
// HMAC-MD5-96 (RFC 2403) under the password of the virtual router.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   112 (VRRP)  | Payload Len 4 |          Reserved 0           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Security Parameters Index: Keepalived's, the source address |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                    Sequence Number                            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |            Integrity Check Value (12 bytes)                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The value covers the whole IP packet with everything zero that may change on the way. Of the TTL
// Keepalived says that only a unicast packet's may; to the group it is 255, and covered.

import type { IpAddress } from "../core/address.ts";
import type { RouterKey } from "../core/config.ts";
import { type Duration, type Instant, since } from "../core/time.ts";
import { passwordBytes, VRRP_PROTOCOL } from "./advert.ts";
import { putWord, wordAt } from "./checksum.ts";
import { IPV4_HEADER_LENGTH } from "./ipv4.ts";
import { hmacMd5 } from "./md5.ts";

/** The IP protocol of the header. */
export const AH_PROTOCOL = 51;
export const AH_LENGTH = 24;

const SPI = 4;
const SEQUENCE = 8;
const ICV = 12;
const ICV_LENGTH = 12;
/** In 32-bit words, less two: RFC 2402 §2.2. */
const PAYLOAD_LENGTH = AH_LENGTH / 4 - 2;

const isGroup = (packet: Uint8Array): boolean => ((packet[16] ?? 0) & 0xf0) === 0xe0;

/** The value over a whole IPv4 packet whose IP header has no options. */
function icvOf(packet: Uint8Array, password: string): Uint8Array {
  const covered = packet.slice();
  covered[1] = 0; // type of service
  putWord(covered, 6, 0); // flags and fragment offset
  if (!isGroup(packet)) covered[8] = 0; // TTL
  putWord(covered, 10, 0); // header checksum
  covered.fill(0, IPV4_HEADER_LENGTH + ICV, IPV4_HEADER_LENGTH + ICV + ICV_LENGTH);
  return hmacMd5(passwordBytes(password), covered).subarray(0, ICV_LENGTH);
}

/** Numbers and signs a packet of `protectedPacket` anew, in place. */
export function sign(packet: Uint8Array, sequence: number, password: string): void {
  // Part of what is covered, so it must not be the kernel's; never 0, or the kernel would choose one.
  putWord(packet, 4, ((sequence - 1) % 0xffff) + 1);
  putLong(packet, IPV4_HEADER_LENGTH + SEQUENCE, sequence);
  packet.set(icvOf(packet, password), IPV4_HEADER_LENGTH + ICV);
}

/** The header in front of an advertisement, not signed yet. */
export function protect(pdu: Uint8Array, source: Uint8Array): Uint8Array {
  const payload = new Uint8Array(AH_LENGTH + pdu.length);
  payload[0] = VRRP_PROTOCOL;
  payload[1] = PAYLOAD_LENGTH;
  payload.set(source, SPI);
  payload.set(pdu, AH_LENGTH);
  return payload;
}

/** Whether what stands behind the IP header is a header of this kind around VRRP. */
export const protectsVrrp = (payload: Uint8Array): boolean =>
  payload.length >= AH_LENGTH && payload[0] === VRRP_PROTOCOL && payload[1] === PAYLOAD_LENGTH;

/** What a packet of protocol 51 has against it, in a few words; null for nothing. */
export function forged(packet: Uint8Array, password: string): string | null {
  const end = wordAt(packet, 2);
  const icv = icvOf(packet.subarray(0, end), password);
  let difference = 0;
  for (let i = 0; i < ICV_LENGTH; i++) difference |= (packet[IPV4_HEADER_LENGTH + ICV + i] ?? 0) ^ (icv[i] ?? 0);
  if (difference !== 0) return "the integrity check value is not ours";
  for (let i = 0; i < 4; i++)
    if (packet[IPV4_HEADER_LENGTH + SPI + i] !== packet[12 + i]) return "the SPI is not the source address";
  return null;
}

export const sequenceOf = (packet: Uint8Array): number => longAt(packet, IPV4_HEADER_LENGTH + SEQUENCE);

const putLong = (bytes: Uint8Array, offset: number, value: number): void => {
  putWord(bytes, offset, Math.floor(value / 0x10000));
  putWord(bytes, offset + 2, value & 0xffff);
};
const longAt = (bytes: Uint8Array, offset: number): number =>
  wordAt(bytes, offset) * 0x10000 + wordAt(bytes, offset + 2);

// ---------------------------------------------------------------- numbers

/** Sequence numbers: those we send, and the last of each sender. One for the daemon. */
export type Sequences = {
  /** The number of the next advertisement of a router; the same for all its peers. */
  readonly next: (router: RouterKey) => number;
  /** Whether a number follows the sender's last one, in words if not. `patience` is how long it may be silent. */
  readonly replayed: (heard: Numbered, patience: Duration) => string | null;
  /** Remembers the number of an advertisement that was accepted. */
  readonly accept: (heard: Numbered) => void;
};

export type Numbered = {
  readonly router: RouterKey;
  readonly source: IpAddress;
  readonly sequence: number;
  readonly at: Instant;
};

const GREATEST = 2 ** 32 - 1;
/** Numbers a second that the clock gives: a v2 Master speaks once a second, and answers three times. */
const RATE = 4;
/** 2020-01-01 in seconds; at four a second the clock reaches the end of 32 bits in 2054. */
const EPOCH = 1_577_836_800;
/** Nobody without the key gets this far; somebody with it may not fill the memory. */
const SENDERS = 4096;

/**
 * `wallSeconds` is the time of day. Keepalived accepts a number only above every one it has seen or
 * sent, whoever sent it. So ours follow the clock, which a restart does not set back, and jump over
 * the greatest one heard, which a neighbour's clock may have given.
 *
 * What we demand is less: above the sender's own last one, in the circle of RFC 1982 so that 2^32
 * is no cliff; and anything at all from a sender that was silent for a whole Master_Down_Interval,
 * because that is what a neighbour that starts again at 1 was. A replayed advertisement can
 * therefore keep a dead Master alive, but never contradict a living one.
 */
export function createSequences(wallSeconds: () => number): Sequences {
  const greatest = new Map<RouterKey, number>();
  const senders = new Map<string, { sequence: number; at: Instant }>();
  return {
    next(router) {
      const clock = Math.min(GREATEST, Math.max(1, Math.floor((wallSeconds() - EPOCH) * RATE)));
      const above = (greatest.get(router) ?? 0) + 1;
      const sequence = above > GREATEST ? clock : Math.max(above, clock);
      greatest.set(router, sequence);
      return sequence;
    },
    replayed({ router, source, sequence, at }, patience) {
      const last = senders.get(`${router} ${source}`);
      if (last === undefined || since(last.at, at) >= patience) return null;
      const ahead = (sequence - last.sequence + 2 ** 32) % 2 ** 32;
      return ahead > 0 && ahead < 2 ** 31 ? null : `sequence number ${sequence} after ${last.sequence}`;
    },
    accept({ router, source, sequence, at }) {
      const name = `${router} ${source}`;
      senders.delete(name);
      senders.set(name, { sequence, at });
      const [oldest] = senders.keys();
      if (senders.size > SENDERS && oldest !== undefined) senders.delete(oldest);
      if (sequence > (greatest.get(router) ?? 0)) greatest.set(router, sequence);
    },
  };
}
