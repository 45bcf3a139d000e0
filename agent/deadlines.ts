// Every deadline of a state, kept beside it: what has not changed is not asked again. A turn changes one
// router of 250 as a rule, and to look for it costs less than to ask all of them.

import { movedBy } from "./core/group.ts";
import {
  type AgentState,
  type Due,
  duesBesideRouters,
  nextDeadline,
  type RouterState,
  type Turn,
} from "./core/state.ts";
import { type Instant, instantAt, milliseconds } from "./core/time.ts";

export type Deadlines = {
  /** Takes note of a turn. */
  readonly follow: (turn: Turn) => void;
  /** When to look what is due: with the first deadline, or with a later one if the first can wait for it. */
  readonly next: () => Instant | null;
  /** Whether a Backup becomes Master then. */
  readonly isTakeOver: (at: Instant) => boolean;
  /** What is due, the longest overdue first. */
  readonly due: (now: Instant) => readonly Due[];
};

/**
 * How long a Master's deadline may wait for others, so that one waking serves several: a hundredth of its interval.
 * The next one counts from the deadline all the same, so that nothing adds up. A Backup waits for nobody.
 */
const LEEWAY = 1 / 100;
const MOST_LEEWAY = milliseconds(1);

const NEVER = Number.POSITIVE_INFINITY;

export function createDeadlines(): Deadlines {
  let routers: readonly RouterState[] = [];
  /** Of each router, when it is due and when at the latest; infinite when it never is. */
  let own = new Float64Array(0);
  let latest = new Float64Array(0);
  let beside: readonly Due[] = [];
  let waits: AgentState["waits"] | null = null;
  let checks: AgentState["checks"] | null = null;
  let drainOverAt: AgentState["drainOverAt"] = null;

  const note = (i: number, { phase, config }: RouterState): void => {
    const at = nextDeadline(phase) ?? NEVER;
    own[i] = at;
    latest[i] = phase.name === "master" ? at + Math.min(config.adverInterval * LEEWAY, MOST_LEEWAY) : at;
  };
  const followAll = (next: readonly RouterState[]): void => {
    const anew = next.length !== own.length;
    if (anew) own = new Float64Array(next.length);
    if (anew) latest = new Float64Array(next.length);
    for (let i = 0; i < next.length; i++) {
      const router = next[i];
      if (router !== undefined && (anew || router !== routers[i])) note(i, router);
    }
  };
  const followRouters = ({ before, state, event }: Turn): void => {
    const moved = before.routers === routers ? movedBy(state, event.seen) : null;
    if (moved === null) followAll(state.routers);
    else
      for (const i of moved) {
        const router = state.routers[i];
        if (router !== undefined) note(i, router);
      }
    routers = state.routers;
  };
  return {
    follow: (turn) => {
      const { state } = turn;
      if (state.routers !== routers) followRouters(turn);
      if (state.waits === waits && state.checks === checks && state.drainOverAt === drainOverAt) return;
      waits = state.waits;
      drainOverAt = state.drainOverAt;
      checks = state.checks;
      beside = duesBesideRouters(state);
    },
    next: () => {
      const first = beside[0]?.at ?? NEVER;
      const bound = earliestOf(latest, first);
      return bound === NEVER ? null : instantAt(lastUpTo(bound, own, first));
    },
    isTakeOver: (at) => {
      for (let i = 0; i < latest.length; i++) if (latest[i] === at && routers[i]?.phase.name === "backup") return true;
      return false;
    },
    due: (now) => {
      const due = beside.filter(({ at }) => at <= now);
      for (let i = 0; i < own.length; i++) {
        const at = own[i];
        if (at === undefined || at > now) continue;
        const router = routers[i];
        if (router !== undefined)
          due.push({ at: instantAt(at), seen: { type: "deadlineReached", router: router.config.key } });
      }
      return due.length < 2 ? due : due.sort((a, b) => a.at - b.at);
    },
  };
}

function earliestOf(times: Float64Array, first: number): number {
  let earliest = first;
  for (let i = 0; i < times.length; i++) {
    const at = times[i] ?? NEVER;
    if (at < earliest) earliest = at;
  }
  return earliest;
}

/** The last one that does not come after the bound. */
function lastUpTo(bound: number, times: Float64Array, first: number): number {
  let last = first <= bound ? first : 0;
  for (let i = 0; i < times.length; i++) {
    const at = times[i] ?? NEVER;
    if (at <= bound && at > last) last = at;
  }
  return last;
}
