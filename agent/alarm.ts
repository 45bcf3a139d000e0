// Tells when a deadline of the state is reached.

import { Observable } from "rxjs";
import { type Instant, instantAt, milliseconds } from "./core/time.ts";
import { createDeadlines } from "./deadlines.ts";
import type { Kernel } from "./kernel.ts";
import type { Driver } from "./run.ts";

/**
 * One alarm for all routers, set to the earliest deadline. When it rings, the sockets are read
 * first: after a stall the advertisement that proves the Master alive is already waiting there, and
 * Node would run the timer before it. Only then is time believed.
 *
 * A deadline that moved further away does not touch the alarm; it rings for nothing once, which is
 * cheaper than setting it anew for every advertisement. `rang` is told when it was set for and when it rang.
 *
 * A take-over comes once in a long time, and code and data that nobody has touched since have left the
 * processor's caches: that alone made its advertisement 1.5 ms late. So the alarm rings a little before
 * it as well, and `rehearse` goes through the motions.
 */
export const alarm =
  (
    kernel: Pick<Kernel, "now" | "setAlarm" | "drain">,
    rang: (due: Instant, now: Instant) => void = () => {},
    rehearse: (() => void) | null = null,
  ): Driver =>
  (turns$) =>
    new Observable((subscriber) => {
      const deadlines = createDeadlines();
      let armed: Instant | null = null;
      let ringing = false;
      let rehearsed: Instant | null = null;

      const isNew = (deadline: Instant): boolean =>
        rehearse !== null && deadline !== rehearsed && deadlines.isTakeOver(deadline);
      const set = (at: Instant): void => {
        if (armed !== null && armed <= at) return;
        armed = at;
        kernel.setAlarm(at, ring);
      };
      const arm = (): void => {
        // While it rings, the deadlines move one after the other; it is set once, when all have.
        const first = ringing ? null : deadlines.earliest();
        if (first !== null) set(isNew(first) ? before(first) : first);
      };
      /** Goes through the motions, when somebody is about to take over; true when that was all. */
      const practise = (now: Instant): boolean => {
        const first = deadlines.earliest();
        if (first === null || first <= now || before(first) > now || !isNew(first)) return false;
        rehearsed = first;
        rehearse?.();
        return true;
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
        if (!practise(now)) for (const { seen } of deadlines.due(now)) subscriber.next(seen);
        ringing = false;
        arm();
      };

      const turns = turns$.subscribe(({ state }) => {
        deadlines.follow(state);
        arm();
      });
      return () => {
        turns.unsubscribe();
        kernel.setAlarm(null, ring);
      };
    });

/** A rehearsal takes half of that, and what it warmed is cold again soon. */
const HEAD_START = milliseconds(3);

const before = (deadline: Instant): Instant => instantAt(Math.max(0, deadline - HEAD_START));
