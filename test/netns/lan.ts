// A LAN of real kernels: a namespace for every host, joined by a bridge in a namespace of its own.
//
//     rt1 ─ eth0 ┐
//     rt2 ─ eth0 ┼─ br0 (captures see every frame here)
//  client ─ eth0 ┘
//
// Nothing of it touches the machine's own network, and everything is removed again: by `remove`,
// when the process exits, and, when it was killed, by whoever builds the next LAN.

import { type Capture, startCapture } from "./capture.ts";
import {
  attempt,
  type Daemon,
  type Finished,
  type RunOptions,
  run,
  type StartOptions,
  signalGroup,
  start,
} from "./command.ts";
import { type Keepalived, startKeepalived } from "./keepalived.ts";
import { newPrefix, removeLeftovers, removeNamespace } from "./namespace.ts";
import { type Probe, startProbe, startResponder } from "./probe.ts";

export type HostSpec = {
  /** At most 12 letters and digits: it is also the name of its port on the bridge. */
  readonly name: string;
  /** With prefix length, IPv4 or IPv6: `192.168.1.11/24`. */
  readonly addresses: readonly string[];
};

export type InterfaceAddress = {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 4 | 6;
  /** IFA_PROTO by name or number as iproute2 tells it; null when the address has none. */
  readonly protocol: string | null;
  readonly scope: string;
  readonly label: string | null;
};

export type Host = {
  readonly name: string;
  /** The network namespace, for `ip netns exec`. */
  readonly namespace: string;
  /** Of eth0. The first host has 02:00:00:00:00:01, the second …:02. */
  readonly mac: string;
  /** The IPv6 link-local address that follows from the MAC. */
  readonly linkLocal: string;
  /** Runs a command inside; rejects when it fails. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<string>;
  /** Runs a command inside and gives how it ended. */
  readonly attempt: (argv: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** Starts a program inside; it is ended with the LAN at the latest. */
  readonly start: (name: string, argv: readonly string[], options?: StartOptions) => Promise<Daemon>;
  readonly startKeepalived: (config: string) => Promise<Keepalived>;
  /** Answers probes in this host's name, whatever address they were sent to. */
  readonly startResponder: () => Promise<Daemon>;
  /** Asks an address every `interval` milliseconds. */
  readonly startProbe: (address: string, interval: number) => Promise<Probe>;
  /** What the kernel says stands on an interface; empty when there is no such interface. */
  readonly addresses: (device?: string) => Promise<readonly InterfaceAddress[]>;
  readonly holds: (address: string) => Promise<boolean>;
  /** Sets a sysctl inside: `net.ipv4.ip_forward`. */
  readonly sysctl: (name: string, value: string | number) => Promise<void>;
  /** Drops packets in this host's own kernel by an nft match (`ip protocol 112`), until `dropNothing`. */
  readonly drop: (direction: "input" | "output", match: string) => Promise<void>;
  readonly dropNothing: () => Promise<void>;
  /** Takes the cable out, or puts it in: the carrier of eth0 goes and comes. */
  readonly unplug: () => Promise<void>;
  readonly plug: () => Promise<void>;
};

export type Lan = {
  /** The namespace of the bridge. */
  readonly bridge: string;
  readonly hosts: readonly Host[];
  /** Throws when there is none of that name. */
  readonly host: (name: string) => Host;
  /** Starts a capture of every frame on the bridge; `filter` is tcpdump's, in words. */
  readonly capture: (...filter: readonly string[]) => Promise<Capture>;
  /**
   * Loses frames silently between the ports, by an nft match of the bridge family
   * (`iifname "rt1" ip protocol 112`), until `loseNothing`. Captures still see what was sent.
   */
  readonly lose: (match: string) => Promise<void>;
  /** Loses everything from and to a host, without telling it: its link stays up. */
  readonly isolate: (name: string) => Promise<void>;
  readonly loseNothing: () => Promise<void>;
  /** Ends everything inside and removes the namespaces; may be called again. */
  readonly remove: () => Promise<void>;
};

/** What was built and what runs in it: all that the removal needs. */
type Site = { readonly prefix: string; readonly namespaces: string[]; readonly daemons: Set<Daemon> };

const BRIDGE = "br0";
const DEVICE = "eth0";

/**
 * Builds a LAN; `tag` (letters) tells its namespaces from other tests'. Rejects when the kernel or
 * iproute2 refuses, and leaves nothing behind then.
 */
export async function createLan(tag: string, specs: readonly HostSpec[]): Promise<Lan> {
  const bad = [tag, ...specs.map(({ name }) => name)].find((name) => !/^[a-z][a-z0-9]{0,11}$/.test(name));
  if (bad !== undefined) throw new Error(`"${bad}": names here are 1 to 12 small letters and digits`);
  removeLeftovers();
  const site: Site = { prefix: newPrefix(tag), namespaces: [], daemons: new Set() };
  const atExit = () => removeNow(site);
  process.once("exit", atExit);
  try {
    const bridge = await buildBridge(site);
    const hosts: Host[] = [];
    for (const [index, spec] of specs.entries()) hosts.push(await buildHost(site, bridge, spec, index + 1));
    return lanOf(site, bridge, hosts, () => process.off("exit", atExit));
  } catch (error) {
    removeNow(site);
    process.off("exit", atExit);
    throw error;
  }
}

async function addNamespace(site: Site, name: string): Promise<string> {
  const namespace = `${site.prefix}-${name}`;
  site.namespaces.push(namespace);
  await run(["ip", "netns", "add", namespace]);
  await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  return namespace;
}

async function buildBridge(site: Site): Promise<string> {
  const namespace = await addNamespace(site, "bridge");
  // Without snooping and spanning tree a frame takes the same way from the first moment on; and a
  // bridge without addresses of its own says nothing that a capture would have to leave out.
  const options = ["forward_delay", "0", "stp_state", "0", "mcast_snooping", "0"];
  await writeSysctl(namespace, "net.ipv6.conf.default.disable_ipv6", 1);
  await run(["ip", "-n", namespace, "link", "add", BRIDGE, "type", "bridge", ...options]);
  await run(["ip", "-n", namespace, "link", "set", BRIDGE, "up"]);
  return namespace;
}

async function buildHost(site: Site, bridge: string, { name, addresses }: HostSpec, number: number): Promise<Host> {
  const namespace = await addNamespace(site, name);
  const mac = `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;
  // Duplicate address detection would keep every IPv6 address tentative for its first second.
  await writeSysctl(namespace, "net.ipv6.conf.all.accept_dad", 0);
  await writeSysctl(namespace, "net.ipv6.conf.default.accept_dad", 0);
  const peer = ["peer", "name", DEVICE, "address", mac, "netns", namespace];
  await run(["ip", "-n", bridge, "link", "add", name, "type", "veth", ...peer]);
  await run(["ip", "-n", bridge, "link", "set", name, "master", BRIDGE, "up"]);
  await run(["ip", "-n", namespace, "link", "set", DEVICE, "up"]);
  for (const address of addresses) await addAddress(namespace, address);
  return hostOf(site, bridge, { name, namespace, mac, number });
}

async function addAddress(namespace: string, address: string): Promise<void> {
  const flags = address.includes(":") ? ["nodad"] : ["broadcast", "+"];
  await run(["ip", "-n", namespace, "address", "add", address, "dev", DEVICE, ...flags]);
}

async function writeSysctl(namespace: string, name: string, value: string | number): Promise<void> {
  // Dots and slashes change places, as sysctl(8) does it: an interface may have a dot in its name.
  const path = name.replace(/[./]/g, (sign) => (sign === "." ? "/" : "."));
  await run(["ip", "netns", "exec", namespace, "tee", `/proc/sys/${path}`], { input: `${value}\n` });
}

type Place = { readonly name: string; readonly namespace: string; readonly mac: string; readonly number: number };

function hostOf(site: Site, bridge: string, { name, namespace, mac, number }: Place): Host {
  const inside = (argv: readonly string[]) => ["ip", "netns", "exec", namespace, ...argv];
  const startIn = async (title: string, argv: readonly string[], options?: StartOptions): Promise<Daemon> => {
    const daemon = await start(`${title} in ${name}`, inside(argv), options);
    site.daemons.add(daemon);
    daemon.ended.then(() => site.daemons.delete(daemon)).catch(() => undefined);
    return daemon;
  };
  const setPort = async (state: "up" | "down") => {
    await run(["ip", "-n", bridge, "link", "set", name, state]);
  };
  const addresses = (device = DEVICE) => readAddresses(namespace, device);
  return {
    name,
    namespace,
    mac,
    linkLocal: `fe80::ff:fe00:${number.toString(16)}`,
    run: (argv, options) => run(inside(argv), options),
    attempt: (argv, options) => attempt(inside(argv), options),
    start: startIn,
    startKeepalived: (config) => startKeepalived(startIn, config),
    startResponder: () => startResponder(startIn, name),
    startProbe: (address, interval) => startProbe(startIn, address, interval),
    addresses,
    holds: async (address) => (await addresses()).some((present) => present.address === address),
    sysctl: (key, value) => writeSysctl(namespace, key, value),
    drop: (direction, match) => addDrop(namespace, "inet", direction, match),
    dropNothing: () => removeDrops(namespace, "inet"),
    unplug: () => setPort("down"),
    plug: () => setPort("up"),
  };
}

/** One entry of `ip -json address`, as far as it is read here. */
type ListedAddress = {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly label?: string;
  readonly protocol?: string | number;
};

async function readAddresses(namespace: string, device: string): Promise<readonly InterfaceAddress[]> {
  const { code, stdout } = await attempt(["ip", "-n", namespace, "-json", "address", "show", "dev", device]);
  if (code !== 0) return [];
  const links = JSON.parse(stdout) as readonly { readonly addr_info?: readonly ListedAddress[] }[];
  return links
    .flatMap((link) => link.addr_info ?? [])
    .map(({ family, local, prefixlen, scope, label, protocol }) => ({
      address: local,
      prefixLength: prefixlen,
      family: family === "inet" ? 4 : 6,
      protocol: protocol === undefined ? null : String(protocol),
      scope,
      label: label ?? null,
    }));
}

const DROPS = "heird_test";

/** Adds a drop rule to a table of our own; both families know the three hooks by these names. */
async function addDrop(namespace: string, family: "inet" | "bridge", hook: string, match: string): Promise<void> {
  const rules = [
    `add table ${family} ${DROPS}`,
    `add chain ${family} ${DROPS} ${hook} { type filter hook ${hook} priority 0; }`,
    `add rule ${family} ${DROPS} ${hook} ${match} counter drop`,
  ];
  await run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], { input: `${rules.join("\n")}\n` });
}

/** Removes that table; adding it first makes it no mistake when there is none. */
async function removeDrops(namespace: string, family: "inet" | "bridge"): Promise<void> {
  const rules = `add table ${family} ${DROPS}\ndelete table ${family} ${DROPS}\n`;
  await run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], { input: rules });
}

function lanOf(site: Site, bridge: string, hosts: readonly Host[], forget: () => void): Lan {
  const host = (name: string): Host => {
    const found = hosts.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no host "${name}" on this LAN`);
    return found;
  };
  const lose = (match: string) => addDrop(bridge, "bridge", "forward", match);
  return {
    bridge,
    hosts,
    host,
    capture: (...filter) => startCapture(bridge, BRIDGE, filter),
    lose,
    isolate: async (name) => {
      host(name); // a name that is not there would isolate nobody
      await lose(`iifname "${name}"`);
      await lose(`oifname "${name}"`);
    },
    loseNothing: () => removeDrops(bridge, "bridge"),
    remove: async () => {
      await Promise.all([...site.daemons].map((daemon) => daemon.stop(2_000)));
      removeNow(site);
      forget();
    },
  };
}

/** Ends and removes all at once, waiting for nothing: also the last thing an exiting process does. */
function removeNow(site: Site): void {
  for (const daemon of site.daemons) if (daemon.running()) signalGroup(daemon.pid, "SIGKILL");
  site.daemons.clear();
  for (const namespace of site.namespaces.splice(0)) removeNamespace(namespace);
}

/** Lets Ctrl-C and a hang-up end the process in the ordinary way, so that `exit` removes every LAN. */
export function exitOnSignals(): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => process.exit(codes[signal]));
}
