// Tells when a deadline of the state is reached.

import { Observable } from "rxjs";
import { companionsOf } from "./core/group.ts";
import { type AgentState, duesOf, nextDeadline, routerOf, type Turn } from "./core/state.ts";
import type { Instant } from "./core/time.ts";
import type { Kernel } from "./kernel.ts";
import type { Driver } from "./run.ts";

/**
 * One alarm for all routers, set to the earliest deadline. When it rings, the sockets are read
 * first: after a stall the advertisement that proves the Master alive is already waiting there, and
 * Node would run the timer before it. Only then is time believed.
 *
 * A deadline that moved further away does not touch the alarm; it rings for nothing once, which is
 * cheaper than setting it anew for every advertisement. `rang` is told when it was set for and when it rang.
 */
export const alarm =
  (kernel: Pick<Kernel, "now" | "setAlarm" | "drain">, rang: (due: Instant, now: Instant) => void = () => {}): Driver =>
  (turns$) =>
    new Observable((subscriber) => {
      let state: AgentState | null = null;
      let armed: Instant | null = null;
      let ringing = false;

      const arm = (): void => {
        if (ringing || state === null) return;
        const at = earliestOf(state);
        if (at === null || (armed !== null && armed <= at)) return;
        armed = at;
        kernel.setAlarm(at, ring);
      };
      const ring = (): void => {
        const due = armed;
        armed = null;
        ringing = true;
        // How late the process was, before it reads what waited meanwhile.
        if (due !== null) rang(due, kernel.now());
        kernel.drain();
        const now = kernel.now();
        // Each router by itself: the first advertisement does not wait for the last fold.
        for (const seen of reached(state, now)) subscriber.next(seen);
        ringing = false;
        arm();
      };

      const turns = turns$.subscribe((turn) => {
        state = turn.state;
        if (armed === null || mayComeFirst(turn, armed)) arm();
      });
      return () => {
        turns.unsubscribe();
        kernel.setAlarm(null, ring);
      };
    });

/** What is due at an instant. */
const reached = (state: AgentState | null, now: Instant) =>
  (state === null ? [] : duesOf(state)).flatMap(({ at, seen }) => (at <= now ? [seen] : []));

/** Packets and deadlines move the deadline of one router only, and those of its group; of 250, the others need no look. */
function mayComeFirst({ event: { seen }, state, before }: Turn, armed: Instant): boolean {
  if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return true;
  const router = routerOf(state, seen.router);
  if (router === undefined) return false;
  const at = nextDeadline(router.phase);
  if (at !== null && at < armed) return true;
  const places = companionsOf(state.config, seen.router);
  return places?.some((i) => state.routers[i] !== before.routers[i] && state.routers[i] !== router) ?? false;
}

function earliestOf({ routers, waits, config, checks }: AgentState): Instant | null {
  let earliest: Instant | null = null;
  for (const { phase } of routers) {
    const at = nextDeadline(phase);
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  for (const { until } of waits) if (earliest === null || until < earliest) earliest = until;
  for (const { name } of config.checks) {
    const at = checks[name]?.dueAt ?? null;
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}
