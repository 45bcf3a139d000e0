// Notices when the process did not run: by a heart that beats too late, and by what the garbage collector
// says of itself. Both go into the flight recorder; nothing is decided by them.

import { PerformanceObserver, performance } from "node:perf_hooks";
import { type Duration, type Instant, microseconds, milliseconds, since } from "../core/time.ts";
import type { Ring } from "../log/recorder.ts";
import { BEAT } from "../operate/strain.ts";

/** Less than this is how timers are. */
const WORTH: Duration = milliseconds(10);
/** v8's numbers for what it did, as `perf_hooks` tells them. */
const KINDS: Readonly<Record<number, string>> = { 1: "scavenge", 2: "minor", 4: "major", 8: "incremental", 16: "weak" };

/** Told how late each beat was, and how long each collection took. */
export type Counting = {
  readonly late: (span: Duration, at: Instant) => void;
  readonly collected: (span: Duration, at: Instant) => void;
};

/** Records stalls and collections for as long as the process lives. */
export function watchPulse(now: () => Instant, ring: () => Ring, counting: Counting): void {
  let last = now();
  setInterval(() => {
    const at = now();
    const late = since(last, at) - BEAT;
    counting.late(microseconds(Math.max(0, Math.round(late))), at);
    if (late > WORTH) ring().stall(at, microseconds(late));
    last = at;
  }, BEAT / 1_000).unref();
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const ended = Math.round(now() - (performance.now() - entry.startTime - entry.duration) * 1_000) as Instant;
      const { kind = 0 } = (entry as { readonly detail?: { readonly kind?: number } }).detail ?? {};
      const lasted = microseconds(Math.round(entry.duration * 1_000));
      counting.collected(lasted, ended);
      ring().collected(ended, lasted, KINDS[kind] ?? String(kind));
    }
  }).observe({ entryTypes: ["gc"] });
}
