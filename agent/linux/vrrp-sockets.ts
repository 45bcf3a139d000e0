// Which raw sockets are open: a receiver for each interface and family that somebody listens to, a
// sender for each that something was sent from. Sockets die with their link; these come back.

import { addressFromBytes, type Family, familyOf, type IpAddress } from "../core/address.ts";
import { type Duration, seconds } from "../core/time.ts";
import type { Datagram, Ear, InterfaceState, Kernel, Outcome, VrrpProtocol } from "../kernel.ts";
import { clockPair } from "./clock.ts";
import { DONE, EINVAL, ENODEV, failure } from "./errno.ts";
import { openReceiver, openSender, type Receiver, type Sender } from "./raw-socket.ts";

type Listening = {
  readonly iface: string;
  readonly family: Family;
  ear: Ear;
  listener: (datagram: Datagram) => void;
  /** The link it is open on; 0 while there is none. */
  index: number;
  receiver: Receiver | null;
};

type Sending = { readonly index: number; readonly sender: Sender };

/** All raw sockets of one kernel. */
export type VrrpSockets = {
  readonly listen: Kernel["listen"];
  readonly unlisten: Kernel["unlisten"];
  readonly send: (iface: string, family: Family, packet: Uint8Array, destination: IpAddress) => Outcome;
  /** Opens and closes what the present links ask for; to be called when the one of that name changed. */
  readonly linkChanged: (iface: string) => void;
  /** Reads every receiver until it is empty. */
  readonly drain: () => void;
  readonly close: () => void;
};

type Links = ReadonlyMap<string, InterfaceState>;
type SendFrom = (iface: string, family: Family) => Sender | Extract<Outcome, { ok: false }>;

const keyOf = (iface: string, family: Family): string => `${family} ${iface}`;
const earKeyOf = (iface: string, family: Family, protocol: VrrpProtocol): string =>
  `${keyOf(iface, family)} ${protocol}`;

const VRRP = 112;
const AUTHENTICATION_HEADER = 51;
const AT_ONCE: Duration = seconds(0);
/** RFC 5798 §5.1.1.2, §5.1.2.2: 224.0.0.18 and ff02::12. */
const USUAL: Readonly<Record<Family, Ear>> = {
  ipv4: { protocol: VRRP, groups: [addressFromBytes(Uint8Array.of(224, 0, 0, 18))] },
  ipv6: { protocol: VRRP, groups: [addressFromBytes(Uint8Array.of(0xff, 2, ...new Array<number>(13).fill(0), 0x12))] },
};

/** Where a socket is bound: a link that is there, or every one of them. */
const EVERYWHERE = { name: "", index: 0 } as const;
const linkIn = (interfaces: Links, iface: string): { readonly name: string; readonly index: number } | undefined =>
  iface === "" ? EVERYWHERE : interfaces.get(iface);

/** Is called when a socket has something, with what reads it. */
type Ready = (read: () => void) => void;

/** Sockets on `interfaces`. */
export function vrrpSockets(interfaces: Links, ready: Ready): VrrpSockets {
  const senders = createSenders(interfaces);
  const receivers = createReceivers(interfaces, ready, senders.from);
  return {
    listen: receivers.listen,
    unlisten: receivers.unlisten,
    send(iface, family, packet, destination) {
      if (familyOf(destination) !== family) return failure(EINVAL, `sending ${family} to ${destination}`);
      const sender = senders.from(iface, family);
      return "send" in sender ? sender.send(packet, destination) : sender;
    },
    linkChanged(iface) {
      const index = interfaces.get(iface)?.index ?? 0;
      for (const family of ["ipv4", "ipv6"] as const) {
        senders.forget(iface, family, index);
        receivers.follow(iface, family, index);
      }
    },
    drain: receivers.drain,
    close() {
      receivers.close();
      senders.close();
    },
  };
}

function createSenders(interfaces: Links) {
  const sending = { ipv4: new Map<string, Sending>(), ipv6: new Map<string, Sending>() };
  const from: SendFrom = (iface, family) => {
    const known = sending[family].get(iface);
    if (known !== undefined) return known.sender;
    const link = linkIn(interfaces, iface);
    if (link === undefined) return failure(ENODEV, `sending from ${iface}`);
    const opened = openSender(link, family);
    if (!opened.ok) return opened;
    sending[family].set(iface, { index: link.index, sender: opened.sender });
    return opened.sender;
  };
  return {
    from,
    /** Closes the sender of a link that is another one now. */
    forget(iface: string, family: Family, index: number): void {
      const known = sending[family].get(iface);
      if (known === undefined || known.index === index) return;
      sending[family].delete(iface);
      known.sender.close();
    },
    close(): void {
      for (const some of [sending.ipv4, sending.ipv6]) {
        for (const { sender } of some.values()) sender.close();
        some.clear();
      }
    },
  };
}

function createReceivers(interfaces: Links, ready: Ready, sendFrom: SendFrom) {
  const clocks = clockPair();
  const listening = new Map<string, Listening>();

  const shut = (entry: Listening): void => {
    entry.receiver?.close();
    entry.receiver = null;
    entry.index = 0;
  };

  /** Opens the receiver on the link that is there. Without a link there is nothing to do, and nothing wrong. */
  const open = (entry: Listening): Outcome => {
    const link = linkIn(interfaces, entry.iface);
    if (link === undefined) return DONE;
    const opened = openReceiver(link, entry.family, entry.ear, clocks, {
      heard: (datagram) => entry.listener(datagram),
      ready: () => ready(() => entry.receiver?.read()),
      patience: () => entry.ear.patience ?? AT_ONCE,
      broken: () => {
        shut(entry);
        open(entry);
      },
    });
    if (!opened.ok) return opened.errno === ENODEV ? DONE : opened;
    entry.receiver = opened.receiver;
    entry.index = link.index;
    // Whoever listens will send: the first advertisement shall not wait for its socket.
    sendFrom(entry.iface, entry.family);
    return DONE;
  };

  return {
    listen(iface: string, family: Family, listener: (datagram: Datagram) => void, ear = USUAL[family]): Outcome {
      const key = earKeyOf(iface, family, ear.protocol);
      const entry = listening.get(key) ?? { iface, family, ear, listener, index: 0, receiver: null };
      entry.listener = listener;
      const moved = entry.ear.groups.join() !== ear.groups.join();
      entry.ear = ear;
      if (moved) shut(entry);
      if (entry.receiver !== null) return DONE;
      const opened = open(entry);
      if (opened.ok) listening.set(key, entry);
      return opened;
    },
    unlisten(iface: string, family: Family, protocol: VrrpProtocol = VRRP): void {
      const key = earKeyOf(iface, family, protocol);
      const entry = listening.get(key);
      if (entry === undefined) return;
      listening.delete(key);
      shut(entry);
    },
    /** Opens and closes what the present link asks for. */
    follow(iface: string, family: Family, index: number): void {
      for (const protocol of [VRRP, AUTHENTICATION_HEADER] as const) {
        const entry = listening.get(earKeyOf(iface, family, protocol));
        if (entry === undefined || (entry.index === index && index !== 0)) continue;
        shut(entry);
        // A refusal here (IPv6 switched off on the link) is tried again at its next change.
        open(entry);
      }
    },
    drain(): void {
      for (const { receiver } of listening.values()) receiver?.drain();
    },
    close(): void {
      for (const entry of listening.values()) shut(entry);
      listening.clear();
    },
  };
}
