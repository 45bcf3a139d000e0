// The address a router advertises from, and whom new addresses on a link concern.

import { familyOf, type IpAddress, isLinkLocal } from "./address.ts";
import { type AgentConfig, PRIORITY_OWNER, type RouterConfig } from "./config.ts";
import { heldBy } from "./holdings.ts";
import type { AgentState, LinkState, RouterState } from "./state.ts";

const virtuals = new WeakMap<AgentConfig, Map<string, ReadonlySet<IpAddress>>>();

/** Every virtual address of the configuration on one interface. */
export function virtualAddressesOn(config: AgentConfig, iface: string): ReadonlySet<IpAddress> {
  const known = virtuals.get(config) ?? new Map<string, ReadonlySet<IpAddress>>();
  virtuals.set(config, known);
  const before = known.get(iface);
  if (before !== undefined) return before;
  const virtual = new Set<IpAddress>();
  for (const router of config.routers)
    for (const own of heldBy(router).addresses) if (own.interface === iface) virtual.add(own.address);
  known.set(iface, virtual);
  return virtual;
}

/**
 * The address a router advertises from. An owner may have no other address than the virtual one.
 * Null is Keepalived's reason for FAULT "no source address" (an IPv6 router needs a link-local one,
 * RFC 5798 §5.1.2.1).
 */
export function primaryAddressOf(
  config: RouterConfig,
  link: LinkState | undefined,
  virtual: ReadonlySet<IpAddress>,
): IpAddress | null {
  const { source, trackSource } = config.transport;
  const addresses = link?.addresses ?? [];
  const free = (address: IpAddress): boolean => config.basePriority === PRIORITY_OWNER || !virtual.has(address);
  if (source !== null && addresses.includes(source) && free(source)) return source;
  if (source !== null && trackSource) return null;
  // Of thousands, mostly the first one will do.
  const real = addresses.find((address) => !virtual.has(address) && mayAdvertise(address, config));
  return real ?? addresses.find((address) => free(address) && mayAdvertise(address, config)) ?? null;
}

/** Whether addresses that come to a link are virtual ones: nobody advertises from them but an owner without another one. */
export function concernNobody(
  { config, routers, links }: AgentState,
  iface: string,
  added: readonly IpAddress[],
): boolean {
  // What is about to go was taken into account while it was virtual.
  if (links[iface]?.leaving.length !== 0) return false;
  const virtual = virtualAddressesOn(config, iface);
  const stays = ({ config: { basePriority, transport }, primaryAddress: own }: RouterState): boolean =>
    basePriority !== PRIORITY_OWNER || (transport.source === null && own !== null && !virtual.has(own));
  return added.every((address) => virtual.has(address)) && routers.every(stays);
}

/** To a group IPv6 advertises from a link-local address; to a peer from one that the peer can answer. */
function mayAdvertise(address: IpAddress, { family, transport: { to } }: RouterConfig): boolean {
  if (familyOf(address) !== family) return false;
  if (family === "ipv4") return true;
  const peer = to.type === "unicast" ? to.peers[0]?.address : undefined;
  return isLinkLocal(address) === (peer === undefined || isLinkLocal(peer));
}
