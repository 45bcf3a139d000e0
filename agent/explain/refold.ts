// The same inputs under another configuration: what would have happened, as far as one router can tell.
//
// Deadlines are reached to the microsecond here, where the recorded ones were late by what the machine
// was late; so a comparison is made with the recorded inputs folded in the same way, not with the log.

import { step } from "../core/agent.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import { type AgentState, duesOf } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import { changesBetween, type Transition, type Wall } from "./chronicle.ts";

/** Where a refold begins. */
export type Beginning = { readonly state: AgentState; readonly at: Instant };

/** So many events within one second of the log: a rhythm of nothing would spin for ever. */
const MOST = 1_000_000;
const SECOND = 1_000_000;

/**
 * The transitions that these inputs lead to from a beginning, under a configuration that `edit` makes of each
 * recorded one; `sent` is told of every effect on the way. Of a log that is read meanwhile `until` is asked at its end.
 */
export function refold(
  { state: begun, at: start }: Beginning,
  inputs: Iterable<Event>,
  edit: (config: AgentConfig) => AgentConfig,
  wallOf: (at: Instant) => Wall,
  until: Instant | (() => Instant),
  sent: (effect: Effect, at: Instant) => void = () => undefined,
): readonly Transition[] {
  const found: Transition[] = [];
  let state = begun;
  let folded = 0;
  let second = start;
  const fold = (event: Event): void => {
    folded += 1;
    if (event.at - second >= SECOND) [folded, second] = [0, event.at];
    if (folded > MOST) throw new RangeError(`more than ${MOST} events in a second`);
    const { before, state: next, effects } = step(state, event);
    state = next;
    found.push(...changesBetween(before, next, 0, event.at, wallOf(event.at)));
    for (const effect of effects) sent(effect, event.at);
  };
  /** Everything that is due up to an instant, in the order of its time. */
  const pass = (at: Instant): void => {
    for (let due = earliest(state, at); due !== null; due = earliest(state, at)) fold(due);
  };
  fold({ at: start, seen: { type: "configured", config: edit(begun.config) } });
  for (const { at, seen } of inputs) {
    pass(at);
    fold({ at, seen: seen.type === "configured" ? { ...seen, config: edit(seen.config) } : seen });
  }
  pass(typeof until === "number" ? until : until());
  return found;
}

function earliest(state: AgentState, until: Instant): Event | null {
  const first = duesOf(state)[0];
  return first === undefined || first.at > until ? null : first;
}
