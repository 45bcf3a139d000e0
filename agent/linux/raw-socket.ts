// Raw sockets for VRRP: one that hears the group on one interface, one that sends whole IP packets.
//
// The package raw-socket opens and watches them. Reading goes past it with recvmmsg, because only
// the control messages tell the hop limit and destination of an IPv6 packet and when the kernel
// received it. An IPv6 checksum is left alone by the kernel (no IPV6_CHECKSUM): wire/ counts the bad ones.

import { readdirSync } from "node:fs";
import { createSocket, type Socket, type SocketWrap } from "raw-socket";
import { bytesOf, type Family, type IpAddress } from "../core/address.ts";
import type { Duration } from "../core/time.ts";
import type { Datagram, Ear, Outcome } from "../kernel.ts";
import { createBeat } from "./beat.ts";
import { type ClockPair, now } from "./clock.ts";
import { datagramAt, receiveDatagrams, wasFull } from "./datagrams.ts";
import { DONE, EAGAIN, EPERM, type Failure, failure, failureFromText } from "./errno.ts";
import { getOption, messageBuffer, sendTo, setCloseOnExec, uncaught } from "./ffi.ts";

/** IPPROTO_RAW: the packet brings its own IP header, for IPv6 too; such a socket receives nothing. */
const OWN_HEADER = 255;

const SOL_SOCKET = 1;
const SO_PRIORITY = 12;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SO_COOKIE = 57;
const SOL_IP = 0;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
const SOL_IPV6 = 41;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_JOIN_GROUP = 20;
const IPV6_MULTICAST_ALL = 29;
const IPV6_RECVPKTINFO = 49;
const IPV6_RECVHOPLIMIT = 51;

/** 1 MiB holds some thousand adverts, while the loop is stalled. */
const RECEIVE_BUFFER = 1 << 20;
/** TC_PRIO_CONTROL: first out of a queueing discipline that knows priorities. */
const PRIORITY_CONTROL = 7;

/** The native socket is closed when the collector finds nobody holding it. */
const held = new Set<Socket>();

/** A raw socket and its descriptor. */
export type OpenSocket = { readonly ok: true; readonly socket: Socket; readonly fd: number };

/** Opens a raw socket that somebody else configures and reads: ICMP. */
export const openDatagrams = (iface: string | null, family: Family, protocol: number): OpenSocket | Failure =>
  open(iface, family, protocol);

/**
 * Opens a raw socket, bound to one device where one is named. raw-socket knows no SOCK_CLOEXEC: the descriptor is found
 * by the socket's cookie, or every script would inherit the VRRP socket.
 */
function open(iface: string | null, family: Family, protocol: number): OpenSocket | Failure {
  let socket: Socket;
  try {
    socket = createSocket({ protocol, addressFamily: family === "ipv4" ? 1 : 2, bufferSize: 1 });
  } catch (thrown) {
    const refused = failureFromText(thrown, `opening a raw ${family} socket`);
    return refused.errno === EPERM ? { ...refused, error: `${refused.error}; it needs CAP_NET_RAW` } : refused;
  }
  held.add(socket);
  socket.wrap.removeAllListeners("recvReady").removeAllListeners("sendReady").removeAllListeners("error");
  // A poll error ends the watch inside the package. With no listener it would end the daemon.
  socket.wrap.on("error", () => {});
  try {
    const fd = descriptorOf(socket);
    if (iface !== null && iface !== "") {
      const device = Buffer.from(`${iface}\0`);
      socket.wrap.setOption(SOL_SOCKET, SO_BINDTODEVICE, device, device.length);
    }
    return { ok: true, socket, fd };
  } catch (thrown) {
    releaseSocket(socket);
    return failureFromText(thrown, `binding a raw ${family} socket to ${iface}`);
  }
}

/** Closes it. */
export function releaseSocket(socket: Socket): void {
  if (held.delete(socket)) socket.wrap.close();
}

/** The descriptor behind a raw-socket, found by SO_COOKIE and closed for children. The newest is tried first. */
function descriptorOf({ wrap }: Socket): number {
  const cookie = Buffer.alloc(8);
  wrap.getOption(SOL_SOCKET, SO_COOKIE, cookie, cookie.length);
  const other = Buffer.alloc(8);
  const descriptors = readdirSync("/proc/self/fd").map(Number);
  for (const fd of descriptors.sort((a, b) => b - a)) {
    if (getOption(fd, SOL_SOCKET, SO_COOKIE, other) === 8 && other.equals(cookie)) {
      setCloseOnExec(fd);
      return fd;
    }
  }
  throw new Error("the descriptor of a raw socket is not in /proc/self/fd");
}

/** Hears VRRP on one interface and family. */
export type Receiver = {
  /** Reads what is there. */
  readonly read: () => void;
  /** Reads until the socket is empty after all that was read has been told, too. */
  readonly drain: () => void;
  readonly close: () => void;
};

/** What a receiver tells, beside the datagrams themselves. */
export type ReceiverEvents = {
  readonly heard: (datagram: Datagram) => void;
  /** There is something to drain. */
  readonly ready: () => void;
  /** How long a datagram may lie unread. */
  readonly patience: () => Duration;
  /** The socket can no longer be watched; only a new one will hear anything. */
  readonly broken: (reason: Error) => void;
};

/** How often a socket was said to have something, for practice. */
let told = 0;
const OFTEN = 25;

/** For what is thrown away. */
const message = messageBuffer(64);

/** Opens a receiver and joins its groups on the interface. */
export function openReceiver(
  iface: { readonly name: string; readonly index: number },
  family: Family,
  { protocol, groups }: Ear,
  clocks: ClockPair,
  { heard, ready, broken, patience }: ReceiverEvents,
): { readonly ok: true; readonly receiver: Receiver } | Failure {
  const opened = open(iface.name, family, protocol);
  if (!opened.ok) return opened;
  const { socket, fd } = opened;
  // Until it was bound the socket heard every interface. Its own group it joins only afterwards.
  while (message.receive(fd) >= 0);
  try {
    configureReceiver(socket, iface.index, family, iface.name === "" ? [] : groups);
  } catch (thrown) {
    releaseSocket(socket);
    return failureFromText(thrown, `joining the VRRP ${family} group on ${iface.name}`);
  }
  let closed = false;
  let emptyAt = now();
  const beat = createBeat({
    now,
    patience,
    watch: (wanted) => watch(wanted),
    readAll: ready,
  });
  let isWatched = true;
  const watch = (wanted: boolean): void => {
    isWatched = wanted;
    socket.wrap.pause(!wanted, true);
  };
  const tell = (count: number): void => {
    if (count > 0) clocks.read();
    for (let i = 0; i < count && !closed; i++) heard(datagramAt(i, iface.name, family, protocol, clocks, emptyAt));
  };
  const receive = (untilEmpty: boolean): void => {
    const began = now();
    // A socket error is told once and gone; a bound on them keeps a broken descriptor from looping.
    for (let errors = 0; !closed && errors < 8; ) {
      const count = receiveDatagrams(fd);
      if (count === -EAGAIN) break;
      if (count < 0) errors++;
      else beat.read(count);
      tell(count);
      if (count >= 0 && !untilEmpty && !wasFull(count)) break;
    }
    emptyAt = began;
  };
  const close = (): void => {
    closed = true;
    beat.close();
    releaseSocket(socket);
  };
  socket.wrap.on("recvReady", () => uncaught(ready));
  // A Master may hear nobody for months. What nobody has called is compiled, and symbols of the package are bound, when
  // they are needed: so it tells once, and at once, that something could be sent.
  beat.read(0);
  tell(0);
  socket.wrap.on("sendReady", () => {
    watch(isWatched);
    uncaught(ready);
  });
  socket.wrap.pause(false, false);
  // And is told so often that V8 compiles what is called then; once for all sockets.
  setImmediate(() => {
    for (; told < OFTEN && !closed; told++) socket.wrap.emit("recvReady");
  });
  socket.wrap.removeAllListeners("error").on("error", (reason) => uncaught(() => broken(reason)));
  return { ok: true, receiver: { read: () => receive(false), drain: () => receive(true), close } };
}

function configureReceiver({ wrap }: Socket, index: number, family: Family, groups: readonly IpAddress[]): void {
  wrap.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
  // Without CAP_NET_ADMIN the system's own limit has to do.
  setIfAllowed(wrap, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
  if (family === "ipv4") {
    wrap.setOption(SOL_IP, IP_MULTICAST_ALL, 0);
    for (const group of groups) {
      const membership = multicastRequest(bytesOf(group), index);
      wrap.setOption(SOL_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
    }
  } else {
    // Linux 4.20. Bound to its device the socket hears no other link; it would hear groups that others joined there.
    setIfAllowed(wrap, SOL_IPV6, IPV6_MULTICAST_ALL, 0);
    wrap.setOption(SOL_IPV6, IPV6_RECVPKTINFO, 1);
    wrap.setOption(SOL_IPV6, IPV6_RECVHOPLIMIT, 1);
    for (const group of groups) {
      const membership = Buffer.from([...bytesOf(group), 0, 0, 0, 0]);
      membership.writeUInt32LE(index, 16);
      wrap.setOption(SOL_IPV6, IPV6_JOIN_GROUP, membership, membership.length);
    }
  }
}

/** Sets what the socket is better with and works without. */
function setIfAllowed(wrap: SocketWrap, level: number, option: number, value: number): void {
  try {
    wrap.setOption(level, option, value);
  } catch {
    // The caller says what happens without it.
  }
}

/** struct ip_mreqn: group, local address (any), interface. */
function multicastRequest(group: Iterable<number>, index: number): Buffer {
  const request = Buffer.from([...group, 0, 0, 0, 0, 0, 0, 0, 0]);
  request.writeUInt32LE(index, 8);
  return request;
}

/** Sends whole IP packets out of one interface. */
export type Sender = {
  readonly send: (packet: Uint8Array, destination: IpAddress) => Outcome;
  readonly close: () => void;
};

/** Opens a sender. It is never looped back to this host, and needs no draining. */
export function openSender(
  iface: { readonly name: string; readonly index: number },
  family: Family,
): { readonly ok: true; readonly sender: Sender } | Failure {
  const opened = open(iface.name, family, OWN_HEADER);
  if (!opened.ok) return opened;
  const { socket, fd } = opened;
  try {
    configureSender(socket, iface.index, family);
  } catch (thrown) {
    releaseSocket(socket);
    return failureFromText(thrown, `preparing to send ${family} from ${iface.name}`);
  }
  return { ok: true, sender: { send: senderOf(fd, iface.name), close: () => releaseSocket(socket) } };
}

function configureSender({ wrap }: Socket, index: number, family: Family): void {
  // Needs CAP_NET_ADMIN; an advertisement without it is queued like any other packet.
  setIfAllowed(wrap, SOL_SOCKET, SO_PRIORITY, PRIORITY_CONTROL);
  if (family === "ipv4") {
    wrap.setOption(SOL_IP, IP_MULTICAST_LOOP, 0);
    if (index === 0) return;
    const request = multicastRequest([0, 0, 0, 0], index);
    wrap.setOption(SOL_IP, IP_MULTICAST_IF, request, request.length);
  } else {
    wrap.setOption(SOL_IPV6, IPV6_MULTICAST_LOOP, 0);
    if (index !== 0) wrap.setOption(SOL_IPV6, IPV6_MULTICAST_IF, index);
  }
}

/** sockaddr_in and sockaddr_in6 with port 0. */
export function socketName(address: IpAddress): Uint8Array {
  const bytes = bytesOf(address);
  const name = new Uint8Array(bytes.length === 4 ? 16 : 28);
  name[0] = bytes.length === 4 ? 2 : 10;
  name.set(bytes, bytes.length === 4 ? 4 : 8);
  return name;
}

/**
 * Sends past the package, which reads the destination anew for each packet and calls back. Destinations are few:
 * groups and peers.
 */
function senderOf(fd: number, iface: string): Sender["send"] {
  const names = new Map<IpAddress, Uint8Array>();
  return (packet, destination) => {
    let name = names.get(destination);
    if (name === undefined) {
      name = socketName(destination);
      names.set(destination, name);
    }
    const sent = sendTo(fd, packet, name);
    return sent < 0 ? failure(-sent, `sending from ${iface} to ${destination}`) : DONE;
  };
}
