// Which raw sockets are open: a receiver for each interface and family that somebody listens to, a
// sender for each that something was sent from. Sockets die with their link; these come back.

import { type Family, familyOf, type IpAddress } from "../core/address.ts";
import type { Datagram, InterfaceState, Outcome } from "../kernel.ts";
import { clockPair } from "./clock.ts";
import { DONE, EINVAL, ENODEV, failure } from "./errno.ts";
import { openReceiver, openSender, type Receiver, type Sender } from "./raw-socket.ts";

type Listening = {
  readonly iface: string;
  readonly family: Family;
  listener: (datagram: Datagram) => void;
  /** The link it is open on; 0 while there is none. */
  index: number;
  receiver: Receiver | null;
};

type Sending = { readonly index: number; readonly sender: Sender };

/** All raw sockets of one kernel. */
export type VrrpSockets = {
  readonly listen: (iface: string, family: Family, listener: (datagram: Datagram) => void) => Outcome;
  readonly unlisten: (iface: string, family: Family) => void;
  readonly send: (iface: string, family: Family, packet: Uint8Array, destination: IpAddress) => Outcome;
  /** Opens and closes what the present links ask for; to be called when the one of that name changed. */
  readonly linkChanged: (iface: string) => void;
  /** Reads every receiver until it is empty. */
  readonly drain: () => void;
  readonly close: () => void;
};

/** Sockets on `interfaces`; `ready` is called when one of them has something to drain. */
export function vrrpSockets(interfaces: ReadonlyMap<string, InterfaceState>, ready: () => void): VrrpSockets {
  const clocks = clockPair();
  const listening = new Map<string, Listening>();
  const sending = new Map<string, Sending>();
  const keyOf = (iface: string, family: Family): string => `${family} ${iface}`;

  const shut = (entry: Listening): void => {
    entry.receiver?.close();
    entry.receiver = null;
    entry.index = 0;
  };

  /** Opens the receiver on the link that is there. Without a link there is nothing to do, and nothing wrong. */
  const open = (entry: Listening): Outcome => {
    const link = interfaces.get(entry.iface);
    if (link === undefined) return DONE;
    const opened = openReceiver(link, entry.family, clocks, {
      heard: (datagram) => entry.listener(datagram),
      ready,
      broken: () => {
        shut(entry);
        open(entry);
      },
    });
    if (!opened.ok) return opened.errno === ENODEV ? DONE : opened;
    entry.receiver = opened.receiver;
    entry.index = link.index;
    // Whoever listens will send: the first advertisement shall not wait for its socket.
    senderFor(entry.iface, entry.family);
    return DONE;
  };

  const senderFor = (iface: string, family: Family): Sender | Extract<Outcome, { ok: false }> => {
    const key = keyOf(iface, family);
    const known = sending.get(key);
    if (known !== undefined) return known.sender;
    const link = interfaces.get(iface);
    if (link === undefined) return failure(ENODEV, `sending from ${iface}`);
    const opened = openSender(link, family);
    if (!opened.ok) return opened;
    sending.set(key, { index: link.index, sender: opened.sender });
    return opened.sender;
  };

  return {
    listen(iface, family, listener) {
      const key = keyOf(iface, family);
      const known = listening.get(key);
      const entry = known ?? { iface, family, listener, index: 0, receiver: null };
      entry.listener = listener;
      if (entry.receiver !== null) return DONE;
      const opened = open(entry);
      if (!opened.ok) return opened;
      listening.set(key, entry);
      return opened;
    },
    unlisten(iface, family) {
      const entry = listening.get(keyOf(iface, family));
      if (entry === undefined) return;
      listening.delete(keyOf(iface, family));
      shut(entry);
    },
    send(iface, family, packet, destination) {
      if (familyOf(destination) !== family) return failure(EINVAL, `sending ${family} to ${destination}`);
      const sender = senderFor(iface, family);
      return "send" in sender ? sender.send(packet, destination) : sender;
    },
    linkChanged(iface) {
      const index = interfaces.get(iface)?.index ?? 0;
      for (const family of ["ipv4", "ipv6"] as const) {
        const key = keyOf(iface, family);
        const sender = sending.get(key);
        if (sender !== undefined && sender.index !== index) {
          sending.delete(key);
          sender.sender.close();
        }
        const entry = listening.get(key);
        if (entry === undefined || (entry.index === index && index !== 0)) continue;
        shut(entry);
        // A refusal here (IPv6 switched off on the link) is tried again at its next change.
        open(entry);
      }
    },
    drain() {
      for (const { receiver } of listening.values()) receiver?.drain();
    },
    close() {
      for (const entry of listening.values()) shut(entry);
      for (const { sender } of sending.values()) sender.close();
      listening.clear();
      sending.clear();
    },
  };
}
