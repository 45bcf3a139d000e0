// What each node says of each virtual router, as spans of time: which phase it was in, from when to
// when, and where nobody knows. Pure: it is shown the items of one node after the other.

import type { PhaseName } from "../core/state.ts";
import type { Deed, LifecycleRecord, Subject, TransitionRecord } from "./record.ts";
import type { Item, Mark } from "./source.ts";

/** A virtual router of the whole cluster: its family, VRID and smallest address. */
export type VrKey = string;

/**
 * What a node was. `absent`: its daemon was stopped; `silent`: it died, and its neighbours heard no more
 * of it; `unknown`: it died or was not heard of.
 */
export type Standing = PhaseName | "absent" | "silent" | "unknown";

export type Span = { readonly from: number; readonly standing: Standing };

/** One change of a phase, by the clock that all nodes share, in ms. */
export type Change = {
  readonly at: number;
  /** How far that may be off, in ms; null when nobody knows. */
  readonly err: number | null;
  readonly node: string;
  readonly vr: VrKey;
  readonly record: TransitionRecord;
  /** Its place in the chain, and what was known of the clocks. */
  readonly proof: Pick<Item, "prev" | "hash" | "clock">;
  /** What came of it. */
  readonly deeds: Deed[];
};

/** A daemon ended without a word, as the next one found; `at` is when it last wrote, `from` what it was. */
export type Death = {
  readonly at: number;
  readonly node: string;
  readonly vr: VrKey;
  readonly subject: Subject;
  readonly from: Standing;
};

export type NodeAccount = {
  readonly node: string;
  readonly subjects: ReadonlyMap<VrKey, Subject>;
  /** By virtual router, each from its `from` to that of the next. */
  readonly spans: ReadonlyMap<VrKey, readonly Span[]>;
  readonly changes: readonly Change[];
  /** Spans in which it ran, and nothing is missing. */
  readonly known: readonly { readonly from: number; readonly to: number }[];
  /** Other Masters that were heard by one: virtual router and time. */
  readonly sightings: readonly { readonly vr: VrKey; readonly at: number }[];
  /** The addresses that its advertisements came from. */
  readonly addresses: ReadonlySet<string>;
  readonly deaths: number;
  /** What each death ended. */
  readonly ends: readonly Death[];
  /** Places where the chain does not go on, and lines that are missing. */
  readonly broken: number;
  readonly missing: number;
};

export const vrKeyOf = ({ family, vrid, vips }: Pick<Subject, "family" | "vrid" | "vips">): VrKey =>
  `${family}/${vrid}/${[...vips].sort()[0] ?? ""}`;

type Open = {
  spans: Map<VrKey, Span[]>;
  subjects: Map<VrKey, Subject>;
  keys: Map<string, VrKey>;
  changes: Change[];
  known: { from: number; to: number }[];
  sightings: { vr: VrKey; at: number }[];
  addresses: Set<string>;
  byId: Map<string, Change>;
  alive: boolean;
  stopping: boolean;
  last: { readonly epoch: string; readonly seq: number; readonly hash: string; readonly at: number } | null;
  deaths: number;
  ends: Death[];
  broken: number;
  missing: number;
};

export type Accountant = {
  readonly look: (item: Item) => void;
  /** The account when everything was shown; the mark says whether the end is the end. */
  readonly close: (mark: Mark | null) => NodeAccount;
};

export function openAccount(node: string): Accountant {
  const open: Open = {
    spans: new Map(),
    subjects: new Map(),
    keys: new Map(),
    changes: [],
    known: [],
    sightings: [],
    addresses: new Set(),
    byId: new Map(),
    alive: false,
    stopping: false,
    last: null,
    deaths: 0,
    ends: [],
    broken: 0,
    missing: 0,
  };
  return {
    look: (item) => {
      const at = timeOf(item);
      follow(open, item);
      if (item.kind === "lifecycle") begin(open, item, at);
      else if (item.kind === "transition") change(open, item, node, at);
      else if (item.kind === "command") open.stopping ||= item.body.includes('"type":"shutdown"');
      else if (item.kind === "dual_master") sight(open, item, at);
      else if (item.kind === "vip" || item.kind === "notify") deed(open, item);
      extend(open, at);
      open.last = { epoch: item.epoch, seq: item.seq, hash: item.hash, at };
    },
    close: (mark) => {
      const { last } = open;
      if (last !== null && mark !== null && mark.epoch === last.epoch && mark.seq <= last.seq && open.alive)
        extend(open, Math.max(last.at, quietUntil(mark)));
      end(open, last === null ? 0 : (open.known.at(-1)?.to ?? last.at));
      return { node, ...open };
    },
  };
}

/** Until when a mark says that there was nothing else, by the clock that all share. */
const quietUntil = ({ whole, until, clock }: Mark): number =>
  whole === false ? 0 : until - (clock?.offsetUs ?? 0) / 1_000;

/** By the clock of the Redis where the node's offset to it is known, else by its own. */
export const timeOf = ({ hlc, clock }: Pick<Item, "hlc" | "clock">): number => hlc - (clock.offsetUs ?? 0) / 1_000;

/** The error of a time, in ms. */
const errorOf = ({ clock }: Item): number | null => {
  if (clock.offsetErrUs !== null) return clock.offsetErrUs / 1_000 + 1;
  return clock.sync === true && clock.errUs !== null ? clock.errUs / 1_000 + 1 : null;
};

function follow(open: Open, { epoch, seq, prev, body }: Item): void {
  const { last } = open;
  if (last === null || last.epoch !== epoch) return;
  const lost = Number(/"lost":(\d+)/.exec(body.slice(0, 400))?.[1] ?? 0);
  const gap = seq - last.seq - 1;
  if (gap > 0) open.missing += gap;
  else if (last.hash !== prev && lost === 0) open.broken += 1;
}

function extend(open: Open, at: number): void {
  const span = open.known.at(-1);
  if (open.alive && span !== undefined) span.to = Math.max(span.to, at);
}

function put(open: Open, vr: VrKey, from: number, standing: Standing): void {
  const spans = open.spans.get(vr) ?? [{ from: Number.NEGATIVE_INFINITY, standing: "unknown" }];
  open.spans.set(vr, spans);
  if (spans.at(-1)?.standing !== standing) spans.push({ from, standing });
}

/** What ended before `at`: with a command, or without a word. */
function end(open: Open, at: number): void {
  if (!open.alive) return;
  for (const vr of open.subjects.keys()) put(open, vr, at, open.stopping ? "absent" : "unknown");
  open.alive = false;
}

/** A daemon begins, or the reading does in the middle of one. */
function begin(open: Open, item: Item, at: number): void {
  const record = item.record();
  if (record?.kind !== "lifecycle") return;
  if (record.start || open.last?.epoch !== item.epoch) {
    if (open.alive && !open.stopping) die(open, item.node, open.last?.at ?? at);
    end(open, open.last?.at ?? at);
  }
  const already = open.alive;
  learn(open, record);
  if (already) return;
  open.alive = true;
  open.stopping = false;
  open.known.push({ from: at, to: at });
  const line = item.line();
  const state = line?.type === "header" ? line.state : null;
  for (const [i, subject] of record.routers.entries())
    put(open, vrKeyOf(subject), at, record.start ? "initialize" : (state?.routers[i]?.phase.name ?? "unknown"));
}

function die(open: Open, node: string, at: number): void {
  open.deaths += 1;
  for (const [vr, subject] of open.subjects) {
    const from = open.spans.get(vr)?.at(-1)?.standing ?? "unknown";
    if (from !== "initialize" && from !== "unknown" && from !== "absent")
      open.ends.push({ at, node, vr, subject, from });
  }
}

function learn(open: Open, { routers }: LifecycleRecord): void {
  for (const subject of routers) know(open, subject);
}

function know(open: Open, subject: Subject): VrKey {
  const vr = vrKeyOf(subject);
  open.subjects.set(vr, subject);
  open.keys.set(subject.router, vr);
  return vr;
}

function change(open: Open, item: Item, node: string, at: number): void {
  const record = item.record();
  if (record?.kind !== "transition") return;
  const vr = know(open, record.vr);
  const { after } = record.master;
  if (after?.self === true) open.addresses.add(after.addr);
  const { prev, hash, clock } = item;
  const one: Change = { at, err: errorOf(item), node, vr, record, proof: { prev, hash, clock }, deeds: [] };
  open.changes.push(one);
  open.byId.set(record.id, one);
  put(open, vr, at, record.transition.to);
}

function deed(open: Open, item: Item): void {
  const record = item.record();
  if ((record?.kind === "vip" || record?.kind === "notify") && record.of !== null)
    open.byId.get(record.of)?.deeds.push(...record.effects);
}

function sight(open: Open, { body }: Item, at: number): void {
  const router = /"router":"([^"]+)"/.exec(body)?.[1];
  const vr = router === undefined ? undefined : open.keys.get(router);
  if (vr !== undefined) open.sightings.push({ vr, at });
}
