// Goes the way of a take-over shortly before its time. What has never run is compiled, and what has long not run is
// cold: both took longer than all that is to be done.

import type { Rehearsal } from "../alarm.ts";
import { step } from "../core/agent.ts";
import { PRIORITY_OWNER } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import { type AgentState, isTakeOver, nextDeadline, type RouterState } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import type { Performer } from "../effects/perform.ts";
import { clockPair } from "../linux/clock.ts";
import { readWithoutSocket } from "../linux/datagrams.ts";
import type { EventLog } from "../log/event-log.ts";
import { advertPacket } from "../wire/packet.ts";
import { createReceiver } from "../wire/receive.ts";
import type { WarmUp } from "./warm.ts";

type Parts = {
  readonly log: Pick<EventLog, "ready" | "rehearse">;
  readonly performer: Pick<Performer, "ready" | "practise">;
};

/** So often the way to the kernel is gone: V8 compiles what was called some twenty times. */
const OFTEN = 25;
/** And so often what is compiled already. */
const SELDOM = 3;

/** What is played while nobody needs the process. */
export type Preparation = {
  /** For the time after the start; what is done there needs not be done for the first time later. */
  readonly pieces: () => Iterator<void>;
  /** Every way once more, so that the pages of the program that it takes are there. */
  readonly anew: () => Iterator<void>;
};

/** What a router hears of the strongest neighbour there may be. */
function strongerThan({ config, primaryAddress }: RouterState): Observation | null {
  if (primaryAddress === null) return null;
  const packet = advertPacket(config, PRIORITY_OWNER, primaryAddress);
  const datagram = readWithoutSocket(config.interface, config.family, packet, clockPair());
  const received = createReceiver()(datagram, config.family, () => config);
  return received.ok ? { type: "advertReceived", router: received.router, advert: received.advert } : null;
}

export function rehearsalOf(
  warm: () => WarmUp,
  { log, performer }: Parts,
  state: () => AgentState,
): Rehearsal & Preparation {
  const ready = (at: Instant): void => {
    log.ready(state(), at);
    performer.ready(state(), at);
  };
  /** The first router takes over, and is taken over from: in mind, but with what it really is. */
  const first = (): void => {
    const router = state().routers.find(({ phase }) => phase.name === "backup" || phase.name === "master");
    const at = router === undefined ? null : nextDeadline(router.phase);
    if (router === undefined || at === null) return;
    if (router.phase.name === "backup") ready(at);
    const turn = step(state(), { at, seen: { type: "deadlineReached", router: router.config.key } });
    log.rehearse(turn);
    const seen = strongerThan(router);
    if (seen !== null) log.rehearse(step(turn.state, { at, seen }));
  };
  function* practice(times: number): IterableIterator<void> {
    for (let i = 0; i < times; i++) yield performer.practise(state());
  }
  return {
    *pieces() {
      yield* warm().pieces;
      first();
      yield* practice(OFTEN);
    },
    *anew() {
      yield* warm().again();
      first();
      yield* practice(SELDOM);
    },
    whole: (at) => warm().rehearse(() => ready(at)),
    again: (at) => {
      const router = state().routers.find(({ phase }) => isTakeOver(phase, at));
      if (router === undefined) return;
      log.rehearse(step(state(), { at, seen: { type: "deadlineReached", router: router.config.key } }));
    },
  };
}
