// Draws what only some swarms have: neighbours that speak to each other alone, virtual MAC addresses,
// routes and rules that come with the mastership, and programs that are told.

import type { Family } from "../../agent/core/address.ts";
import type { HookConfig, RouterConfig, VirtualAddress, VirtualInterface } from "../../agent/core/config.ts";
import { PATH_PROTOCOL, type Path, type Route, type Rule } from "../../agent/core/path.ts";
import { milliseconds, seconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import type { Random } from "../../agent/rehearse/random.ts";
import { ip } from "../log/history.ts";

/** How the neighbours of one virtual router speak, and what they bring; the same for all of them. */
export type Luxury = {
  readonly unicast: boolean;
  readonly vmac: { readonly name: string; readonly xmitBase: boolean } | null;
  readonly paths: readonly Path[];
};

export function drawLuxury(random: Random, family: Family, iface: string, vrid: number): Luxury {
  const unicast = random.happens(250);
  const virtual = !unicast && random.happens(180);
  return {
    unicast,
    vmac: virtual ? { name: `vrrp.${vrid}`, xmitBase: random.happens(400) } : null,
    paths: random.happens(250) ? pathsOf(random, family, iface, vrid) : [],
  };
}

/** To each of the others, and to no group. */
export const unicastTo = (others: readonly string[]): RouterConfig["transport"] => ({
  source: null,
  trackSource: false,
  to: {
    type: "unicast",
    peers: others.map((address) => ({ address: ip(address), minTtl: 0, maxTtl: 255 })),
    ttl: 255,
    checkSource: true,
  },
});

type Virtual = Pick<RouterConfig, "vmac" | "virtualInterfaces" | "virtualAddresses">;

/** The addresses move to an interface of their own, with the MAC address of RFC 5798 §7.3. */
export function withVmac(
  { name, xmitBase }: NonNullable<Luxury["vmac"]>,
  iface: string,
  family: Family,
  addresses: readonly VirtualAddress[],
): Virtual {
  const vrid = name.slice("vrrp.".length).padStart(2, "0");
  const mac = `00:00:5e:00:${family === "ipv4" ? "01" : "02"}:${vrid}`;
  const own: VirtualInterface = { kind: "macvlan", name, parent: iface, mac, group: 0 };
  return {
    vmac: { kind: "macvlan", name, xmitBase },
    virtualInterfaces: [own],
    virtualAddresses: addresses.map((address) => ({ ...address, interface: name, vmac: true })),
  };
}

function pathsOf(random: Random, family: Family, iface: string, vrid: number): readonly Path[] {
  const onLoss = random.pick(["restore", "restore", "failover", "ignore"] as const);
  const [to, length] = family === "ipv4" ? [`192.0.${vrid}.0`, 24] : [`2001:db8:${vrid}:1::`, 64];
  const prefix = { address: ip(to), length };
  const route: Route = {
    ...{ kind: "route", family, type: 1, to: prefix, via: null, interface: iface, source: null, table: 254 },
    ...{ scope: family === "ipv4" ? 253 : 0, metric: 0, tos: 0, onlink: false, protocol: PATH_PROTOCOL },
    ...{ order: "prepend", metrics: [], locked: 0, realms: 0, onLoss },
  };
  const rule: Rule = {
    ...{ kind: "rule", family, from: prefix, to: null, table: 100 + vrid, preference: 1_000 + vrid },
    ...{ iif: "", oif: "", mark: null, tos: 0, action: 1, inverted: false, suppressPrefixLength: null, onLoss },
  };
  return random.pick([[route], [route, rule]]);
}

const PROGRAM = { argv: ["/usr/local/bin/told"], user: null, group: null };

/** Programs for every change, and perhaps one before; how slow and unlucky they are is drawn where they run. */
export function drawHooks(random: Random): HookConfig {
  const before = random.happens(300);
  return {
    ...usualHooks,
    scripts: { ...usualHooks.scripts, master: random.happens(400) ? PROGRAM : null, generic: PROGRAM },
    preMaster: before ? PROGRAM : null,
    preBackup: before && random.happens(500) ? PROGRAM : null,
    policy: {
      order: random.pick(["all", "latest"]),
      deadline: seconds(random.between(1, 3)),
      retries: random.below(3),
      backoff: milliseconds(random.pick([100, 500])),
      preDeadline: milliseconds(random.pick([0, 200, 800])),
    },
  };
}
