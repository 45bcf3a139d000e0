// The parts of the corpus' `expect` that are printed as text: routes, rules, files, processes and
// globals, and the same of a declaration.

import { familyOf, parseAddress } from "../../agent/core/address.ts";
import type { Declaration, DeclaredLine } from "../../config/declaration.ts";

type Fields = Readonly<Record<string, string>>;

const TABLES = new Map([
  ["local", "255"],
  ["main", "254"],
  ["default", "253"],
]);

/** A prefix without the length that says nothing, and the one word for everything. */
function prefixText(text: string): string {
  const [address = "", length] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === undefined) return /^(any|all|default)$/.test(text) ? "default" : text;
  const full = familyOf(parsed) === "ipv4" ? "32" : "128";
  if (length === "0") return "default";
  return length === undefined || length === full ? parsed : `${parsed}/${length}`;
}

const addressText = (text: string): string => parseAddress(text) ?? text;

/** How a value is compared, by the name of its option. */
const AS: Readonly<Record<string, (text: string) => string>> = {
  to: prefixText,
  from: prefixText,
  via: addressText,
  src: addressText,
  table: (text) => TABLES.get(text) ?? String(Number(text)),
  metric: (text) => String(Number(text)),
  priority: (text) => String(Number(text)),
  goto: (text) => String(Number(text)),
  dev: (text) => text,
  iif: (text) => text,
  oif: (text) => text,
};

const field = (name: string, text: string | undefined): Fields => {
  const as = AS[name];
  return as === undefined || text === undefined ? {} : { [name]: as(text) };
};

const sorted = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Up to the first next hop; behind it stands what belongs to that one. */
const NEXTHOP = "nexthop";

function printedFields(words: readonly string[], names: Readonly<Record<string, string>>): Fields {
  const end = words.indexOf(NEXTHOP);
  const own = end < 0 ? words : words.slice(0, end);
  const found: Record<string, string> = {};
  for (const [i, word] of own.entries()) {
    const value = /^inet6?$/.test(own[i + 1] ?? "") ? own[i + 2] : own[i + 1];
    Object.assign(found, field(names[word] ?? word, value));
  }
  const hops = words.flatMap((word, i) => (word === "via" && end >= 0 && i > end ? [words[i + 2] ?? ""] : []));
  return { ...found, hops: hops.join() };
}

const ROUTE_TYPES = /^(unicast|local|broadcast|anycast|multicast|throw|unreachable|prohibit|blackhole)$/;

/** A route as Keepalived's dump prints it. */
export function printedRoute(text: string): Fields {
  const words = text.split(" ").filter((word) => !/^(prepend|append|add)$/.test(word));
  const type = ROUTE_TYPES.test(words[0] ?? "") ? (words.shift() ?? "") : "unicast";
  const [to = "", ...rest] = words;
  return sorted({
    ...printedFields(rest, {}),
    ...field("to", to),
    type,
    watched: String(!words.includes("no_track")),
  });
}

function declaredFields({ options }: DeclaredLine): Fields {
  const end = options.findIndex(({ name }) => name === NEXTHOP);
  const own = end < 0 ? options : options.slice(0, end);
  const hops = options.slice(own.length).flatMap(({ name, values }) => (name === "via" ? [values.at(-1) ?? ""] : []));
  const fields = own.map(({ name, values }) => field(name, values.at(-1)));
  return { ...Object.assign({}, ...fields), hops: hops.join() };
}

/** A declared route in the same form. */
export const declaredRoute = (line: DeclaredLine): Fields =>
  sorted({
    ...declaredFields(line),
    type: line.options.find(({ name }) => ROUTE_TYPES.test(name))?.name ?? "unicast",
    watched: String(!line.noTrack),
  });

/** A rule as Keepalived's dump prints it. Of one without preference only the rest is compared: it gets a number by its place. */
export function printedRule(text: string, preference: boolean): Fields {
  const {
    from = "default",
    to = "default",
    priority = "",
    ...rest
  } = printedFields(text.split(" "), { lookup: "table" });
  return sorted({ ...rest, from, to, ...(preference ? { priority } : {}), l3mdev: String(/ l3mdev /.test(text)) });
}

/** A declared rule in the same form. */
export function declaredRule(line: DeclaredLine): Fields {
  const { from = "default", to = "default", ...rest } = declaredFields(line);
  const preference = line.options.find(({ name }) => name === "preference")?.values[0];
  const l3mdev = line.options.some(({ name }) => name === "l3mdev");
  const table = l3mdev ? { table: "0" } : {};
  return sorted({ ...rest, ...table, from, to, ...field("priority", preference), l3mdev: String(l3mdev) });
}

const valueIn = (lines: readonly string[], name: string): string =>
  lines.find((line) => line.startsWith(`${name} = `))?.slice(name.length + 3) ?? "";

type Printed = { readonly name: string; readonly lines: readonly string[] };

/** track_file and vrrp_track_process blocks as the dump prints them. */
export const printedObjects = (files: readonly Printed[], processes: readonly Printed[]): readonly Fields[] => [
  ...files.map(({ name, lines }) => ({ name, file: valueIn(lines, "File"), weight: valueIn(lines, "Weight") })),
  ...processes.map(({ name, lines }) => ({
    name,
    process: valueIn(lines, "Process"),
    weight: valueIn(lines, "Weight"),
    quorum: valueIn(lines, "Min processes"),
    forkDelay: valueIn(lines, "Fork delay"),
    terminateDelay: valueIn(lines, "Terminate delay"),
    full: valueIn(lines, "Full command"),
  })),
];

const weightText = ({ weight, reverse }: { readonly weight: number; readonly reverse: boolean }): string =>
  `${weight}${reverse ? " reverse" : ""}`;

/** The same of a declaration. */
export const declaredObjects = ({ files, processes }: Declaration): readonly Fields[] => [
  ...files.map((file) => ({ name: file.name, file: file.path, weight: weightText(file) })),
  ...processes.map((one) => ({
    name: one.name,
    process: one.process[0] ?? "",
    weight: weightText(one),
    quorum: String(one.quorum),
    forkDelay: `${(one.forkDelay / 1_000_000).toFixed(6)}s`,
    terminateDelay: `${(one.terminateDelay / 1_000_000).toFixed(6)}s`,
    full: String(one.fullCommand || one.process.length > 1),
  })),
];

const pipeOf = (text: string | null): string | null => text?.replace(/, uid:gid.*/, "") ?? null;

/** What the dump says of global_defs. Left out: lower_prio_no_advert, printed the wrong way round; users, which are the machine's. */
// biome-ignore lint/suspicious/noExplicitAny: this is what reads a shape from outside
export const printedGlobals = (globals: any) => ({
  routerId: globals.router_id === "[unknown]" ? null : globals.router_id,
  version: Number(globals.vrrp_version),
  strict: globals.strict === "true",
  skipCheckAdvAddr: globals.skip_check_adv_addr === "true",
  garpDelay: Number(globals.garp_delay),
  garpRepeat: Number(globals.garp_repeat),
  garpRefresh: Number(globals.garp_refresh),
  garpInterval: Number(globals.garp_interval),
  gnaInterval: Number(globals.gna_interval),
  group4: globals.mcast_group4,
  group6: globals.mcast_group6,
  defaultInterface: globals.default_interface,
  dynamicInterfaces: globals.dynamic_interfaces === "true",
  smtpServer: globals.smtp_server,
  notifyFifo: pipeOf(globals.notify_fifo),
  vrrpNotifyFifo: pipeOf(globals.vrrp_notify_fifo),
  scriptSecurity: globals.script_security === "enabled",
});

/** The same of a declaration. */
export const declaredGlobals = ({ globals }: Declaration): ReturnType<typeof printedGlobals> => ({
  routerId: globals.routerId,
  version: globals.version,
  strict: globals.strict,
  skipCheckAdvAddr: globals.skipCheckAdvAddr,
  garpDelay: globals.announce.masterDelay ?? (globals.minGarp ? 0 : 5),
  garpRepeat: globals.announce.masterRepeat ?? (globals.minGarp ? 1 : 5),
  garpRefresh: globals.announce.refresh ?? 0,
  garpInterval: globals.garpInterval,
  gnaInterval: globals.gnaInterval,
  group4: globals.group4 ?? "224.0.0.18",
  group6: globals.group6 ?? "ff02::12",
  defaultInterface: globals.defaultInterface,
  dynamicInterfaces: globals.dynamicInterfaces,
  smtpServer: globals.smtpServer,
  notifyFifo: globals.notifyFifo,
  vrrpNotifyFifo: globals.vrrpNotifyFifo,
  scriptSecurity: globals.scriptSecurity,
});
