// Closes the circle: drivers tell what they see, the log hears it first, the fold decides, and the
// drivers are told. This is the whole use of streams in the daemon; everything else is a Driver.

import { defer, map, merge, type Observable, observeOn, queueScheduler, Subject, scan, subscribeOn, tap } from "rxjs";
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

/** Every turn the agent takes. Cold: nothing happens before it is subscribed. */
export function run(
  initial: AgentState,
  drivers: readonly Driver[],
  now: () => Instant,
  log: Pick<EventLog, "commit">,
): Observable<Turn> {
  return defer(() => {
    const turns$ = new Subject<Turn>(); // the only Subject of the daemon
    const placed = inTime(now);
    return merge(...drivers.map((drive) => drive(turns$))).pipe(
      subscribeOn(queueScheduler), // no driver speaks before every driver listens
      observeOn(queueScheduler), // what is seen during a turn waits for its end
      map(placed),
      scan((state: { readonly turn: Turn | null }, event) => ({ turn: step(state.turn?.state ?? initial, event) }), {
        turn: null,
      }),
      map(({ turn }) => turn as Turn),
      tap((turn) => log.commit(turn)),
      tap((turn) => turns$.next(turn)),
    );
  });
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
