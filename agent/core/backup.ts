// What a Backup hears and waits for: RFC 5798 §6.4.2. It stays a Backup here; router.ts makes it Master.

import { PRIORITY_STOP } from "./config.ts";
import type { Advertisement } from "./event.ts";
import type { Reason } from "./reason.ts";
import { type Backup, effectivePriority, type RouterState } from "./state.ts";
import { after, type Duration, type Instant, movedBy } from "./time.ts";
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
  if (!config.preempt || advert.priority >= priority) {
    // (445): a Master to live with. Learn its interval, wait all over again.
    const preemptAt = advert.priority >= priority ? null : phase.preemptAt;
    return accept(router, phase, advert, at, preemptAt);
  }
  if (config.preemptDelay > 0) {
    // Keepalived (B9.4): the delay starts with the first weaker advertisement.
    const preemptAt = phase.preemptAt ?? after(at, config.preemptDelay);
    if (at < preemptAt) return accept(router, phase, advert, at, preemptAt);
  }
  // (470): a weaker one does not hold us back
  const masterDownAt = config.conduct.fastHandover ? handover(router, phase, advert, at) : phase.masterDownAt;
  return phase.weaker && masterDownAt === phase.masterDownAt ? phase : { ...phase, masterDownAt, weaker: true };
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
    willing: false,
  };
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

/** Why its time was up. */
export function takeOverReason(phase: Backup, at: Instant): Reason {
  if (phase.resigned) return "master_resigned";
  if (!phase.weaker) return "master_silent";
  return phase.preemptAt !== null && phase.preemptAt <= at ? "preempt_delay_over" : "master_weaker";
}

export function downIntervalOf(router: RouterState, masterAdverInterval: Duration): Duration {
  const { version, downTimerAdverts } = router.config;
  return masterDownInterval(version, effectivePriority(router), masterAdverInterval, downTimerAdverts);
}

export function skewTimeOf(router: RouterState, masterAdverInterval: Duration): Duration {
  return skewTime(router.config.version, effectivePriority(router), masterAdverInterval);
}
