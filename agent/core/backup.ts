// What a Backup hears and waits for: RFC 5798 §6.4.2. It stays a Backup here; router.ts makes it Master.

import { PRIORITY_STOP, type RouterConfig } from "./config.ts";
import type { Advertisement } from "./event.ts";
import type { Reason } from "./reason.ts";
import { type Backup, effectivePriority, type RouterState } from "./state.ts";
import { after, type Duration, type Instant, inSeconds, movedBy, until } from "./time.ts";
import { masterDownInterval, skewTime } from "./timers.ts";

/** A valid advertisement. */
export function backupHears(router: RouterState, phase: Backup, advert: Advertisement, at: Instant): Backup {
  const { config } = router;
  const priority = effectivePriority(router);
  if (advert.priority === PRIORITY_STOP) {
    // (425): the Master leaves. Only the head start is left to wait.
    const masterDownAt = after(at, skewTimeOf(router, phase.masterAdverInterval));
    return { ...phase, masterDownAt, resigned: true, weaker: false };
  }
  if (!config.preempt || advert.priority >= priority || router.drained !== null) {
    // (445): a Master to live with, as anybody is to whoever takes nothing over. Learn its interval, wait all over again.
    const preemptAt = advert.priority >= priority ? null : phase.preemptAt;
    return accept(router, phase, advert, at, preemptAt, null);
  }
  // Keepalived (B9.4): the delay starts with the first weaker advertisement.
  const delayed = config.preemptDelay > 0;
  const preemptAt = delayed ? (phase.preemptAt ?? after(at, config.preemptDelay)) : phase.preemptAt;
  const limitedUntil = limitedUntilOf(router, phase, advert, at);
  const tolerates = delayed && preemptAt !== null && at < preemptAt;
  if (tolerates || limitedUntil !== null) return accept(router, phase, advert, at, preemptAt, limitedUntil);
  // (470): a weaker one does not hold us back
  const masterDownAt = config.conduct.fastHandover ? handover(router, phase, advert, at) : phase.masterDownAt;
  if (phase.weaker && masterDownAt === phase.masterDownAt) return phase;
  // What ended a limit is told as that only where it was one: a Master that fell is taken over from before.
  const over = phase.limitedUntil !== null && phase.limitedUntil <= at ? phase.limitedUntil : null;
  return { ...phase, masterDownAt, weaker: true, limitedUntil: over };
}

/**
 * Fast handover, which no RFC knows: the Master we lived with has fallen below us. Whoever may preempt
 * waits for its Skew_Time only, as after a resignation, so that the strongest still goes first.
 */
function handover(router: RouterState, phase: Backup, advert: Advertisement, at: Instant): Instant {
  const fell =
    phase.heard !== null &&
    phase.heard.source === advert.source &&
    phase.heard.priority > advert.priority &&
    phase.heard.priority >= effectivePriority(router);
  const headStart = after(at, skewTimeOf(router, phase.masterAdverInterval));
  return fell && headStart < phase.masterDownAt ? headStart : phase.masterDownAt;
}

/** Most of what a daemon does all day; written out, as a spread of the old phase takes three times as long. */
function accept(
  router: RouterState,
  { since, because }: Backup,
  advert: Advertisement,
  at: Instant,
  preemptAt: Instant | null,
  limitedUntil: Instant | null,
): Backup {
  const masterAdverInterval = advert.maxAdverInterval;
  return {
    name: "backup",
    since,
    because,
    masterDownAt: after(at, downIntervalOf(router, masterAdverInterval)),
    masterAdverInterval,
    heard: advert,
    heardAt: at,
    resigned: false,
    weaker: false,
    preemptAt,
    limitedUntil,
    willing: false,
  };
}

/**
 * max_failovers: until when a router that was Master too often leaves this weaker Master alone; null when
 * it need not. It never waits longer for silence or for a resignation, and not for a Master that has itself
 * become weaker: addresses that nobody holds, or somebody who says that he should not, are worse than one
 * failover too many.
 */
function limitedUntilOf(
  { config: { maxFailovers }, masteries }: RouterState,
  { heard }: Backup,
  advert: Advertisement,
  at: Instant,
): Instant | null {
  if (maxFailovers === null) return null;
  const first = masteries.at(-maxFailovers.count);
  if (first === undefined) return null;
  const free = after(first, maxFailovers.window);
  const fell = heard !== null && heard.source === advert.source && heard.priority > advert.priority;
  return fell || free <= at ? null : free;
}

/** Why a weaker Master is left alone at this instant, to people; null when it is not for max_failovers. */
export function limitInWords({ maxFailovers }: RouterConfig, { limitedUntil }: Backup, at: Instant): string | null {
  if (maxFailovers === null || limitedUntil === null || limitedUntil <= at) return null;
  const { count, window } = maxFailovers;
  const often = count === 1 ? "once" : `${count} times`;
  return `max_failovers: it became Master ${often} within ${inSeconds(window)}, and leaves a weaker one alone for another ${inSeconds(until(at, limitedUntil))}`;
}

/** When it became Master, this time among them, as far as that is counted. */
export function masteriesWith({ config: { maxFailovers }, masteries }: RouterState, at: Instant): readonly Instant[] {
  if (maxFailovers === null) return masteries.length === 0 ? masteries : [];
  const { count, window } = maxFailovers;
  return [...masteries.filter((one) => after(one, window) > at), at].slice(-count);
}

/** A Backup's timer moved by what its whole span became longer or shorter. */
export function rearmed(
  before: RouterState,
  router: RouterState,
  phase: Backup,
  masterAdverInterval: Duration,
  at: Instant,
): Backup {
  // After a resignation only Skew_Time is being waited for.
  const spanOf = phase.resigned ? skewTimeOf : downIntervalOf;
  const longer = spanOf(router, masterAdverInterval) - spanOf(before, phase.masterAdverInterval);
  return { ...phase, masterDownAt: movedBy(longer, phase.masterDownAt, at), masterAdverInterval };
}

/** Its time was up, but its sync group is not willing yet (B11.1). */
export function waitsOn(router: RouterState, phase: Backup, at: Instant): Backup {
  const masterDownAt = after(at, downIntervalOf(router, phase.masterAdverInterval));
  return { ...phase, masterDownAt, willing: true };
}

/**
 * It waits all over again and from the beginning: it takes part again after it was drained, or was drained and heard
 * nobody for all that time. `heard` is who it may still think to be Master.
 */
export function anew(router: RouterState, phase: Backup, heard: Advertisement | null, at: Instant): Backup {
  const masterDownAt = after(at, downIntervalOf(router, phase.masterAdverInterval));
  const begun = { resigned: false, weaker: false, preemptAt: null, limitedUntil: null, willing: false };
  return { ...phase, ...begun, masterDownAt, heard };
}

/** Why its time was up. */
export function takeOverReason(phase: Backup, at: Instant): Reason {
  if (phase.resigned) return "master_resigned";
  if (!phase.weaker) return "master_silent";
  if (phase.limitedUntil !== null) return "failover_limit_over";
  return phase.preemptAt !== null && phase.preemptAt <= at ? "preempt_delay_over" : "master_weaker";
}

export function downIntervalOf(router: RouterState, masterAdverInterval: Duration): Duration {
  const { version, downTimerAdverts } = router.config;
  return masterDownInterval(version, effectivePriority(router), masterAdverInterval, downTimerAdverts);
}

export function skewTimeOf(router: RouterState, masterAdverInterval: Duration): Duration {
  return skewTime(router.config.version, effectivePriority(router), masterAdverInterval);
}
