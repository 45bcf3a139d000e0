// Every deadline of a state, kept beside it: what has not changed is not asked again. A turn changes one
// router of 250 as a rule, and to look for it costs less than to ask all of them.

import { type AgentState, type Due, duesBesideRouters, nextDeadline, type RouterState } from "./core/state.ts";
import { type Instant, instantAt } from "./core/time.ts";

export type Deadlines = {
  /** Takes note of a state. */
  readonly follow: (state: AgentState) => void;
  readonly earliest: () => Instant | null;
  /** Whether a Backup becomes Master then. */
  readonly isTakeOver: (at: Instant) => boolean;
  /** What is due, the longest overdue first. */
  readonly due: (now: Instant) => readonly Due[];
};

export function createDeadlines(): Deadlines {
  let routers: readonly RouterState[] = [];
  /** Of each router; infinite when it has none. */
  let own = new Float64Array(0);
  let beside: readonly Due[] = [];
  let waits: AgentState["waits"] | null = null;
  let checks: AgentState["checks"] | null = null;

  const note = (i: number, router: RouterState): void => {
    own[i] = nextDeadline(router.phase) ?? Number.POSITIVE_INFINITY;
  };
  const followRouters = (next: readonly RouterState[]): void => {
    const anew = next.length !== own.length;
    if (anew) own = new Float64Array(next.length);
    for (let i = 0; i < next.length; i++) {
      const router = next[i];
      if (router !== undefined && (anew || router !== routers[i])) note(i, router);
    }
    routers = next;
  };

  return {
    follow: (state) => {
      if (state.routers !== routers) followRouters(state.routers);
      if (state.waits === waits && state.checks === checks) return;
      waits = state.waits;
      checks = state.checks;
      beside = duesBesideRouters(state);
    },
    earliest: () => {
      let first: number = beside[0]?.at ?? Number.POSITIVE_INFINITY;
      for (const at of own) if (at < first) first = at;
      return first === Number.POSITIVE_INFINITY ? null : instantAt(first);
    },
    isTakeOver: (at) => {
      const i = own.indexOf(at);
      return routers[i]?.phase.name === "backup";
    },
    due: (now) => {
      const due = beside.filter(({ at }) => at <= now);
      for (let i = 0; i < own.length; i++) {
        const at = own[i];
        const router = routers[i];
        if (at === undefined || router === undefined || at > now) continue;
        due.push({ at: instantAt(at), seen: { type: "deadlineReached", router: router.config.key } });
      }
      return due.length < 2 ? due : due.sort((a, b) => a.at - b.at);
    },
  };
}
