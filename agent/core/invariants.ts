// What must hold after every turn, whatever was seen. Tests check it after each turn; in production
// a turn that breaks it ends the process: a router that ends is replaced by its neighbours, a
// router that is wrong is replaced by nobody.

import { PRIORITY_STOP, STATICS } from "./config.ts";
import { firstEnd } from "./drain.ts";
import type { Effect } from "./effect.ts";
import { heldBy } from "./holdings.ts";
import { nextDeadline, type Phase, type PhaseName, type RouterState, routerOf, type Turn } from "./state.ts";

/** What this turn did wrong, in sentences; empty when all holds. */
export function violations(turn: Turn): readonly string[] {
  if (isTick(turn)) return NONE;
  const { before, state, effects, event } = turn;
  const changed = changedIn(state.routers, before.routers);
  const wrong: string[] = [];
  if (effects.length > 1) wrong.push(...orderOfEffects(turn));
  if (event.seen.type !== "deadlineReached") wrong.push(...timeGoesForward(turn, changed));
  for (const effect of effects) wrong.push(...misdeed(turn, effect));
  for (const router of changedIn(before.routers, state.routers)) wrong.push(...kept(turn, router));
  wrong.push(...routersMatchConfig(turn));
  if (changed.length > 0 || state.config !== before.config)
    wrong.push(...groupsAreOne(turn), ...drainsHold(turn, changed));
  return wrong.length === 0 ? NONE : wrong;
}

const NONE: readonly string[] = [];

/**
 * Whether a turn did nothing but advertise once for a router that was Master, stays it and is not in a group. Most
 * turns are like that, and the other 249 routers are looked at when one of them is not.
 */
function isTick({ before, state, effects, event: { seen } }: Turn): boolean {
  const [effect] = effects;
  if (seen.type !== "deadlineReached" || effects.length !== 1 || effect?.type !== "sendAdvert") return false;
  if (effect.router !== seen.router || before.config !== state.config || state.config.groups.length > 0) return false;
  const was = routerOf(before, seen.router);
  const router = routerOf(state, seen.router);
  if (was?.phase.name !== "master" || router?.phase.name !== "master" || router.config !== was.config) return false;
  return before.routers.length === state.routers.length && effect.priority > PRIORITY_STOP && effect.priority <= 255;
}

type Routers = Turn["state"]["routers"];

/** Those that are not the very same in the other list. What held of the others before the turn holds after it. */
function changedIn(routers: Routers, others: Routers): Routers {
  if (routers === others) return NOBODY;
  const changed: RouterState[] = [];
  for (let i = 0; i < routers.length; i++) {
    const router = routers[i];
    if (router !== undefined && router !== others[i]) changed.push(router);
  }
  return changed;
}

const NOBODY: Routers = [];

function misdeed({ before, state }: Turn, effect: Effect): string[] {
  const router = routerOf(state, effect.router);
  const now = router?.phase.name;
  const was = routerOf(before, effect.router)?.phase.name;
  switch (effect.type) {
    case "sendAdvert": {
      // The last word of one that yields, where that is wanted (B9.6).
      const last = was === "master" && now === "backup" && router?.config.conduct.higherPrioritySendAdvert === true;
      return mayAdvertise(effect, was, last ? "master" : now);
    }
    case "announce":
      return isOwnSource(state, effect) ? [] : wants(effect, now);
    case "addAddresses":
    case "addPaths":
      return effect.router === STATICS ? [] : wants(effect, now);
    case "removeAddresses":
    case "removePaths":
    case "prepare":
    case "notify":
      return [];
  }
}

type Advert = Extract<Effect, { readonly type: "sendAdvert" }>;
type Name = PhaseName | undefined;

const wants = ({ router, type }: Effect, now: Name): string[] =>
  now === "master" ? [] : [`${router} wants ${type} in ${now}`];

/** A unicast router says where its own address is, whoever is Master (B9.15). */
const isOwnSource = (state: Turn["state"], { router, addresses }: Extract<Effect, { type: "announce" }>): boolean =>
  addresses.every(({ address }) => address === routerOf(state, router)?.primaryAddress);

function mayAdvertise({ router, priority }: Advert, was: Name, now: Name): string[] {
  if (!(priority >= 0 && priority <= 255))
    return [`${router} advertises priority ${priority}, which does not fit its octet`];
  if (priority === PRIORITY_STOP) return was === "master" ? [] : [`${router} resigns though it was ${was}`];
  return now === "master" ? [] : [`${router} advertises in ${now}`];
}

function kept({ state, effects }: Turn, { config, phase }: RouterState): string[] {
  if (phase.name !== "master" || heldBy(config).addresses.length === 0) return [];
  if (routerOf(state, config.key)?.phase.name === "master") return [];
  const lets = effects.some(({ type, router }) => type === "removeAddresses" && router === config.key);
  return lets ? [] : [`${config.key} is Master no more and keeps its addresses`];
}

function orderOfEffects({ effects }: Turn): string[] {
  const wrong: string[] = [];
  const acted = new Set<string>();
  const announced = new Set<string>();
  for (const { type, router } of effects) {
    if (type === "sendAdvert" && acted.has(router)) wrong.push(`${router} advertises too late`);
    if (type === "addAddresses" && announced.has(router)) wrong.push(`${router} announces before it holds`);
    if (type === "announce") announced.add(router);
    if (type !== "sendAdvert") acted.add(router);
  }
  return wrong;
}

function timeGoesForward({ event }: Turn, changed: Routers): string[] {
  return changed.flatMap((router) => {
    const deadline = router.phase.since === event.at ? nextDeadline(router.phase) : null;
    return deadline !== null && deadline < event.at ? [`${router.config.key} has a deadline in the past`] : [];
  });
}

function routersMatchConfig({ before, state: { routers, config } }: Turn): string[] {
  if (routers === before.routers && config === before.config) return [];
  let match = routers.length === config.routers.length;
  for (let i = 0; match && i < routers.length; i++) match = routers[i]?.config === config.routers[i];
  return match ? [] : ["the routers are not those of the configuration"];
}

/** Who is drained takes nothing over, its whole sync group is drained with it, and the end is known. */
function drainsHold({ state }: Turn, changed: Routers): string[] {
  const wrong: string[] = [];
  for (const { config, phase, drained } of changed)
    if (drained !== null && phase.name === "master") wrong.push(`${config.key} is drained, and Master`);
  for (const { name, members } of state.config.groups) {
    const drained = new Set(
      members.flatMap((key) => routerOf(state, key) ?? []).map((router) => router.drained !== null),
    );
    if (drained.size > 1) wrong.push(`sync group ${name} is drained in part`);
  }
  if (state.drainOverAt !== firstEnd(state.routers)) wrong.push("a drain ends at another time than is waited for");
  return wrong;
}

const waits = ({ name, because }: Phase): boolean =>
  name === "initialize" || (name === "fault" && because === "checks_pending");

/**
 * B11.2: started members of a sync group are in one phase; only who waits for its first checks may still be
 * in Initialize, or in the FAULT that it would leave but for them, and leads nobody from there.
 */
function groupsAreOne({ state }: Turn): string[] {
  return state.config.groups.flatMap(({ name, members }) => {
    const started = members.flatMap((key) => routerOf(state, key)?.phase ?? []).filter((phase) => !waits(phase));
    const phases = new Set(started.map((phase) => phase.name));
    return phases.size < 2 ? [] : [`sync group ${name} is ${[...phases].sort().join(" and ")} at once`];
  });
}
