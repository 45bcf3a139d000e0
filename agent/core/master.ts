// What a Master does all day: RFC 5798 §6.4.3 (685). It stays a Master here; router.ts makes it something else.

import type { Master, RouterState } from "./state.ts";
import { after, type Duration, type Instant } from "./time.ts";
import { masterDownInterval } from "./timers.ts";

/**
 * Two routers that both believe they have won would answer each other for ever; three answers
 * between two advertisements convince any Master that can be convinced.
 */
export const ANSWERS_PER_INTERVAL = 3;

/** Whether an advertisement is due, in time, and nothing else. */
export const isBareTick = (phase: Master, interval: Duration, at: Instant): boolean =>
  phase.adverAt <= at &&
  at - phase.adverAt < interval &&
  (phase.restoreAt === null || phase.restoreAt > at) &&
  (phase.secondBlockAt === null || phase.secondBlockAt > at) &&
  (phase.lowerPriorityBlockAt === null || phase.lowerPriorityBlockAt > at) &&
  (phase.refreshAt === null || phase.refreshAt > at) &&
  (phase.extraAt === null || phase.extraAt > at);

/** All that a Master does for most of its life; written out, as `accept` of a Backup is. */
export const ticked = (phase: Master, interval: Duration): Master => ({
  name: "master",
  since: phase.since,
  because: phase.because,
  adverAt: after(phase.adverAt, interval),
  answersLeft: ANSWERS_PER_INTERVAL,
  secondBlockAt: phase.secondBlockAt,
  lowerPriorityBlockAt: phase.lowerPriorityBlockAt,
  refreshAt: phase.refreshAt,
  extraAt: phase.extraAt,
  answersSignsFrom: phase.answersSignsFrom,
  lost: phase.lost,
  restoreAt: phase.restoreAt,
  restored: phase.restored,
});

/** `timer_expired_backup`: we were silent for so long that a Backup of that priority may have taken over. */
export function mayHaveLost({ config }: RouterState, phase: Master, at: Instant): boolean {
  const { conduct, preempt, version, adverInterval, downTimerAdverts } = config;
  if (conduct.timerExpiredBackup === null || preempt) return false;
  const silence = at - phase.adverAt + adverInterval;
  return silence >= masterDownInterval(version, conduct.timerExpiredBackup, adverInterval, downTimerAdverts);
}
