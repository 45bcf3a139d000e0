// vrrp_check: one thing that is asked, and how often, and when the answer is believed.

import { familyOf, parseAddress } from "../agent/core/address.ts";
import { seconds } from "../agent/core/time.ts";
import { prefixOf } from "./addresses.ts";
import { checkSense } from "./check-sense.ts";
import type { DeclaredCheck, DeclaredProbe } from "./declared-checks.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { hostOf, hostPort, linesWith, plainAddress, spanIn } from "./forms.ts";
import { httpProbe } from "./http-check.ts";
import { hysteresisIn } from "./hysteresis.ts";
import { metricProbe, strongest } from "./metric.ts";
import { commandIn, named, weightIn } from "./objects.ts";
import { type Entry, entryOf, has, numberIn, type Section, textIn } from "./section.ts";
import type { Word } from "./syntax.ts";
import { placeOf } from "./syntax.ts";
import { tableOf } from "./tables.ts";
import { choiceOf } from "./values.ts";

type Kind = DeclaredProbe["kind"];

const KINDS: readonly Kind[] = ["http", "tcp", "ping", "dns", "route", "arp", "metric"];
const ASKING: readonly Kind[] = ["http", "tcp", "ping", "dns"];

/** The kinds that a keyword belongs to; words that are not here belong to all. */
const BELONGS: Readonly<Record<string, readonly Kind[]>> = {
  source: ASKING,
  latency: ASKING,
  weight: KINDS.filter((kind) => kind !== "metric"),
  expect: ["tcp", "dns"],
  send: ["tcp"],
  resolver: ["dns"],
  count: ["ping"],
  loss: ["ping"],
  table: ["route"],
  via: ["route"],
  ...Object.fromEntries(
    "method header host expect_status expect_body expect_regex expect_json max_body keep_alive ca cert key insecure expiry"
      .split(" ")
      .map((name): [string, readonly Kind[]] => [name, ["http"]]),
  ),
};

/** All checks; one that does not say what it asks is left out, which is reported. */
export const declareChecks = (root: Section, report: Report): readonly DeclaredCheck[] =>
  named(root, "vrrp_check", report).flatMap((section) => check(section, report));

function check(section: Section, report: Report): readonly DeclaredCheck[] {
  const what = kindOf(section, report);
  if (what === undefined) return [];
  const kind = what.keyword.name as Kind;
  for (const { keyword, name, place } of section.entries) {
    const kinds = BELONGS[keyword.name];
    if (kinds === undefined || kinds.includes(kind)) continue;
    report(
      problem(
        "H0125",
        place,
        `${name.text} belongs to ${kinds.join(", ")}, and ${section.label} is ${kind}`,
        "remove the line",
        [noteAt(what.place, "this says what is asked")],
      ),
    );
  }
  const probe = probeOf(section, kind, what, report);
  if (probe === undefined) return [];
  const { weight, reverse } = weightIn(section, probe.kind === "metric" ? strongest(probe.scale) : 0);
  const source = plainAddress(entryOf(section, "source"), report) ?? null;
  const device = textIn(section, "device") ?? null;
  checkSense(section, { probe, source, device }, report);
  return [
    {
      name: section.label,
      place: section.place,
      probe,
      interval: spanIn(section, "interval") ?? seconds(1),
      timeout: spanIn(section, "timeout") ?? null,
      weight,
      reverse,
      rise: numberIn(section, "rise") ?? 1,
      fall: numberIn(section, "fall") ?? 1,
      initFail: has(section, "init_fail"),
      source,
      device,
      latency: spanIn(section, "latency") ?? null,
      hysteresis: hysteresisIn(section, report),
    },
  ];
}

/** The line that says what is asked. Two of them are an error, and none is. */
function kindOf(section: Section, report: Report): Entry | undefined {
  const [first, second] = section.entries.filter(({ keyword }) => KINDS.some((kind) => kind === keyword.name));
  if (first === undefined)
    report(
      problem(
        "H0126",
        section.place,
        `vrrp_check ${section.label} asks nothing`,
        "write one of http URL, tcp HOST PORT, ping HOST, dns NAME, route PREFIX, arp ADDRESS, metric { … } into it",
      ),
    );
  if (first !== undefined && second !== undefined && second.keyword !== first.keyword)
    report(
      problem(
        "H0126",
        second.place,
        `vrrp_check ${section.label} asks two things`,
        `make a vrrp_check of its own for ${second.name.text}, and track both`,
        [noteAt(first.place, "the other one")],
      ),
    );
  return first;
}

function probeOf(section: Section, kind: Kind, entry: Entry, report: Report): DeclaredProbe | undefined {
  const { section: inner, args } = entry;
  const [first] = args;
  if (kind === "metric") return inner === null ? undefined : metricProbe(inner, commandIn(inner, "script"), report);
  return first === undefined ? undefined : PROBES[kind](section, args, report);
}

type ReadProbe = (section: Section, args: readonly Word[], report: Report) => DeclaredProbe | undefined;

const PROBES: Readonly<Record<Exclude<Kind, "metric">, ReadProbe>> = {
  http: (section, [url], report) => (url === undefined ? undefined : httpProbe(section, url, report)),
  tcp: (section, args, report) => {
    const [to] = hostPort(args, "tcp", null, report);
    const send = textIn(section, "send") ?? null;
    return to === undefined ? undefined : { kind: "tcp", ...to, send, expect: expected(section) };
  },
  ping: (section, [word], report) => {
    const host = word === undefined ? undefined : hostOf(word, "ping", report);
    const count = numberIn(section, "count") ?? 1;
    return host === undefined ? undefined : { kind: "ping", host, count, loss: numberIn(section, "loss") ?? 0 };
  },
  dns: (section, [word, type], report) => {
    const name = word === undefined ? undefined : hostOf(word, "dns", report);
    const record = type === undefined ? "A" : choiceOf(type, "dns", RECORDS, report);
    const resolver = plainAddress(entryOf(section, "resolver"), report) ?? null;
    if (name === undefined || record === undefined) return undefined;
    const expect = record === "A" || record === "AAAA" ? expectedAddresses(section, record, report) : expected(section);
    return { kind: "dns", name, type: record, resolver, expect };
  },
  route: (section, [word], report) => {
    const prefix = word === undefined ? undefined : prefixText(word, report);
    const table = entryOf(section, "table")?.args[0];
    if (table !== undefined && tableOf(table.text) === undefined)
      report(
        problem("H0124", placeOf(table), `table: "${table.text}" is no routing table`, "write its number, or main"),
      );
    const via = plainAddress(entryOf(section, "via"), report) ?? null;
    return prefix === undefined ? undefined : { kind: "route", prefix, table: textIn(section, "table") ?? "main", via };
  },
  arp: (section, _, report) => {
    const address = plainAddress(entryOf(section, "arp"), report);
    return address === undefined ? undefined : { kind: "arp", address };
  },
};

const RECORDS = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

const expected = (section: Section): readonly string[] =>
  linesWith(section, "expect").flatMap(([word]) => (word === undefined ? [] : [word.text]));

/** In the form in which answers are told, so that they can be compared as text. */
const expectedAddresses = (section: Section, record: "A" | "AAAA", report: Report): readonly string[] =>
  linesWith(section, "expect").flatMap(([word]) => {
    if (word === undefined) return [];
    const address = parseAddress(word.text);
    if (address !== undefined && (familyOf(address) === "ipv4") === (record === "A")) return [address];
    const family = record === "A" ? "IPv4" : "IPv6";
    report(
      problem(
        "H0103",
        placeOf(word),
        `expect: an answer of type ${record} is an ${family} address, and "${word.text}" is none`,
        `write the address, or another type behind the name`,
      ),
    );
    return [];
  });

function prefixText(word: Word, report: Report): string | undefined {
  if (word.text === "default") return "default";
  const prefix = prefixOf(word, report);
  return prefix === undefined ? undefined : `${prefix.address}/${prefix.length}`;
}
