// What operators take out of service, put back, and let take over: whom that is about, and until when.

import { type Actor, askedBy } from "./actor.ts";
import { compareAddresses } from "./address.ts";
import type { Operation } from "./command.ts";
import type { AgentConfig, RouterKey } from "./config.ts";
import { membersWith, type RoutersTurn, regroup } from "./group.ts";
import { drain, promote, resume } from "./router.ts";
import {
  type AgentState,
  type Drained,
  effectivePriority,
  positionOf,
  type RouterState,
  type RouterTurn,
  routerOf,
} from "./state.ts";
import { after, type Duration, type Instant, inSeconds, seconds, since, until } from "./time.ts";

type Routers = readonly RouterState[];

/** What an operator's command does to the routers it is about. */
export function operated(state: AgentState, command: Operation, by: Actor | null, at: Instant): RoutersTurn {
  const { config, routers } = state;
  const isMeant = meantBy(config, command.routers);
  switch (command.type) {
    case "drain": {
      const { lasts, reason } = command;
      const until = lasts === null ? null : after(at, lasts);
      const named = { until, reason, whole: command.routers === null, by };
      return each(routers, isMeant, (router) => drain(router, { since: router.drained?.since ?? at, ...named }, at));
    }
    case "resume":
      return regroup(
        config,
        each(routers, isMeant, (router) => resume(router, at)),
        at,
      );
    case "promote":
      return hindersPromotion(state, command.routers) === null
        ? each(routers, isMeant, (router) => promote(router, at))
        : { routers, effects: NO_EFFECTS };
  }
}

/** Those whose time is over take part again. */
export const drainsOver = ({ config, routers }: AgentState, at: Instant): RoutersTurn =>
  regroup(
    config,
    each(
      routers,
      ({ drained }) => isOver(drained, at),
      (router) => resume(router, at),
    ),
    at,
  );

const isOver = (drained: Drained | null, at: Instant): boolean =>
  drained !== null && drained.until !== null && drained.until <= at;

const NO_EFFECTS: RoutersTurn["effects"] = [];

/** Sync groups are drained, resumed and promoted together (B11.2). */
export function meantBy(config: AgentConfig, keys: readonly RouterKey[] | null): (router: RouterState) => boolean {
  if (keys === null) return () => true;
  const meant = new Set(keys.flatMap((key) => membersWith(config, key)));
  return (router) => meant.has(router.config.key);
}

function each(
  routers: Routers,
  isMeant: (router: RouterState) => boolean,
  move: (router: RouterState) => RouterTurn,
): RoutersTurn {
  const turns = routers.map((router) => (isMeant(router) ? move(router) : { router, effects: NO_EFFECTS }));
  return { routers: turns.map(({ router }) => router), effects: turns.flatMap(({ effects }) => effects) };
}

/** When the first of them takes part again by itself. */
export function firstEnd(routers: Routers): Instant | null {
  let first: Instant | null = null;
  for (const { drained } of routers)
    if (drained !== null && drained.until !== null && (first === null || drained.until < first)) first = drained.until;
  return first;
}

/**
 * Under a new configuration: what comes to a drained node, or to a sync group with a drained member, is drained with
 * it. `found` are its routers, those that are there already and new ones.
 */
export function drainedUnder(config: AgentConfig, before: AgentState, found: Routers, at: Instant): RoutersTurn {
  if (before.routers.every(({ drained }) => drained === null)) return { routers: found, effects: NO_EFFECTS };
  const whole = before.routers.find(({ drained }) => drained?.whole === true)?.drained ?? null;
  const isNew = ({ config: { key } }: RouterState): boolean => positionOf(before.config, key) === undefined;
  const drains = found.map((router) => (isNew(router) ? whole : router.drained));
  for (const { members } of config.groups) {
    const places = members.flatMap((key) => positionOf(config, key) ?? []);
    const longest = places.map((i) => drains[i] ?? null).reduce(longer, null);
    for (const i of places) drains[i] = longest;
  }
  const wanted = new Map(found.map((router, i) => [router, drains[i] ?? null]));
  return each(
    found,
    (router) => wanted.get(router) !== router.drained,
    (router) => {
      const drained = wanted.get(router) ?? null;
      return drained === null ? { router, effects: NO_EFFECTS } : drain(router, drained, at);
    },
  );
}

function longer(a: Drained | null, b: Drained | null): Drained | null {
  if (a === null || b === null) return a ?? b;
  return b.until === null || (a.until !== null && b.until > a.until) ? b : a;
}

/**
 * Why these routers cannot be promoted, and what to do instead; null when they can. A neighbour that would not yield
 * to their own priority stays Master beside them, and takes the addresses back: nothing is advertised that is not true.
 */
export function hindersPromotion(state: AgentState, keys: readonly RouterKey[]): string | null {
  const meant = new Set(keys.flatMap((key) => membersWith(state.config, key)));
  for (const key of meant) {
    const router = routerOf(state, key);
    const why = router === undefined ? `there is no ${key}` : unfitFor(router);
    if (why !== null) return why;
  }
  return null;
}

function unfitFor(router: RouterState): string | null {
  const { phase, config, drained, primaryAddress } = router;
  const { name } = config;
  if (phase.name === "master") return null;
  if (drained !== null) return `${name} is drained; heird resume ${name} ends that`;
  if (phase.name !== "backup")
    return `${name} is in ${phase.name.toUpperCase()} (${phase.because}); heird why-not ${name} says more`;
  const { heard, resigned } = phase;
  if (heard === null || resigned) return null;
  const own = effectivePriority(router);
  const wins =
    own > heard.priority ||
    (own === heard.priority && primaryAddress !== null && compareAddresses(primaryAddress, heard.source) > 0);
  return wins
    ? null
    : `${heard.source} with priority ${heard.priority} is Master of ${name}, and would take it back from ${own}; run heird drain ${name} there`;
}

/** Why a router is out of service, for how long still, and how that ends; to people. */
export function drainInWords({ config: { name } }: RouterState, drained: Drained, now: Instant): string {
  const { reason, by } = drained;
  const why = reason === "" ? "" : ` for "${reason}"`;
  const end = drained.until === null ? "until" : `for another ${wholeSeconds(until(now, drained.until))}, or until`;
  const ago = wholeSeconds(since(drained.since, now));
  return `drained ${ago} ago${why}${askedBy(by ?? undefined)}: it takes nothing over ${end} heird resume ${name}`;
}

const wholeSeconds = (span: Duration): string => inSeconds(seconds(Math.round(span / 1_000_000)));
