// ICMP and ICMPv6 echo, RFC 792 and RFC 4443 §4: one raw socket for each way of asking, shared by all
// who ask that way, because every raw ICMP socket hears every answer.

import { randomBytes } from "node:crypto";
import { type Family, familyOf, parseAddress } from "../core/address.ts";
import type { Begun, EchoTarget } from "../kernel.ts";
import { EAGAIN, EINVAL, type Failure, failure, failureFromText } from "./errno.ts";
import { bind, messageBuffer } from "./ffi.ts";
import { type OpenSocket, openDatagrams, releaseSocket, socketName } from "./raw-socket.ts";

const ICMP = 1;
const ICMPV6 = 58;
const SOL_RAW = 255;
const FILTER = 1;
/** Type of the request, and of the reply. */
const TYPES = { ipv4: [8, 0], ipv6: [128, 129] } as const;
const LENGTH = 24;
const TOKEN = 8;

/** Nobody else's echoes are ours. */
const token = randomBytes(TOKEN);
const message = messageBuffer(2_048);

type Way = { readonly socket: OpenSocket; readonly pending: Map<number, () => void> };

export type EchoSender = {
  readonly send: (to: EchoTarget, heard: () => void) => Begun;
  readonly close: () => void;
};

export function createEchoes(): EchoSender {
  const ways = new Map<string, Way>();
  let sequence = 0;
  const open = (to: EchoTarget, family: Family, name: string): Way | Failure => {
    const known = ways.get(name);
    if (known !== undefined) return known;
    const opened = openWay(to, family);
    if (!("socket" in opened)) return opened;
    ways.set(name, opened);
    return opened;
  };
  const shut = (name: string): void => {
    const way = ways.get(name);
    ways.delete(name);
    if (way !== undefined) releaseSocket(way.socket.socket);
  };
  const send = (to: EchoTarget, heard: () => void): Begun => {
    const address = parseAddress(to.address);
    if (address === undefined) return failure(EINVAL, `asking ${to.address} for an echo`);
    const family = familyOf(address);
    const name = `${family} ${to.device ?? ""} ${to.source ?? ""}`;
    const way = open(to, family, name);
    if (!("socket" in way)) return way;
    sequence = (sequence + 1) % 0x1_0000;
    const mine = sequence;
    const packet = request(family, mine);
    try {
      way.socket.socket.wrap.send(packet, 0, packet.length, address, () => {});
    } catch (thrown) {
      // Its interface or its source address may be another one by now.
      shut(name);
      return failureFromText(thrown, `asking ${address} for an echo`);
    }
    way.pending.set(mine, heard);
    return { ok: true, forget: () => void (way.pending.get(mine) === heard && way.pending.delete(mine)) };
  };
  return {
    send,
    close: () => {
      for (const name of [...ways.keys()]) shut(name);
    },
  };
}

function openWay({ device, source }: EchoTarget, family: Family): Way | Failure {
  const opened = openDatagrams(device, family, family === "ipv4" ? ICMP : ICMPV6);
  if (!opened.ok) return opened;
  const { socket, fd } = opened;
  if (source !== null) {
    const result = bind(fd, socketName(source));
    if (result < 0) {
      releaseSocket(socket);
      return failure(-result, `asking for echoes from ${source}`);
    }
  }
  filter(opened, family);
  const pending = new Map<number, () => void>();
  const hear = (): void => {
    for (let errors = 0; errors < 8; ) {
      const length = message.receive(fd);
      if (length === -EAGAIN) return;
      if (length < 0) errors += 1;
      else answered(family, length, pending);
    }
  };
  socket.wrap.on("recvReady", hear);
  return { socket: opened, pending };
}

/** Of all ICMP only replies are for us. A set bit keeps a type out. */
function filter({ socket }: OpenSocket, family: Family): void {
  const [, reply] = TYPES[family];
  const mask = Buffer.alloc(family === "ipv4" ? 4 : 32, 0xff);
  const at = reply >> 3;
  // 32-bit words of a little-endian machine: the byte order is that of the bits.
  mask[at] = 0xff & ~(1 << (reply & 7));
  socket.wrap.setOption(family === "ipv4" ? SOL_RAW : ICMPV6, FILTER, mask, mask.length);
}

/** Type, code 0, checksum, identifier, sequence; then the token. The kernel fills in the checksum of ICMPv6. */
function request(family: Family, sequence: number): Buffer {
  const packet = Buffer.alloc(LENGTH);
  packet.writeUInt8(TYPES[family][0], 0);
  packet.writeUInt16BE(process.pid & 0xffff, 4);
  packet.writeUInt16BE(sequence, 6);
  token.copy(packet, 8);
  if (family === "ipv4") packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/** RFC 1071. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let i = 0; i < packet.length; i += 2) sum += packet.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function answered(family: Family, length: number, pending: Map<number, () => void>): void {
  const { bytes } = message;
  // RFC 791 §3.1: an IPv4 packet comes with its header.
  const at = family === "ipv4" ? ((bytes[0] ?? 0) & 0x0f) * 4 : 0;
  if (length < at + 8 + TOKEN || bytes[at] !== TYPES[family][1]) return;
  if (!token.equals(bytes.subarray(at + 8, at + 8 + TOKEN))) return;
  const sequence = ((bytes[at + 6] ?? 0) << 8) | (bytes[at + 7] ?? 0);
  const heard = pending.get(sequence);
  pending.delete(sequence);
  heard?.();
}
