// Who held a virtual router on this node, from when to when, and why that began and ended.

import type { Actor } from "../core/actor.ts";
import type { RouterKey } from "../core/config.ts";
import type { Transition, Wall } from "./chronicle.ts";

/** One time of being Master. */
export type Tenure = {
  readonly router: RouterKey;
  readonly name: string;
  /** The how manieth it is of this router in what was read. */
  readonly nth: number;
  readonly from: Wall;
  /** Null while it lasts. */
  readonly to: Wall | null;
  readonly began: Transition["because"];
  readonly ended: Transition["because"] | null;
  /** Who asked for the end, and for the beginning, where somebody did. */
  readonly endedBy: Actor | null;
  readonly beganBy: Actor | null;
  /** The lines of the log that brought beginning and end. */
  readonly seqs: readonly [number, number | null];
};

/** Every tenure, in the order in which they began. */
export function tenures(changes: Iterable<Transition>): readonly Tenure[] {
  const all: Tenure[] = [];
  const open = new Map<RouterKey, number>();
  const counts = new Map<RouterKey, number>();
  for (const { router, name, from, to, because, wall, seq, by = null } of changes) {
    if (to === "master") {
      const nth = (counts.get(router) ?? 0) + 1;
      counts.set(router, nth);
      open.set(router, all.length);
      const begun = { from: wall, to: null, began: because, ended: null, beganBy: by, endedBy: null };
      all.push({ router, name, nth, ...begun, seqs: [seq, null] });
      continue;
    }
    const i = from === "master" ? open.get(router) : undefined;
    const tenure = i === undefined ? undefined : all[i];
    if (i === undefined || tenure === undefined) continue;
    open.delete(router);
    all[i] = { ...tenure, to: wall, ended: because, endedBy: by, seqs: [tenure.seqs[0], seq] };
  }
  return all;
}
