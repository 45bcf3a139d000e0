// Datagrams as the kernel gives them, several in one call, and what it says about each.
//
// Most datagrams are like the ones before them: as long, and from the same neighbour. What is made of them, a view
// of their bytes and the text of an address, is made once and used again.

import { addressFromBytes, type Family, type IpAddress } from "../core/address.ts";
import type { Instant } from "../core/time.ts";
import type { Datagram, VrrpProtocol } from "../kernel.ts";
import type { ClockPair } from "./clock.ts";
import { datagramBatch, MSG_TRUNC, timespecMicroseconds } from "./ffi.ts";

const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const SOL_IPV6 = 41;
const IPV6_PKTINFO = 50;
const IPV6_HOPLIMIT = 52;

/** As many as a burst of neighbours brings; what is more is read by the next call. */
const AT_ONCE = 32;

const batch = datagramBatch(AT_ONCE, 16_384);
const { bytes: memory, view } = batch;

/** Reads what waits, up to `AT_ONCE`: how many, or a negative errno. */
export const receiveDatagrams = batch.receive;
/** Whether there may be more than that. */
export const wasFull = (count: number): boolean => count === AT_ONCE;

/** What the control messages of one datagram said. */
const told = { wall: 0, hopLimit: 0, destination: -1 };

/** Each control message is a length of 64 bits, level, type and data, aligned to 8. */
function readControl(i: number): void {
  told.wall = 0;
  told.hopLimit = 0;
  told.destination = -1;
  const begin = batch.controlAt(i);
  const end = begin + batch.controlLengthOf(i);
  for (let at = begin; at + 16 <= end; ) {
    const length = view.getUint32(at, true);
    if (length < 16) return;
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) told.wall = timespecMicroseconds(view, at + 16);
    else if (level === SOL_IPV6 && type === IPV6_HOPLIMIT) told.hopLimit = view.getInt32(at + 16, true);
    else if (level === SOL_IPV6 && type === IPV6_PKTINFO) told.destination = at + 16;
    at += (length + 7) & ~7;
  }
}

const NOTHING = new Uint8Array();
const UNSPECIFIED_IPV6 = addressFromBytes(new Uint8Array(16));

/** The bytes of the last datagram that lay in a place. */
type Views = {
  readonly length: number;
  readonly header: number;
  readonly packet: Uint8Array;
  readonly bytes: Uint8Array;
};
const views: Views[] = [];

function viewsOf(i: number, length: number, header: number): Views {
  const known = views[i];
  if (known !== undefined && known.length === length && known.header === header) return known;
  const at = batch.dataAt(i);
  const packet = memory.subarray(at, at + length);
  const made = { length, header, packet, bytes: packet.subarray(Math.min(header, length)) };
  views[i] = made;
  return made;
}

/** Addresses that were read lately, each at the place that its bytes say: so many of IPv4, and as many of IPv6. */
const TEXTS = 32;
const words = new Uint32Array(2 * TEXTS * 4);
const texts: (IpAddress | undefined)[] = Array.from({ length: 2 * TEXTS });

function addressAt(at: number, length: 4 | 16): IpAddress {
  const a = view.getUint32(at, true);
  const b = length === 4 ? 0 : view.getUint32(at + 4, true);
  const c = length === 4 ? 0 : view.getUint32(at + 8, true);
  const d = length === 4 ? 0 : view.getUint32(at + 12, true);
  const mixed = a ^ b ^ c ^ d;
  const i = ((mixed ^ (mixed >>> 16) ^ (mixed >>> 24)) & (TEXTS - 1)) + (length === 4 ? 0 : TEXTS);
  const known = texts[i];
  const k = i * 4;
  if (known !== undefined && words[k] === a && words[k + 1] === b && words[k + 2] === c && words[k + 3] === d)
    return known;
  const text = addressFromBytes(memory, at, length);
  words[k] = a;
  words[k + 1] = b;
  words[k + 2] = c;
  words[k + 3] = d;
  texts[i] = text;
  return text;
}

/** One of the datagrams that were received. Its bytes are good until the next reading. */
export function datagramAt(
  i: number,
  iface: string,
  family: Family,
  protocol: VrrpProtocol,
  clocks: ClockPair,
  earliest: Instant,
): Datagram {
  readControl(i);
  const whole = (batch.flagsOf(i) & MSG_TRUNC) === 0;
  const at = told.wall === 0 ? clocks.read() : clocks.instantOf(told.wall, earliest);
  const length = batch.lengthOf(i);
  if (family === "ipv6") {
    return {
      interface: iface,
      family,
      protocol,
      packet: NOTHING,
      bytes: viewsOf(i, length, 0).bytes,
      source: addressAt(batch.nameAt(i) + 8, 16),
      destination: told.destination < 0 ? UNSPECIFIED_IPV6 : addressAt(told.destination, 16),
      ttl: told.hopLimit,
      complete: whole,
      at,
    };
  }
  const start = batch.dataAt(i);
  // RFC 791 §3.1: header length in 32-bit words, total length in bytes.
  const header = (view.getUint8(start) & 0x0f) * 4;
  const totalLength = view.getUint16(start + 2);
  const { packet, bytes } = viewsOf(i, length, header);
  return {
    interface: iface,
    family,
    protocol,
    packet,
    bytes,
    source: addressAt(start + 12, 4),
    destination: addressAt(start + 16, 4),
    ttl: view.getUint8(start + 8),
    complete: whole && header >= 20 && totalLength === length,
    at,
  };
}

/** Where struct mmsghdr of the first has how long its control messages, its flags and itself are. */
const [CONTROL_LENGTH, FLAGS, LENGTH] = [40, 48, 56];

/** A control message, at its place among them; where the next one goes. */
function writeControl(at: number, level: number, type: number, data: Uint8Array): number {
  view.setBigUint64(at, BigInt(16 + data.length), true);
  view.setInt32(at + 8, level, true);
  view.setInt32(at + 12, type, true);
  memory.set(data, at + 16);
  return at + ((16 + data.length + 7) & ~7);
}

/**
 * A packet as it would be read from a socket, without one: code that has never run is compiled when the first packet
 * comes. Not to be called while others are being read. `packet` has its IP header, which of IPv6 the kernel keeps.
 */
export function readWithoutSocket(iface: string, family: Family, packet: Uint8Array, clocks: ClockPair): Datagram {
  const data = family === "ipv4" ? packet : packet.subarray(IPV6_HEADER);
  memory.set(data, batch.dataAt(0));
  const begin = batch.controlAt(0);
  const stamp = new Uint8Array(16);
  new DataView(stamp.buffer).setUint32(0, 1, true); // 1970
  let end = writeControl(begin, SOL_SOCKET, SO_TIMESTAMPNS, stamp);
  if (family === "ipv6") {
    end = writeControl(end, SOL_IPV6, IPV6_HOPLIMIT, Uint8Array.of(packet[7] ?? 0, 0, 0, 0));
    // struct in6_pktinfo: the destination, and the number of an interface.
    end = writeControl(end, SOL_IPV6, IPV6_PKTINFO, Uint8Array.of(...packet.subarray(24, 40), 0, 0, 0, 0));
    memory.set(packet.subarray(8, 24), batch.nameAt(0) + 8);
  }
  // The next call may rely on the room there was for them.
  const room = view.getUint32(CONTROL_LENGTH, true);
  view.setUint32(CONTROL_LENGTH, end - begin, true);
  view.setUint32(FLAGS, 0, true);
  view.setUint32(LENGTH, data.length, true);
  const datagram = datagramAt(0, iface, family, VRRP, clocks, clocks.read());
  view.setUint32(CONTROL_LENGTH, room, true);
  return datagram;
}

const IPV6_HEADER = 40;
const VRRP = 112;
