// Goes the way of a take-over shortly before its time. What has never run is compiled, and what has long not run is
// cold: both took longer than all that is to be done.

import type { Rehearsal } from "../alarm.ts";
import { step } from "../core/agent.ts";
import { type AgentState, isTakeOver, nextDeadline } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import type { Performer } from "../effects/perform.ts";
import type { EventLog } from "../log/event-log.ts";
import type { WarmUp } from "./warm.ts";

type Parts = { readonly log: Pick<EventLog, "ready" | "rehearse">; readonly performer: Pick<Performer, "ready"> };

/** What is played while nobody needs the process. */
export type Preparation = {
  /** For the time after the start; what is done there needs not be done for the first time later. */
  readonly pieces: () => Iterator<void>;
  /** Every way once more, so that the pages of the program that it takes are there. */
  readonly anew: () => Iterator<void>;
};

export function rehearsalOf(warm: WarmUp, { log, performer }: Parts, state: () => AgentState): Rehearsal & Preparation {
  const ready = (at: Instant): void => {
    log.ready(state(), at);
    performer.ready(state(), at);
  };
  const first = (): void => {
    const backup = state().routers.find(({ phase }) => phase.name === "backup");
    const at = backup === undefined ? null : nextDeadline(backup.phase);
    if (at !== null) ready(at);
  };
  return {
    *pieces() {
      yield* warm.pieces;
      first();
    },
    *anew() {
      yield* warm.again();
      first();
    },
    whole: (at) => warm.rehearse(() => ready(at)),
    again: (at) => {
      const router = state().routers.find(({ phase }) => isTakeOver(phase, at));
      if (router === undefined) return;
      log.rehearse(step(state(), { at, seen: { type: "deadlineReached", router: router.config.key } }));
    },
  };
}
