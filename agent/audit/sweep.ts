// The accounts of all nodes, laid over each other: who held a virtual router when, when nobody did, when
// two did, and when nobody knows. Pure.

import type { Change, NodeAccount, Span, Standing, VrKey } from "./accounts.ts";

/** How it was with one virtual router for a while; up means exactly one Master and somebody to follow it. */
export type Condition = "up" | "degraded" | "down" | "unknown";

export type Stretch = {
  readonly from: number;
  readonly to: number;
  readonly condition: Condition;
  readonly masters: readonly string[];
};

/**
 * What those who went on have to say of one that died: that they heard it until then, and nothing
 * afterwards. Where a neighbour is witness, a death is no riddle.
 */
export function withTestimony(accounts: readonly NodeAccount[]): readonly NodeAccount[] {
  const owner = ownersOf(accounts);
  const heard = accounts.flatMap(({ changes }) => changes.flatMap((change) => testimonyOf(change, owner)));
  const aboutNode = by(heard, ({ node }) => [node]);
  return accounts.map((account) => {
    const about = aboutNode.get(account.node);
    if (about === undefined) return account;
    const spans = new Map(account.spans);
    for (const { vr, from, at } of about) {
      const own = spans.get(vr);
      if (own !== undefined) spans.set(vr, silenced(own, from, at));
    }
    return { ...account, spans };
  });
}

/** Whose advertisements come from an address. */
export const ownersOf = (accounts: readonly NodeAccount[]): ReadonlyMap<string, string> =>
  new Map(accounts.flatMap(({ node, addresses }) => [...addresses].map((one) => [one, node] as const)));

/** Things under each of their keys, in their order. */
export function by<T>(
  things: readonly T[],
  keysOf: (thing: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const all = new Map<string, T[]>();
  for (const thing of things)
    for (const key of keysOf(thing)) {
      const own = all.get(key);
      if (own === undefined) all.set(key, [thing]);
      else own.push(thing);
    }
  return all;
}

type Testimony = { readonly node: string; readonly vr: VrKey; readonly from: number; readonly at: number };

function testimonyOf({ at, vr, node: witness, record }: Change, owner: ReadonlyMap<string, string>): Testimony[] {
  const { before } = record.master;
  if (record.transition.to !== "master" || before === null || before.self || before.lastAdvertAt === null) return [];
  const node = owner.get(before.addr);
  // Both times are of the witness; what lies between them is, on any clock, as long.
  const from = at - (Date.parse(record.time.wall) - before.lastAdvertAt);
  return node === undefined || node === witness ? [] : [{ node, vr, from, at }];
}

/** An unknown span that reaches into a silence was that of a Master until then, and of nobody afterwards. */
function silenced(spans: readonly Span[], from: number, at: number): readonly Span[] {
  const i = spans.findLastIndex((span) => span.from <= at);
  const [before, span] = [spans[i - 1], spans[i]];
  if (span?.standing !== "unknown" || before?.standing !== "master") return spans;
  const silence: Span = { from: Math.max(span.from, from), standing: "silent" };
  return [...spans.slice(0, i), silence, ...spans.slice(i + 1)];
}

/** How it was between two times, without a hole. */
export function stretchesOf(accounts: readonly NodeAccount[], vr: VrKey, from: number, to: number): readonly Stretch[] {
  const members = accounts.flatMap(({ node, spans }) => {
    const own = spans.get(vr);
    return own === undefined ? [] : [{ node, spans: own }];
  });
  const cuts = new Set([from, ...members.flatMap(({ spans }) => spans.map((span) => span.from)), to]);
  const times = [...cuts].filter((time) => time >= from && time <= to).sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  for (const [i, time] of times.entries()) {
    const next = times[i + 1];
    if (next === undefined) break;
    const standings = members.map(({ node, spans }) => ({ node, standing: standingAt(spans, time) }));
    const masters = standings.filter(({ standing }) => standing === "master").map(({ node }) => node);
    join(stretches, { from: time, to: next, condition: conditionOf(standings.map((one) => one.standing)), masters });
  }
  return stretches;
}

function join(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last === undefined || last.condition !== next.condition || last.masters.join() !== next.masters.join())
    stretches.push(next);
  else stretches[stretches.length - 1] = { ...last, to: next.to };
}

/** Spans are few between two reads of one; the last one that began is found from the end. */
function standingAt(spans: readonly Span[], time: number): Standing {
  let [low, high] = [0, spans.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((spans[middle]?.from ?? 0) <= time) low = middle;
    else high = middle - 1;
  }
  return spans[low]?.standing ?? "unknown";
}

function conditionOf(standings: readonly Standing[]): Condition {
  const masters = standings.filter((one) => one === "master").length;
  if (masters === 0) return standings.includes("unknown") ? "unknown" : "down";
  const followed = standings.includes("backup") || standings.includes("unknown") || standings.length === 1;
  return masters === 1 && followed ? "up" : "degraded";
}
