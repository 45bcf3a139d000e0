// What a router asks the world for, by what it wants to say or hold. Nothing here changes anything.

import { PRIORITY_STOP, type RouterConfig, type VirtualAddress } from "./config.ts";
import type { Effect } from "./effect.ts";
import { effectivePriority, type RouterState } from "./state.ts";

export const NOTHING: readonly Effect[] = [];

export function advertise(router: RouterState): Effect {
  const [effect] = advertiseAs(router, effectivePriority(router));
  if (effect === undefined) throw new Error(`${router.config.key} is Master without a primary address`);
  return effect;
}

function advertiseAs(router: RouterState, priority: number): readonly Effect[] {
  if (router.primaryAddress === null) return NOTHING;
  return [{ type: "sendAdvert", router: router.config.key, priority, source: router.primaryAddress }];
}

/** Takes up addresses and announces them: announced last, because that points at addresses that must be there. */
export function takeUp(router: RouterState, addresses: readonly VirtualAddress[]): readonly Effect[] {
  const { key, announce: when } = router.config;
  if (addresses.length === 0) return NOTHING;
  const add: Effect = { type: "addAddresses", router: key, addresses };
  if (when.masterRepeat === 0) return [add];
  return [add, { type: "announce", router: key, addresses, rounds: when.masterRepeat }];
}

/** Priority 0 while the link can still carry it, then the addresses go. */
export function resign(router: RouterState): readonly Effect[] {
  return router.linkUp ? [...advertiseAs(router, PRIORITY_STOP), ...letGo(router)] : letGo(router);
}

export function letGo({ config: { key, virtualAddresses } }: RouterState): readonly Effect[] {
  return virtualAddresses.length === 0
    ? NOTHING
    : [{ type: "removeAddresses", router: key, addresses: virtualAddresses }];
}

/** Everything that a Master holds and tells the LAN of. */
export const heldBy = ({ virtualAddresses, excludedAddresses }: RouterConfig): readonly VirtualAddress[] =>
  excludedAddresses.length === 0 ? virtualAddresses : [...virtualAddresses, ...excludedAddresses];

/** So many rounds, each of which covers every address once. */
export function announce(router: RouterState, rounds: number, held = heldBy(router.config)): readonly Effect[] {
  const { phase } = router;
  const none = phase.name !== "master" || phase.lost.length === 0;
  // What somebody else took away is not there to be pointed at.
  const addresses = none ? held : held.filter((own) => !phase.lost.includes(own.address));
  if (addresses.length === 0 || rounds === 0) return NOTHING;
  return [{ type: "announce", router: router.config.key, addresses, rounds }];
}
