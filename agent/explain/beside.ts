// Two courses of the same inputs beside each other: which change of the one is which of the other.

import type { Transition } from "./chronicle.ts";

export type Pair = readonly [Transition | undefined, Transition | undefined];

/**
 * Changes of one router from and into the same phases stand beside each other where each is the nearest of the
 * other, and nothing else happened to the router between them. The rest stands alone.
 */
export function beside(was: readonly Transition[], would: readonly Transition[]): readonly Pair[] {
  const times = groupBy([...was, ...would], ({ router }) => router);
  const walls = new Map([...times].map(([router, all]) => [router, all.map(({ wall }) => wall).sort((a, b) => a - b)]));
  const kinds = groupBy(would, kindOf);
  const partners = new Map<Transition, Transition>();
  for (const [kind, mine] of groupBy(was, kindOf)) {
    const theirs = kinds.get(kind) ?? [];
    for (const one of mine) {
      const other = nearest(theirs, one);
      if (other === undefined || nearest(mine, other) !== one) continue;
      if (isQuiet(walls.get(one.router) ?? [], one.wall, other.wall)) partners.set(one, other);
    }
  }
  const taken = new Set(partners.values());
  const pairs: Pair[] = was.map((one) => [one, partners.get(one)]);
  for (const rest of would) if (!taken.has(rest)) pairs.push([undefined, rest]);
  return pairs.sort(([a1, b1], [a2, b2]) => wallOf(a1 ?? b1) - wallOf(a2 ?? b2));
}

const kindOf = ({ router, from, to }: Transition): string => `${router} ${from} ${to}`;
const wallOf = (one: Transition | undefined): number => one?.wall ?? Number.POSITIVE_INFINITY;

function groupBy(all: readonly Transition[], keyOf: (one: Transition) => string): Map<string, Transition[]> {
  const groups = new Map<string, Transition[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** Of some in order, the one that is nearest in time; the first of two. */
function nearest(all: readonly Transition[], { wall }: Transition): Transition | undefined {
  const i = firstFrom(all.length, (at) => (all[at]?.wall ?? 0) >= wall);
  const [before, after] = [all[i - 1], all[i]];
  return wall - (before?.wall ?? Number.NEGATIVE_INFINITY) <= wallOf(after) - wall ? before : after;
}

/** Whether nothing lies between two times. */
function isQuiet(walls: readonly number[], a: number, b: number): boolean {
  const [low, high] = a < b ? [a, b] : [b, a];
  const behind = walls[firstFrom(walls.length, (at) => (walls[at] ?? 0) > low)];
  return behind === undefined || behind >= high;
}

/** The first place for which it holds, where it holds for all behind; `length` for none. */
function firstFrom(length: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
