// What a machine must be like for a configuration: interfaces, kernel settings and packet filter rules
// that are there for as long as the daemon runs, whoever is Master. And what was changed for it, so
// that it can be taken back.

import { bytesOf, familyOf, type IpAddress, isLinkLocal } from "./address.ts";
import type { AgentConfig, FilterConfig, RouterConfig, VirtualAddress, VirtualInterface } from "./config.ts";
import { PRIORITY_OWNER } from "./config.ts";

/** Something that heird changed on this machine, with what is needed to take it back. */
export type Change =
  /** A file below /proc/sys. */
  | { readonly type: "sysctl"; readonly path: string; readonly before: string; readonly set: string }
  | { readonly type: "link"; readonly name: string; readonly mac: string }
  | { readonly type: "filter"; readonly table: string };

/** A kernel setting, as it must be. */
export type Setting = { readonly path: string; readonly value: string };

/** Every interface that a configuration wants to be made. */
export const virtualInterfacesOf = ({ routers }: Pick<AgentConfig, "routers">): readonly VirtualInterface[] => [
  ...new Map(routers.flatMap(({ virtualInterfaces }) => virtualInterfaces.map((one) => [one.name, one]))).values(),
];

const ipv4 = (iface: string, name: string, value: string): Setting => ({
  path: `net/ipv4/conf/${iface}/${name}`,
  value,
});
const ipv6 = (iface: string, name: string, value: string): Setting => ({
  path: `net/ipv6/conf/${iface}/${name}`,
  value,
});

/**
 * Of a virtual interface, before it is set up (B14.3): it answers for its own addresses only, takes what
 * comes from this machine's other ones and by another way than answers go, and has no IPv6 address of
 * its own. Of RFC 9568 §8.1.2, the answers come from the virtual MAC address, because they come from here.
 */
export const settingsOn = ({ name }: VirtualInterface): readonly Setting[] => [
  ipv4(name, "arp_ignore", "1"),
  ipv4(name, "accept_local", "1"),
  ipv4(name, "rp_filter", "0"),
  ipv4(name, "promote_secondaries", "1"),
  ipv6(name, "addr_gen_mode", "1"),
  ipv6(name, "autoconf", "0"),
  ipv6(name, "accept_ra", "0"),
];

/**
 * Of the interface below (B14.3): it does not answer for the addresses above it, nor does it ask in their
 * name, since whoever is asked learns that they are at its own MAC address. RFC 9568 §8.1.2.
 */
export const settingsBelow = (parent: string): readonly Setting[] => [
  ipv4(parent, "arp_ignore", "1"),
  ipv4(parent, "arp_filter", "1"),
  ipv4(parent, "arp_announce", "2"),
];

/** The interfaces on which the other addresses of a subnet are to stay when the first one goes: promote_secondaries. */
export const promotingOn = ({ routers }: Pick<AgentConfig, "routers">): ReadonlySet<string> =>
  new Set(
    routers
      .filter(({ promoteSecondaries }) => promoteSecondaries)
      .flatMap(addressesOf)
      .filter(({ address }) => familyOf(address) === "ipv4")
      .map((own) => own.interface),
  );

export const promoting = (iface: string): Setting => ipv4(iface, "promote_secondaries", "1");

const rpFilter = (iface: string): string => `net/ipv4/conf/${iface}/rp_filter`;

/**
 * The stricter of `all` and an interface's own reverse path filter counts, so `all` must not filter for
 * a virtual interface not to. Every other interface, and every one to come, goes on filtering as before.
 */
export function unfiltered(interfaces: readonly string[], read: (path: string) => string | null): readonly Setting[] {
  const all = Number(read(rpFilter("all")) ?? 0);
  if (!(all > 0)) return [];
  const others = ["default", ...interfaces].flatMap((iface): Setting[] => {
    const own = read(rpFilter(iface));
    return own === null || Number(own) >= all ? [] : [ipv4(iface, "rp_filter", String(all))];
  });
  return [...others, ipv4("all", "rp_filter", "0")];
}

/** Packet filter rules, as they must be; null for none. */
export type Filter = FilterConfig & {
  readonly closed: readonly { readonly address: IpAddress; readonly interface: string | null }[];
  readonly quiet: readonly string[];
};

const addressesOf = ({ virtualAddresses, excludedAddresses }: RouterConfig): readonly VirtualAddress[] => [
  ...virtualAddresses,
  ...excludedAddresses,
];

/**
 * Addresses of a router without Accept_Mode that does not own them take nothing but neighbour
 * discovery (RFC 9568 §6.4.3), as Master because they must not and as Backup because they are not here:
 * the rules stay the same. A virtual interface reports no memberships, or a Backup would teach the
 * switches that the virtual MAC address is at its port.
 */
export function filterOf({ routers, filter }: AgentConfig): Filter | null {
  const closed = routers.filter(({ conduct, basePriority }) => !conduct.accept && basePriority !== PRIORITY_OWNER);
  const rules: Filter = {
    ...filter,
    closed: closed.flatMap(addressesOf).map(({ address, interface: iface }) => ({
      address,
      // A link-local address means another machine on every link.
      interface: familyOf(address) === "ipv6" && isLinkLocal(address) ? iface : null,
    })),
    quiet: virtualInterfacesOf({ routers }).map(({ name }) => name),
  };
  return rules.closed.length + rules.quiet.length > 0 ? rules : null;
}

/** Where solicitations for an IPv6 address are sent: RFC 4291 §2.7.1, ff02::1:ff00:0/104 and its last 24 bits. */
export const solicitedNodeBytes = (address: IpAddress): Uint8Array =>
  Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...bytesOf(address).subarray(13));

/** The IPv6 addresses on virtual interfaces, each with the interface below: it is that one whose switch must send their solicitations. */
export function solicitedBelow(
  config: AgentConfig,
): readonly { readonly address: IpAddress; readonly parent: string }[] {
  const parents = new Map(virtualInterfacesOf(config).map(({ name, parent }) => [name, parent]));
  return config.routers.flatMap(addressesOf).flatMap(({ address, interface: iface }) => {
    const parent = parents.get(iface);
    return parent === undefined || familyOf(address) !== "ipv6" ? [] : [{ address, parent }];
  });
}
