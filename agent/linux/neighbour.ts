// Asking a neighbour whether it is there: an ARP request (RFC 826) or a neighbour solicitation
// (RFC 4861 §4.3). The kernel's own table is left alone: an entry there is believed for half a minute.

import { bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import type { Begun, InterfaceState } from "../kernel.ts";
import { EAGAIN, ENODEV, type Failure, failure, failureFromText } from "./errno.ts";
import { bind, close, messageBuffer, SOCK_CLOEXEC, SOCK_NONBLOCK, sendTo, socket, whenReadable } from "./ffi.ts";
import { openDatagrams, releaseSocket } from "./raw-socket.ts";

type Heard = (mac: string) => void;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ARP = [0x08, 0x06] as const;
const ICMPV6 = 58;
const SOL_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_HOPS = 18;

const message = messageBuffer(2_048);

/** Asks once; `heard` is called when the neighbour answers, until it is forgotten. */
export function askNeighbour(
  interfaces: ReadonlyMap<string, InterfaceState>,
  address: IpAddress,
  device: string | null,
  heard: Heard,
): Begun {
  const link = device === null ? linkTowards(interfaces, address) : interfaces.get(device);
  if (link === undefined) return failure(ENODEV, `asking ${address}: ${device ?? "no interface"} is on its link`);
  return familyOf(address) === "ipv4" ? askArp(link, address, heard) : askNdp(link, address, heard);
}

/** The interface that has an address in the same network. */
const linkTowards = (interfaces: ReadonlyMap<string, InterfaceState>, address: IpAddress): InterfaceState | undefined =>
  [...interfaces.values()].find((link) => link.addresses.some((own) => sameNetwork(own, address)));

function sameNetwork(
  { address, prefixLength }: { address: IpAddress; prefixLength: number },
  other: IpAddress,
): boolean {
  const [a, b] = [bytesOf(address), bytesOf(other)];
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < prefixLength; bit += 8) {
    const mask = prefixLength - bit >= 8 ? 0xff : (0xff << (8 - (prefixLength - bit))) & 0xff;
    if (((a[bit >> 3] ?? 0) & mask) !== ((b[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

const macText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");

// ---------------------------------------------------------------- ARP

function askArp(link: InterfaceState, address: IpAddress, heard: Heard): Begun {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failure(-fd, "opening a packet socket needs CAP_NET_RAW");
  const name = linkName(link);
  const bound = bind(fd, name);
  const sent = bound < 0 ? bound : sendTo(fd, arpRequest(link, address), name);
  if (sent < 0) {
    close(fd);
    return failure(-sent, `asking ${address} on ${link.name}`);
  }
  const wanted = bytesOf(address);
  return listening(fd, (bytes) => {
    const isReply = bytes[20] === 0 && bytes[21] === 2 && wanted.every((byte, i) => bytes[28 + i] === byte);
    if (isReply) heard(macText(bytes.subarray(22, 28)));
  });
}

/** sockaddr_ll: family, protocol, interface, ARPHRD_ETHER, packet type, address length, address: everybody. */
function linkName({ index }: InterfaceState): Uint8Array {
  const name = new Uint8Array(20);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_PACKET, true);
  name.set(ETH_P_ARP, 2);
  view.setInt32(4, index, true);
  view.setUint16(8, 1, true);
  name[11] = 6;
  name.fill(0xff, 12, 18);
  return name;
}

/** agent/wire/arp.ts draws the frame. From an address in the same network, else from 0.0.0.0 as a probe (RFC 5227 §2.1.1). */
function arpRequest({ mac, addresses }: InterfaceState, address: IpAddress): Uint8Array {
  const frame = new Uint8Array(42);
  const own = addresses.find((one) => sameNetwork(one, address));
  frame.fill(0xff, 0, 6);
  frame.set(mac.subarray(0, 6), 6);
  frame.set([...ETH_P_ARP, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  frame.set(mac.subarray(0, 6), 22);
  if (own !== undefined) frame.set(bytesOf(own.address), 28);
  frame.set(bytesOf(address), 38);
  return frame;
}

function listening(fd: number, hear: (bytes: Uint8Array) => void): Begun {
  const unwatch = whenReadable(fd, () => {
    for (let n = 0; n < 64; n++) {
      const length = message.receive(fd);
      if (length < 0) return;
      hear(message.bytes.subarray(0, length));
    }
  });
  let forgotten = false;
  return {
    ok: true,
    forget: () => {
      if (forgotten) return;
      forgotten = true;
      unwatch();
      close(fd);
    },
  };
}

// ---------------------------------------------------------------- neighbour solicitation

function askNdp(link: InterfaceState, address: IpAddress, heard: Heard): Begun {
  const opened = openDatagrams(link.name, "ipv6", ICMPV6);
  if (!opened.ok) return opened;
  const { fd, socket: raw } = opened;
  const wanted = bytesOf(address);
  raw.wrap.on("recvReady", () => {
    for (let n = 0; n < 64; n++) {
      const length = message.receive(fd);
      if (length === -EAGAIN || length < 0) return;
      const { bytes } = message;
      // Type 136, target at 8, option 2 with the link-layer address at 24. RFC 4861 §4.4.
      const isReply = length >= 24 && bytes[0] === 136 && wanted.every((byte, i) => bytes[8 + i] === byte);
      if (isReply) heard(length >= 32 && bytes[24] === 2 ? macText(bytes.subarray(26, 32)) : "");
    }
  });
  const forget = (): void => releaseSocket(raw);
  try {
    // RFC 4861 §7.1.1: 255, or it is not from this link.
    raw.wrap.setOption(SOL_IPV6, IPV6_UNICAST_HOPS, 255);
    raw.wrap.setOption(SOL_IPV6, IPV6_MULTICAST_HOPS, 255);
    const packet = solicitation(link, wanted);
    raw.wrap.send(packet, 0, packet.length, solicitedNode(wanted), () => {});
  } catch (thrown) {
    forget();
    return failedTo(thrown, address);
  }
  return { ok: true, forget };
}

const failedTo = (thrown: unknown, address: IpAddress): Failure => failureFromText(thrown, `asking ${address}`);

function solicitation({ mac }: InterfaceState, target: Uint8Array): Buffer {
  const packet = Buffer.alloc(32);
  packet[0] = 135;
  packet.set(target, 8);
  packet[24] = 1;
  packet[25] = 1;
  packet.set(mac.subarray(0, 6), 26);
  return packet;
}

/** RFC 4291 §2.7.1: ff02::1:ff and the last three bytes. */
function solicitedNode(target: Uint8Array): string {
  const [a = 0, b = 0, c = 0] = target.subarray(13);
  const hex = (n: number): string => n.toString(16);
  return `ff02::1:${hex(0xff00 | a)}:${hex((b << 8) | c)}`;
}
