// Configurations of routers that stand beside each other, as machines of a rehearsal: which of their
// interfaces are on one LAN, and which address each has there.

import { type Family, familyOf, type IpAddress, parseAddress } from "../core/address.ts";
import type { AgentConfig, RouterConfig } from "../core/config.ts";
import { instantAt } from "../core/time.ts";
import type { Place } from "./machine.ts";
import type { Site } from "./world.ts";

export type Named = { readonly name: string; readonly config: AgentConfig };

const LINK_CHECK = "interface/";

/** The machines, in the order given; nobody's clock is wrong. */
export function sitesOf(files: readonly Named[]): readonly Site[] {
  const lanOf = lansOf(files);
  const lans = [...new Set(files.flatMap(({ name, config }) => interfacesOf(config).map((port) => lanOf(name, port))))];
  return files.map(({ name, config }, i) => ({
    name,
    config,
    // Long after the boot: what waits for that is not rehearsed.
    uptime: instantAt(1_000_000_000),
    ppm: 0,
    ports: interfacesOf(config).map((port) => {
      const lan = lanOf(name, port);
      return { name: port, lan, addresses: addressesOn(files, i, port, lans.indexOf(lan)) };
    }),
  }));
}

/** Every interface that a configuration speaks of. */
export function interfacesOf({ routers }: AgentConfig): readonly string[] {
  const names = routers.flatMap(({ interface: own, virtualAddresses, tracks }) => [
    own,
    ...virtualAddresses.map((virtual) => virtual.interface),
    ...tracks.flatMap(({ check }) => (check.startsWith(LINK_CHECK) ? [check.slice(LINK_CHECK.length)] : [])),
  ]);
  return [...new Set(names)];
}

/**
 * Which LAN an interface is on. Interfaces of one name are on one LAN; where a neighbour has a virtual
 * router under another name only, it is the LAN of that router.
 */
function lansOf(files: readonly Named[]): (name: string, port: string) => string {
  const known = new Map<string, string>();
  for (const { name, config } of files)
    for (const port of interfacesOf(config)) known.set(`${name} ${port}`, neighbourOf(files, name, config, port));
  return (name, port) => known.get(`${name} ${port}`) ?? port;
}

function neighbourOf(files: readonly Named[], name: string, config: AgentConfig, port: string): string {
  const before = files.slice(
    0,
    files.findIndex((file) => file.name === name),
  );
  const own = config.routers.filter((router) => router.interface === port);
  if (before.some((other) => other.config.routers.some((router) => router.interface === port))) return port;
  for (const other of before)
    for (const router of other.config.routers) if (own.some((mine) => isSame(mine, router))) return router.interface;
  // Nothing runs over it here, and so nobody else is on it.
  return own.length === 0 ? `${name}/${port}` : port;
}

const isSame = (a: RouterConfig, b: RouterConfig): boolean => a.vrid === b.vrid && a.family === b.family;

/** What the file says, what neighbours call it, or an address that nobody has: RFC 2544, and link-local. */
function addressesOn(files: readonly Named[], i: number, port: string, lan: number): readonly Place[] {
  const mine = (files[i]?.config.routers ?? []).filter((router) => router.interface === port);
  if (mine.length === 0) return [];
  const said = mine.flatMap((router) => sourceOf(files, i, router) ?? []);
  const missing = (["ipv4", "ipv6"] as const).filter((family) => !said.some((one) => familyOf(one) === family));
  const invented = missing.flatMap((family) => inventedAddress(family, lan, i));
  return [...new Set([...said, ...invented])].map((address) => ({
    address,
    prefixLength: familyOf(address) === "ipv4" ? 24 : 64,
  }));
}

function sourceOf(files: readonly Named[], i: number, router: RouterConfig): IpAddress | null {
  const { source, to } = router.transport;
  if (source !== null || to.type === "multicast") return source;
  const own = to.peers.map(({ address }) => address);
  const called = files.flatMap(({ config }, j) =>
    j === i ? [] : config.routers.filter((other) => isSame(other, router)).flatMap(peersOf),
  );
  const taken = files.flatMap(({ config }) => config.routers.flatMap((one) => one.transport.source ?? []));
  return called.find((address) => !own.includes(address) && !taken.includes(address)) ?? null;
}

const peersOf = ({ transport: { to } }: RouterConfig): readonly IpAddress[] =>
  to.type === "unicast" ? to.peers.map(({ address }) => address) : [];

function inventedAddress(family: Family, lan: number, i: number): readonly IpAddress[] {
  const address = parseAddress(family === "ipv4" ? `198.18.${lan % 256}.${i + 1}` : `fe80::${lan + 1}:${i + 1}`);
  return address === undefined ? [] : [address];
}
