// What led up to a transition of one router, gathered while the log is folded: the advertisements that
// held it back, those that did not, and what moved its priority.

import type { RouterKey } from "../core/config.ts";
import type { Advertisement } from "../core/event.ts";
import { effectivePriority, type RouterState, routerOf } from "../core/state.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Told } from "../log/replay.ts";
import { MINUTE } from "./horizon.ts";

/** Advertisements of one kind that followed each other. */
export type Heard = {
  /** The line of the last of them. */
  readonly seq: number;
  readonly advert: Advertisement;
  readonly count: number;
  readonly first: Instant;
  readonly last: Instant;
  /** Largest gap between two of them, as far as the log tells. */
  readonly maxGap: Duration;
};

/** A change of the effective priority, and the line that brought it. */
export type PriorityChange = { readonly seq: number; readonly at: Instant; readonly from: number; readonly to: number };

/** A line that changed what the router needs or is told, and when. */
export type Stamp = { readonly seq: number; readonly at: Instant };

export type Trail = {
  /** What a Backup waited on: the last minute of it. */
  readonly accepted: Heard | null;
  /** Weaker ones, since the last that was accepted. */
  readonly weaker: Heard | null;
  readonly resigned: Heard | null;
  /** The last change; a list, because there may have been none. */
  readonly priorities: readonly PriorityChange[];
  /** When it came to the phase it was in before the transition. */
  readonly entered: Stamp | null;
};

const NOTHING: Trail = { accepted: null, weaker: null, resigned: null, priorities: [], entered: null };

/** The trail of one router before each line. */
export function createTrail(key: RouterKey): { readonly look: (step: Told) => void; readonly now: () => Trail } {
  let trail = NOTHING;
  /** The parts that what was accepted is made of. */
  let parts: readonly Heard[] = [];
  return {
    look: (step) => {
      const is = routerOf(step.state, key);
      if (is === undefined) return;
      const was = routerOf(step.before, key);
      const { seq, at } = step.line;
      if (was?.phase.name !== is.phase.name) {
        trail = { ...trail, entered: { seq, at }, accepted: null, weaker: null, resigned: null };
        parts = [];
      }
      if (was !== undefined && was !== is) trail = withPriority(trail, was, is, { seq, at });
      const heard = heardIn(step, key);
      if (heard === null) return;
      if (!isHeld(heard, is)) trail = withWeaker(trail, heard);
      else {
        parts = [...parts.filter((part) => isLike(part, heard) && heard.last - part.last <= MINUTE), heard];
        trail = { ...trail, accepted: parts.reduce(joined), weaker: null, resigned: null };
      }
    },
    now: () => trail,
  };
}

function withPriority(trail: Trail, was: RouterState, is: RouterState, { seq, at }: Stamp): Trail {
  const [from, to] = [effectivePriority(was), effectivePriority(is)];
  return from === to ? trail : { ...trail, priorities: [{ seq, at, from, to }] };
}

function heardIn({ line }: Told, key: RouterKey): Heard | null {
  if (line.type === "event" && line.seen.type === "advertReceived" && line.seen.router === key) {
    const { seq, at, seen } = line;
    return { seq, advert: seen.advert, count: 1, first: at, last: at, maxGap: 0 as Duration };
  }
  if (line.type !== "window" || line.window.kind === "answers") return null;
  if (line.window.router !== key || line.window.advert === null) return null;
  const { advert, count, first, last, maxGap } = line.window;
  return { seq: line.seq, advert, count, first, last, maxGap };
}

/** Whether it held a Backup back. */
const isHeld = ({ advert, last }: Heard, { phase }: RouterState): boolean =>
  advert.priority !== 0 && phase.name === "backup" && phase.heard !== null && phase.heardAt === last;

function withWeaker(trail: Trail, heard: Heard): Trail {
  if (heard.advert.priority === 0) return { ...trail, resigned: heard, weaker: null };
  const { weaker } = trail;
  return { ...trail, weaker: weaker !== null && isLike(weaker, heard) ? joined(weaker, heard) : heard };
}

const isLike = ({ advert: a }: Heard, { advert: b }: Heard): boolean =>
  a.source === b.source && a.priority === b.priority;

/** The same advertisement again is counted on. */
function joined(before: Heard, heard: Heard): Heard {
  const between = Math.max(0, heard.first - before.last) as Duration;
  return {
    ...heard,
    count: before.count + heard.count,
    first: before.first,
    maxGap: Math.max(before.maxGap, heard.maxGap, between) as Duration,
  };
}
