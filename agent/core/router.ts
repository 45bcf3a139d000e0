// The VRRP state machine for one virtual router: RFC 5798 §6.4, RFC 9568 §6.4, RFC 3768 §6.4, with
// the deviations Keepalived's neighbours rely on.
//
// Rule 1: everything that changes a phase lives in this file.
// Rule 2: nothing here waits, sends, reads a clock or logs. Time comes in with the event; what
//         should be done goes out as effects, in order.
//
// A bare (445) is the number RFC 5798 gives to that step of its §6.4.

import { compareAddresses, type IpAddress } from "./address.ts";
import { PRIORITY_OWNER, PRIORITY_STOP, type RouterConfig, type VirtualAddress } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Advertisement } from "./event.ts";
import type { Reason } from "./reason.ts";
import { same } from "./same.ts";
import { type Backup, effectivePriority, type Master, type RouterState } from "./state.ts";
import { after, type Duration, type Instant, microseconds } from "./time.ts";
import { masterDownInterval, skewTime } from "./timers.ts";

/** One router after an event, and what the event asks the world for on its behalf. */
export type RouterTurn = { readonly router: RouterState; readonly effects: readonly Effect[] };

const NOTHING: readonly Effect[] = [];
const stay = (router: RouterState): RouterTurn => ({ router, effects: NOTHING });

/**
 * Two routers that both believe they have won would answer each other for ever; three answers
 * between two advertisements convince any Master that can be convinced.
 */
const ANSWERS_PER_INTERVAL = 3;

/** A router that has not been started. */
export const newRouter = (config: RouterConfig, at: Instant): RouterState => ({
  config,
  phase: { name: "initialize", since: at, because: "none" },
  linkUp: false,
  primaryAddress: null,
});

// ---------------------------------------------------------------- Initialize, FAULT (§6.4.1)

/** Startup, or the end of FAULT: 255 goes Master at once, everybody else waits as Backup. */
export function start(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const hindrance = hindranceOf(router);
  if (hindrance !== null) return stay(faulty(router, at, hindrance));
  // (110): the owner needs not wait. Keepalived's `state MASTER` is no reason to (B9.1).
  if (router.config.basePriority === PRIORITY_OWNER)
    return becomeMaster(router, at, because === "startup" ? "owner_startup" : because);
  return stay(becomeBackup(router, at, because, null)); // (155)
}

/** Shutdown in any phase; a Master resigns and lets go. */
export function stop(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const effects = router.phase.name === "master" ? resign(router) : NOTHING;
  return { router: { ...router, phase: { name: "initialize", since: at, because } }, effects };
}

/** The link or the primary address changed: what is missing puts a started router into FAULT, its return ends that. */
export function surroundings(
  before: RouterState,
  linkUp: boolean,
  primaryAddress: IpAddress | null,
  at: Instant,
): RouterTurn {
  if (before.linkUp === linkUp && before.primaryAddress === primaryAddress) return stay(before);
  const router = { ...before, linkUp, primaryAddress };
  const { phase } = router;
  if (phase.name === "initialize") return stay(router);
  const hindrance = hindranceOf(router);
  if (phase.name === "fault") {
    if (hindrance === null) return start(router, at, phase.because === "link_down" ? "link_up" : "primary_address");
    return hindrance === phase.because ? stay(router) : stay({ ...router, phase: { ...phase, because: hindrance } });
  }
  if (hindrance === null) return stay(router);
  // The last words come from the address the neighbours know.
  const effects = phase.name === "master" ? resign({ ...before, linkUp }) : NOTHING;
  return { router: faulty(router, at, hindrance), effects };
}

function hindranceOf(router: RouterState): "link_down" | "no_primary_address" | null {
  if (!router.linkUp) return "link_down";
  return router.primaryAddress === null ? "no_primary_address" : null;
}

const faulty = (router: RouterState, at: Instant, because: Reason): RouterState => ({
  ...router,
  phase: { name: "fault", since: at, because },
});

// ---------------------------------------------------------------- what is heard

/** A valid advertisement for this router. Initialize and FAULT ignore it. */
export function heard(router: RouterState, advert: Advertisement, at: Instant): RouterTurn {
  switch (router.phase.name) {
    case "backup":
      return stay({ ...router, phase: backupHears(router, router.phase, advert, at) });
    case "master":
      return masterHears(router, router.phase, advert, at);
    case "initialize":
    case "fault":
      return stay(router);
  }
}

/** §6.4.2 */
function backupHears(router: RouterState, phase: Backup, advert: Advertisement, at: Instant): Backup {
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
  return phase.weaker ? phase : { ...phase, weaker: true }; // (470): a weaker one does not hold us back
}

function accept(
  router: RouterState,
  phase: Backup,
  advert: Advertisement,
  at: Instant,
  preemptAt: Instant | null,
): Backup {
  const masterAdverInterval = advert.maxAdverInterval;
  const masterDownAt = after(at, downIntervalOf(router, masterAdverInterval));
  return {
    ...phase,
    masterDownAt,
    masterAdverInterval,
    heard: advert,
    heardAt: at,
    resigned: false,
    weaker: false,
    preemptAt,
  };
}

/** §6.4.3 */
function masterHears(router: RouterState, phase: Master, advert: Advertisement, at: Instant): RouterTurn {
  const priority = effectivePriority(router);
  if (advert.priority === PRIORITY_STOP) {
    // (705): somebody who was Master too leaves; say at once who is left.
    const adverAt = after(at, router.config.adverInterval);
    return { router: { ...router, phase: { ...phase, adverAt } }, effects: [advertise(router)] };
  }
  if (advert.priority > priority) return yieldTo(router, advert, at, "peer_stronger"); // (725)
  if (advert.priority === priority && winsTie(router, advert)) return yieldTo(router, advert, at, "peer_tie_address");
  // Keepalived (B9.9): our own words come back, or somebody has our address. No answer would end that.
  if (advert.priority === priority && advert.source === router.primaryAddress) return stay(router);
  if (wasSilentTooLong(router, phase, at)) return yieldTo(router, advert, at, "self_stall");
  return answer(router, phase, at);
}

/** RFC 5798 §6.4.3 (725): equal priorities are decided by the greater primary address. */
const winsTie = (router: RouterState, advert: Advertisement): boolean =>
  router.primaryAddress !== null && compareAddresses(advert.source, router.primaryAddress) > 0;

/**
 * When this advertisement arrived we had not advertised for as long as the shortest
 * Master_Down_Interval a Backup can have: its sender took over by right while we were frozen.
 * Going on as if nothing had happened would make two Masters.
 */
const wasSilentTooLong = (router: RouterState, phase: Master, at: Instant): boolean =>
  at - phase.adverAt >= (router.config.downTimerAdverts - 1) * router.config.adverInterval;

/** Let go first, then fall back. */
function yieldTo(router: RouterState, advert: Advertisement, at: Instant, because: Reason): RouterTurn {
  return { router: becomeBackup(router, at, because, advert), effects: letGo(router) };
}

/**
 * RFC 9568 §6.4.3: a weaker Master is told at once who is Master, which also re-teaches bridges;
 * Keepalived announces the addresses again, too (B9.5). Adver_Timer runs on.
 */
function answer(router: RouterState, phase: Master, at: Instant): RouterTurn {
  if (phase.answersLeft === 0) return stay(router);
  const { lowerPriorityRepeat, lowerPriorityDelay } = router.config.announce;
  const lowerPriorityBlockAt = lowerPriorityDelay > 0 ? after(at, lowerPriorityDelay) : null;
  return {
    router: { ...router, phase: { ...phase, answersLeft: phase.answersLeft - 1, lowerPriorityBlockAt } },
    effects: [advertise(router), ...announce(router, lowerPriorityRepeat)],
  };
}

// ---------------------------------------------------------------- when time is up

/** The deadline of this router was reached; one that is not due yet changes nothing. */
export function due(router: RouterState, at: Instant): RouterTurn {
  const { phase } = router;
  if (phase.name === "backup" && phase.masterDownAt <= at) return becomeMaster(router, at, takeOverReason(phase, at)); // (365)
  if (phase.name === "master") return masterDue(router, phase, at);
  return stay(router);
}

function takeOverReason(phase: Backup, at: Instant): Reason {
  if (phase.resigned) return "master_resigned";
  if (!phase.weaker) return "master_silent";
  return phase.preemptAt !== null && phase.preemptAt <= at ? "preempt_delay_over" : "master_weaker";
}

function masterDue(router: RouterState, phase: Master, at: Instant): RouterTurn {
  const { announce: when, adverInterval } = router.config;
  const effects: Effect[] = [];
  let next = phase;
  if (next.adverAt <= at) {
    effects.push(advertise(router)); // (685)
    next = { ...next, adverAt: following(next.adverAt, adverInterval, at), answersLeft: ANSWERS_PER_INTERVAL };
  }
  if (next.secondBlockAt !== null && next.secondBlockAt <= at) {
    effects.push(...announce(router, when.masterRepeat));
    next = { ...next, secondBlockAt: null };
  }
  if (next.lowerPriorityBlockAt !== null && next.lowerPriorityBlockAt <= at) {
    effects.push(...announce(router, when.lowerPriorityRepeat));
    next = { ...next, lowerPriorityBlockAt: null };
  }
  if (next.refreshAt !== null && next.refreshAt <= at) {
    effects.push(...announce(router, when.refreshRepeat));
    next = { ...next, refreshAt: following(next.refreshAt, when.refresh, at) };
  }
  return next === phase ? stay(router) : { router: { ...router, phase: next }, effects };
}

/** Counted from the deadline and not from the ring, or lateness would add up; from now when a whole span was missed. */
function following(deadline: Instant, span: Duration, at: Instant): Instant {
  const next = after(deadline, span);
  return next > at ? next : after(at, span);
}

// ---------------------------------------------------------------- moving

function becomeBackup(router: RouterState, at: Instant, because: Reason, advert: Advertisement | null): RouterState {
  const masterAdverInterval = advert?.maxAdverInterval ?? router.config.adverInterval;
  const phase: Backup = {
    name: "backup",
    since: at,
    because,
    masterDownAt: after(at, downIntervalOf(router, masterAdverInterval)),
    masterAdverInterval,
    heard: advert,
    heardAt: at,
    resigned: false,
    weaker: false,
    preemptAt: null,
  };
  return { ...router, phase };
}

/** (110), (370): advertise first, because the LAN waits for it; announce last, because that points at the addresses. */
function becomeMaster(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const { config } = router;
  const phase: Master = {
    name: "master",
    since: at,
    because,
    adverAt: after(at, config.adverInterval),
    answersLeft: ANSWERS_PER_INTERVAL,
    secondBlockAt: config.announce.masterDelay > 0 ? after(at, config.announce.masterDelay) : null,
    lowerPriorityBlockAt: null,
    refreshAt: config.announce.refresh > 0 ? after(at, config.announce.refresh) : null,
  };
  const effects: Effect[] = [advertise(router)];
  if (config.virtualAddresses.length > 0)
    effects.push({ type: "addAddresses", router: config.key, addresses: config.virtualAddresses });
  effects.push(...announce(router, config.announce.masterRepeat));
  return { router: { ...router, phase }, effects };
}

/** Priority 0 while the link can still carry it, then the addresses go. */
function resign(router: RouterState): readonly Effect[] {
  return router.linkUp ? [...advertiseAs(router, PRIORITY_STOP), ...letGo(router)] : letGo(router);
}

function letGo({ config: { key, virtualAddresses } }: RouterState): readonly Effect[] {
  return virtualAddresses.length === 0
    ? NOTHING
    : [{ type: "removeAddresses", router: key, addresses: virtualAddresses }];
}

function advertise(router: RouterState): Effect {
  const [effect] = advertiseAs(router, effectivePriority(router));
  if (effect === undefined) throw new Error(`${router.config.key} is Master without a primary address`);
  return effect;
}

function advertiseAs(router: RouterState, priority: number): readonly Effect[] {
  if (router.primaryAddress === null) return NOTHING;
  return [{ type: "sendAdvert", router: router.config.key, priority, source: router.primaryAddress }];
}

function announce(router: RouterState, rounds: number): readonly Effect[] {
  const { key, virtualAddresses } = router.config;
  if (virtualAddresses.length === 0 || rounds === 0) return NOTHING;
  return [{ type: "announce", router: key, addresses: virtualAddresses, rounds }];
}

function downIntervalOf(router: RouterState, masterAdverInterval: Duration): Duration {
  const { version, downTimerAdverts } = router.config;
  return masterDownInterval(version, effectivePriority(router), masterAdverInterval, downTimerAdverts);
}

function skewTimeOf(router: RouterState, masterAdverInterval: Duration): Duration {
  return skewTime(router.config.version, effectivePriority(router), masterAdverInterval);
}

// ---------------------------------------------------------------- a new configuration

/**
 * The same router under a new configuration: phase, timers and mastership stay, addresses follow
 * the difference, and a running Master_Down_Timer moves by the difference of the Skew_Times (B7.4),
 * as does a running preempt_delay.
 */
export function reconfigure(router: RouterState, config: RouterConfig, at: Instant): RouterTurn {
  const next = { ...router, config };
  const { phase } = router;
  if (phase.name === "backup") return stay({ ...next, phase: rearmed(router, next, phase, at) });
  if (phase.name === "master") return reconfigureMaster(router, next, phase, at);
  return stay(next);
}

function rearmed(before: RouterState, router: RouterState, phase: Backup, at: Instant): Backup {
  const learned = phase.heard !== null && router.config.version === 3;
  const masterAdverInterval = learned ? phase.masterAdverInterval : router.config.adverInterval;
  // After a resignation only Skew_Time is being waited for.
  const spanOf = phase.resigned ? skewTimeOf : downIntervalOf;
  const moved = spanOf(router, masterAdverInterval) - spanOf(before, phase.masterAdverInterval);
  const masterDownAt = movedBy(moved, phase.masterDownAt, at);
  const { preemptDelay } = router.config;
  const longer = preemptDelay - before.config.preemptDelay;
  const preemptAt = phase.preemptAt === null || preemptDelay === 0 ? null : movedBy(longer, phase.preemptAt, at);
  return { ...phase, masterDownAt, masterAdverInterval, preemptAt };
}

/** A deadline moved by so many microseconds, though not into the past; by nothing, it stays where it is. */
const movedBy = (us: number, deadline: Instant, at: Instant): Instant =>
  us === 0 ? deadline : after(at, microseconds(Math.max(0, deadline + us - at)));

function reconfigureMaster(before: RouterState, router: RouterState, phase: Master, at: Instant): RouterTurn {
  const { key, virtualAddresses, adverInterval, announce: when } = router.config;
  const gone = missingFrom(virtualAddresses, before.config.virtualAddresses);
  const come = missingFrom(before.config.virtualAddresses, virtualAddresses);
  const effects: Effect[] = [];
  // The neighbours learn of a new list, priority or interval at once, not at the next tick.
  const told = speaksAnew(before, router);
  if (told) effects.push(advertise(router));
  if (gone.length > 0) effects.push({ type: "removeAddresses", router: key, addresses: gone });
  if (come.length > 0) {
    effects.push({ type: "addAddresses", router: key, addresses: come });
    effects.push({ type: "announce", router: key, addresses: come, rounds: when.masterRepeat });
  }
  const adverAt = told ? after(at, adverInterval) : phase.adverAt;
  const refreshAt = when.refresh > 0 ? sooner(phase.refreshAt, after(at, when.refresh)) : null;
  return { router: { ...router, phase: { ...phase, adverAt, refreshAt } }, effects };
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
    !same(old.virtualAddresses, now.virtualAddresses)
  );
}

/** Those of `wanted` that `list` has not, or not in this form. */
function missingFrom(list: readonly VirtualAddress[], wanted: readonly VirtualAddress[]): readonly VirtualAddress[] {
  const placeOf = (own: VirtualAddress): string => `${own.interface} ${own.address}`;
  const known = new Map(list.map((own) => [placeOf(own), own]));
  return wanted.filter((own) => !same(known.get(placeOf(own)), own));
}

/** A rhythm that became quicker does not wait for the end of the slow one. */
const sooner = (a: Instant | null, b: Instant): Instant => (a === null || b < a ? b : a);
