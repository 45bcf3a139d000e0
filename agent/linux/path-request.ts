// What is asked of rtnetlink about routes and policy rules, from values to bytes. Pure.

import { bytesOf, type Family, type IpAddress } from "../core/address.ts";
import type { Path, Route, Rule } from "../core/path.ts";
import { PATH_PROTOCOL } from "../core/path.ts";
import {
  AF_INET,
  AF_INET6,
  begin,
  finish,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  type Numbered,
  putAttribute,
  putBytes,
  putNested,
  putNumber,
  putText,
  putUint32,
  type RequestBuffer,
} from "./netlink-write.ts";

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_FLOW = 11;
const RTA_TABLE = 15;
const RTNH_F_ONLINK = 4;
const RTAX_LOCK = 1;

const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_SUPPRESS_PREFIXLEN = 14;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const FRA_PROTOCOL = 21;
const FIB_RULE_INVERT = 2;

/**
 * No route request is longer: headers 16 + 12, three IPv6 addresses 60, five numbers 40, metrics of at
 * most 16 words 4 + 17 * 8, together 268. No rule request: 28, two addresses 40, two names 40, six numbers 48.
 */
export const LONGEST_PATH_REQUEST = 280;

const numberOf = (family: Family): number => (family === "ipv4" ? AF_INET : AF_INET6);

const putAddress = (to: RequestBuffer, type: number, address: IpAddress): void =>
  putAttribute(to, type, bytesOf(address));

/** The header has one byte for the table; greater ones stand in the attribute alone. */
const tableByte = (table: number): number => (table < 256 ? table : 0);

const ORDER: Readonly<Record<Route["order"], number>> = { prepend: 0, append: NLM_F_APPEND, add: NLM_F_EXCL };

/** Where a path is to be, and the number of its request. `index` is the interface's, 0 when it names none. */
export type PathPlace = Numbered & { readonly index: number };

/** Writes the request to add a route or a rule. A rule that is there already is refused, a route of the same kind, too. */
export function writeAddPath(to: RequestBuffer, path: Path, place: PathPlace): void {
  if (path.kind === "rule") writeRule(to, path, RTM_NEWRULE, place.flags | NLM_F_CREATE | NLM_F_EXCL, place.seq);
  else writeRoute(to, path, RTM_NEWROUTE, { ...place, flags: place.flags | NLM_F_CREATE | ORDER[path.order] });
}

/** Writes the request to remove a route or a rule: this very one, by all that was said of it, its protocol too. */
export function writeRemovePath(to: RequestBuffer, path: Path, place: PathPlace): void {
  if (path.kind === "rule") writeRule(to, path, RTM_DELRULE, place.flags, place.seq);
  else writeRoute(to, path, RTM_DELROUTE, place);
}

/** rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags. */
function writeRoute(to: RequestBuffer, route: Route, type: number, { index, seq, flags }: PathPlace): void {
  const start = begin(to, type, flags, seq);
  const { family, tos, table, protocol, scope } = route;
  putBytes(to, numberOf(family), route.to?.length ?? 0, 0, tos, tableByte(table), protocol, scope, route.type);
  putUint32(to, route.onlink ? RTNH_F_ONLINK : 0);
  putNumber(to, RTA_TABLE, table);
  if (route.to !== null) putAddress(to, RTA_DST, route.to.address);
  if (route.via !== null) putAddress(to, RTA_GATEWAY, route.via);
  if (index !== 0) putNumber(to, RTA_OIF, index);
  if (route.source !== null) putAddress(to, RTA_PREFSRC, route.source);
  if (route.metric !== 0) putNumber(to, RTA_PRIORITY, route.metric);
  if (route.realms !== 0) putNumber(to, RTA_FLOW, route.realms);
  if (route.metrics.length > 0)
    putNested(to, RTA_METRICS, () => {
      if (route.locked !== 0) putNumber(to, RTAX_LOCK, route.locked);
      for (const [metric, value] of route.metrics) putNumber(to, metric, value);
    });
  finish(to, start);
}

/** fib_rule_hdr: family, lengths of destination and source, tos, table, two reserved, action, flags. */
function writeRule(to: RequestBuffer, rule: Rule, type: number, flags: number, seq: number): void {
  const start = begin(to, type, flags, seq);
  const { family, tos, table, action, from, iif, oif, mark, suppressPrefixLength } = rule;
  putBytes(to, numberOf(family), rule.to?.length ?? 0, from?.length ?? 0, tos, tableByte(table), 0, 0, action);
  putUint32(to, rule.inverted ? FIB_RULE_INVERT : 0);
  putNumber(to, FRA_PRIORITY, rule.preference);
  if (table !== 0) putNumber(to, FRA_TABLE, table);
  if (rule.to !== null) putAddress(to, FRA_DST, rule.to.address);
  if (from !== null) putAddress(to, FRA_SRC, from.address);
  if (iif !== "") putText(to, FRA_IIFNAME, iif);
  if (oif !== "") putText(to, FRA_OIFNAME, oif);
  if (mark !== null) {
    putNumber(to, FRA_FWMARK, mark.value);
    putNumber(to, FRA_FWMASK, mark.mask);
  }
  if (suppressPrefixLength !== null) putNumber(to, FRA_SUPPRESS_PREFIXLEN, suppressPrefixLength);
  putAttribute(to, FRA_PROTOCOL, Uint8Array.of(PATH_PROTOCOL));
  finish(to, start);
}
