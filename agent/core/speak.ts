// What a router asks the world for, by what it wants to say or hold. Nothing here changes anything.

import { PRIORITY_STOP } from "./config.ts";
import type { Effect } from "./effect.ts";
import { type Holdings, heldBy, toHold, toRelease } from "./holdings.ts";
import { effectivePriority, type RouterState } from "./state.ts";
import type { Instant } from "./time.ts";

export const NOTHING: readonly Effect[] = [];

export function advertise(router: RouterState): Effect {
  const { config, primaryAddress: source } = router;
  if (source === null) throw new Error(`${config.key} is Master without a primary address`);
  return { type: "sendAdvert", router: config.key, priority: effectivePriority(router), source };
}

/** The advertisements that Masters would be kept from until then, said before: one more moves no timer, and one that is late is missed by nobody. */
export function ahead(routers: readonly RouterState[], until: Instant): readonly Effect[] {
  const due = routers.filter(({ phase }) => phase.name === "master" && phase.adverAt <= until);
  return due.length === 0 ? NOTHING : due.map(advertise);
}

function advertiseAs(router: RouterState, priority: number): readonly Effect[] {
  if (router.primaryAddress === null) return NOTHING;
  return [{ type: "sendAdvert", router: router.config.key, priority, source: router.primaryAddress }];
}

/** Takes up what is to be held, and announces it last, because that points at addresses that must be there. */
export function takeUp({ config: { key, announce: when } }: RouterState, wanted: Holdings): readonly Effect[] {
  const held = toHold(key, wanted);
  if (wanted.addresses.length === 0 || when.masterRepeat === 0) return held;
  return [...held, { type: "announce", router: key, addresses: wanted.addresses, rounds: when.masterRepeat }];
}

/** Priority 0 while the link can still carry it, then the addresses go. */
export function resign(router: RouterState): readonly Effect[] {
  return router.linkUp ? [...advertiseAs(router, PRIORITY_STOP), ...letGo(router)] : letGo(router);
}

export const letGo = ({ config }: RouterState): readonly Effect[] => toRelease(config.key, heldBy(config));

/** So many rounds, each of which covers every address once. */
export function announce(
  router: RouterState,
  rounds: number,
  held = heldBy(router.config).addresses,
): readonly Effect[] {
  const { phase } = router;
  const none = phase.name !== "master" || phase.lost.length === 0;
  // What somebody else took away is not there to be pointed at.
  const addresses = none ? held : held.filter((own) => !phase.lost.includes(own.address));
  if (addresses.length === 0 || rounds === 0) return NOTHING;
  return [{ type: "announce", router: router.config.key, addresses, rounds }];
}
