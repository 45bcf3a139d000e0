// Who advertises a virtual router while we are its Master: remembered for people, and for the case
// that two owners will not give way to each other.

import { PRIORITY_OWNER } from "./config.ts";
import type { Advertisement } from "./event.ts";
import type { Rival, RouterState } from "./state.ts";
import { type Instant, seconds, since } from "./time.ts";

/** A sighting is renewed so often and no oftener, so that one in a loop does not fill the log. */
const RENEWAL = seconds(1);
/** Longer silences end it: as many intervals as make a Master dead. */
const INTERVALS = 3;

/** The router after somebody advertised it; the very same when that is no news. */
export function sighted(
  router: RouterState,
  { source, priority, maxAdverInterval }: Advertisement,
  at: Instant,
): RouterState {
  const known = router.rival;
  const same = known !== null && known.source === source && known.priority === priority;
  const gap = known === null ? 0 : since(known.last, at);
  if (same && gap < RENEWAL) return router;
  const goesOn = known !== null && known.source === source && gap <= RENEWAL + INTERVALS * maxAdverInterval;
  const rival: Rival = { source, priority, first: goesOn ? known.first : at, last: at };
  return { ...router, rival };
}

/** So many intervals it takes until a Master that should give way has heard us twice. */
const TWICE = 2;

/**
 * Whether there are two Masters longer than the protocol lets them be. Whoever is preempted, or took over while
 * we did, may have advertised once more before it heard us (RFC 5798 §6.4.3), and that is no split brain. Our own
 * words, or somebody with our address, will not give way, whatever they hear.
 */
export function isContested(router: RouterState): boolean {
  const { rival, phase, config, primaryAddress } = router;
  if (phase.name !== "master" || rival === null || rival.last < phase.since) return false;
  if (isOtherOwner(router) || rival.source === primaryAddress) return true;
  return since(phase.since, rival.last) > TWICE * config.adverInterval;
}

/** Whether an owner has heard another one: there may be one only, whoever of them gives way. */
export const isOtherOwner = ({ rival, config }: RouterState): boolean =>
  rival?.priority === PRIORITY_OWNER && config.basePriority === PRIORITY_OWNER;

/**
 * Whether another owner had the time to hear us and advertises all the same. Keepalived (B9.7) gives it
 * two advertisements of ours and 1.2 of the longer interval.
 */
export function outlasts({ rival, config, phase }: RouterState, advert: Advertisement, at: Instant): boolean {
  if (rival === null || advert.priority !== PRIORITY_OWNER) return false;
  const began = Math.max(rival.first, phase.since);
  const patience = 2 * config.adverInterval + 1.2 * Math.max(config.adverInterval, advert.maxAdverInterval);
  return rival.source === advert.source && at - began >= patience;
}
