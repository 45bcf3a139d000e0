// One alarm on CLOCK_MONOTONIC, by timerfd: within 0.1 ms where setTimeout rounds to milliseconds.

import type { Instant } from "../core/time.ts";
import { now } from "./clock.ts";
import { close, messageOf, read, timerCreate, timerSet, whenReadable } from "./ffi.ts";

/** An alarm that can be set again and again. */
export type Alarm = {
  /** Rings once at `at` or as soon after as the scheduler allows; replaces what was set, null clears it. */
  readonly set: (at: Instant | null, ring: () => void) => void;
  readonly close: () => void;
};

/** Opens an alarm. It never rings for a setting that was replaced. */
export function openAlarm(): Alarm {
  const fd = timerCreate();
  if (fd < 0) throw new Error(`no timer can be had: ${messageOf(-fd)}`);
  // itimerspec: interval (stays 0) and first expiry, in seconds and nanoseconds of 64 bits each.
  const spec = new Uint8Array(new ArrayBuffer(128), 0, 32);
  const view = new DataView(spec.buffer);
  const expirations = new Uint8Array(new ArrayBuffer(128), 0, 8);
  let armedAt: Instant | null = null;
  let ring = (): void => {};

  const unwatch = whenReadable(fd, () => {
    // Setting the timer again takes the expiry back: then there is nothing to read, and nothing to tell. Whoever has
    // rung is set anew, mostly, and needs no reading.
    const isDue = armedAt !== null && now() >= armedAt;
    if (!isDue && (read(fd, expirations) !== 8 || armedAt === null)) return;
    armedAt = null;
    ring();
    if (armedAt === null) read(fd, expirations);
  });

  return {
    set(at, told) {
      ring = told;
      if (at === armedAt) return;
      armedAt = at;
      const seconds = at === null ? 0 : Math.floor(at / 1_000_000);
      // All zero disarms; an instant of 0 has passed anyway, and so has 1 ns.
      const nanoseconds = at === null ? 0 : Math.max(1, (at - seconds * 1_000_000) * 1_000);
      view.setUint32(16, seconds, true);
      view.setUint32(24, nanoseconds, true);
      timerSet(fd, spec);
    },
    close() {
      armedAt = null;
      unwatch();
      close(fd);
    },
  };
}
