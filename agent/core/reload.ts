// The same router under a new configuration: phase and mastership stay, addresses follow the
// difference, timers move by it.

import { movedTimers } from "./announcing.ts";
import { rearmed } from "./backup.ts";
import { nextAdvert } from "./crowd.ts";
import type { Effect } from "./effect.ts";
import { advertised, changeOf, toRelease } from "./holdings.ts";
import { same } from "./same.ts";
import { advertise, NOTHING, takeUp } from "./speak.ts";
import { type Backup, effectivePriority, type Master, type RouterState, type RouterTurn } from "./state.ts";
import { type Instant, movedBy } from "./time.ts";

/** A running Master_Down_Timer moves by the difference of the Skew_Times (B7.4), as does a running preempt_delay. */
export function reconfigure(before: RouterState, router: RouterState, at: Instant): RouterTurn {
  const { phase } = router;
  if (phase.name === "master") return reconfigureMaster(before, router, phase, at);
  const next = phase.name === "backup" ? { ...router, phase: moved(before, router, phase, at) } : router;
  return { router: next, effects: NOTHING };
}

function moved(before: RouterState, router: RouterState, phase: Backup, at: Instant): Backup {
  const learned = phase.heard !== null && router.config.version === 3;
  const masterAdverInterval = learned ? phase.masterAdverInterval : router.config.adverInterval;
  const { preemptDelay } = router.config;
  const longer = preemptDelay - before.config.preemptDelay;
  const preemptAt = phase.preemptAt === null || preemptDelay === 0 ? null : movedBy(longer, phase.preemptAt, at);
  const limitedUntil = router.config.maxFailovers === null ? null : phase.limitedUntil;
  return { ...rearmed(before, router, phase, masterAdverInterval, at), preemptAt, limitedUntil };
}

function reconfigureMaster(before: RouterState, router: RouterState, phase: Master, at: Instant): RouterTurn {
  const { key } = router.config;
  const { gone, come } = changeOf(before.config, router.config);
  const effects: Effect[] = [];
  // The neighbours learn of a new list, priority or interval at once, not at the next tick.
  const told = speaksAnew(before, router);
  if (told) effects.push(advertise(router));
  effects.push(...toRelease(key, gone), ...takeUp(router, come));
  const adverAt = told ? nextAdvert(router.config, at) : phase.adverAt;
  const lost = phase.lost.filter((address) => !gone.addresses.some((own) => own.address === address));
  const restoreAt = lost.length === 0 ? null : phase.restoreAt;
  return {
    router: { ...router, phase: { ...phase, adverAt, ...movedTimers(router.config, phase, at), lost, restoreAt } },
    effects,
  };
}

/** Whether the next advertisement would differ from the last one. */
function speaksAnew(before: RouterState, router: RouterState): boolean {
  const [old, now] = [before.config, router.config];
  return (
    effectivePriority(before) !== effectivePriority(router) ||
    old.adverInterval !== now.adverInterval ||
    old.version !== now.version ||
    old.v3Checksum !== now.v3Checksum ||
    !same(old.authentication, now.authentication) ||
    !same(old.transport.to, now.transport.to) ||
    !same(advertised(old), advertised(now))
  );
}
