// When a Master announces its addresses: on becoming it and again a while later, to refresh, where no
// advertisement goes, and on every sign that somebody else may have claimed them meanwhile.

import type { RouterConfig, VirtualAddress } from "./config.ts";
import { aside } from "./crowd.ts";
import type { Effect } from "./effect.ts";
import { heldBy } from "./holdings.ts";
import { announce, NOTHING } from "./speak.ts";
import type { AnnounceTimers, Master, RouterState, RouterTurn } from "./state.ts";
import { after, type Duration, type Instant, seconds } from "./time.ts";
import { usualAddress } from "./usual.ts";

/**
 * Signs that come closer than this are answered together at its end: somebody who claims an address
 * says so several times, and whoever speaks last is believed.
 */
const BETWEEN_ANSWERS: Duration = seconds(1);

/** What is held where no advertisement of this router comes by. Keepalived: `garp_extra_if` (B12.7). */
const elsewhere = (config: RouterConfig): readonly VirtualAddress[] =>
  heldBy(config).addresses.filter(
    (own) => own.interface !== config.interface && (config.extraAnnounce.on === "all" || own.vmac),
  );

/** Keepalived (B9.15): a unicast router that leaves FAULT says once where its own address is. */
export function announceSource({ config, primaryAddress }: RouterState): readonly Effect[] {
  if (config.transport.to.type !== "unicast" || primaryAddress === null) return NOTHING;
  const { key, interface: iface, family } = config;
  const own = {
    ...usualAddress,
    address: primaryAddress,
    prefixLength: family === "ipv4" ? 32 : 128,
    interface: iface,
  };
  return [{ type: "announce", router: key, addresses: [own], rounds: 1 }];
}

const atOrNever = (at: Instant, span: Duration): Instant | null => (span > 0 ? after(at, span) : null);

/** The same, not while the Masters of a crowd advertise. */
const asideOrNever = (config: RouterConfig, at: Instant, span: Duration): Instant | null =>
  span > 0 ? aside(config, at, span) : null;

/** The timers of a router that becomes Master. */
export const newTimers = (config: RouterConfig, at: Instant): AnnounceTimers => ({
  secondBlockAt: asideOrNever(config, at, config.announce.masterDelay),
  lowerPriorityBlockAt: null,
  refreshAt: asideOrNever(config, at, config.announce.refresh),
  extraAt: asideOrNever(config, at, config.extraAnnounce.every),
  answersSignsFrom: at,
});

/** The timers under a new configuration: a rhythm begins, ends, or becomes quicker. */
export const movedTimers = ({ announce: when, extraAnnounce }: RouterConfig, phase: Master, at: Instant) => ({
  refreshAt: sooner(phase.refreshAt, atOrNever(at, when.refresh)),
  extraAt: sooner(phase.extraAt, atOrNever(at, extraAnnounce.every)),
});

/** A rhythm that became quicker does not wait for the end of the slow one. */
const sooner = (a: Instant | null, b: Instant | null): Instant | null => (a === null || b === null || b < a ? b : a);

/** What of the announcements is due. */
export function announceDue(
  router: RouterState,
  phase: Master,
  at: Instant,
): { readonly phase: Master; readonly effects: readonly Effect[] } {
  const { announce: when, extraAnnounce } = router.config;
  const isDue = (deadline: Instant | null): boolean => deadline !== null && deadline <= at;
  const effects: Effect[] = [];
  let next = phase;
  if (isDue(next.secondBlockAt)) {
    effects.push(...announce(router, when.masterRepeat));
    next = { ...next, secondBlockAt: null };
  }
  if (isDue(next.lowerPriorityBlockAt)) {
    effects.push(...announce(router, roundsOfAnswer(router)));
    next = { ...next, lowerPriorityBlockAt: null };
  }
  if (next.refreshAt !== null && isDue(next.refreshAt)) {
    effects.push(...announce(router, when.refreshRepeat));
    next = { ...next, refreshAt: following(next.refreshAt, when.refresh, at) };
  }
  if (next.extraAt !== null && isDue(next.extraAt)) {
    effects.push(...announce(router, 1, elsewhere(router.config)));
    next = { ...next, extraAt: following(next.extraAt, extraAnnounce.every, at) };
  }
  return { phase: next, effects };
}

/** Counted from the deadline and not from the ring, or lateness would add up; from now when a whole span was missed. */
export function following(deadline: Instant, span: Duration, at: Instant): Instant {
  const next = after(deadline, span);
  return next > at ? next : after(at, span);
}

/** A weaker Master was heard, by this router or another one of its sync group (B11.7). */
export function announceAgain(router: RouterState, at: Instant): RouterTurn {
  const { lowerPriorityRepeat, lowerPriorityDelay } = router.config.announce;
  if (router.phase.name !== "master") return { router, effects: NOTHING };
  const lowerPriorityBlockAt = lowerPriorityRepeat * lowerPriorityDelay > 0 ? after(at, lowerPriorityDelay) : null;
  return {
    router: { ...router, phase: { ...router.phase, lowerPriorityBlockAt } },
    effects: announce(router, lowerPriorityRepeat),
  };
}

/** Strict mode asks for no answer to a weaker Master; a sign that is none is answered all the same. */
const roundsOfAnswer = ({ config }: RouterState): number => Math.max(1, config.announce.lowerPriorityRepeat);

/**
 * A sign that somebody else may have claimed the addresses of a Master: it says again that they are
 * here, at once and a while later, as after a weaker advertisement. A flood of signs is answered once
 * a second.
 */
export function answerSign(
  router: RouterState,
  phase: Master,
  at: Instant,
): { readonly phase: Master; readonly effects: readonly Effect[] } {
  const later = (deadline: Instant): Instant =>
    phase.lowerPriorityBlockAt !== null && phase.lowerPriorityBlockAt < deadline
      ? phase.lowerPriorityBlockAt
      : deadline;
  if (at < phase.answersSignsFrom)
    return { phase: { ...phase, lowerPriorityBlockAt: later(phase.answersSignsFrom) }, effects: NOTHING };
  const { lowerPriorityDelay } = router.config.announce;
  const answersSignsFrom = after(at, BETWEEN_ANSWERS);
  const lowerPriorityBlockAt =
    lowerPriorityDelay > 0 ? later(after(at, lowerPriorityDelay)) : phase.lowerPriorityBlockAt;
  return {
    phase: { ...phase, answersSignsFrom, lowerPriorityBlockAt },
    effects: announce(router, roundsOfAnswer(router)),
  };
}

/**
 * Whether a Master has been silent for as long as the shortest Master_Down_Interval a Backup can have:
 * another router may rightly have taken over meanwhile.
 */
export const wasSilentTooLong = ({ config }: RouterState, phase: Master, at: Instant): boolean =>
  at - phase.adverAt >= (config.downTimerAdverts - 1) * config.adverInterval;

/** Whether a Master that advertises only now was held up for so long. */
export const isSignOfStall = (router: RouterState, phase: Master, at: Instant): boolean =>
  at - phase.adverAt >= router.config.adverInterval && wasSilentTooLong(router, phase, at);
