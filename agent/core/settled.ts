// What stays of a configuration when another one comes.

import type { AgentConfig, RouterConfig } from "./config.ts";
import { changeOf } from "./holdings.ts";
import { madeOnce, same } from "./same.ts";
import { positionOf } from "./state.ts";

/**
 * Routers about which nothing new is said are the very objects they were: nothing prepared for them is lost. A reload
 * that must not fail over asks twice, for its plan and to be done, and is answered once.
 */
export const settled = madeOnce((before: AgentConfig, given: AgentConfig): AgentConfig => {
  const routers = given.routers.map((wanted) => {
    const present = presentIn(before, wanted);
    return present !== undefined && saysTheSame(present, wanted) ? present : wanted;
  });
  return { ...given, routers };
});

/** Compared once: the daemon does it beforehand, between its adverts. */
const saysTheSame = madeOnce((present: RouterConfig, wanted: RouterConfig): boolean => same(present, wanted));

/** What the fold would compare of each router, a router at a time: of hundreds it is half of the turn. */
export function* comparing(before: AgentConfig, given: AgentConfig): IterableIterator<void> {
  for (const wanted of given.routers) {
    const present = presentIn(before, wanted);
    if (present !== undefined && !saysTheSame(present, wanted)) changeOf(present, wanted);
    yield;
  }
}

function presentIn(before: AgentConfig, { key }: RouterConfig): RouterConfig | undefined {
  const i = positionOf(before, key);
  return i === undefined ? undefined : before.routers[i];
}
