// Tells when a deadline of the state is reached.

import { Observable } from "rxjs";
import { type Duration, type Instant, instantAt, microseconds, milliseconds, since } from "./core/time.ts";
import { createDeadlines, type Deadlines } from "./deadlines.ts";
import type { Kernel } from "./kernel.ts";
import type { Driver } from "./run.ts";

/** Goes through the motions of a take-over that is due at this time. */
export type Rehearsal = {
  readonly whole: (at: Instant) => void;
  /** Of its turn alone, and in memory alone. */
  readonly again: (at: Instant) => void;
};

/**
 * One alarm for all routers, set to the earliest deadline, or a little later where that serves several. When it
 * rings, the sockets are read first: after a stall the advertisement that proves the Master alive is already
 * waiting there, and Node would run the timer before it. Only then is time believed.
 *
 * A deadline that moved further away does not touch the alarm; it rings for nothing once, which is
 * cheaper than setting it anew for every advertisement. `rang` is told when it was set for and when it rang.
 *
 * A take-over comes once in a long time, and code and data that nobody has touched since have left the
 * processor's caches: that alone made its advertisement 1.5 ms late. So the alarm rings a little before
 * it as well, and there is a rehearsal, once for the code and once more for the caches. The rest is waited for in naps,
 * reading the sockets: to be woken takes longer than to take over. Who sleeps grows cold, so the end is waited for
 * awake, with the turn itself in mind.
 */
export const alarm =
  (
    kernel: Pick<Kernel, "now" | "setAlarm" | "drain" | "rest">,
    rang: (due: Instant, now: Instant) => void = () => {},
    rehearsal: Rehearsal | null = null,
  ): Driver =>
  (turns$) =>
    new Observable((subscriber) => {
      const deadlines = createDeadlines();
      let armed: Instant | null = null;
      let ringing = false;
      const practice = practising(kernel, deadlines, rehearsal);

      const set = (at: Instant): void => {
        if (armed !== null && armed <= at) return;
        armed = at;
        kernel.setAlarm(at, ring);
      };
      const arm = (): void => {
        // While it rings, the deadlines move one after the other; it is set once, when all have.
        const next = ringing ? null : deadlines.next();
        if (next !== null) set(practice.ahead(next));
      };
      const ring = (): void => {
        const due = armed;
        armed = null;
        ringing = true;
        const rung = kernel.now();
        // How late the process was, before it reads what waited meanwhile.
        if (due !== null) rang(due, rung);
        practice.before(rung);
        kernel.drain();
        const time = practice.wait();
        // Each router by itself: the first advertisement does not wait for the last fold.
        for (const { seen } of deadlines.due(time)) subscriber.next(seen);
        ringing = false;
        arm();
      };

      const turns = turns$.subscribe((turn) => {
        const moved = deadlines.follow(turn);
        // What is not due before the alarm rings anyway is looked at then: most turns of a Backup are of that kind.
        if (armed === null || moved - HEAD_START < armed) arm();
      });
      return () => {
        turns.unsubscribe();
        kernel.setAlarm(null, ring);
      };
    });

/** What is done before a take-over, and which of them are worth it. */
function practising(
  kernel: Pick<Kernel, "now" | "drain" | "rest">,
  deadlines: Deadlines,
  rehearsal: Rehearsal | null,
): {
  /** When to be there for a deadline. */
  readonly ahead: (next: Instant) => Instant;
  /** Goes through the motions, when somebody is about to take over. */
  readonly before: (now: Instant) => void;
  /** What time it is, when nobody is about to take over any more. */
  readonly wait: () => Instant;
} {
  let rehearsed: Instant | null = null;
  /** The last time that somebody took over. */
  let lately: Instant | null = null;
  const isNew = (deadline: Instant): boolean =>
    rehearsal !== null &&
    isFirst(deadline, rehearsed, CROWD) &&
    isFirst(deadline, lately, WARM) &&
    deadlines.isTakeOver(deadline);
  const waited = (): Instant => {
    const time = kernel.now();
    const isOver = rehearsed === null || rehearsed <= time;
    return isOver ? time : waitFor(rehearsed, kernel, deadlines, rehearsal);
  };
  return {
    ahead: (next) => (next === rehearsed || isNew(next) ? before(next, HEAD_START) : next),
    before: (now) => {
      const next = rehearsal === null || !deadlines.someWait() ? null : deadlines.next();
      if (next === null || next <= now || before(next, HEAD_START) > now || !isNew(next)) return;
      rehearsed = next;
      rehearsal?.whole(next);
      if (before(next, TIME_FOR_ANOTHER) > kernel.now()) rehearsal?.whole(next);
    },
    wait: () => {
      const time = waited();
      const next = deadlines.someWait() ? deadlines.next() : null;
      if (next !== null && next <= time && deadlines.isTakeOver(next)) lately = next;
      return time;
    },
  };
}

/** Until what was rehearsed is due; what comes meanwhile may change that. */
function waitFor(
  rehearsed: Instant | null,
  kernel: Pick<Kernel, "now" | "drain" | "rest">,
  deadlines: Pick<Deadlines, "due" | "next">,
  rehearsal: Rehearsal | null,
): Instant {
  const pause = pausing(kernel, deadlines, rehearsal);
  for (;;) {
    const time = kernel.now();
    const next = deadlines.next();
    if (next === null || !isNear(next, rehearsed, time)) return time;
    pause(next, time);
    kernel.drain();
  }
}

/** A nap, and in the end the turn once more in mind, as long as that does not end too late. */
function pausing(
  { now, rest }: Pick<Kernel, "now" | "rest">,
  deadlines: Pick<Deadlines, "due">,
  rehearsal: Rehearsal | null,
): (next: Instant, time: Instant) => void {
  let took = TAKES;
  return (next, time) => {
    if (next - time > AWAKE) return rest(NAP);
    if (next - time <= took + A_LITTLE) return;
    rehearsal?.again(next);
    deadlines.due(next);
    took = since(time, now());
  };
}

/** A rehearsal takes one to two milliseconds, and four where the collector or the machine's host comes in between. */
const HEAD_START = milliseconds(6);
const TIME_FOR_ANOTHER = milliseconds(3);

/** What brings the Master's advertisement to our sockets may need this processor, and we come first on it. */
const NAP = microseconds(100);
/** Without naps: to wake from one takes up to 0.2 ms. */
const AWAKE = microseconds(1_500);
/** What the turn takes the first time in mind, cold; later as long as the time before, and a little. None ends too late. */
const TAKES = microseconds(500);
const A_LITTLE = microseconds(100);

/** Who takes over right after others does what is warm still, and holds nobody up with a rehearsal. */
const CROWD = milliseconds(20);
const WARM = milliseconds(200);

const isFirst = (deadline: Instant, other: Instant | null, distance: Duration): boolean =>
  other === null || Math.abs(deadline - other) > distance;

const before = (deadline: Instant, span: Duration): Instant => instantAt(Math.max(0, deadline - span));

const isNear = (next: Instant, rehearsed: Instant | null, now: Instant): boolean =>
  next === rehearsed && next > now && before(next, HEAD_START) <= now;
