// A kernel in one process and in virtual time. It keeps the contract of `Kernel` as Linux does: what
// arrives waits in a socket until the process looks, the alarm rings before the sockets are read,
// and what changes on an interface is known only when it has been told.

import { type Family, familyOf, type IpAddress } from "../../agent/core/address.ts";
import type { VirtualAddress } from "../../agent/core/config.ts";
import type { Duration, Instant } from "../../agent/core/time.ts";
import {
  ADDRESS_PROTOCOL,
  type Datagram,
  type InterfaceAddress,
  type InterfaceChange,
  type InterfaceState,
  type Kernel,
  type Outcome,
} from "../../agent/kernel.ts";
import { parseIpv4Packet } from "../../agent/wire/ipv4.ts";
import { parseIpv6Packet } from "../../agent/wire/ipv6.ts";
import type { Carried, Lan, Plug } from "./fake-lan.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the process asked of the kernel, in its order. */
export type Deed =
  | { readonly type: "packet"; readonly at: Instant; readonly interface: string; readonly bytes: Uint8Array }
  | { readonly type: "frame"; readonly at: Instant; readonly interface: string; readonly bytes: Uint8Array }
  | { readonly type: "add" | "remove"; readonly at: Instant; readonly addresses: readonly VirtualAddress[] };

/** What a test does to the machine, and sees of it. */
export type FakeKernel = Kernel & {
  /** Everything that was asked and carried out. */
  readonly deeds: readonly Deed[];
  /** Told of each deed at the moment of it. */
  readonly onDeed: (listener: (deed: Deed) => void) => void;
  /** What is really on an interface, whether the process knows it or not. */
  readonly truth: (iface: string) => readonly InterfaceAddress[];
  readonly lay: (iface: string, lan: Lan) => void;
  readonly cut: (iface: string) => void;
  readonly setUp: (iface: string, up: boolean) => void;
  /** Somebody else puts an address on an interface, or takes it off. */
  readonly plant: (iface: string, address: IpAddress, prefixLength: number, protocol?: number) => void;
  readonly uproot: (iface: string, address: IpAddress) => void;
  /** The process does not run until then, as after SIGSTOP. */
  readonly freeze: (until: Instant) => void;
  /** What the next calls answer instead of doing it; null for doing it. */
  readonly refuse: (answer: ((what: Deed["type"], iface: string) => Outcome | null) | null) => void;
  /** How long each address that is added or removed keeps the process busy. */
  readonly addressTakes: (span: Duration) => void;
  /** setImmediate of that process. */
  readonly later: (step: () => void) => void;
  /** The process is gone; what it put on its interfaces stays. */
  readonly kill: () => void;
};

type Wire = { readonly plug: Plug; readonly lan: Lan };
type Socket = { readonly listener: (datagram: Datagram) => void; readonly waiting: Datagram[] };

const ERRORS = {
  9: "EBADF: the kernel connection is closed",
  17: "EEXIST: it is there",
  19: "ENODEV: no such interface",
  22: "EINVAL: one family to an address of the other",
  99: "EADDRNOTAVAIL: it is not there",
  100: "ENETDOWN: the interface is down",
} as const;

const DONE: Outcome = { ok: true };
const failure = (errno: keyof typeof ERRORS): Outcome => ({ ok: false, errno, error: ERRORS[errno] });

export function fakeKernel(name: string, time: VirtualTime): FakeKernel {
  const truth = new Map<string, InterfaceState>();
  const known = new Map<string, InterfaceState>();
  const wires = new Map<string, Wire>();
  const sockets = new Map<string, Socket>();
  const watchers = new Set<(change: InterfaceChange) => void>();
  const news: { readonly state: InterfaceState | null; readonly change: InterfaceChange }[] = [];
  const deeds: Deed[] = [];
  const process = fakeProcess(time);
  let onDeed = (_: Deed): void => {};
  let refusal: ((what: Deed["type"], iface: string) => Outcome | null) | null = null;
  let perAddress = 0 as Duration;
  let indexes = 0;
  let reading = false;
  let closed = false;

  const record = (deed: Deed): void => {
    deeds.push(deed);
    onDeed(deed);
  };

  const tell = (iface: string, state: InterfaceState | null, change: InterfaceChange): void => {
    if (state === null) truth.delete(iface);
    else truth.set(iface, state);
    news.push({ state, change });
    process.poll(read);
  };

  const readNews = (): void => {
    for (let item = news.shift(); item !== undefined; item = news.shift()) {
      const { state, change } = item;
      if (state === null) known.delete(change.name);
      else known.set(change.name, state);
      for (const watcher of [...watchers]) watcher(change);
    }
  };
  const readSockets = (): void => {
    for (const [place, socket] of [...sockets])
      while (socket.waiting.length > 0 && sockets.get(place) === socket) {
        const datagram = socket.waiting.shift();
        if (datagram !== undefined) socket.listener(datagram);
      }
  };
  /** A listener that asks for more reading while it is told something gets it when it has returned. */
  const read = (): void => {
    if (reading || closed) return;
    reading = true;
    try {
      readSockets();
      readNews();
    } finally {
      reading = false;
    }
  };

  const receive = (iface: string, { kind, bytes }: Carried, at: Instant): void => {
    if (kind !== "packet" || truth.get(iface)?.up !== true) return;
    const datagram = datagramIn(iface, bytes, at);
    const socket = datagram && sockets.get(`${iface}/${datagram.family}`);
    if (datagram === undefined || socket === undefined) return;
    socket.waiting.push(datagram);
    process.poll(read);
  };

  const send = (kind: Carried["kind"], iface: string, bytes: Uint8Array): Outcome => {
    const state = truth.get(iface);
    const wire = wires.get(iface);
    if (closed) return failure(9);
    if (state === undefined || wire === undefined) return failure(19);
    if (!state.up) return failure(100);
    const refused = refusal?.(kind, iface) ?? null;
    if (refused !== null) return refused;
    record({ type: kind, at: time.now(), interface: iface, bytes: bytes.slice() });
    wire.lan.send(wire.plug, { kind, bytes });
    return DONE;
  };

  const change = (own: VirtualAddress, type: "add" | "remove"): Outcome => {
    const state = truth.get(own.interface);
    if (closed) return failure(9);
    if (state === undefined) return failure(19);
    const refused = refusal?.(type, own.interface) ?? null;
    if (refused !== null) return refused;
    return type === "add" ? put(state, own.address, own.prefixLength, ADDRESS_PROTOCOL) : take(state, own);
  };
  const put = (state: InterfaceState, address: IpAddress, prefixLength: number, protocol: number): Outcome => {
    if (state.addresses.some((there) => isSame(there, { address, prefixLength }))) return failure(17);
    const addresses = [...state.addresses, { address, prefixLength, protocol, usable: true }];
    const { name } = state;
    tell(name, { ...state, addresses }, { type: "addresses", name, added: [address], removed: [] });
    return DONE;
  };
  const take = (state: InterfaceState, own: Pick<VirtualAddress, "address" | "prefixLength">): Outcome => {
    const addresses = state.addresses.filter((there) => !isSame(there, own));
    if (addresses.length === state.addresses.length) return failure(99);
    const { name } = state;
    const removed = addresses.some(({ address }) => address === own.address) ? [] : [own.address];
    tell(name, { ...state, addresses }, { type: "addresses", name, added: [], removed });
    return DONE;
  };
  const each = (type: "add" | "remove", addresses: readonly VirtualAddress[]): readonly Outcome[] => {
    if (!closed) time.spend((perAddress * addresses.length) as Duration);
    const outcomes = addresses.map((own) => change(own, type));
    if (outcomes.some(({ ok }) => ok))
      record({ type, at: time.now(), addresses: addresses.filter((_, i) => outcomes[i]?.ok === true) });
    return outcomes;
  };
  const present = (iface: string): InterfaceState => {
    const state = truth.get(iface);
    if (state === undefined) throw new Error(`${name} has no interface ${iface}`);
    return state;
  };
  const close = (): void => {
    closed = true;
    watchers.clear();
    sockets.clear();
    process.end();
  };

  return {
    now: time.now,
    interfaces: known,
    watch: (listener) => {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
    listen: (iface, family, listener) => {
      if (closed) return failure(9);
      sockets.set(`${iface}/${family}`, { listener, waiting: [] });
      return DONE;
    },
    unlisten: (iface, family) => void sockets.delete(`${iface}/${family}`),
    drain: read,
    sendPacket: (iface, family, packet, destination) =>
      !closed && familyOf(destination) !== family ? failure(22) : send("packet", iface, packet),
    sendFrame: (iface, frame) => send("frame", iface, frame),
    addAddresses: (addresses) => each("add", addresses),
    removeAddresses: (addresses) => each("remove", addresses),
    setAlarm: (at, ring) => process.setAlarm(at, ring),
    forwardsIpv6: () => true,
    close,

    deeds,
    onDeed: (listener) => {
      onDeed = listener;
    },
    truth: (iface) => truth.get(iface)?.addresses ?? [],
    lay: (iface, lan) => {
      const plug: Plug = { name, receive: (carried, at) => receive(iface, carried, at) };
      wires.set(iface, { plug, lan });
      lan.plug(plug);
      indexes += 1;
      const state = { name: iface, index: indexes, mac: macOf(name, indexes), mtu: 1500, up: true, addresses: [] };
      tell(iface, state, { type: "link", name: iface, index: indexes, up: true });
    },
    cut: (iface) => {
      const wire = wires.get(iface);
      wire?.lan.unplug(wire.plug);
      wires.delete(iface);
      tell(iface, null, { type: "link", name: iface, index: 0, up: false });
    },
    setUp: (iface, up) => {
      const state = present(iface);
      tell(iface, { ...state, up }, { type: "link", name: iface, index: state.index, up });
    },
    plant: (iface, address, prefixLength, protocol = 0) => void put(present(iface), address, prefixLength, protocol),
    uproot: (iface, address) => {
      const own = present(iface).addresses.find((there) => there.address === address);
      if (own !== undefined) take(present(iface), own);
    },
    freeze: process.freeze,
    refuse: (answer) => {
      refusal = answer;
    },
    addressTakes: (span) => {
      perAddress = span;
    },
    later: process.later,
    kill: close,
  };
}

/** IPv4 tells addresses apart by their prefix, too; IPv6 does not. */
const isSame = (
  a: Pick<InterfaceAddress, "address" | "prefixLength">,
  b: Pick<InterfaceAddress, "address" | "prefixLength">,
): boolean => a.address === b.address && (familyOf(a.address) === "ipv6" || a.prefixLength === b.prefixLength);

/** 02: locally administered; then three letters of the name, and the number of the interface. */
const macOf = (name: string, index: number): Uint8Array =>
  Uint8Array.of(2, ...[0, 1, 2].map((i) => name.charCodeAt(i) & 0xff), 0, index);

function datagramIn(iface: string, bytes: Uint8Array, at: Instant): Datagram | undefined {
  const family: Family = (bytes[0] ?? 0) >> 4 === 4 ? "ipv4" : "ipv6";
  const datagram = { interface: iface, family, complete: true, at };
  if (family === "ipv4") {
    const header = parseIpv4Packet(bytes);
    if (header === undefined || header.protocol !== VRRP) return undefined;
    const { source, destination, ttl, payload } = header;
    return { ...datagram, source, destination, ttl, bytes: payload };
  }
  const header = parseIpv6Packet(bytes);
  if (header === undefined || header.nextHeader !== VRRP) return undefined;
  const { source, destination, hopLimit, payload } = header;
  return { ...datagram, source, destination, ttl: hopLimit, bytes: payload };
}

const VRRP = 112;

/** One process of one thread: it does one thing after the other, the alarm before the sockets, and nothing while frozen. */
function fakeProcess(time: VirtualTime) {
  let frozenUntil = 0 as Instant;
  let callOff = (): void => {};
  let polling = false;
  let ended = false;

  /** Does it now, or when the process runs again: what became due meanwhile keeps its order. */
  const awake = (act: () => void): void => {
    if (ended) return;
    if (time.now() < frozenUntil) time.at(frozenUntil, () => awake(act));
    else act();
  };
  /** Node runs a timer that is due before it reads a socket: after a freeze, the alarm comes first. */
  const afterAlarm = (act: () => void): void => {
    if (time.now() < frozenUntil) time.at(frozenUntil, () => time.at(time.now(), () => afterAlarm(act)));
    else awake(act);
  };
  return {
    setAlarm: (at: Instant | null, ring: () => void): void => {
      callOff();
      let off = false;
      callOff = () => {
        off = true;
      };
      if (at !== null && !ended) time.at(at, () => awake(() => off || ring()));
    },
    poll: (read: () => void): void => {
      if (polling) return;
      polling = true;
      time.at(time.now(), () =>
        afterAlarm(() => {
          polling = false;
          read();
        }),
      );
    },
    later: (step: () => void): void => void time.at(time.now(), () => awake(step)),
    freeze: (until: Instant): void => {
      frozenUntil = until;
    },
    end: (): void => {
      ended = true;
    },
  };
}
