// What the hooks of a daemon that sees this would be told, without the hooks.

import { step } from "../../agent/core/agent.ts";
import type { Notice } from "../../agent/core/effect.ts";
import type { Observation } from "../../agent/core/event.ts";
import { initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";

/** Every notice, when all of it is seen in its order at one second after the start of the machine. */
export function noticesOf(happened: readonly Observation[]): readonly Notice[] {
  let state = initialState;
  const told: Notice[] = [];
  for (const seen of happened) {
    const turn = step(state, { at: instantAt(1_000_000), seen });
    state = turn.state;
    for (const effect of turn.effects) if (effect.type === "notify") told.push(effect.notice);
  }
  return told;
}

/** What led to it, in words. */
export const causesIn = ({ cause }: Notice): readonly string[] => cause.map(({ what }) => what);
