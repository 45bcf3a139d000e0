// What rtnetlink says of routes and policy rules that are gone, from bytes to traces. Pure.

import { addressFromBytes, type Family } from "../core/address.ts";
import type { Prefix, Trace } from "../core/path.ts";
import { type Attributes, numberOf, readAttributes, type Span, textOf } from "./netlink.ts";
import { AF_INET, AF_INET6 } from "./netlink-write.ts";

const RTM_DELROUTE = 25;
const RTM_DELRULE = 33;

const RTA_DST = 1;
const RTA_PRIORITY = 6;
const RTA_TABLE = 15;
/** What the kernel noted for itself, as a path MTU. */
const RTM_F_CLONED = 0x200;

const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const LOOKUP = 1;

/** A route or rule that is gone, and the port of who asked for that; 0 for the kernel itself. */
export type GonePath = { readonly trace: Trace; readonly port: number };

/** Everything in one piece that tells of one that is gone. */
export function readGonePaths(bytes: Uint8Array): GonePath[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const gone: GonePath[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    const trace = readTrace({ view, bytes, at, end: at + length });
    if (trace !== null) gone.push({ trace, port: view.getUint32(at + 12, true) });
    at += (length + 3) & ~3;
  }
  return gone;
}

function readTrace(span: Span): Trace | null {
  const { view, at, end } = span;
  const type = view.getUint16(at + 4, true);
  if ((type !== RTM_DELROUTE && type !== RTM_DELRULE) || at + 28 > end) return null;
  const family = FAMILIES.get(view.getUint8(at + 16));
  if (family === undefined) return null;
  return type === RTM_DELROUTE ? readRoute(span, family) : readRule(span, family);
}

const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [AF_INET, "ipv4"],
  [AF_INET6, "ipv6"],
]);

/** rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags. */
function readRoute(span: Span, family: Family): Trace | null {
  const { view, at } = span;
  if ((view.getUint32(at + 24, true) & RTM_F_CLONED) !== 0) return null;
  const found = readAttributes(span, at + 28);
  return {
    kind: "route",
    family,
    type: view.getUint8(at + 23),
    to: prefixIn(found, RTA_DST, view.getUint8(at + 17)),
    table: numberOf(found.get(RTA_TABLE), view.getUint8(at + 20)),
    metric: numberOf(found.get(RTA_PRIORITY), 0),
    tos: view.getUint8(at + 19),
    protocol: view.getUint8(at + 21),
  };
}

/** fib_rule_hdr: family, lengths of destination and source, tos, table, two reserved, action, flags. */
function readRule(span: Span, family: Family): Trace {
  const { view, at } = span;
  const found = readAttributes(span, at + 28);
  const action = view.getUint8(at + 23);
  const marked = found.has(FRA_FWMARK) || found.has(FRA_FWMASK);
  return {
    kind: "rule",
    family,
    from: prefixIn(found, FRA_SRC, view.getUint8(at + 18)),
    to: prefixIn(found, FRA_DST, view.getUint8(at + 17)),
    table: action === LOOKUP ? numberOf(found.get(FRA_TABLE), view.getUint8(at + 20)) : 0,
    preference: numberOf(found.get(FRA_PRIORITY), 0),
    iif: textOf(found.get(FRA_IIFNAME)),
    oif: textOf(found.get(FRA_OIFNAME)),
    mark: marked ? { value: numberOf(found.get(FRA_FWMARK), 0), mask: numberOf(found.get(FRA_FWMASK), 0) } : null,
    tos: view.getUint8(at + 19),
    action,
  };
}

function prefixIn(found: Attributes, type: number, length: number): Prefix | null {
  const bytes = found.get(type);
  if (bytes === undefined || (bytes.length !== 4 && bytes.length !== 16)) return null;
  return { address: addressFromBytes(bytes), length };
}
