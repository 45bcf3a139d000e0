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
  /** Takes note of a turn; gives the earliest of the deadlines that it set or moved, infinite for none. */
  readonly follow: (turn: Turn) => number;
  /** When to look what is due: with the first deadline, or with a later one if the first can wait for it. */
  readonly next: () => Instant | null;
  /** Whether some Backup may become Master some time. */
  readonly someWait: () => boolean;
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
  const times = createTimes();
  let routers: readonly RouterState[] = [];
  let beside: readonly Due[] = [];
  let waits: AgentState["waits"] | null = null;
  let checks: AgentState["checks"] | null = null;
  let drainOverAt: AgentState["drainOverAt"] = null;

  const followAll = (next: readonly RouterState[]): number => {
    const anew = times.resize(next.length);
    let earliest = NEVER;
    for (let i = 0; i < next.length; i++) {
      const router = next[i];
      if (router !== undefined && (anew || router !== routers[i])) earliest = Math.min(earliest, times.note(i, router));
    }
    return earliest;
  };
  const followMoved = (next: readonly RouterState[], places: readonly number[]): number => {
    let earliest = NEVER;
    for (const i of places) {
      const router = next[i];
      if (router !== undefined) earliest = Math.min(earliest, times.note(i, router));
    }
    return earliest;
  };
  const followRouters = ({ before, state, event }: Turn): number => {
    const places = before.routers === routers ? movedBy(state, event.seen) : null;
    const earliest = places === null ? followAll(state.routers) : followMoved(state.routers, places);
    routers = state.routers;
    return earliest;
  };
  return {
    follow: (turn) => {
      const { state } = turn;
      const moved = state.routers === routers ? NEVER : followRouters(turn);
      if (state.waits === waits && state.checks === checks && state.drainOverAt === drainOverAt) return moved;
      waits = state.waits;
      drainOverAt = state.drainOverAt;
      checks = state.checks;
      beside = duesBesideRouters(state);
      return Math.min(moved, beside[0]?.at ?? NEVER);
    },
    next: () => times.next(beside[0]?.at ?? NEVER),
    someWait: times.someWait,
    isTakeOver: times.isTakeOver,
    due: (now) => {
      const due = beside.length === 0 ? [] : beside.filter(({ at }) => at <= now);
      times.due(now, (i, at) => {
        const router = routers[i];
        if (router !== undefined) due.push({ at, seen: { type: "deadlineReached", router: router.config.key } });
      });
      return due.length < 2 ? due : due.sort((a, b) => a.at - b.at);
    },
  };
}

/** When each router is due, and when at the latest; infinite when it never is. */
function createTimes() {
  let own = new Float64Array(0);
  let latest = new Float64Array(0);
  /** Which of them are Backup, and how many. */
  let backups = new Uint8Array(0);
  let waiting = 0;
  return {
    /** Whether it forgot all, because there are more or fewer now. */
    resize: (count: number): boolean => {
      if (count === own.length) return false;
      own = new Float64Array(count);
      latest = new Float64Array(count);
      backups = new Uint8Array(count);
      waiting = 0;
      return true;
    },
    note: (i: number, { phase, config }: RouterState): number => {
      const at = nextDeadline(phase) ?? NEVER;
      own[i] = at;
      latest[i] = phase.name === "master" ? at + Math.min(config.adverInterval * LEEWAY, MOST_LEEWAY) : at;
      const isBackup = phase.name === "backup" ? 1 : 0;
      waiting += isBackup - (backups[i] ?? 0);
      backups[i] = isBackup;
      return at;
    },
    someWait: () => waiting > 0,
    isTakeOver: (at: Instant): boolean => {
      for (let i = 0; i < latest.length; i++) if (latest[i] === at && backups[i] === 1) return true;
      return false;
    },
    next: (first: number): Instant | null => {
      const bound = earliestOf(latest, first);
      return bound === NEVER ? null : instantAt(lastUpTo(bound, own, first));
    },
    due: (now: Instant, tell: (i: number, at: Instant) => void): void => {
      for (let i = 0; i < own.length; i++) {
        const at = own[i];
        if (at !== undefined && at <= now) tell(i, instantAt(at));
      }
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
