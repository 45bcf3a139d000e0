// The changes of all nodes in one order: by what led to what where an advertisement tells, else by the
// clock that they share. Pure.

import type { Change, NodeAccount } from "./accounts.ts";
import { by, ownersOf } from "./sweep.ts";

export type Placed = Change & {
  /** By how much a clock contradicts what led to what, in ms; 0 where it does not. */
  readonly contradictedBy: number;
};

/** Causes further back than this, in ms, are others. */
const NEAR = 60_000;

/**
 * A Master that yields to a neighbour has heard it be Master, and a Backup that takes over from one that
 * resigned has heard it leave: whatever the clocks say, that came before.
 */
export function timeline(accounts: readonly NodeAccount[]): readonly Placed[] {
  const owner = ownersOf(accounts);
  const changes = accounts.flatMap(({ changes: own }) => own);
  const own = by(changes, ({ node, vr }) => [placeOf(node, vr)]);
  const placed = changes.map((change): Placed => {
    const before = precursor(change, own, owner);
    const contradictedBy = before === undefined ? 0 : Math.max(0, before.at - change.at);
    return { ...change, contradictedBy };
  });
  const rank = ({ at, contradictedBy }: Placed): number => at + contradictedBy;
  // What was moved comes right behind what it follows from.
  return placed.toSorted((a, b) => rank(a) - rank(b) || a.contradictedBy - b.contradictedBy || sequence(a, b));
}

const placeOf = (node: string, vr: string): string => `${node} ${vr}`;
const sequence = (a: Change, b: Change): number => (a.node === b.node ? a.record.seq - b.record.seq : 0);

function precursor(
  { at, vr, node, record }: Change,
  changes: ReadonlyMap<string, readonly Change[]>,
  owner: ReadonlyMap<string, string>,
): Change | undefined {
  const { reason } = record.transition;
  const { before, after } = record.master;
  const yields = reason === "peer_stronger" || reason === "peer_tie_address" || reason === "peer_owner";
  const other = owner.get((yields ? after?.addr : before?.addr) ?? "");
  if (other === undefined || other === node || !(yields || reason === "master_resigned")) return undefined;
  const led = (changes.get(placeOf(other, vr)) ?? []).filter(
    (one) =>
      Math.abs(one.at - at) <= NEAR &&
      (yields ? one.record.transition.to === "master" : one.record.transition.from === "master"),
  );
  return led.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
}
