// The process above a fake kernel: when it gets to run, and what it does first.

import type { Instant } from "../core/time.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type FakeProcess = ReturnType<typeof fakeProcess>;

/** One process of one thread: it does one thing after the other, the alarm before the sockets, and nothing while frozen. */
export function fakeProcess(time: VirtualTime) {
  let frozenUntil = 0 as Instant;
  let callOff = (): void => {};
  let polling = false;
  let ended = false;

  /** Does it now, or when the process runs again: what became due meanwhile keeps its order. */
  const awake = (act: () => void): void => {
    if (ended) return;
    if (time.now() < frozenUntil) time.at(frozenUntil, () => awake(act));
    else act();
  };
  /** Node runs a timer that is due before it reads a socket: after a freeze, the alarm comes first. */
  const afterAlarm = (act: () => void): void => {
    if (time.now() < frozenUntil) time.at(frozenUntil, () => time.at(time.now(), () => afterAlarm(act)));
    else awake(act);
  };
  return {
    setAlarm: (at: Instant | null, ring: () => void): void => {
      callOff();
      let off = false;
      callOff = () => {
        off = true;
      };
      if (at !== null && !ended) time.at(at, () => awake(() => off || ring()));
    },
    poll: (read: () => void): void => {
      if (polling) return;
      polling = true;
      time.at(time.now(), () =>
        afterAlarm(() => {
          polling = false;
          read();
        }),
      );
    },
    later: (step: () => void): void => void time.at(time.now(), () => awake(step)),
    freeze: (until: Instant): void => {
      frozenUntil = until;
    },
    end: (): void => {
      ended = true;
    },
    hasEnded: (): boolean => ended,
  };
}
