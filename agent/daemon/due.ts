// When the routers of a state are due, and timers for whoever waits for them.

import { type AgentState, nextDeadline } from "../core/state.ts";
import { type Instant, seconds, since } from "../core/time.ts";

const OVERDUE = seconds(1);

/** The first deadline of a router. */
export function earliest({ routers }: AgentState): Instant | null {
  let first: Instant | null = null;
  for (const { phase } of routers) {
    const at = nextDeadline(phase);
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first;
}

/** Whether it should have been met long ago: the process does not keep up, or hangs. */
export function overdue(state: AgentState, now: Instant): boolean {
  const first = earliest(state);
  return first !== null && since(first, now) > OVERDUE;
}

/** Calls back once, unless what it gives is called before. */
export function later(act: () => void, ms: number): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
