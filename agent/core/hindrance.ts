// What keeps a started router from taking part: FAULT, and the first answers of its checks.

import { standingOf } from "./priority.ts";
import type { Reason } from "./reason.ts";
import type { RouterState } from "./state.ts";

export type Hindrance =
  | "no_peers"
  | "link_down"
  | "no_primary_address"
  | "source_missing"
  | "check_fault"
  | "group_fault";

/** What keeps a router in FAULT; of several, the first counts. Its own come before those of others. */
export const hindranceOf = (router: RouterState): Hindrance | null =>
  ownHindranceOf(router) ?? (router.company === "ill" ? "group_fault" : null);

/** What keeps a router in FAULT whatever its sync group says. */
export function ownHindranceOf(router: RouterState): Exclude<Hindrance, "group_fault"> | null {
  const { config, linkUp, primaryAddress, verdicts } = router;
  const { to, source, trackSource } = config.transport;
  // Keepalived (B9.14) would speak to the group instead, where perhaps no group reaches anybody.
  if (to.type === "unicast" && to.peers.length === 0) return "no_peers";
  if (!linkUp && config.conduct.trackPrimary) return "link_down";
  if (primaryAddress === null) return source !== null && trackSource ? "source_missing" : "no_primary_address";
  return config.tracks.length > 0 && standingOf(config, verdicts).faults.length > 0 ? "check_fault" : null;
}

/** Whether a check of its own that can mean FAULT has not answered yet. */
export const isUndecided = ({ config, verdicts }: RouterState): boolean =>
  config.tracks.length > 0 && standingOf(config, verdicts).undecided;

export const isPending = (router: RouterState): boolean => router.company === "pending" || isUndecided(router);

/** Whether this router would be Master if it stood alone; its sync group may still keep it from that (B11.1). */
export const isWilling = ({ phase }: RouterState): boolean =>
  phase.name === "master" || (phase.name === "backup" && phase.willing);

/** Why a router left FAULT, by why it was there. */
export const RECOVERIES: Readonly<Partial<Record<Reason, Reason>>> = {
  link_down: "link_up",
  no_primary_address: "primary_address",
  source_missing: "primary_address",
  no_peers: "config",
  check_fault: "check_recovered",
  group_fault: "group_recovered",
};
