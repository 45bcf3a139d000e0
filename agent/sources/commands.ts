// What people and signals ask: start, stop, take a new configuration, drain and resume. A command that is refused
// never gets as far as the log.

import { Observable } from "rxjs";
import type { Actor } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import type { Instant } from "../core/time.ts";
import type { Driver } from "../run.ts";

/** Somebody outside the circle who may ask; each call becomes one observation. */
export type Commander = {
  readonly drive: Driver;
  readonly configure: (config: AgentConfig, by?: Actor) => void;
  readonly startup: (by?: Actor) => void;
  readonly shutdown: (by?: Actor) => void;
  /** Something begins that may keep the daemon until then. */
  readonly busy: (until: Instant) => void;
  readonly operate: (command: Operation, by?: Actor) => void;
};

export function commands(): Commander {
  let tell: ((seen: Observation) => void) | null = null;
  const ask = (seen: Observation): void => {
    if (tell === null) throw new Error("nobody is listening to commands yet");
    tell(seen);
  };
  return {
    drive: () =>
      new Observable<Observation>((subscriber) => {
        tell = (seen) => subscriber.next(seen);
        return () => {
          tell = null;
        };
      }),
    configure: (config, by) => ask({ type: "configured", config, ...of(by) }),
    startup: (by) => ask({ type: "commanded", command: { type: "startup" }, ...of(by) }),
    shutdown: (by) => ask({ type: "commanded", command: { type: "shutdown" }, ...of(by) }),
    busy: (until) => ask({ type: "busyAhead", until }),
    operate: (command, by) => ask({ type: "commanded", command, ...of(by) }),
  };
}

const of = (by: Actor | undefined): { readonly by?: Actor } => (by === undefined ? {} : { by });
