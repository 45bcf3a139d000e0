// The `Kernel` of a real machine: raw sockets, rtnetlink and a timer of Linux.

import { readFileSync } from "node:fs";
import type { Family } from "../core/address.ts";
import { type Instant, seconds, since } from "../core/time.ts";
import type { Datagram, InterfaceChange, Kernel, Outcome } from "../kernel.ts";
import { ADDRESS_PROTOCOL } from "../kernel.ts";
import { openAlarm } from "./alarm.ts";
import { now } from "./clock.ts";
import { EBADF, ENODEV, type Failure, failure } from "./errno.ts";
import { whenReadable } from "./ffi.ts";
import { applyMessages, reconcile } from "./interface-table.ts";
import { type FrameSender, openFrameSender } from "./packet-socket.ts";
import { type AddressAt, openCommandSocket, openEventSocket } from "./rtnetlink.ts";
import { vrrpSockets } from "./vrrp-sockets.ts";

type Addresses = Parameters<Kernel["addAddresses"]>[0];

/**
 * Opens the kernel of this machine, in the network namespace of the calling thread. Throws a
 * sentence when netlink cannot be had; what needs privileges says so when it is used.
 */
export function openLinuxKernel(): Kernel {
  const events = openEventSocket();
  const commands = openCommandSocket();
  const table = commands.dump();
  const alarm = openAlarm();
  const watchers = new Set<(change: InterfaceChange) => void>();
  let frames: FrameSender | null = null;
  let reading = false;
  let closed = false;

  /** A listener that asks for more reading while it is told something gets it when it has returned. */
  const exclusively = (read: () => void): void => {
    if (reading || closed) return;
    reading = true;
    try {
      read();
    } finally {
      reading = false;
    }
  };

  const openFrames = (): Outcome => {
    if (frames !== null) return { ok: true };
    const opened = openFrameSender();
    if (opened.ok) frames = opened.frames;
    return opened.ok ? { ok: true } : opened;
  };

  const readEvents = (): void => {
    const messages = events.read();
    const changes = messages === "lost" ? reconcile(table, commands.dump()) : applyMessages(table, messages);
    for (const change of changes) {
      if (closed) return;
      if (change.type === "link") sockets.linkChanged(change.name);
      for (const watcher of [...watchers]) watcher(change);
    }
  };

  const sockets = vrrpSockets(table.byName, () => exclusively(() => sockets.drain()));
  const unwatch = whenReadable(events.fd, () => exclusively(readEvents));

  /** The addresses whose interface is there, asked for in one go; the others fail without asking. */
  const each = (addresses: Addresses, doing: string, ask: (known: readonly AddressAt[]) => Outcome[]): Outcome[] => {
    if (closed) return addresses.map(() => CLOSED);
    const known: AddressAt[] = [];
    for (const address of addresses) {
      const index = table.byName.get(address.interface)?.index;
      if (index !== undefined) known.push({ ...address, index });
    }
    const outcomes = ask(known).values();
    return addresses.map((address) => {
      const outcome = table.byName.has(address.interface) ? outcomes.next().value : undefined;
      return outcome ?? failure(ENODEV, `${doing} ${address.address} on ${address.interface}`);
    });
  };

  /** Told per announcement, read once a second: a burst for a thousand addresses would read it a thousand times. */
  const forwarding = new Map<string, { readonly readAt: Instant; readonly on: boolean }>();
  const forwardsIpv6 = (iface: string): boolean => {
    const known = forwarding.get(iface);
    if (known !== undefined && since(known.readAt, now()) < FORWARDING_AGE) return known.on;
    const on = table.byName.has(iface) && readForwarding(iface);
    forwarding.set(iface, { readAt: now(), on });
    return on;
  };

  return {
    now,
    interfaces: table.byName,
    watch(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
    listen(iface: string, family: Family, listener: (datagram: Datagram) => void) {
      if (closed) return CLOSED;
      // Whoever hears neighbours will announce addresses to them; then is no time to open sockets.
      openFrames();
      return sockets.listen(iface, family, listener);
    },
    unlisten: sockets.unlisten,
    drain: () =>
      exclusively(() => {
        sockets.drain();
        readEvents();
      }),
    sendPacket: (iface, family, packet, destination) =>
      closed ? CLOSED : sockets.send(iface, family, packet, destination),
    sendFrame(iface, frame) {
      if (closed) return CLOSED;
      const link = table.byName.get(iface);
      if (link === undefined) return failure(ENODEV, `sending a frame from ${iface}`);
      const opened = openFrames();
      return frames === null ? opened : frames.send(link.index, iface, frame);
    },
    addAddresses: (addresses) => each(addresses, "adding", (known) => commands.addAddresses(known, ADDRESS_PROTOCOL)),
    removeAddresses: (addresses) => each(addresses, "removing", (known) => commands.removeAddresses(known)),
    setAlarm(at, ring) {
      if (!closed) alarm.set(at, ring);
    },
    forwardsIpv6,
    close() {
      if (closed) return;
      closed = true;
      watchers.clear();
      sockets.close();
      unwatch();
      events.close();
      commands.close();
      alarm.close();
      frames?.close();
    },
  };
}

const FORWARDING_AGE = seconds(1);

/** net.ipv6.conf.IF.forwarding; false where the kernel has no IPv6 on it. */
function readForwarding(iface: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${iface}/forwarding`, "latin1").trim() === "1";
  } catch {
    return false;
  }
}

const CLOSED: Failure = failure(EBADF, "the kernel connection is closed");
