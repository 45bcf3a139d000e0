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
  /** Which process it is: what an earlier one had in mind is forgotten with it. */
  let life = 0;

  /** Does it now, or when the process runs again: what became due meanwhile keeps its order. */
  const awake = (act: () => void, mine = life): void => {
    if (ended || mine !== life) return;
    if (time.now() < frozenUntil) time.at(frozenUntil, () => awake(act, mine));
    else act();
  };
  /** Node runs a timer that is due before it reads a socket: after a freeze, the alarm comes first. */
  const afterAlarm = (act: () => void, mine = life): void => {
    if (time.now() < frozenUntil) time.at(frozenUntil, () => time.at(time.now(), () => afterAlarm(act, mine)));
    else awake(act, mine);
  };
  const later = (step: () => void): void => {
    const mine = life;
    time.at(time.now(), () => awake(step, mine));
  };
  return {
    setAlarm: (at: Instant | null, ring: () => void): void => {
      callOff();
      let off = false;
      const mine = life;
      callOff = () => {
        off = true;
      };
      if (at !== null && !ended) time.at(at, () => awake(() => off || ring(), mine));
    },
    poll: (read: () => void): void => {
      if (polling) return;
      polling = true;
      const mine = life;
      time.at(time.now(), () =>
        afterAlarm(() => {
          polling = false;
          read();
        }, mine),
      );
    },
    later,
    afterwards: (when: Instant, step: () => void): void => {
      const mine = life;
      time.at(when, () => mine === life && later(step));
    },
    freeze: (until: Instant): void => {
      frozenUntil = until;
    },
    end: (): void => {
      ended = true;
    },
    /** Another process on the same machine. */
    begin: (): void => {
      life += 1;
      ended = false;
      polling = false;
      frozenUntil = 0 as Instant;
    },
    hasEnded: (): boolean => ended,
    isFrozen: (): boolean => time.now() < frozenUntil,
  };
}
