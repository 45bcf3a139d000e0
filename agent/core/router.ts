// The VRRP state machine for one virtual router: RFC 5798 §6.4, RFC 9568 §6.4, RFC 3768 §6.4, with
// the deviations Keepalived's neighbours rely on.
//
// Rule 1: everything that changes a phase lives in this file.
// Rule 2: nothing here waits, sends, reads a clock or logs. Time comes in with the event; what
//         should be done goes out as effects, in order.
//
// A bare (445) is the number RFC 5798 gives to that step of its §6.4.

import { compareAddresses, type IpAddress } from "./address.ts";
import {
  announceAgain,
  announceDue,
  announceSource,
  answerSign,
  isSignOfStall,
  newTimers,
  wasSilentTooLong,
} from "./announcing.ts";
import {
  anew,
  backupHears,
  downIntervalOf,
  masteriesWith,
  rearmed,
  skewTimeOf,
  takeOverReason,
  waitsOn,
} from "./backup.ts";
import { PRIORITY_OWNER, PRIORITY_STOP, type RouterConfig } from "./config.ts";
import { nextAdvert } from "./crowd.ts";
import type { Effect } from "./effect.ts";
import type { Advertisement } from "./event.ts";
import { hindranceOf, isPending, RECOVERIES } from "./hindrance.ts";
import { type Holdings, heldBy } from "./holdings.ts";
import { ANSWERS_PER_INTERVAL, isBareTick, mayHaveLost, ticked } from "./master.ts";
import { NO_VERDICTS, type Verdicts } from "./priority.ts";
import type { Reason } from "./reason.ts";
import { reconfigure } from "./reload.ts";
import { outlasts, sighted } from "./rival.ts";
import { advertise, letGo, NOTHING, resign, takeUp } from "./speak.ts";
import {
  type Backup,
  type Drained,
  effectivePriority,
  inPhase,
  type Master,
  type RouterState,
  type RouterTurn,
} from "./state.ts";
import { after, type Instant, seconds } from "./time.ts";

const stay = (router: RouterState): RouterTurn => ({ router, effects: NOTHING });

/** What others take away again and again is put back so often and no oftener. */
const BETWEEN_RESTORES = seconds(1);

/** A router that has not been started. */
export const newRouter = (config: RouterConfig, at: Instant): RouterState => ({
  config,
  phase: { name: "initialize", since: at, because: "none" },
  linkUp: false,
  primaryAddress: null,
  verdicts: NO_VERDICTS,
  company: "well",
  rival: null,
  refused: null,
  neighbours: [],
  masteries: [],
  drained: null,
});

// ---------------------------------------------------------------- Initialize, FAULT (§6.4.1)

/** Startup, or the end of FAULT: 255 goes Master at once, everybody else waits as Backup. */
export function start(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const hindrance = hindranceOf(router);
  if (hindrance !== null) return stay(faulty(router, at, hindrance));
  if (isPending(router)) return stay(pending(router, at)); // B10.4
  // (110): the owner needs not wait. Keepalived's `state MASTER` is no reason to (B9.1).
  if (router.config.basePriority === PRIORITY_OWNER && router.drained === null)
    return becomeMaster(router, at, because === "startup" ? "owner_startup" : because);
  return stay(becomeBackup(router, at, because, null)); // (155)
}

/** Shutdown in any phase; a Master resigns and lets go. Who is started again takes part. */
export function stop(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const effects = router.phase.name === "master" ? resign(router) : NOTHING;
  return { router: { ...router, drained: null, phase: { name: "initialize", since: at, because } }, effects };
}

/** What a router depends on and does not decide. */
export type Surroundings = Pick<RouterState, "linkUp" | "primaryAddress" | "verdicts" | "company">;

/**
 * Link, primary address, checks or sync group changed: what is missing puts a started router into
 * FAULT, its return ends that; otherwise a changed priority moves timers and is told.
 */
export function surroundings(before: RouterState, now: Surroundings, at: Instant): RouterTurn {
  const { linkUp, primaryAddress, verdicts, company } = now;
  const stable = before.linkUp === linkUp && before.primaryAddress === primaryAddress && before.company === company;
  if (stable && before.verdicts === verdicts) return stay(before);
  return met(before, { ...before, linkUp, primaryAddress, verdicts, company }, at);
}

function met(before: RouterState, router: RouterState, at: Instant): RouterTurn {
  const { phase } = router;
  if (phase.name === "initialize")
    return phase.because === "checks_pending" ? start(router, at, "startup") : stay(router);
  const hindrance = hindranceOf(router);
  if (phase.name === "fault") {
    const hold = hindrance ?? (isPending(router) ? "checks_pending" : null);
    if (hold === null) {
      const turn = start(router, at, RECOVERIES[phase.because] ?? "check_recovered");
      return { ...turn, effects: [...turn.effects, ...announceSource(router)] };
    }
    return hold === phase.because ? stay(router) : stay({ ...router, phase: { ...phase, because: hold } });
  }
  return hindrance === null ? reweighed(before, router, at) : hindered(before, router, at, hindrance);
}

/** Into FAULT. The last words come from the address the neighbours know, and go as long as there is a link. */
const hindered = (before: RouterState, router: RouterState, at: Instant, because: Reason): RouterTurn => ({
  router: faulty(router, at, because),
  effects: before.phase.name === "master" ? resign({ ...before, linkUp: router.linkUp }) : NOTHING,
});

/** A new configuration, and what the router depends on under it. What a Master loses is said by the old one. */
export function reconfigured(before: RouterState, config: RouterConfig, now: Surroundings, at: Instant): RouterTurn {
  const { linkUp, primaryAddress, verdicts, company } = now;
  // Whom it met is looked at with new eyes.
  const neighbours = config === before.config ? before.neighbours : [];
  const router = { ...before, config, linkUp, primaryAddress, verdicts, company, neighbours };
  const { name } = before.phase;
  if (name === "initialize" || name === "fault") return met({ ...before, config }, router, at);
  const hindrance = hindranceOf(router);
  return hindrance === null ? reconfigure(before, router, at) : hindered(before, router, at, hindrance);
}

/** A verdict on something this router tracks changed. */
export const judged = (router: RouterState, verdicts: Verdicts, at: Instant): RouterTurn =>
  surroundings(router, { ...router, verdicts }, at);

/** A changed priority: the running Master_Down_Timer moves by the difference of the Skew_Times (B7.4), a Master tells it. */
function reweighed(before: RouterState, router: RouterState, at: Instant): RouterTurn {
  const { phase, config } = router;
  if (before.verdicts === router.verdicts || effectivePriority(before) === effectivePriority(router))
    return stay(router);
  if (phase.name === "backup")
    return stay({ ...router, phase: rearmed(before, router, phase, phase.masterAdverInterval, at) });
  // Keepalived tells with the next advertisement (B10.10); a Backup that waits for it loses that time.
  if (phase.name !== "master" || !config.conduct.tellPriorityAtOnce) return stay(router);
  const adverAt = nextAdvert(config, at);
  return { router: { ...router, phase: { ...phase, adverAt } }, effects: [advertise(router)] };
}

function pending(router: RouterState, at: Instant): RouterState {
  const { phase } = router;
  if (phase.name === "initialize" && phase.because === "checks_pending") return router;
  return { ...router, phase: { name: "initialize", since: at, because: "checks_pending" } };
}

const faulty = (router: RouterState, at: Instant, because: Reason): RouterState => ({
  ...router,
  phase: { name: "fault", since: at, because },
});

// ---------------------------------------------------------------- what is heard

/** A valid advertisement for this router. Initialize and FAULT ignore it. */
export function heard(router: RouterState, advert: Advertisement, at: Instant): RouterTurn {
  const { phase, config } = router;
  // RFC 5798 §7.1 has an owner discard them all, Keepalived only when told so (B9.17).
  if (config.conduct.ownerIgnoresAdverts && config.basePriority === PRIORITY_OWNER) return stay(router);
  switch (phase.name) {
    case "backup": {
      const next = backupHears(router, phase, advert, at);
      return stay(next === phase ? router : inPhase(router, next));
    }
    case "master":
      return masterHears(sighted(router, advert, at), phase, advert, at);
    case "initialize":
    case "fault":
      return stay(router);
  }
}

/** §6.4.3 */
function masterHears(router: RouterState, phase: Master, advert: Advertisement, at: Instant): RouterTurn {
  const priority = effectivePriority(router);
  if (advert.priority === PRIORITY_STOP) {
    // (705): somebody who was Master too leaves; say at once who is left.
    const answered = answerSign(router, { ...phase, adverAt: nextAdvert(router.config, at) }, at);
    return { router: { ...router, phase: answered.phase }, effects: [advertise(router), ...answered.effects] };
  }
  if (advert.priority > priority) return yieldTo(router, advert, at, "peer_stronger"); // (725)
  if (advert.priority === priority && winsTie(router, advert)) return yieldTo(router, advert, at, "peer_tie_address");
  // Keepalived (B9.9): our own words come back, or somebody has our address. No answer would end that.
  if (advert.priority === priority && advert.source === router.primaryAddress) return stay(router);
  // Its sender took over by right while we were frozen: going on as if nothing had happened would make two Masters.
  if (wasSilentTooLong(router, phase, at)) return yieldTo(router, advert, at, "self_stall");
  // Keepalived (B9.7): an owner that does not give way, as no owner of the RFCs does, is given way to.
  if (priority === PRIORITY_OWNER && outlasts(router, advert, at)) return yieldTo(router, advert, at, "peer_owner");
  return answer(router, phase, at);
}

/** RFC 5798 §6.4.3 (725): equal priorities are decided by the greater primary address. */
const winsTie = (router: RouterState, advert: Advertisement): boolean =>
  router.primaryAddress !== null && compareAddresses(advert.source, router.primaryAddress) > 0;

/** Let go first, then fall back; with `higher_prio_send_advert` one more word lets the winner announce again (B9.6). */
function yieldTo(router: RouterState, advert: Advertisement, at: Instant, because: Reason): RouterTurn {
  const { higherPrioritySendAdvert } = router.config.conduct;
  const effects = higherPrioritySendAdvert ? [advertise(router), ...letGo(router)] : letGo(router);
  return { router: becomeBackup(router, at, because, advert), effects };
}

/**
 * RFC 9568 §6.4.3: a weaker Master is told at once who is Master, which also re-teaches bridges;
 * Keepalived announces the addresses again, too (B9.5). Adver_Timer runs on.
 */
function answer(router: RouterState, phase: Master, at: Instant): RouterTurn {
  if (phase.answersLeft === 0) return stay(router);
  const turn = announceAgain({ ...router, phase: { ...phase, answersLeft: phase.answersLeft - 1 } }, at);
  return router.config.conduct.lowerPriorityNoAdvert
    ? turn
    : { router: turn.router, effects: [advertise(router), ...turn.effects] };
}

/**
 * Somebody else took away what a Master holds. Where that is to be a failover, it resigns, and has to wait
 * for its Skew_Time like everybody else (B9.11); otherwise it is put back, once a second, and all paths with it.
 */
export function lost(router: RouterState, { addresses, paths }: Holdings, at: Instant): RouterTurn {
  const { phase } = router;
  if (phase.name !== "master") return stay(router);
  if ([...addresses, ...paths].some(({ onLoss }) => onLoss === "failover")) return relinquish(router, at, "vip_lost");
  const gone = addresses.filter((own) => own.onLoss === "restore" && !phase.lost.includes(own.address));
  const isTorn = phase.restoreAt === null && paths.some(({ onLoss }) => onLoss === "restore");
  if (gone.length === 0 && !isTorn) return stay(router);
  const free = phase.restored === null ? at : after(phase.restored, BETWEEN_RESTORES);
  const missing = [...phase.lost, ...gone.map(({ address }) => address)];
  const next = { ...phase, lost: missing, restoreAt: phase.restoreAt ?? free };
  return free > at ? stay({ ...router, phase: next }) : restore(router, next, at);
}

function restore(router: RouterState, phase: Master, at: Instant): RouterTurn & { readonly router: InMaster } {
  const { addresses, paths } = heldBy(router.config);
  const missing = addresses.filter(({ address }) => phase.lost.includes(address));
  const next = { ...phase, lost: NONE, restoreAt: null, restored: at };
  return { router: { ...router, phase: next }, effects: takeUp(router, { addresses: missing, paths }) };
}

/** A Master resigns, and may be Master again after its Skew_Time. */
export function relinquish(router: RouterState, at: Instant, because: Reason): RouterTurn {
  if (router.phase.name !== "master") return stay(router);
  const next = becomeBackup(router, at, because, null);
  const masterDownAt = after(at, skewTimeOf(router, router.config.adverInterval));
  return { router: { ...next, phase: { ...next.phase, masterDownAt, resigned: true } }, effects: resign(router) };
}

// ---------------------------------------------------------------- with its sync group (B11)

/** Its group becomes Master, and it with it. */
export const follow = (router: RouterState, at: Instant): RouterTurn =>
  router.phase.name === "backup" && router.drained === null ? becomeMaster(router, at, "group_master") : stay(router);

/**
 * Another member fell back, and it does with it. On its own wire nobody stronger was heard, so that it
 * resigns: whoever waits there needs not wait for its silence. Keepalived 2.2.7 falls silent instead.
 */
export const fallBack = (router: RouterState, at: Instant): RouterTurn =>
  router.phase.name === "master"
    ? { router: becomeBackup(router, at, "group_backup", null), effects: resign(router) }
    : stay(router);

// ---------------------------------------------------------------- for an operator

/** Out of service: a Master resigns, and whoever hears it waits for its Skew_Time only (425). */
export function drain(before: RouterState, drained: Drained, at: Instant): RouterTurn {
  const router = { ...before, drained };
  if (router.phase.name !== "master") return stay(router);
  return { router: becomeBackup(router, at, "operator", null), effects: resign(router) };
}

/** It takes part in the election again, as after its start: an owner needs not wait (110). */
export function resume(before: RouterState, at: Instant): RouterTurn {
  const { phase, config } = before;
  const router = before.drained === null ? before : { ...before, drained: null };
  if (router === before || phase.name !== "backup") return stay(router);
  if (config.basePriority === PRIORITY_OWNER) return becomeMaster(router, at, "operator");
  return stay(inPhase(router, anew(router, phase, phase.resigned ? null : phase.heard, at)));
}

/** It takes over without waiting any longer. */
export const promote = (router: RouterState, at: Instant): RouterTurn =>
  router.phase.name === "backup" ? becomeMaster(router, at, "operator") : stay(router);

// ---------------------------------------------------------------- when time is up

/**
 * The deadline of this router was reached; one that is not due yet changes nothing. A Backup that
 * `mayLead` not, because its sync group is not willing yet, waits anew (B11.1).
 */
export function due(router: RouterState, at: Instant, mayLead: boolean): RouterTurn {
  const { phase } = router;
  if (phase.name === "backup" && phase.masterDownAt <= at && router.drained !== null)
    return stay(inPhase(router, anew(router, phase, null, at)));
  if (phase.name === "backup" && phase.masterDownAt <= at)
    return mayLead
      ? becomeMaster(router, at, takeOverReason(phase, at))
      : stay({ ...router, phase: waitsOn(router, phase, at) }); // (365)
  if (phase.name === "master") return masterDue(router, phase, at);
  return stay(router);
}

function masterDue(router: RouterState, phase: Master, at: Instant): RouterTurn {
  const { adverInterval } = router.config;
  if (isBareTick(phase, adverInterval, at) && !mayHaveLost(router, phase, at))
    return { router: inPhase(router, ticked(phase, adverInterval)), effects: [advertise(router)] }; // (685)
  const effects: Effect[] = [];
  let next = phase;
  if (next.adverAt <= at) {
    if (mayHaveLost(router, phase, at))
      return { router: becomeBackup(router, at, "self_stall", null), effects: letGo(router) };
    effects.push(advertise(router)); // (685)
    // Counted from the deadline and not from the ring, or lateness would add up.
    const inTime = after(next.adverAt, adverInterval);
    const adverAt = inTime > at ? inTime : nextAdvert(router.config, at);
    next = { ...next, adverAt, answersLeft: ANSWERS_PER_INTERVAL };
  }
  if (next.restoreAt !== null && next.restoreAt <= at) {
    const turn = restore(router, next, at);
    effects.push(...turn.effects);
    next = turn.router.phase;
  }
  if (isSignOfStall(router, phase, at)) {
    const answered = answerSign({ ...router, phase: next }, next, at);
    effects.push(...answered.effects);
    next = answered.phase;
  }
  const announced = announceDue({ ...router, phase: next }, next, at);
  effects.push(...announced.effects);
  next = announced.phase;
  return next === phase ? stay(router) : { router: inPhase(router, next), effects };
}

/** A sign that somebody else may have claimed what a Master holds; anybody else has nothing to say to it. */
export function signOfClaim(router: RouterState, at: Instant): RouterTurn {
  const { phase } = router;
  // Who has just become Master is announcing anyway.
  if (phase.name !== "master" || phase.since === at) return stay(router);
  const answered = answerSign(router, phase, at);
  return { router: { ...router, phase: answered.phase }, effects: answered.effects };
}

// ---------------------------------------------------------------- moving

const NONE: readonly IpAddress[] = [];
type InMaster = RouterState & { readonly phase: Master };

type InBackup = RouterState & { readonly phase: Backup };

function becomeBackup(router: RouterState, at: Instant, because: Reason, advert: Advertisement | null): InBackup {
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
    limitedUntil: null,
    willing: false,
  };
  return inPhase(router, phase);
}

/** (110), (370): advertise first, because the LAN waits for it; announce last, because that points at the addresses. */
function becomeMaster(router: RouterState, at: Instant, because: Reason): RouterTurn {
  const { config } = router;
  const phase: Master = {
    name: "master",
    since: at,
    because,
    adverAt: nextAdvert(config, at),
    answersLeft: ANSWERS_PER_INTERVAL,
    ...newTimers(config, at),
    lost: NONE,
    restoreAt: null,
    restored: null,
  };
  const effects = [advertise(router), ...takeUp(router, heldBy(config))];
  return { router: { ...router, phase, masteries: masteriesWith(router, at) }, effects };
}
