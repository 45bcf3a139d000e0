// How advertisements travel, as the core wants it: transport, authentication, and the key by which a
// router is found again after a reload.

import { compareAddresses, type IpAddress } from "../agent/core/address.ts";
import { type Authentication, type RouterKey, routerKeyOf, type Transport } from "../agent/core/config.ts";
import { usualRouter } from "../agent/core/usual.ts";
import type { Declaration, DeclaredGlobals, DeclaredInstance } from "./declaration.ts";

const NONE: Authentication = { type: "none" };

export function authentication({ authentication: declared }: DeclaredInstance): Authentication {
  if (declared === null) return NONE;
  return { type: declared.type === "AH" ? "ah" : "pass", password: declared.password };
}

/** Keepalived asks nothing of the TTL of a peer without bounds. */
const ANY_TTL = { minTtl: 0, maxTtl: 255 } as const;

export function transport(instance: DeclaredInstance, globals: DeclaredGlobals): Transport {
  const { source, trackSource, unicast, peers, unicastTtl, checkSource } = instance;
  if (!unicast) return { source, trackSource, to: { type: "multicast", group: groupOf(instance, globals) } };
  const listed = peers.map(({ address, minTtl, maxTtl }) => ({
    address,
    minTtl: minTtl ?? ANY_TTL.minTtl,
    maxTtl: maxTtl ?? ANY_TTL.maxTtl,
  }));
  return { source, trackSource, to: { type: "unicast", peers: listed, ttl: unicastTtl, checkSource } };
}

/** mcast_dst_ip, else vrrp_mcast_group4 or 6, else that of the RFC. */
export function groupOf({ family, multicastGroup }: DeclaredInstance, { group4, group6 }: DeclaredGlobals): IpAddress {
  const usual = usualGroupOf(family);
  return multicastGroup ?? (family === "ipv4" ? group4 : group6) ?? usual;
}

function usualGroupOf(family: DeclaredInstance["family"]): IpAddress {
  const { to } = usualRouter(family).transport;
  if (to.type !== "multicast") throw new Error("the usual transport is a group");
  return to.group;
}

/** The key of an instance, whose interface and VRID are known. */
export type Keys = (instance: DeclaredInstance, iface: string, vrid: number) => RouterKey;

/**
 * Keepalived finds an instance again by VRID, family, interface, unicast and its source, and group
 * (B15.2); so does the key, in which what is usual is left out. Of several that differ in their peers
 * alone the one with the smallest peer keeps the plain key, whatever their order in the file is.
 */
export function keysOf({ instances, globals }: Declaration): Keys {
  const plain: Keys = (instance, iface, vrid) => {
    const { family, source, unicast, vmac } = instance;
    const group = groupOf(instance, globals);
    const other = group === usualGroupOf(family) ? [] : [group];
    const more = unicast ? ["unicast", ...(source === null || vmac !== null ? [] : [source])] : other;
    return routerKeyOf(iface, family, vrid, ...more);
  };
  const firsts = new Map<RouterKey, IpAddress>();
  for (const instance of instances) {
    const first = smallestPeer(instance);
    if (first === undefined || instance.vrid === null) continue;
    const key = plain(instance, instance.interface ?? "", instance.vrid);
    const known = firsts.get(key);
    if (known === undefined || compareAddresses(first, known) < 0) firsts.set(key, first);
  }
  return (instance, iface, vrid) => {
    const key = plain(instance, iface, vrid);
    const first = smallestPeer(instance);
    return first === undefined || firsts.get(key) === first ? key : (`${key}/${first}` as RouterKey);
  };
}

const smallestPeer = ({ unicast, peers }: DeclaredInstance): IpAddress | undefined =>
  unicast ? peers.map(({ address }) => address).sort(compareAddresses)[0] : undefined;
