// Lists of addresses that may have thousands of members and change by a few at a time. The set of a list's
// members is kept for the next change and goes over to the list that this makes; an older list
// that is asked again gets its set anew, so that nobody can tell.

import type { IpAddress } from "./address.ts";

type List = readonly IpAddress[];

const sets = new WeakMap<List, Set<IpAddress>>();

/** Of so many a set is made quicker than it is found, and let go. */
const FEW = 16;

function setOf(list: List): Set<IpAddress> {
  if (list.length <= FEW) return new Set(list);
  const known = sets.get(list);
  if (known !== undefined) return known;
  const made = new Set(list);
  sets.set(list, made);
  return made;
}

/** The members of a list, to be asked before it is changed. */
export const membersOf = (list: List): ReadonlySet<IpAddress> => setOf(list);

/** The set belongs to the changed list from now on. */
function handOver(from: List, to: List, set: Set<IpAddress>): List {
  if (from.length > FEW) sets.delete(from);
  if (to.length > FEW) sets.set(to, set);
  return to;
}

/** The list without some of its members; the very same when it has none of them. */
export function without(list: List, some: List): List {
  if (list.length === 0 || some.length === 0) return list;
  const set = setOf(list);
  const gone = new Set(some.filter((address) => set.has(address)));
  if (gone.size === 0) return list;
  for (const address of gone) set.delete(address);
  const left = list.filter((address) => !gone.has(address));
  return handOver(list, left, set);
}

/** The list and, behind it, those that are not in it yet; the very same when there are none. */
export function joinedBy(list: List, some: List): List {
  if (some.length === 0) return list;
  const set = setOf(list);
  const fresh = [...new Set(some)].filter((address) => !set.has(address));
  if (fresh.length === 0) return list;
  for (const address of fresh) set.add(address);
  return handOver(list, list.concat(fresh), set);
}
