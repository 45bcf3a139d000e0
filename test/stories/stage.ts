// Where stories are played: the pure fold, a clock that only commands move, and an alarm that rings
// at the very instant of each deadline. Every turn must keep the invariants and leave its
// before-state alone; a turn that does not ends the story.

import type { IpAddress } from "../../agent/core/address.ts";
import { step } from "../../agent/core/agent.ts";
import type { Event, Observation } from "../../agent/core/event.ts";
import { violations } from "../../agent/core/invariants.ts";
import { same } from "../../agent/core/same.ts";
import { type AgentState, type Due, duesOf, initialState, type Turn } from "../../agent/core/state.ts";
import { after, type Duration, type Instant, inSeconds, instantAt } from "../../agent/core/time.ts";
import { deepFreeze } from "./freeze.ts";
import { addressOf } from "./options.ts";

/** What happened in one turn, and when. */
export type Played = { readonly at: Instant; readonly turn: Turn };

/** The addresses of eth0 before a story says anything: what adverts usually come from. */
export const OUR_ADDRESSES: readonly IpAddress[] = ["10.0.0.1", "fe80::1"].map(addressOf);

export type Stage = {
  readonly now: () => Instant;
  readonly state: () => AgentState;
  /** Folds one observation at this instant. */
  readonly see: (seen: Observation) => Played;
  /** Lets time pass; with `ringing`, every deadline on the way is told at its own instant. */
  readonly pass: (span: Duration, ringing: boolean) => readonly Played[];
};

/** A machine with eth0 up, 10.0.0.1 and fe80::1 on it, and no router yet. */
export function createStage(): Stage {
  let now = instantAt(0);
  let state = deepFreeze(initialState);
  const see = (seen: Observation): Played => {
    const event: Event = deepFreeze({ at: now, seen });
    const turn = step(state, event);
    const wrong = violations(turn);
    if (wrong.length > 0) throw new Error(`at ${inSeconds(now)}, ${seen.type}: ${wrong.join("; ")}`);
    state = deepFreeze(turn).state;
    return { at: now, turn };
  };
  const ring = (at: Instant): readonly Played[] => {
    now = at;
    return dueBy(state, now).map((due) => {
      const played = see(due);
      if (due.type === "deadlineReached" && dueBy(state, now).some((still) => same(still, due)))
        throw new Error(`at ${inSeconds(now)}: ${due.router} rings for ever`);
      return played;
    });
  };
  const pass = (span: Duration, ringing: boolean): readonly Played[] => {
    const end = after(now, span);
    const played: Played[] = [];
    for (let at = earliest(state); ringing && at !== null && at <= end; at = earliest(state))
      played.push(...ring(instantAt(Math.max(at, now))));
    now = end;
    return played;
  };
  see({ type: "linkChanged", link: { name: "eth0", index: 2, up: true } });
  see({ type: "addressesChanged", interface: "eth0", added: OUR_ADDRESSES, removed: [] });
  return { now: () => now, state: () => state, see, pass };
}

const earliest = (state: AgentState): Instant | null => duesOf(state)[0]?.at ?? null;

/** The longest overdue first, as the daemon's alarm does. */
const dueBy = (state: AgentState, now: Instant): readonly Due["seen"][] =>
  duesOf(state)
    .filter(({ at }) => at <= now)
    .map(({ seen }) => seen);
