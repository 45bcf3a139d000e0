// The `Kernel` of a real machine: raw sockets, rtnetlink and a timer of Linux.

import { readFileSync } from "node:fs";
import { wordsOf } from "../core/path.ts";
import { type Instant, milliseconds, seconds, since } from "../core/time.ts";
import type { InterfaceChange, InterfaceState, Kernel, Machinery, Outcome } from "../kernel.ts";
import { ADDRESS_PROTOCOL } from "../kernel.ts";
import { openAlarm } from "./alarm.ts";
import { claimSockets } from "./claim-socket.ts";
import { now } from "./clock.ts";
import { createEchoes, type EchoSender } from "./echo.ts";
import { DONE, EBADF, ENODEV, type Failure, failure } from "./errno.ts";
import { rest, whenReadable } from "./ffi.ts";
import { createGroups } from "./groups.ts";
import { applyMessages, type InterfaceTable, reconcile } from "./interface-table.ts";
import { askNeighbour } from "./neighbour.ts";
import { putFilter, takeFilter } from "./nftables.ts";
import { type FrameSender, openFrameSender } from "./packet-socket.ts";
import { watchPaths } from "./path-watch.ts";
import { watchProcesses } from "./process-events.ts";
import { nameOfRequester } from "./requester.ts";
import { sourceTo } from "./route.ts";
import { watchRoutes } from "./route-watch.ts";
import { type AddressAt, type CommandSocket, openCommandSocket, openEventSocket, type PathAt } from "./rtnetlink.ts";
import { readSysctl, writeSysctl } from "./sysctl.ts";
import { vrrpSockets } from "./vrrp-sockets.ts";

type Addresses = Parameters<Kernel["addAddresses"]>[0];
type Paths = Parameters<Kernel["addPaths"]>[0];

type Links = ReadonlyMap<string, InterfaceState>;

/**
 * Opens the kernel of this machine, in the network namespace of the calling thread. Throws a
 * sentence when netlink cannot be had; what needs privileges says so when it is used.
 */
export function openLinuxKernel(): Kernel & Machinery {
  const events = openEventSocket();
  const commands = openCommandSocket();
  const table = commands.dump();
  const alarm = openAlarm();
  const frames = createFrames(table.byName);
  const [echoes, groups] = [createEchoes(), createGroups(table.byName)];
  const watchers = new Set<(change: InterfaceChange) => void>();
  let closed = false;

  const exclusively = oneAtATime(() => closed);
  const readEvents = (howMuch: "all" | "some"): void => {
    for (const change of newsIn(table, events.read(howMuch), commands)) {
      if (closed) return;
      if (change.type === "link") sockets.linkChanged(change.name);
      for (const watcher of [...watchers]) watcher(change);
    }
  };
  const readAll = (news: "all" | "some"): void => {
    sockets.drain();
    readEvents(news);
  };
  const sockets = vrrpSockets(table.byName, exclusively);
  // Who takes an address over advertises before he announces it.
  const claims = claimSockets(table.nameOf, () => exclusively(() => sockets.drain()));
  const haste = createHaste();
  const unwatch = whenReadable(events.fd, () => haste.isOn() || exclusively(() => readEvents("some")));
  const open = (ask: () => Outcome): Outcome => (closed ? CLOSED : ask());
  const readNews = (): void => exclusively(() => readEvents("all"));
  const each = eachOf(() => closed, haste.asked);
  const numberOf = (name: string): number | undefined => table.byName.get(name)?.index;
  /** Kernels from 6.2 on let an interface be renamed while it is up: what we put there goes from it all the same. */
  const formerly = (name: string): number | undefined => numberOf(name) ?? table.renamed.get(name);

  return {
    now,
    interfaces: table.byName,
    watch: (listener) => enrol(watchers, listener),
    listen: (iface, family, listener, ear) =>
      open(() => {
        // Whoever hears neighbours will announce addresses to them; then is no time to open sockets.
        frames.open();
        return sockets.listen(iface, family, listener, ear);
      }),
    unlisten: sockets.unlisten,
    hearClaims: (addresses, listener) => open(() => claims.hear(addresses, listener)),
    drain: (news) => exclusively(() => readAll(news ?? "some")),
    rest,
    sendPacket: (iface, family, packet, destination) =>
      closed ? CLOSED : sockets.send(iface, family, packet, destination),
    sourceTo: (destination) => (closed ? null : sourceTo(destination)),
    sendFrame: (iface, frame) => open(() => frames.send(iface, frame)),
    sendFrames: (iface, packed, length) => frames.sendAll(iface, packed, length, closed),
    addAddresses: (addresses) =>
      each(addresses, "adding", numberOf, (known) => commands.addAddresses(known, ADDRESS_PROTOCOL)),
    removeAddresses: (addresses) => each(addresses, "removing", formerly, (known) => commands.removeAddresses(known)),
    ...pathsThrough({ numberOf, formerly, isClosed: () => closed }, commands),
    ...machinery({ interfaces: table.byName, commands, groups, open, read: readNews }),
    setAlarm: (at, ring) => (closed ? undefined : alarm.set(at, ring)),
    forwardsIpv6: createForwarding(table.byName),
    ...askers(table.byName, echoes, () => closed),
    close() {
      if (closed) return;
      closed = true;
      watchers.clear();
      unwatch();
      for (const part of [sockets, claims, events, commands, alarm, frames, echoes, groups]) part.close();
    },
  };
}

/** What the kernel's messages change, and whoever asked for it, ourselves apart; when some were lost, what a dump does. */
function newsIn(
  table: InterfaceTable,
  messages: ReturnType<ReturnType<typeof openEventSocket>["read"]>,
  { dump, port: own }: CommandSocket,
): InterfaceChange[] {
  if (messages === "lost") return reconcile(table, dump());
  return applyMessages(table, messages, (port) => (port === own ? "" : nameOfRequester(port)));
}

/** What checks ask of the kernel. */
const askers = (
  interfaces: Links,
  echoes: EchoSender,
  isClosed: () => boolean,
): Pick<Kernel, "sendEcho" | "askNeighbour" | "watchRoutes" | "watchProcesses"> => ({
  sendEcho: (to, heard) => (isClosed() ? CLOSED : echoes.send(to, heard)),
  askNeighbour: (address, device, heard) => (isClosed() ? CLOSED : askNeighbour(interfaces, address, device, heard)),
  watchRoutes: (wanted, listener) => watchRoutes(wanted, (index) => nameOf(interfaces, index), listener),
  watchProcesses,
});

/** The name of an interface; its number when it has none any more. */
function nameOf(interfaces: Links, index: number): string {
  for (const link of interfaces.values()) if (link.index === index) return link.name;
  return String(index);
}

/** A listener that asks for more reading while it is told something gets it when it has returned. */
function oneAtATime(isClosed: () => boolean): (read: () => void) => void {
  let reading = false;
  return (read) => {
    if (reading || isClosed()) return;
    reading = true;
    try {
      read();
    } finally {
      reading = false;
    }
  };
}

function enrol<T>(members: Set<T>, member: T): () => void {
  members.add(member);
  return () => void members.delete(member);
}

type Parts = {
  readonly interfaces: Links;
  readonly commands: CommandSocket;
  readonly groups: ReturnType<typeof createGroups>;
  readonly open: (ask: () => Outcome) => Outcome;
  readonly read: () => void;
};

/** What is changed seldom. What comes of a link that is made or taken away is read at once: whoever asked goes on with it. */
function machinery({ interfaces, commands, groups, open, read }: Parts): Machinery {
  const about = (name: string, doing: string, ask: (index: number) => Outcome): Outcome =>
    open(() => {
      const index = interfaces.get(name)?.index;
      if (index === undefined) return failure(ENODEV, `${doing} ${name}`);
      const outcome = ask(index);
      read();
      return outcome;
    });
  return {
    addLink: ({ parent, ...link }) =>
      about(parent, `making ${link.name} upon`, (index) =>
        lacking(link.kind, commands.addLink({ ...link, parent: index })),
      ),
    raiseLink: (name) => about(name, "setting up", (index) => commands.raiseLink(index, name)),
    removeLink: (name) => about(name, "removing", (index) => commands.removeLink(index, name)),
    readSysctl,
    writeSysctl,
    setFilter: (rules, anew) => open(() => putFilter(rules, anew)),
    removeFilter: (name) => open(() => takeFilter(name)),
    keepGroups: (wanted) => open(() => groups.keep(wanted)),
  };
}

const EOPNOTSUPP = 95;

/** What EOPNOTSUPP means when a link is made. */
const lacking = (kind: string, outcome: Outcome): Outcome =>
  outcome.ok || outcome.errno !== EOPNOTSUPP
    ? outcome
    : { ...outcome, error: `${outcome.error}; this kernel has no ${kind} (modprobe ${kind})` };

/** The socket for whole frames, opened when it is first needed. */
function createFrames(interfaces: Links) {
  let frames: FrameSender | null = null;
  const open = (): Outcome => {
    if (frames !== null) return DONE;
    const opened = openFrameSender();
    if (!opened.ok) return opened;
    frames = opened.frames;
    return DONE;
  };
  const outOf = (
    iface: string,
  ): { readonly ok: true; readonly frames: FrameSender; readonly index: number } | Failure => {
    const index = interfaces.get(iface)?.index;
    if (index === undefined) return failure(ENODEV, `sending a frame from ${iface}`);
    const opened = open();
    if (frames !== null) return { ok: true, frames, index };
    return opened.ok ? CLOSED : opened;
  };
  return {
    open,
    send(iface: string, frame: Uint8Array): Outcome {
      const from = outOf(iface);
      return from.ok ? from.frames.send(from.index, iface, frame) : from;
    },
    sendAll(iface: string, packed: Uint8Array, length: number, isClosed: boolean): readonly Outcome[] {
      const from = isClosed ? CLOSED : outOf(iface);
      if (from.ok) return from.frames.sendAll(from.index, iface, packed, length);
      return new Array<Outcome>(packed.length / length).fill(from);
    },
    close(): void {
      frames?.close();
    },
  };
}

/** The news of others are among our own: they wait no longer than so. */
const LONGEST_HASTE = milliseconds(50);

/**
 * While one burst is asked for in each turn of the loop, the news of those before are left alone: to take them in, to
 * fold them and to write them down takes longer than the addresses themselves.
 */
function createHaste() {
  let asked = false;
  let began: Instant | null = null;
  const isOn = (): boolean => {
    const first = began ?? now();
    began = asked && since(first, now()) < LONGEST_HASTE ? first : null;
    asked = false;
    return began !== null;
  };
  return {
    asked: (): void => {
      asked = true;
    },
    /** To be asked once a turn of the loop. */
    isOn,
  };
}

type Ask = (known: readonly AddressAt[]) => Outcome[];

type NumberOf = (name: string) => number | undefined;

const eachOf =
  (closed: () => boolean, asked: () => void) =>
  (addresses: Addresses, doing: string, numberOf: NumberOf, ask: Ask): Outcome[] => {
    asked();
    return closed() ? addresses.map(() => CLOSED) : inOneGo(numberOf, addresses, doing, ask);
  };

/** The addresses whose interface is there, asked for in one go; the others fail without asking. */
function inOneGo(numberOf: NumberOf, addresses: Addresses, doing: string, ask: Ask): Outcome[] {
  const known: AddressAt[] = [];
  for (const address of addresses) {
    const index = numberOf(address.interface);
    if (index !== undefined) known.push({ own: address, index });
  }
  const outcomes = ask(known);
  if (known.length === addresses.length) return outcomes;
  let next = 0;
  return addresses.map((address) => {
    const outcome = numberOf(address.interface) === undefined ? undefined : outcomes[next++];
    return outcome ?? failure(ENODEV, `${doing} ${address.address} on ${address.interface}`);
  });
}

type Numbers = { readonly numberOf: NumberOf; readonly formerly: NumberOf; readonly isClosed: () => boolean };

/** Routes and rules, as long as the kernel is open. */
const pathsThrough = (
  { numberOf, formerly, isClosed }: Numbers,
  { addPaths, removePaths, port }: Pick<CommandSocket, "addPaths" | "removePaths" | "port">,
): Pick<Kernel, "addPaths" | "removePaths" | "watchPaths"> => ({
  watchPaths: (listener) => watchPaths(port, listener),
  addPaths: (paths) => (isClosed() ? paths.map(() => CLOSED) : pathsInOneGo(numberOf, paths, "adding", addPaths)),
  removePaths: (paths) =>
    isClosed() ? paths.map(() => CLOSED) : pathsInOneGo(formerly, paths, "removing", removePaths),
});

type AskPaths = (known: readonly PathAt[]) => Outcome[];

/** The same for routes and rules. A rule names its interfaces, which need not be there. */
function pathsInOneGo(numberOf: NumberOf, paths: Paths, doing: string, ask: AskPaths): Outcome[] {
  const indexOf = (path: Paths[number]): number | undefined =>
    path.kind === "rule" || path.interface === null ? 0 : numberOf(path.interface);
  const known: PathAt[] = [];
  for (const path of paths) {
    const index = indexOf(path);
    if (index !== undefined) known.push({ path, index });
  }
  const outcomes = ask(known).values();
  return paths.map((path) => {
    const outcome = indexOf(path) === undefined ? undefined : outcomes.next().value;
    return outcome ?? failure(ENODEV, `${doing} ${wordsOf(path)}`);
  });
}

const FORWARDING_AGE = seconds(1);

/** Asked for each announcement, read once a second: a burst for a thousand addresses would read it a thousand times. */
function createForwarding(interfaces: Links): (iface: string) => boolean {
  const forwarding = new Map<string, { readonly readAt: Instant; readonly on: boolean }>();
  return (iface) => {
    const known = forwarding.get(iface);
    if (known !== undefined && since(known.readAt, now()) < FORWARDING_AGE) return known.on;
    const on = interfaces.has(iface) && readForwarding(iface);
    forwarding.set(iface, { readAt: now(), on });
    return on;
  };
}

/** net.ipv6.conf.IF.forwarding; false where the kernel has no IPv6 on it. */
function readForwarding(iface: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${iface}/forwarding`, "latin1").trim() === "1";
  } catch {
    return false;
  }
}

const CLOSED: Failure = failure(EBADF, "the kernel connection is closed");
