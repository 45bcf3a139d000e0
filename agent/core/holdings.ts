// What a Master holds, and the difference between two of them: addresses first, then the routes and
// rules that lean on them.

import type { IpAddress } from "./address.ts";
import type { RouterConfig, RouterKey, Statics, VirtualAddress } from "./config.ts";
import type { Effect } from "./effect.ts";
import { wordsOf } from "./path.ts";
import { madeOnce, same } from "./same.ts";

/** Addresses and paths, each in the order they are taken up in. */
export type Holdings = Statics;

const known = new WeakMap<RouterConfig, Holdings>();

/** Everything a router holds while Master: virtual addresses, excluded ones, routes, rules. B13. */
export function heldBy(config: RouterConfig): Holdings {
  const { virtualAddresses, excludedAddresses, paths } = config;
  if (excludedAddresses.length === 0) return { addresses: virtualAddresses, paths };
  const before = known.get(config);
  if (before !== undefined) return before;
  const holdings = { addresses: [...virtualAddresses, ...excludedAddresses], paths };
  known.set(config, holdings);
  return holdings;
}

export function toHold(router: RouterKey, { addresses, paths }: Holdings): readonly Effect[] {
  const effects: Effect[] = [];
  if (addresses.length > 0) effects.push({ type: "addAddresses", router, addresses });
  if (paths.length > 0) effects.push({ type: "addPaths", router, paths });
  return effects;
}

/** The other way round: rules, routes, addresses. */
export function toRelease(router: RouterKey, { addresses, paths }: Holdings): readonly Effect[] {
  const effects: Effect[] = [];
  if (paths.length > 0) effects.push({ type: "removePaths", router, paths: paths.toReversed() });
  if (addresses.length > 0) effects.push({ type: "removeAddresses", router, addresses });
  return effects;
}

/**
 * From one to the other: what goes, and what comes. The kernel drops routes whose source or gateway goes
 * with an address, so when one goes all paths that are wanted come anew.
 */
export function difference(was: Holdings, wanted: Holdings): { readonly gone: Holdings; readonly come: Holdings } {
  const gone = beyond(wanted, was);
  const come = beyond(was, wanted);
  return gone.addresses.length > 0 ? { gone, come: { ...come, paths: wanted.paths } } : { gone, come };
}

/** The same of what a router holds under two configurations. */
export const changeOf = madeOnce((was: RouterConfig, wanted: RouterConfig) => difference(heldBy(was), heldBy(wanted)));

/** What tells one address on one interface from another. */
export const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

/** What of `wanted` is not in `there`, or not in this form. */
function beyond(there: Holdings, wanted: Holdings): Holdings {
  const own = new Map(there.addresses.map((one) => [placeOf(one), one]));
  const laid = new Set(there.paths.map(wordsOf));
  return {
    addresses: wanted.addresses.filter((one) => !sameForKernel(own.get(placeOf(one)), one)),
    paths: wanted.paths.filter((path) => !laid.has(wordsOf(path))),
  };
}

/** What happens on loss is between us and the fold. */
const sameForKernel = (a: VirtualAddress | undefined, b: VirtualAddress): boolean =>
  a !== undefined && (a === b || same({ ...a, onLoss: b.onLoss }, b));

/** What of the addresses stands in an advertisement. */
export const advertised = ({ virtualAddresses }: RouterConfig): readonly IpAddress[] =>
  virtualAddresses.map(({ address }) => address);
