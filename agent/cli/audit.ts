// heird audit: what happened on all nodes, from a Redis or from their logs.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Change, type Death, type NodeAccount, timeOf } from "../audit/accounts.ts";
import type { Library } from "../audit/library.ts";
import type { Peer } from "../audit/record.ts";
import { durationsOf, reportOn } from "../audit/report.ts";
import { current, type Source, type Stream } from "../audit/source.ts";
import { ownersOf } from "../audit/sweep.ts";
import { type Placed, timeline } from "../audit/timeline.ts";
import { verify } from "../audit/verify.ts";
import { accountsOf, auditIn, openLogs, openRedis, openSource } from "./audit-source.ts";
import { tail } from "./audit-tail.ts";
import { csvOf, reportInWords, timelineInWords, verdictInWords } from "./audit-text.ts";
import { AUDIT_VERBS, FORMATS, type Values } from "./commands.ts";
import { refuseUnknownTo } from "./known.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { whenOf } from "./when.ts";

export type AuditOptions = Pick<
  Values,
  | "logs"
  | "redis"
  | "cluster-name"
  | "config"
  | "state-dir"
  | "since"
  | "until"
  | "vr"
  | "node"
  | "json"
  | "format"
  | "older-than"
>;

type Format = (typeof FORMATS)[number];

/** Does what the first word says; the others are further directories of --logs. */
export async function audit([word, ...more]: readonly string[], options: AuditOptions): Promise<number> {
  const verb = AUDIT_VERBS.find((known) => known === word);
  if (verb === undefined) throw new Refusal(EXIT.usage, `heird audit ${word}: it is one of ${AUDIT_VERBS.join(", ")}`);
  if (more.length > 0 && options.logs === undefined)
    throw new Refusal(EXIT.usage, `heird audit ${verb} takes no "${more[0]}"; directories of logs follow --logs`);
  formatOf(options);
  if (verb === "trim" || verb === "tail") {
    if (options.logs !== undefined)
      throw new Refusal(EXIT.usage, `heird audit ${verb} is for a Redis; of a log, ask heird events --follow`);
    if (verb === "tail") return tail(options, isWanted(options, { from: null, until: Number.POSITIVE_INFINITY }));
    return withSource(await openRedis(options), (library) => trim(library, options));
  }
  const does = { timeline: tell, report, verify: verifyAll, export: exportAll }[verb];
  return withSource(await openSource(options, more), (source) => does(source, options));
}

async function withSource<S extends Source>(source: S, act: (source: S) => Promise<number>): Promise<number> {
  try {
    return await act(source);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(EXIT.redis, `${source.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    source.close();
  }
}

function formatOf({ json, format }: AuditOptions): Format {
  if (json) return "json";
  const wanted = FORMATS.find((known) => known === (format ?? "text"));
  if (wanted === undefined) throw new Refusal(EXIT.usage, `--format is one of ${FORMATS.join(", ")}`);
  return wanted;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

type Window = { readonly from: number | null; readonly until: number };

function windowOf({ since, until }: AuditOptions): Window {
  const now = Date.now();
  const from = since === undefined ? null : whenOf("since", since, now);
  const to = until === undefined ? now : whenOf("until", until, now);
  if (from !== null && until !== undefined && from > to)
    throw new Refusal(EXIT.usage, `--since ${since} is later than --until ${until}`);
  return { from, until: to };
}

const isWanted =
  ({ vr, node }: AuditOptions, { from, until }: Window) =>
  (change: Change): boolean =>
    change.at >= (from ?? 0) &&
    change.at <= until &&
    (vr === undefined || vr === change.record.vr.name || vr === change.record.vr.router || vr === change.vr) &&
    (node === undefined || node === change.node);

type Told = {
  readonly changes: readonly Placed[];
  readonly deaths: readonly Death[];
  /** Whose advertisements come from an address. */
  readonly owner: ReadonlyMap<string, string>;
};

async function changesIn(source: Source, options: AuditOptions): Promise<Told> {
  const window = windowOf(options);
  const accounts = await accountsOf(source, window.from, window.until);
  if (accounts.length === 0) throw new Refusal(EXIT.unknown, `${source.name} has no log of any node`);
  refuseUnknownTo(accounts, options);
  const deaths = accounts.flatMap(({ ends }) => ends).filter(isWantedDeath(options, window));
  return { changes: timeline(accounts).filter(isWanted(options, window)), deaths, owner: ownersOf(accounts) };
}

const isWantedDeath =
  ({ vr, node: wanted }: AuditOptions, { from, until }: Window) =>
  ({ at, node, subject, vr: key }: Death): boolean =>
    at >= (from ?? 0) &&
    at <= until &&
    (vr === undefined || [subject.name, subject.router, key].includes(vr)) &&
    (wanted === undefined || wanted === node);

async function tell(source: Source, options: AuditOptions): Promise<number> {
  const { changes, deaths, owner } = await changesIn(source, options);
  const format = formatOf(options);
  if (format === "json")
    print(JSON.stringify({ schema: 1, changes: changes.map((one) => asDocument(one, owner)), deaths }));
  else print(format === "csv" ? csvOf(changes) : timelineInWords(changes, deaths));
  return EXIT.ok;
}

/** The record whole, as the specification of the audit has it: with its proof, what came of it, and which nodes were Master. */
const asDocument = (
  { record, deeds, at, err, contradictedBy, proof: { prev, hash, clock } }: Placed,
  owner: Told["owner"],
) => ({
  ...record,
  master: { before: named(record.master.before, owner), after: named(record.master.after, owner) },
  prev,
  hash,
  time: { ...record.time, ...clock },
  at,
  err,
  contradictedBy,
  effects: deeds,
  durations: durationsOf(record, deeds),
});

/** Null for somebody else's router, which ships nothing here. */
const named = (peer: Peer | null, owner: Told["owner"]) => peer && { ...peer, node: owner.get(peer.addr) ?? null };

/** Every record whole, one a line, with what came of it. */
async function exportAll(source: Source, options: AuditOptions): Promise<number> {
  const { changes, owner } = await changesIn(source, options);
  if (formatOf(options) === "csv") print(csvOf(changes));
  else for (const change of changes) print(JSON.stringify(asDocument(change, owner)));
  return EXIT.ok;
}

async function report(source: Source, options: AuditOptions): Promise<number> {
  const window = windowOf(options);
  const accounts = await accountsOf(source, window.from, window.until);
  if (accounts.length === 0) throw new Refusal(EXIT.unknown, `${source.name} has no log of any node`);
  refuseUnknownTo(accounts, options);
  const begins = Math.min(...accounts.flatMap(({ known }) => known.map(({ from }) => from)));
  const ends = Math.max(...accounts.flatMap(({ known }) => known.map(({ to }) => to)));
  const streams = current(await source.streams());
  const from = window.from ?? begins;
  const cut = streams.filter((one) => one.trimmed && (one.first?.hlc ?? from) > from).map(({ node }) => node);
  // Logs say nothing of the time behind their last line, and a Redis is asked for now.
  const until = options.until === undefined && options.logs !== undefined ? ends : window.until;
  const found = reportOn(accounts, from, until, cut, isReported(options, accounts));
  const format = formatOf(options);
  if (format === "json") print(JSON.stringify(found));
  else print(reportInWords(found, format === "csv"));
  return EXIT.ok;
}

/** A node has part in some virtual routers; how available they are, all nodes tell. */
function isReported(
  { vr, node }: AuditOptions,
  accounts: readonly NodeAccount[],
): (key: string, name: string) => boolean {
  const theirs = accounts.filter((account) => node === undefined || node === account.node);
  const keys = new Set(theirs.flatMap(({ subjects }) => [...subjects.keys()]));
  const called = new Set(
    theirs.flatMap(({ subjects }) =>
      [...subjects].filter(([, { name, router }]) => vr === name || vr === router).map(([key]) => key),
    ),
  );
  return (key, name) => keys.has(key) && (vr === undefined || vr === name || vr === key || called.has(key));
}

/** The log of this machine is compared, too, where there is one. */
async function verifyAll(source: Source, options: AuditOptions): Promise<number> {
  const own = options.logs === undefined && existsSync(join(options["state-dir"], "log"));
  const verdict = await verify(source, own ? openLogs([options["state-dir"]]) : null, Date.now());
  const tampered = verdict.streams.some(({ flaws }) => flaws.length > 0);
  const gap =
    verdict.streams.some(({ missing, behind }) => missing > 0 || (behind ?? 0) > 0) || verdict.forks.length > 0;
  const unknown =
    verdict.streams.length === 0 ||
    verdict.strange.length > 0 ||
    verdict.streams.some(({ trimmed, later }) => trimmed || later > 0);
  print(options.json ? JSON.stringify(verdict) : verdictInWords(verdict));
  return tampered ? EXIT.tampered : gap ? EXIT.gap : unknown ? EXIT.unknown : EXIT.ok;
}

/** Deletes up to the last header that is old enough, so that what is kept can be folded from its first line on. */
async function trim(library: Library, options: AuditOptions): Promise<number> {
  const days = auditIn(options)?.retentionDays ?? null;
  const said = options["older-than"] ?? (days === null ? undefined : `${days}d`);
  if (said === undefined) throw new Refusal(EXIT.usage, "say --older-than, as 400d");
  const before = whenOf("older-than", said, Date.now());
  for (const stream of await library.streams()) {
    const header = await lastHeader(library, stream, before);
    if (header === null || stream.first === null || header.seq <= stream.first.seq) continue;
    const removed = await library.trim(stream, header);
    print(
      `${stream.node} ${stream.epoch}: ${removed} lines deleted, ${new Date(stream.first.hlc).toISOString()} to ${new Date(header.hlc).toISOString()}; reports know nothing of that time any more`,
    );
  }
  return EXIT.ok;
}

/** A stream that is further ahead of now than this, ms, is of a clock that leapt: its ids do not tell how old it is. */
const AHEAD = 60_000;

async function lastHeader(source: Source, stream: Stream, before: number) {
  if ((stream.last?.hlc ?? 0) > Date.now() + AHEAD) return lastHeaderByClock(source, stream, before);
  for await (const { kind, hlc, seq } of source.read(stream, before))
    return kind === "lifecycle" && hlc <= before ? { hlc, seq } : null;
  return null;
}

/** By the clock of the Redis, line by line. */
async function lastHeaderByClock(source: Source, stream: Stream, before: number) {
  let found: { readonly hlc: number; readonly seq: number } | null = null;
  for await (const item of source.read(stream, null)) {
    if (timeOf(item) > before) break;
    if (item.kind === "lifecycle") found = { hlc: item.hlc, seq: item.seq };
  }
  return found;
}
