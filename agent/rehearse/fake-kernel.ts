// A kernel in one process and in virtual time. It keeps the contract of `Kernel` as Linux does: what
// arrives waits in a socket until the process looks, the alarm rings before the sockets are read,
// and what changes on an interface is known only when it has been told.

import { type Family, familyOf, type IpAddress } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import { after, type Duration, type Instant } from "../core/time.ts";
import {
  ADDRESS_PROTOCOL,
  type Datagram,
  type Ear,
  type InterfaceAddress,
  type Kernel,
  type Outcome,
  type VrrpProtocol,
} from "../kernel.ts";
import { VRRP_GROUP } from "../wire/advert.ts";
import { ETHERNET_HEADER_LENGTH } from "../wire/ethernet.ts";
import { parseIpv4Packet } from "../wire/ipv4.ts";
import { parseIpv6Packet } from "../wire/ipv6.ts";
import { fakeClaims } from "./fake-claims.ts";
import type { Carried, Lan, Plug } from "./fake-lan.ts";
import { type FakeLinks, fakeLinks } from "./fake-links.ts";
import { DONE, failure } from "./fake-outcome.ts";
import { type FakePaths, fakePaths, type PathDeed } from "./fake-paths.ts";
import { type FakeProcess, fakeProcess } from "./fake-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the process asked of the kernel, in its order. */
export type Deed =
  | { readonly type: "packet"; readonly at: Instant; readonly interface: string; readonly bytes: Uint8Array }
  | { readonly type: "frame"; readonly at: Instant; readonly interface: string; readonly bytes: Uint8Array }
  | { readonly type: "add" | "remove"; readonly at: Instant; readonly addresses: readonly VirtualAddress[] }
  | PathDeed;

type Refusal = (what: Deed["type"], iface: string) => Outcome | null;

/** What a test does to the machine, and sees of it. */
export type FakeKernel = Kernel &
  FakePaths & {
    readonly name: string;
    /** Everything that was asked and carried out. */
    readonly deeds: readonly Deed[];
    /** Told of each deed at the moment of it. */
    readonly onDeed: (listener: (deed: Deed) => void) => void;
    /** What is really on an interface, whether the process knows it or not. */
    readonly truth: (iface: string) => readonly InterfaceAddress[];
    readonly has: (iface: string) => boolean;
    readonly isUp: (iface: string) => boolean;
    readonly lay: (iface: string, lan: Lan) => void;
    readonly cut: (iface: string) => void;
    readonly setUp: (iface: string, up: boolean) => void;
    readonly setMac: (iface: string, mac: Uint8Array) => void;
    /** Somebody else puts an address on an interface, or takes it off. */
    readonly plant: (iface: string, address: IpAddress, prefixLength: number, protocol?: number) => void;
    readonly uproot: (iface: string, address: IpAddress) => void;
    /** The process does not run until then, as after SIGSTOP. */
    readonly freeze: (until: Instant) => void;
    /** What the next calls answer instead of doing it; null for doing it. */
    readonly refuse: (answer: Refusal | null) => void;
    /** How long each address that is added or removed keeps the process busy. */
    readonly addressTakes: (span: Duration) => void;
    /** setImmediate of that process. */
    readonly later: (step: () => void) => void;
    /** A timer of that process. */
    readonly afterwards: (span: Duration, step: () => void) => void;
    /** The process is gone; what it put on its interfaces stays. */
    readonly kill: () => void;
    /** Another process takes its place: it is told what is on the interfaces, and hears of nothing before. */
    readonly begin: () => void;
    /** Whether there is a process that runs. */
    readonly runs: () => boolean;
  };

type Wire = { readonly plug: Plug; readonly lan: Lan };
type Socket = { readonly listener: (datagram: Datagram) => void; readonly ear: Ear; readonly waiting: Datagram[] };

const USUAL: Readonly<Record<Family, Ear>> = {
  ipv4: { protocol: 112, groups: [VRRP_GROUP.ipv4] },
  ipv6: { protocol: 112, groups: [VRRP_GROUP.ipv6] },
};
const isGroup = (address: IpAddress): boolean => /^(2(2[4-9]|3\d)\.|ff)/.test(address);

const UNASKED = { ok: false, errno: 95, error: "EOPNOTSUPP: nobody is asked here" } as const;

export function fakeKernel(name: string, time: VirtualTime): FakeKernel {
  const process = fakeProcess(time);
  const links: FakeLinks = fakeLinks(name, () => inbox.poll());
  const inbox = fakeInbox(process, links);
  const wires = new Map<string, Wire>();
  const orders = fakeOrders(time, process, links, wires);
  const paths = fakePaths(orders, process.later, time.now);
  const cables = fakeCables(name, time, { links, wires, inbox, paths });
  const frame = (iface: string, bytes: Uint8Array): Outcome =>
    !process.hasEnded() && bytes.length < ETHERNET_HEADER_LENGTH ? failure(22) : orders.send("frame", iface, bytes);
  const close = (): void => {
    process.end();
    links.watchers.clear();
    inbox.clear();
  };
  return {
    now: time.now,
    interfaces: links.known,
    watch: (listener) => enrol(links.watchers, listener),
    listen: inbox.listen,
    unlisten: inbox.unlisten,
    hearClaims: inbox.hearClaims,
    drain: inbox.read,
    rest: () => {},
    sendPacket: (iface, family, packet, destination) =>
      !process.hasEnded() && (familyOf(destination) !== family || packet.length === 0)
        ? failure(22)
        : orders.send("packet", iface || (wayTo(links, wires, destination)?.iface ?? ""), packet),
    sourceTo: (destination) => wayTo(links, wires, destination)?.source ?? null,
    sendFrame: frame,
    sendFrames: (iface, frames, length) =>
      Array.from({ length: frames.length / length }, (_, i) =>
        frame(iface, frames.slice(i * length, (i + 1) * length)),
      ),
    addAddresses: (addresses) => orders.each("add", addresses),
    removeAddresses: (addresses) => orders.each("remove", addresses),
    setAlarm: (at, ring) => process.setAlarm(at, ring),
    forwardsIpv6: () => true,
    // Checks are asked of real machines: contract/linux-asking.test.ts.
    sendEcho: () => UNASKED,
    askNeighbour: () => UNASKED,
    watchRoutes: () => () => {},
    watchProcesses: () => UNASKED,
    close,

    name,
    deeds: orders.deeds,
    onDeed: orders.onDeed,
    truth: (iface) => links.at(iface)?.addresses ?? [],
    has: (iface) => links.at(iface) !== undefined,
    isUp: (iface) => links.at(iface)?.up === true,
    ...cables,
    ...paths,
    freeze: process.freeze,
    refuse: orders.refuse,
    addressTakes: orders.addressTakes,
    later: process.later,
    afterwards: (span, step) => process.afterwards(after(time.now(), span), step),
    kill: close,
    begin: () => {
      close();
      process.begin();
      inbox.read();
    },
    runs: () => !process.hasEnded() && !process.isFrozen(),
  };
}

function enrol<T>(members: Set<T>, member: T): () => void {
  members.add(member);
  return () => void members.delete(member);
}

type Machinery = {
  readonly links: FakeLinks;
  readonly wires: Map<string, Wire>;
  readonly inbox: ReturnType<typeof fakeInbox>;
  readonly paths: FakePaths;
};
type Cables = Pick<FakeKernel, "lay" | "cut" | "setUp" | "setMac" | "plant" | "uproot">;

/** What somebody does to the interfaces who is no process of ours. */
function fakeCables(name: string, time: VirtualTime, { links, wires, inbox, paths }: Machinery): Cables {
  return {
    lay: (iface, lan) => {
      const plug: Plug = { name, receive: (carried) => inbox.receive(iface, carried, time.now()) };
      wires.set(iface, { plug, lan });
      lan.plug(plug);
      links.appear(iface);
    },
    cut: (iface) => {
      const wire = wires.get(iface);
      wire?.lan.unplug(wire.plug);
      wires.delete(iface);
      links.vanish(iface);
      paths.forgetPaths((path) => path.kind === "route" && path.interface === iface);
    },
    setUp: (iface, up) => links.setUp(links.present(iface), up),
    setMac: (iface, mac) => links.setMac(links.present(iface), mac),
    plant: (iface, address, prefixLength, protocol = 0) =>
      void links.put(links.present(iface), { address, prefixLength }, protocol),
    uproot: (iface, address) => {
      const own = links.present(iface).addresses.find((there) => there.address === address);
      if (own !== undefined) links.take(links.present(iface), own);
    },
  };
}

/** What the process has yet to read: its sockets, and then the news of its interfaces. */
function fakeInbox(process: FakeProcess, links: FakeLinks) {
  const sockets = new Map<string, Socket>();
  const claims = fakeClaims();
  let reading = false;

  const readSockets = (): void => {
    for (const [place, socket] of [...sockets])
      while (socket.waiting.length > 0 && sockets.get(place) === socket) {
        const datagram = socket.waiting.shift();
        if (datagram !== undefined) socket.listener(datagram);
      }
  };
  /** A listener that asks for more reading while it is told something gets it when it has returned. */
  const read = (): void => {
    if (reading || process.hasEnded()) return;
    reading = true;
    try {
      readSockets();
      claims.read();
      links.readNews();
    } finally {
      reading = false;
    }
  };
  const poll = (): void => process.poll(read);
  const listens = (place: string): boolean => PLACES.some((what) => sockets.has(`${place}/${what}`));
  const deliver = (iface: string, bytes: Uint8Array, at: Instant): void => {
    if (!listens(iface) && !listens("")) return;
    const read = readPacket(bytes);
    if (read === null) return;
    const datagram = { ...read, interface: iface, at };
    const { family, protocol, destination } = datagram;
    const here = [...links.known.values()].some(({ addresses }) =>
      addresses.some(({ address }) => address === destination),
    );
    for (const place of [iface, ""]) {
      const socket = sockets.get(`${place}/${family}/${protocol}`);
      const wanted = isGroup(destination) ? place !== "" && socket?.ear.groups.includes(destination) : here;
      if (socket === undefined || wanted !== true) continue;
      socket.waiting.push({ ...datagram, interface: place });
      poll();
    }
  };
  return {
    read,
    poll,
    clear: (): void => sockets.clear(),
    listen: (iface: string, family: Family, listener: Socket["listener"], ear = USUAL[family]): Outcome => {
      if (process.hasEnded()) return failure(9);
      sockets.set(`${iface}/${family}/${ear.protocol}`, { listener, ear, waiting: [] });
      return DONE;
    },
    unlisten: (iface: string, family: Family, protocol: VrrpProtocol = 112): void =>
      void sockets.delete(`${iface}/${family}/${protocol}`),
    hearClaims: (...wanted: Parameters<typeof claims.hear>): Outcome => {
      if (process.hasEnded()) return failure(9);
      claims.hear(...wanted);
      return DONE;
    },
    receive: (iface: string, carried: Carried, at: Instant): void => {
      if (links.at(iface)?.up !== true) return;
      if (claims.receive(iface, carried)) poll();
      deliver(iface, carried.kind === "packet" ? carried.bytes : packetIn(carried.bytes), at);
    },
  };
}

/** What the process orders: each order is refused, or carried out and recorded. */
function fakeOrders(time: VirtualTime, process: FakeProcess, links: FakeLinks, wires: ReadonlyMap<string, Wire>) {
  const deeds: Deed[] = [];
  let onDeed = (_: Deed): void => {};
  let refusal: Refusal | null = null;
  let perAddress = 0 as Duration;

  const record = (deed: Deed): void => {
    deeds.push(deed);
    onDeed(deed);
  };
  const change = (own: VirtualAddress, type: "add" | "remove"): Outcome => {
    const state = links.at(own.interface);
    if (process.hasEnded()) return failure(9);
    if (state === undefined) return failure(19);
    const refused = refusal?.(type, own.interface) ?? null;
    if (refused !== null) return refused;
    return type === "add" ? links.put(state, own, ADDRESS_PROTOCOL) : links.take(state, own);
  };
  const forbidden = (iface: string | null, type: Deed["type"]): Outcome | null => {
    if (process.hasEnded()) return failure(9);
    if (iface !== null && links.at(iface) === undefined) return failure(19);
    return refusal?.(type, iface ?? "") ?? null;
  };
  return {
    deeds,
    record,
    forbidden,
    send: (kind: Carried["kind"], iface: string, bytes: Uint8Array): Outcome => {
      const state = links.at(iface);
      const wire = wires.get(iface);
      if (process.hasEnded()) return failure(9);
      if (state === undefined || wire === undefined) return failure(19);
      if (!state.up) return failure(100);
      const refused = refusal?.(kind, iface) ?? null;
      if (refused !== null) return refused;
      record({ type: kind, at: time.now(), interface: iface, bytes: bytes.slice() });
      wire.lan.send(wire.plug, { kind, bytes });
      return DONE;
    },
    each: (type: "add" | "remove", addresses: readonly VirtualAddress[]): readonly Outcome[] => {
      if (!process.hasEnded()) time.spend((perAddress * addresses.length) as Duration);
      const outcomes = addresses.map((own) => change(own, type));
      if (outcomes.some(({ ok }) => ok))
        record({ type, at: time.now(), addresses: addresses.filter((_, i) => outcomes[i]?.ok === true) });
      return outcomes;
    },
    onDeed: (listener: (deed: Deed) => void): void => {
      onDeed = listener;
    },
    refuse: (answer: Refusal | null): void => {
      refusal = answer;
    },
    addressTakes: (span: Duration): void => {
      perAddress = span;
    },
  };
}

type Read = Omit<Datagram, "interface" | "at">;
/** A packet goes to everybody on a LAN, and is read once. */
const packetsRead = new WeakMap<Uint8Array, Read | null>();

function readPacket(bytes: Uint8Array): Read | null {
  const known = packetsRead.get(bytes);
  if (known !== undefined) return known;
  const read = (bytes[0] ?? 0) >> 4 === 4 ? readIpv4(bytes) : readIpv6(bytes);
  packetsRead.set(bytes, read);
  return read;
}

function readIpv4(bytes: Uint8Array): Read | null {
  const header = parseIpv4Packet(bytes);
  const protocol = VRRP.find((one) => one === header?.protocol);
  if (header === undefined || protocol === undefined) return null;
  const { source, destination, ttl, payload } = header;
  return { family: "ipv4", complete: true, source, destination, ttl, protocol, packet: bytes, bytes: payload };
}

function readIpv6(bytes: Uint8Array): Read | null {
  const header = parseIpv6Packet(bytes);
  if (header === undefined || header.nextHeader !== 112) return null;
  const { source, destination, hopLimit: ttl, payload } = header;
  return { family: "ipv6", complete: true, source, destination, ttl, protocol: 112, packet: NOTHING, bytes: payload };
}

/** The IPv6 packet in a frame: the advertisements of a virtual MAC travel so. */
const packetIn = (frame: Uint8Array): Uint8Array =>
  frame[12] === 0x86 && frame[13] === 0xdd ? frame.subarray(ETHERNET_HEADER_LENGTH) : NOTHING;

const VRRP = [112, 51] as const;
const PLACES = ["ipv4/112", "ipv6/112", "ipv4/51"];
const NOTHING = new Uint8Array();

/** The routing table: everything of a family is reached from the first interface with a cable and an address of it. */
function wayTo(links: FakeLinks, wires: ReadonlyMap<string, Wire>, destination: IpAddress) {
  for (const { name, up, addresses } of links.known.values()) {
    const source = addresses.find(({ address }) => familyOf(address) === familyOf(destination))?.address;
    if (up && wires.has(name) && source !== undefined) return { iface: name, source };
  }
  return undefined;
}
