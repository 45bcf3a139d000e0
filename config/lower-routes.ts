// Lines of routes and rules become what the core asks the kernel for. What cannot be carried is told,
// and what the kernel would refuse is refused here, where there is a line to point at.

import { bytesOf, type Family, familyOf, type IpAddress, parseAddress } from "../agent/core/address.ts";
import { type OnLoss, PATH_PROTOCOL, type Prefix, type Route, type Rule } from "../agent/core/path.ts";
import type { DeclaredLine, DeclaredOption } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { numberOfName, type PathNames } from "./path-names.ts";
import { plainNumber } from "./values.ts";

export type PathContext = {
  readonly names: PathNames;
  /** What happens when one vanishes that says nothing of it. */
  readonly onLoss: OnLoss;
  readonly assumeHonoured: boolean;
  readonly report: Report;
};

/** RTN_* by name. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ["unicast", 1],
  ["local", 2],
  ["broadcast", 3],
  ["anycast", 4],
  ["multicast", 5],
  ["blackhole", 6],
  ["unreachable", 7],
  ["prohibit", 8],
  ["throw", 9],
]);
const UNICAST = 1;
const LOCAL = 2;
const MULTICAST = 5;

/** RT_SCOPE_*: what a route says by itself. */
const GLOBAL = 0;
const LINK = 253;
const HOST = 254;
const SCOPES: ReadonlyMap<string, number> = new Map([
  ["global", GLOBAL],
  ["universe", GLOBAL],
  ["site", 200],
  ["link", LINK],
  ["host", HOST],
  ["nowhere", 255],
]);

/** RTAX_* by name: those that are plain numbers. */
const METRICS: ReadonlyMap<string, number> = new Map([
  ["mtu", 2],
  ["window", 3],
  ["ssthresh", 6],
  ["cwnd", 7],
  ["advmss", 8],
  ["reordering", 9],
  ["hoplimit", 10],
  ["initcwnd", 11],
  ["initrwnd", 14],
  ["quickack", 15],
]);

const ROUTE_HONOURED = new Set([
  ..."to via dev src table scope metric onlink protocol no_track inet inet6 tos realms add prepend append".split(" "),
  ...TYPES.keys(),
  ...METRICS.keys(),
]);
/** Tuning; the route leads to the same place without it. */
const ROUTE_TUNING = new Set(
  "rtt rttvar rto_min features congctl pref expires ttl-propagate fastopen_no_cookie".split(" "),
);
const RULE_HONOURED = new Set(
  "from to table preference iif oif fwmark not tos type blackhole unreachable prohibit inet inet6 no_track suppress_prefixlength".split(
    " ",
  ),
);

const ORDERS = ["prepend", "append", "add"] as const;

type Reader = {
  readonly has: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  /** An address of the family; a problem and undefined when it is none. */
  readonly address: (name: string, family: Family) => IpAddress | undefined;
  readonly number: (name: string, most: number) => number | undefined;
  readonly refuse: (message: string, help?: string) => void;
  readonly refused: () => boolean;
};

function reader({ options, place }: DeclaredLine, what: string, report: Report): Reader {
  let refused = false;
  const refuse = (message: string, help: string | null = null): void => {
    refused = true;
    report(problem("H0128", place, `the ${what} cannot be: ${message}`, help));
  };
  const text = (name: string) => options.find((option) => option.name === name)?.values.at(-1);
  return {
    has: (name) => options.some((option) => option.name === name),
    text,
    refuse,
    refused: () => refused,
    address: (name, family) => {
      const value = text(name);
      const address = value === undefined ? undefined : parseAddress(value);
      if (address === undefined || familyOf(address) === family) return address;
      refuse(`${name} ${address} is of the other family`, `write an ${family === "ipv4" ? "IPv4" : "IPv6"} address`);
      return undefined;
    },
    number: (name, most) => {
      const value = text(name);
      const number = value === undefined ? undefined : wholeNumber(value);
      if (value !== undefined && (number === undefined || number > most))
        refuse(`${name} ${value} is not a number in 0..${most}`);
      return number;
    },
  };
}

const UINT32 = 0xffff_ffff;

/** Decimal, or hexadecimal with 0x. */
function wholeNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text, 16);
  const number = plainNumber(text, true);
  return number === undefined || !Number.isInteger(number) || number < 0 ? undefined : number;
}

/** Null stands for everything; undefined when it is no prefix. */
function prefixIn(text: string): Prefix | null | undefined {
  if (text === "default" || text === "any" || text === "all") return null;
  const [head = "", tail] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined) return undefined;
  const length = tail === undefined ? bytesOf(address).length * 8 : Number(tail);
  return length === 0 ? null : { address, length };
}

/** Bits beyond the prefix: the kernel refuses an IPv4 route that has some. */
function hasHostBits({ address, length }: Prefix): boolean {
  return bytesOf(address).some((byte, i) => (byte & (0xff >> Math.max(0, Math.min(8, length - i * 8)))) !== 0);
}

/** The family that a line is of: said, or that of its first address. */
function familyIn(options: readonly DeclaredOption[]): Family {
  if (options.some(({ name }) => name === "inet6")) return "ipv6";
  if (options.some(({ name }) => name === "inet")) return "ipv4";
  for (const name of ["to", "from", "via", "src"])
    for (const option of options)
      if (option.name === name) {
        const address = parseAddress(option.values.at(-1)?.split("/")[0] ?? "");
        if (address !== undefined) return familyOf(address);
      }
  return "ipv4";
}

/** Tells what of a line is not carried; true when the line would mean something else without it. */
function notCarried(line: DeclaredLine, what: "route" | "rule", { assumeHonoured, report }: PathContext): boolean {
  const honoured = what === "route" ? ROUTE_HONOURED : RULE_HONOURED;
  const unknown = line.options.filter(({ name }) => !honoured.has(name));
  const vital = unknown.filter(({ name }) => what === "rule" || !ROUTE_TUNING.has(name));
  if (assumeHonoured) return vital.length > 0;
  for (const { name } of unknown)
    report(
      vital.some((option) => option.name === name)
        ? problem(
            "H0402",
            line.place,
            `${name} of a ${what} is known but not honoured yet, and the ${what} would be another without it`,
            "remove it, or set the line up by other means",
          )
        : problem(
            "H0401",
            line.place,
            `${name} of a route is known but not honoured yet; the route is made without it`,
          ),
    );
  return vital.length > 0;
}

/** One route; undefined when it cannot be used, which is reported. */
export function lowerRoute(line: DeclaredLine, context: PathContext): Route | undefined {
  const said = reader(line, "route", context.report);
  if (notCarried(line, "route", context)) return undefined;
  const family = familyIn(line.options);
  const to = prefixIn(said.text("to") ?? "");
  const type = [...TYPES].find(([name]) => said.has(name))?.[1] ?? UNICAST;
  const via = said.address("via", family) ?? null;
  if (to === undefined) said.refuse("it has no destination");
  else if (to !== null) destined(said, to, family);
  const iface = said.text("dev") ?? null;
  if (type === UNICAST && via === null && iface === null)
    said.refuse("it has neither a gateway nor an interface", "write via ADDRESS or dev INTERFACE");
  const route: Route = {
    kind: "route",
    family,
    type,
    to: to ?? null,
    via,
    interface: iface,
    ...ranked(said, family, type, context.names),
    scope: scopeOf(said, family, type),
    onlink: said.has("onlink"),
    order: ORDERS.find((order) => said.has(order)) ?? "prepend",
    ...metricsOf(line.options),
    realms: realmsOf(said),
    onLoss: line.noTrack ? "ignore" : context.onLoss,
  };
  return said.refused() ? undefined : route;
}

function destined(said: Reader, to: Prefix, family: Family): void {
  if (familyOf(to.address) !== family) said.refuse(`${to.address} is of the other family`);
  else if (family === "ipv4" && hasHostBits(to))
    said.refuse(`${to.address} has bits beyond its prefix of ${to.length}`, "write the first address of the network");
}

type Ranked = "source" | "table" | "metric" | "tos" | "protocol";

const ranked = (said: Reader, family: Family, type: number, names: PathNames): Pick<Route, Ranked> => ({
  source: said.address("src", family) ?? null,
  table: named(said, "table", names.tables) ?? (type === LOCAL ? 255 : 254),
  metric: said.number("metric", UINT32) ?? 0,
  tos: said.number("tos", 255) ?? 0,
  protocol: named(said, "protocol", names.protocols) ?? PATH_PROTOCOL,
});

function named(said: Reader, option: string, names: ReadonlyMap<string, number>): number | undefined {
  const text = said.text(option);
  if (text === undefined) return undefined;
  const number = numberOfName(text, names);
  if (number === undefined)
    said.refuse(`there is no ${option} ${text}`, `write its number, or name it in /etc/iproute2/rt_${option}s`);
  return number;
}

/** As Keepalived fills it in, which leaves a route without a gateway global; ip(8) makes it link. IPv6 has no scopes. */
function scopeOf(said: Reader, family: Family, type: number): number {
  const text = said.text("scope");
  if (family === "ipv6") return GLOBAL;
  if (text !== undefined) {
    const scope = SCOPES.get(text) ?? wholeNumber(text);
    if (scope === undefined || scope > 255) said.refuse(`scope ${text} is none`);
    return scope ?? GLOBAL;
  }
  if (type === LOCAL) return HOST;
  if (type > LOCAL && type <= MULTICAST) return LINK;
  return GLOBAL;
}

function metricsOf(options: readonly DeclaredOption[]): Pick<Route, "metrics" | "locked"> {
  const given = options.flatMap(({ name, values }) => {
    const metric = METRICS.get(name);
    const value = wholeNumber(values.at(-1) ?? "");
    return metric === undefined || value === undefined ? [] : [{ metric, value, locked: values[0] === "lock" }];
  });
  return {
    metrics: given.map(({ metric, value }) => [metric, value] as const),
    locked: given.reduce((bits, { metric, locked }) => (locked ? bits | (1 << metric) : bits), 0),
  };
}

function realmsOf(said: Reader): number {
  const text = said.text("realms");
  if (text === undefined) return 0;
  const [, from, to] = /^(?:(\d{1,5})\/)?(\d{1,5})$/.exec(text) ?? [];
  if (to === undefined) said.refuse(`realms ${text} are not numbers`, "write FROM/TO or TO");
  return Number(from ?? 0) * 0x1_0000 + Number(to ?? 0);
}

/** FR_ACT_* by name. */
const ACTIONS: ReadonlyMap<string, number> = new Map([
  ["blackhole", 6],
  ["unreachable", 7],
  ["prohibit", 8],
]);
const LOOKUP = 1;

/** One rule; undefined when it cannot be used, which is reported. `otherwise` is its preference when it says none. */
export function lowerRule(line: DeclaredLine, otherwise: number, context: PathContext): Rule | undefined {
  const said = reader(line, "rule", context.report);
  if (notCarried(line, "rule", context)) return undefined;
  const family = familyIn(line.options);
  const action = [...ACTIONS].find(([name]) => said.has(name) || said.text("type") === name)?.[1] ?? LOOKUP;
  const table = named(said, "table", context.names.tables) ?? 0;
  if (action === LOOKUP && table === 0) said.refuse("it names no table to look in", "write table and a number or name");
  const rule: Rule = {
    kind: "rule",
    family,
    from: sided(said, "from", family),
    to: sided(said, "to", family),
    table: action === LOOKUP ? table : 0,
    preference: said.number("preference", UINT32) ?? otherwise,
    iif: said.text("iif") ?? "",
    oif: said.text("oif") ?? "",
    mark: markOf(said),
    tos: said.number("tos", 255) ?? 0,
    action,
    inverted: said.has("not"),
    suppressPrefixLength: said.number("suppress_prefixlength", 128) ?? null,
    onLoss: line.noTrack ? "ignore" : context.onLoss,
  };
  return said.refused() ? undefined : rule;
}

function sided(said: Reader, option: "from" | "to", family: Family): Prefix | null {
  const prefix = prefixIn(said.text(option) ?? "all") ?? null;
  if (prefix !== null && familyOf(prefix.address) !== family)
    said.refuse(`${option} ${prefix.address} is of the other family`, "a rule is of one family");
  return prefix;
}

function markOf(said: Reader): Rule["mark"] {
  const text = said.text("fwmark");
  if (text === undefined) return null;
  const [value = "", mask] = text.split("/");
  const mark = { value: wholeNumber(value), mask: mask === undefined ? UINT32 : wholeNumber(mask) };
  if (mark.value !== undefined && mark.mask !== undefined) return { value: mark.value, mask: mark.mask };
  said.refuse(`fwmark ${text} is none`, "write a number, or NUMBER/MASK");
  return null;
}

/** The family of a rule's line, for whoever counts preferences. */
export const familyOfLine = ({ options }: DeclaredLine): Family => familyIn(options);

/** Whether a rule's line says its preference. */
export const saysPreference = ({ options }: DeclaredLine): boolean => options.some(({ name }) => name === "preference");
