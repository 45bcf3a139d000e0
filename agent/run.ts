// Closes the circle: drivers tell what they see, the log hears it first, the fold decides, and the
// drivers are told. This is the whole use of streams in the daemon; everything else is a Driver.

import { filter, merge, Observable, Subject, share } from "rxjs";
import { step } from "./core/agent.ts";
import type { Event, Observation } from "./core/event.ts";
import type { AgentState, Turn } from "./core/state.ts";
import type { Instant } from "./core/time.ts";
import type { EventLog } from "./log/event-log.ts";

/** What a driver tells: an observation, or an event when something knows better than the clock when it was. */
export type Sighting = Observation | Event;

/**
 * Everything outside the core is a driver: it may watch the turns, and it tells what it sees. A
 * source watches nothing; an executor acts on the effects and tells how that went; the alarm
 * watches the state and tells when time is up.
 */
export type Driver = (turns$: Observable<Turn>) => Observable<Sighting>;

/**
 * Every turn the agent takes. Cold: nothing happens before it is subscribed. Routine is kept from `seldom`, drivers
 * that act upon nothing else: there are thousands of such turns a second, and each driver that is told costs.
 */
export function run(
  initial: AgentState,
  drivers: readonly Driver[],
  now: () => Instant,
  log: Pick<EventLog, "commit">,
  seldom: readonly Driver[] = [],
): Observable<Turn> {
  return new Observable<Turn>((subscriber) => {
    let routine = false;
    const turns$ = new Subject<Turn>(); // the only Subject of the daemon
    const news$ = turns$.pipe(
      filter(() => !routine),
      share(), // asked once a turn, not once for each driver
    );
    const placed = inTime(now);
    let state = initial;
    const act = (turn: Turn, isRoutine = false): void => {
      routine = isRoutine;
      turns$.next(turn);
    };
    const take = (sighting: Sighting): void => {
      const turn = step(state, placed(sighting));
      state = turn.state;
      log.commit(turn, act);
      subscriber.next(turn);
    };
    const { see, open } = oneByOne(take, (cause) => subscriber.error(cause));
    const error = (cause: unknown): void => subscriber.error(cause);
    const driven = [...drivers.map((drive) => drive(turns$)), ...seldom.map((drive) => drive(news$))];
    subscriber.add(merge(...driven).subscribe({ next: see, error }));
    open();
  });
}

/**
 * What is seen during a turn waits for its end, and what is seen before every driver listens waits for `open`.
 * Written out, as it is what all advertisements pass: a scheduler of rxjs makes three objects for each.
 */
function oneByOne<T>(take: (one: T) => void, failed: (cause: unknown) => void) {
  const waiting: T[] = [];
  let busy = true;
  const next = (one: T): void => {
    busy = true;
    try {
      take(one);
      for (let other = waiting.shift(); other !== undefined; other = waiting.shift()) take(other);
    } catch (cause) {
      failed(cause);
    }
    busy = false;
  };
  return {
    see: (one: T): void => {
      if (busy) waiting.push(one);
      else next(one);
    },
    open: (): void => {
      busy = false;
      const first = waiting.shift();
      if (first !== undefined) next(first);
    },
  };
}

/** Gives each sighting its time. A kernel's time stamp is believed as long as time does not go back by it. */
function inTime(now: () => Instant): (sighting: Sighting) => Event {
  let last = 0 as Instant;
  return (sighting) => {
    const stamped = "seen" in sighting;
    const at = stamped ? sighting.at : now();
    last = Math.max(last, at) as Instant;
    return { at: last, seen: stamped ? sighting.seen : sighting };
  };
}
