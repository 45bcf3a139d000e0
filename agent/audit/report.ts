// The report: how available each virtual router was, over the time that is known, and what it was that
// it was not. Pure.

import type { Change, NodeAccount, Span, VrKey } from "./accounts.ts";
import type { Deed, TransitionRecord } from "./record.ts";
import { by, type Stretch, stretchesOf, withTestimony } from "./sweep.ts";

export type Gap = { readonly from: number; readonly to: number; readonly ms: number };
export type Overlap = Gap & {
  readonly nodes: readonly string[];
  /** Certain: longer than the clocks may be wrong by, or seen by one of the two. */
  readonly certain: boolean;
};

export type Percentiles = { readonly count: number; readonly p50: number; readonly p95: number };

export type VrReport = {
  readonly vr: VrKey;
  readonly name: string;
  readonly vrid: number;
  readonly vips: readonly string[];
  readonly nodes: readonly string[];
  /** Of the time that is known, 0..1; null when none is. */
  readonly availability: number | null;
  /** How far that may be off, because clocks and last words are. */
  readonly error: number;
  readonly upMs: number;
  readonly degradedMs: number;
  readonly downMs: number;
  readonly unknownMs: number;
  readonly failovers: number;
  readonly planned: number;
  readonly gaps: readonly Gap[];
  readonly unknown: readonly Gap[];
  readonly overlaps: readonly Overlap[];
  readonly flaps: number;
  /** Mean time between failovers that nobody planned, in ms; null when there was none. */
  readonly mtbfMs: number | null;
  /** How long it took to take over, by phase, in ms. */
  readonly switches: Readonly<Record<string, Percentiles>>;
};

export type Report = {
  readonly schema: 1;
  readonly from: number;
  readonly to: number;
  readonly nodes: readonly string[];
  /** Known time of all nodes over all of their time, 0..1. */
  readonly coverage: number;
  readonly chain: { readonly broken: number; readonly missing: number; readonly trimmed: readonly string[] };
  readonly vrs: readonly VrReport[];
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
  readonly worst: { readonly node: string; readonly losses: number; readonly of: number } | null;
};

/** A Master that is followed within so many ms of its successor's first word has handed over. */
const HANDOVER = 100;
/** Masters that change more than once within this, in ms, flap. */
const FLAP = 60_000;

export function reportOn(
  given: readonly NodeAccount[],
  from: number,
  to: number,
  trimmed: readonly string[],
  wanted: (vr: VrKey, name: string) => boolean = () => true,
): Report {
  const accounts = withTestimony(given);
  const subjects = new Map(accounts.flatMap(({ subjects: own }) => [...own]));
  const changes = accounts
    .flatMap((account) => account.changes)
    .filter(({ at }) => at >= from && at <= to)
    .toSorted((a, b) => a.at - b.at);
  const all = [...subjects].filter(([vr, { name }]) => wanted(vr, name));
  const chosen = new Set(all.map(([vr]) => vr));
  const own = changes.filter(({ vr }) => chosen.has(vr));
  // A fleet has as many virtual routers as nodes: each is looked up, and not looked for.
  const membersOf = by(accounts, ({ spans }) => [...spans.keys()]);
  const changesOf = by(own, ({ vr }) => [vr]);
  const losses = [
    ...own.filter(isLoss).map(({ node }) => node),
    ...all.flatMap(([vr]) => (membersOf.get(vr) ?? []).flatMap((member) => fallsOf(member, vr, from, to))),
  ];
  return {
    schema: 1,
    from,
    to,
    nodes: accounts.map(({ node }) => node),
    coverage: coverageOf(accounts, from, to),
    chain: {
      broken: accounts.reduce((sum, { broken }) => sum + broken, 0),
      missing: accounts.reduce((sum, { missing }) => sum + missing, 0),
      trimmed,
    },
    vrs: all.map(([vr, subject]) => {
      const members = membersOf.get(vr) ?? [];
      const mine = changesOf.get(vr) ?? [];
      const { name, vrid, vips } = subject;
      const nodes = members.map(({ node }) => node);
      return { vr, name, vrid, vips, nodes, ...accountOf(members, vr, mine, from, to) };
    }),
    causes: counted(own.filter(isTakeover).map(causeOf)),
    worst: worstOf(losses),
  };
}

function coverageOf(accounts: readonly NodeAccount[], from: number, to: number): number {
  if (accounts.length === 0 || to <= from) return 0;
  const known = accounts.flatMap((account) => account.known);
  const ms = known.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
  return ms / (accounts.length * (to - from));
}

type Account = Omit<VrReport, "vr" | "name" | "vrid" | "vips" | "nodes">;

function accountOf(
  members: readonly NodeAccount[],
  vr: VrKey,
  changes: readonly Change[],
  from: number,
  to: number,
): Account {
  const stretches = stretchesOf(members, vr, from, to);
  const total = (condition: Stretch["condition"]): number =>
    stretches.reduce((sum, one) => sum + (one.condition === condition ? one.to - one.from : 0), 0);
  const [upMs, degradedMs, downMs, unknownMs] = [total("up"), total("degraded"), total("down"), total("unknown")];
  const known = upMs + degradedMs + downMs;
  const gaps = stretches.filter(({ condition }) => condition === "down").map(gapOf);
  const tenures = tenuresIn(stretches);
  const moves = tenures.slice(1);
  const planned = moves.filter(({ from: at }, i) => isPlanned(changes, tenures[i], at)).length;
  const unplanned = moves.length - planned;
  const takeovers = changes.filter(isTakeover);
  return {
    availability: known === 0 ? null : (upMs + degradedMs) / known,
    error: known === 0 ? 0 : changes.reduce((sum, change) => sum + doubt(change), 0) / known,
    upMs,
    degradedMs,
    downMs,
    unknownMs,
    failovers: moves.length,
    planned,
    gaps,
    unknown: stretches.filter(({ condition }) => condition === "unknown").map(gapOf),
    overlaps: overlapsIn(stretches, members, vr, changes),
    flaps: flapsIn(moves.map(({ from: at }) => at)),
    mtbfMs: unplanned === 0 ? null : known / unplanned,
    switches: switchesOf(takeovers, gaps),
  };
}

/** A clock's error; and of a Master that fell silent nobody knows when, between two advertisements, it did. */
const doubt = ({ err, record: { transition, timers } }: Change): number =>
  (err ?? 1) + (transition.reason === "master_silent" ? (timers.masterAdverMs ?? 0) : 0);

const gapOf = ({ from, to }: Stretch): Gap => ({ from, to, ms: to - from });

/** Who was the Master, one after the other; nobody's time and shared time belong to whoever was it before. */
function tenuresIn(stretches: readonly Stretch[]): readonly Tenure[] {
  const tenures: Tenure[] = [];
  let lost = false;
  for (const { masters, condition, from } of stretches) {
    const [node] = masters;
    if (condition === "down") lost = true;
    if (node === undefined || masters.length > 1) continue;
    if (tenures.at(-1)?.node !== node || lost) tenures.push({ node, from });
    lost = false;
  }
  return tenures;
}

/** What people and configurations do. */
const PLANNED: ReadonlySet<string> = new Set([
  "shutdown",
  "config",
  "operator",
  "startup",
  "owner_startup",
  "peer_stronger",
  "peer_tie_address",
  "peer_owner",
  "preempt_delay_over",
]);

type Tenure = { readonly node: string; readonly from: number };

/** Whether somebody meant this tenure to end when the next one began; one who left no word was not asked. */
function isPlanned(changes: readonly Change[], tenure: Tenure | undefined, until: number): boolean {
  const left = changes.findLast(
    ({ node, at, record }) =>
      node === tenure?.node && record.transition.from === "master" && at >= tenure.from && at <= until + HANDOVER,
  );
  return left !== undefined && !isInvoluntary(left);
}

/** Whoever yields to a stronger one because its own priority fell did not mean to. */
const isInvoluntary = ({ record }: Change): boolean =>
  !PLANNED.has(reasonOf(record)) || (YIELDS.has(reasonOf(record)) && hasFallen(record));

const YIELDS: ReadonlySet<string> = new Set(["peer_stronger", "peer_tie_address", "peer_owner"]);
const FELL = /^our priority went from /;

const hasFallen = ({ priority, cause }: TransitionRecord): boolean =>
  priority.effectiveAfter < priority.configured || cause.some(({ summary }) => FELL.test(summary));

/** Of a member that followed its sync group, why the one changed that it followed. */
function reasonOf({ transition: { reason }, cause }: TransitionRecord): string {
  if (!reason.startsWith("group_")) return reason;
  return /of the same sync group: .* \((\w+)\)$/.exec(cause.at(-1)?.summary ?? "")?.[1] ?? reason;
}

const isTakeover = ({ record: { transition } }: Change): boolean => transition.to === "master";
const isLoss = (change: Change): boolean => change.record.transition.from === "master" && isInvoluntary(change);

/** The root as a person would count it: the check by its name, else the reason. */
function causeOf({ record }: Change): string {
  const root = record.cause[0]?.summary ?? "";
  const check = record.evidence.checks.findLast(({ name }) => root.startsWith(`${name} `))?.name;
  return check ?? reasonOf(record);
}

function counted(words: readonly string[]): Report["causes"] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([cause, count]) => ({ cause, count })).sort((a, b) => b.count - a.count);
}

/** Once for each time that it was Master and died, as its next daemon found or a neighbour noticed. */
function fallsOf({ node, spans, ends }: NodeAccount, vr: VrKey, from: number, to: number): readonly string[] {
  const own = spans.get(vr) ?? [];
  const found = (at: number): boolean => ends.some((one) => one.vr === vr && one.at === at);
  const fell = ({ standing, from: at }: Span): boolean =>
    at >= from && at <= to && (standing === "silent" || (standing === "unknown" && found(at)));
  return own.flatMap((span, i) => (own[i - 1]?.standing === "master" && fell(span) ? [node] : []));
}

/** Who lost most, of the names of those who lost. */
function worstOf(losses: readonly string[]): Report["worst"] {
  const [first] = counted(losses);
  return first === undefined ? null : { node: first.cause, losses: first.count, of: losses.length };
}

function flapsIn(times: readonly number[]): number {
  let flaps = 0;
  let inOne = false;
  for (const [i, time] of times.entries()) {
    const before = times[i - 1];
    const close = before !== undefined && time - before <= FLAP;
    if (close && !inOne) flaps += 1;
    inOne = close;
  }
  return flaps;
}

function overlapsIn(
  stretches: readonly Stretch[],
  members: readonly NodeAccount[],
  vr: VrKey,
  changes: readonly Change[],
): readonly Overlap[] {
  return stretches.flatMap((one) => {
    const ms = one.to - one.from;
    if (one.masters.length < 2 || ms < HANDOVER) return [];
    const seen = members.some(({ sightings }) =>
      sightings.some((sighting) => sighting.vr === vr && sighting.at >= one.from && sighting.at <= one.to),
    );
    const errors = [one.from, one.to].map((at) => changes.find((change) => change.at === at)?.err ?? null);
    const sure = errors.every((error) => error !== null) && ms > errors.reduce((sum: number, e) => sum + (e ?? 0), 0);
    return [{ ...gapOf(one), nodes: one.masters, certain: seen || sure }];
  });
}

function switchesOf(takeovers: readonly Change[], gaps: readonly Gap[]): VrReport["switches"] {
  const phases = new Map<string, number[]>();
  const add = (phase: string, ms: number): void => void phases.set(phase, [...(phases.get(phase) ?? []), ms]);
  for (const { record, deeds } of takeovers) {
    const root = record.cause[0];
    if (root !== undefined) add("detect", Math.max(0, Date.parse(record.time.wall) - root.at));
    for (const { kind, tookMs, ok } of deeds) if (ok && PHASES[kind] !== undefined) add(PHASES[kind], tookMs);
  }
  for (const { ms } of gaps) add("gap", ms);
  return Object.fromEntries([...phases].map(([phase, all]) => [phase, percentiles(all)]));
}

/** Where the time of one change went, in ms: null where nobody measured it. */
export function durationsOf(
  { time, cause, timers: { latenessUs } }: Change["record"],
  deeds: readonly Deed[],
): Readonly<Record<"detectMs" | "decideMs" | "addressMs" | "announceMs" | "notifyMs" | "totalMs", number | null>> {
  const root = cause[0];
  const took = (phase: string): number | null => {
    const own = deeds.filter(({ kind, ok }) => ok && PHASES[kind] === phase);
    return own.length === 0 ? null : Math.max(...own.map(({ tookMs }) => tookMs));
  };
  const detectMs = root === undefined ? null : Math.max(0, Date.parse(time.wall) - root.at);
  const last = deeds.map(({ startedMs, tookMs }) => startedMs + tookMs);
  return {
    detectMs,
    decideMs: latenessUs === null ? null : latenessUs / 1_000,
    addressMs: took("address"),
    announceMs: took("announce"),
    notifyMs: took("notify"),
    totalMs: last.length === 0 ? detectMs : (detectMs ?? 0) + Math.max(0, ...last),
  };
}

const PHASES: Readonly<Record<string, string>> = { addAddresses: "address", announce: "announce", notify: "notify" };

function percentiles(all: readonly number[]): Percentiles {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95) };
}
