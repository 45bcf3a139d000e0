// What is known of the neighbours, for people who ask why: which form of checksum each uses, whether
// it speaks of the same addresses, and who contradicts our being Master. No phase depends on it.

import type { RouterConfig } from "./config.ts";
import type { Advertisement, Observation } from "./event.ts";
import type { Neighbour, Refused, RouterState, RouterTurn } from "./state.ts";
import { type Instant, seconds, since } from "./time.ts";

/** A virtual router has two or three neighbours; a crowd of invented ones may not fill the state. */
const NEIGHBOURS = 8;
/** What goes on is written down anew this often. */
const STILL_THERE = seconds(60);

/** The router, knowing who sent this; the very same one when it says nothing new. */
export function acquainted(router: RouterState, advert: Advertisement): RouterState {
  const { config, neighbours, phase } = router;
  // Equal bytes give the same object: what held us back a moment ago has been looked at.
  if (phase.name === "backup" && phase.heard === advert && neighbours.length > 0) return router;
  const known = neighbours.find(({ address }) => address === advert.source);
  const sameAddresses =
    known !== undefined && !config.conduct.checkAddresses ? known.sameAddresses : agree(config, advert);
  if (known?.checksum === advert.checksum && known.sameAddresses === sameAddresses) return router;
  const met: Neighbour = { address: advert.source, checksum: advert.checksum, sameAddresses };
  return { ...router, neighbours: [met, ...neighbours.filter((one) => one !== known)].slice(0, NEIGHBOURS) };
}

/** B6.15: each address of the one among those of the other. */
function agree({ virtualAddresses }: RouterConfig, { addresses }: Advertisement): boolean {
  if (addresses.length !== virtualAddresses.length) return false;
  if (virtualAddresses.every(({ address }, i) => address === addresses[i])) return true;
  const theirs = new Set(addresses);
  return theirs.size === addresses.length && virtualAddresses.every(({ address }) => theirs.has(address));
}

/** users 1.1: a Master whose neighbours speak for its VRID in a way it has to refuse is not alone. */
export function contradicted(
  router: RouterState,
  { source, reason: field, detail }: Extract<Observation, { type: "advertDropped" }>,
  at: Instant,
): RouterTurn {
  if (router.phase.name !== "master") return { router, effects: [] };
  const known = refusedOf(router);
  const same = known !== null && known.source === source && known.field === field && known.detail === detail;
  if (same && since(known.at, at) < STILL_THERE) return { router, effects: [] };
  return { router: { ...router, refused: { source, field, detail, at } }, effects: [] };
}

/** Who spoke for our VRID since we are Master and was refused; null while nobody has. */
export const refusedOf = ({ phase, refused }: Pick<RouterState, "phase" | "refused">): Refused | null =>
  phase.name === "master" && refused !== null && refused.at >= phase.since ? refused : null;
