// What stays of a configuration when another one comes.

import type { AgentConfig } from "./config.ts";
import { same } from "./same.ts";
import { positionOf } from "./state.ts";

const settlements = new WeakMap<AgentConfig, { readonly before: AgentConfig; readonly settled: AgentConfig }>();

/**
 * Routers about which nothing new is said are the very objects they were: nothing prepared for them is lost. A reload
 * that must not fail over asks twice, for its plan and to be done, and is answered once.
 */
export function settled(before: AgentConfig, given: AgentConfig): AgentConfig {
  const known = settlements.get(given);
  if (known?.before === before) return known.settled;
  const settled = asNew(before, given);
  settlements.set(given, { before, settled });
  return settled;
}

function asNew(before: AgentConfig, given: AgentConfig): AgentConfig {
  const routers = given.routers.map((wanted) => {
    const i = positionOf(before, wanted.key);
    const present = i === undefined ? undefined : before.routers[i];
    return present !== undefined && same(present, wanted) ? present : wanted;
  });
  return { ...given, routers };
}
