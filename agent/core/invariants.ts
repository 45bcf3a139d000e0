// What must hold after every turn, whatever was seen. Tests check it after each turn; in production
// a turn that breaks it ends the process: a router that ends is replaced by its neighbours, a
// router that is wrong is replaced by nobody.

import { PRIORITY_STOP } from "./config.ts";
import { nextDeadline, routerOf, type Turn } from "./state.ts";

/** What this turn did wrong, in sentences; empty when all holds. */
export function violations(turn: Turn): readonly string[] {
  return [...orderOfEffects(turn), ...timeGoesForward(turn), ...onlyMastersAct(turn), ...routersMatchConfig(turn)];
}

function onlyMastersAct({ before, state, effects }: Turn): string[] {
  const wrong: string[] = [];
  for (const effect of effects) {
    const now = routerOf(state, effect.router)?.phase.name;
    const was = routerOf(before, effect.router)?.phase.name;
    if (effect.type === "sendAdvert" && effect.priority !== PRIORITY_STOP && now !== "master")
      wrong.push(`${effect.router} advertises in ${now}`);
    if (effect.type === "sendAdvert" && effect.priority === PRIORITY_STOP && was !== "master")
      wrong.push(`${effect.router} resigns though it was ${was}`);
    if (effect.type === "sendAdvert" && !(effect.priority >= 0 && effect.priority <= 255))
      wrong.push(`${effect.router} advertises priority ${effect.priority}, which does not fit its octet`);
    if ((effect.type === "addAddresses" || effect.type === "announce") && now !== "master")
      wrong.push(`${effect.router} wants ${effect.type} in ${now}`);
  }
  for (const router of before.routers) {
    if (router.phase.name !== "master") continue;
    const left = routerOf(state, router.config.key)?.phase.name !== "master";
    const lets = effects.some((effect) => effect.type === "removeAddresses" && effect.router === router.config.key);
    if (left && !lets && router.config.virtualAddresses.length > 0)
      wrong.push(`${router.config.key} is Master no more and keeps its addresses`);
  }
  return wrong;
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

function timeGoesForward({ state, event }: Turn): string[] {
  if (event.seen.type === "deadlineReached") return [];
  const changed = state.routers.filter((router) => router.phase.since === event.at);
  return changed.flatMap((router) => {
    const deadline = nextDeadline(router.phase);
    return deadline !== null && deadline < event.at ? [`${router.config.key} has a deadline in the past`] : [];
  });
}

function routersMatchConfig({ state }: Turn): string[] {
  const { routers, config } = state;
  const match = routers.length === config.routers.length && routers.every((r, i) => r.config === config.routers[i]);
  return match ? [] : ["the routers are not those of the configuration"];
}
