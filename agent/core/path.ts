// Routes and rules that a router brings with it, and what tells one from another.

import { addressFromBytes, bytesOf, type Family, type IpAddress } from "./address.ts";

/** The protocol of routes and rules: Keepalived's number, so that `ip route show proto keepalived` still works. */
export const PATH_PROTOCOL = 18;

/** An address, route or rule of a Master that vanished: put back, answered by FAULT's way of leaving (B9.11), or let be. */
export type OnLoss = "restore" | "failover" | "ignore";

export type Prefix = { readonly address: IpAddress; readonly length: number };

export type Path = Route | Rule;

/** One route, rtnetlink(7). */
export type Route = {
  readonly kind: "route";
  readonly family: Family;
  /** RTN_*: 1 unicast, 2 local, 3 broadcast, 4 anycast, 5 multicast, 6 blackhole, 7 unreachable, 8 prohibit, 9 throw. */
  readonly type: number;
  /** Null for the default route. */
  readonly to: Prefix | null;
  readonly via: IpAddress | null;
  /** Null: whichever the gateway is reached through. */
  readonly interface: string | null;
  readonly source: IpAddress | null;
  /** 254 is main. */
  readonly table: number;
  /** RT_SCOPE_*. */
  readonly scope: number;
  /** 0 for the kernel's own. */
  readonly metric: number;
  readonly tos: number;
  /** The gateway is on this link whatever the addresses say. */
  readonly onlink: boolean;
  readonly protocol: number;
  /** Where it stands among routes of the same destination and metric; `add`: there may be none. */
  readonly order: "prepend" | "append" | "add";
  /** RTAX_* and their values: 2 mtu, 8 advmss. Bit n of `locked` locks metric n. */
  readonly metrics: readonly (readonly [number, number])[];
  readonly locked: number;
  /** Realms, from in the upper and to in the lower 16 bits; 0 for none. */
  readonly realms: number;
  readonly onLoss: OnLoss;
};

/** One policy rule, ip-rule(8). */
export type Rule = {
  readonly kind: "rule";
  readonly family: Family;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  /** 0 when the action looks nothing up. */
  readonly table: number;
  readonly preference: number;
  /** Empty for any. */
  readonly iif: string;
  readonly oif: string;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  readonly tos: number;
  /** FR_ACT_*: 1 look the table up, 6 blackhole, 7 unreachable, 8 prohibit. */
  readonly action: number;
  /** `not`: what does not match. */
  readonly inverted: boolean;
  /** Routes of the table with prefixes of at most this length do not count; null: all count. */
  readonly suppressPrefixLength: number | null;
  readonly onLoss: OnLoss;
};

/** What the kernel gives an IPv6 route without a metric: IP6_RT_PRIO_USER. */
const METRIC_OF_IPV6 = 1024;

/** The prefix without the bits beyond it, which the kernel forgets of an IPv6 route. */
export function networkOf(prefix: Prefix): Prefix {
  const bytes = bytesOf(prefix.address).map(
    (byte, i) => byte & ~(0xff >> Math.max(0, Math.min(8, prefix.length - i * 8))),
  );
  return { address: addressFromBytes(Uint8Array.from(bytes)), length: prefix.length };
}

const prefixText = (prefix: Prefix | null, none: string): string =>
  prefix === null ? none : `${prefix.address}/${prefix.length}`;

/**
 * What a route or rule is recognised by when the kernel tells that one is gone. A route may name no
 * interface or no gateway, so neither is part of it.
 */
export const traceOf = (path: Trace): string => (path.kind === "route" ? routeTrace(path) : ruleTrace(path));

type RouteTrace = Pick<Route, "kind" | "family" | "type" | "to" | "table" | "metric" | "tos" | "protocol">;
type RuleTrace = Omit<Rule, "onLoss" | "inverted" | "suppressPrefixLength">;
export type Trace = RouteTrace | RuleTrace;

function routeTrace({ family, type, to, table, metric, tos, protocol }: RouteTrace): string {
  const rank = metric === 0 && family === "ipv6" ? METRIC_OF_IPV6 : metric;
  // IPv6 routes have no tos.
  const service = family === "ipv6" ? 0 : tos;
  const which = `${prefixText(to && networkOf(to), "default")} table ${table} metric ${rank} tos ${service}`;
  return `${TYPES[type] ?? "route"} ${family} ${which} proto ${protocol}`;
}

function ruleTrace({ family, from, to, table, preference, iif, oif, mark, tos, action }: RuleTrace): string {
  const marked = mark === null ? "" : ` mark ${mark.value}/${mark.mask}`;
  const links = `${iif === "" ? "" : ` iif ${iif}`}${oif === "" ? "" : ` oif ${oif}`}`;
  const which = `from ${prefixText(from, "all")} to ${prefixText(to, "all")}${links}${marked} tos ${tos}`;
  return `rule ${family} ${preference}: ${which} action ${action} table ${table}`;
}

/** The words for it, as ip(8) would print it; two that differ in anything the kernel is asked for have different ones. */
export const wordsOf = (path: Path): string => (path.kind === "route" ? routeWords(path) : ruleWords(path));

function routeWords(route: Route): string {
  const { family, type, to, via, interface: iface, source, table, metric, tos, protocol } = route;
  const { scope, onlink, realms, metrics, locked, order } = route;
  const words = [
    TYPES[type] ?? "route",
    prefixText(to, family === "ipv4" ? "default" : "default (IPv6)"),
    via === null ? "" : `via ${via}`,
    iface === null ? "" : `dev ${iface}`,
    source === null ? "" : `src ${source}`,
    table === 254 ? "" : `table ${table}`,
    metric === 0 ? "" : `metric ${metric}`,
    tos === 0 ? "" : `tos ${tos}`,
    protocol === PATH_PROTOCOL ? "" : `proto ${protocol}`,
    scope === 0 ? "" : `scope ${scope}`,
    onlink ? "onlink" : "",
    realms === 0 ? "" : `realms ${realms}`,
    ...metrics.map(([name, value]) => `${METRIC_NAMES[name] ?? `metric${name}`} ${value}`),
    locked === 0 ? "" : `locked ${locked}`,
    order === "prepend" ? "" : order,
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** RTAX_* */
const METRIC_NAMES =
  "0 lock mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd features rto_min initrwnd quickack".split(
    " ",
  );

const TYPES = [
  "",
  "route",
  "local route",
  "broadcast route",
  "anycast route",
  "multicast route",
  "blackhole route",
  "unreachable route",
  "prohibit route",
  "throw route",
];

function ruleWords(rule: Rule): string {
  const { family, preference, inverted, from, to, iif, oif, mark, table, action, tos, suppressPrefixLength } = rule;
  const words = [
    `rule ${preference}:${family === "ipv6" ? " (IPv6)" : ""}${inverted ? " not" : ""}`,
    `from ${prefixText(from, "all")}`,
    to === null ? "" : `to ${prefixText(to, "")}`,
    iif === "" ? "" : `iif ${iif}`,
    oif === "" ? "" : `oif ${oif}`,
    mark === null ? "" : `fwmark ${mark.value}/${mark.mask}`,
    tos === 0 ? "" : `tos ${tos}`,
    action === 1 ? `lookup ${table}` : `action ${action}`,
    suppressPrefixLength === null ? "" : `suppress_prefixlength ${suppressPrefixLength}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}
