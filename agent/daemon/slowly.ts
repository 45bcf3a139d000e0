// Work of a thread that nobody waits for, while others want its processor.

import { readFileSync } from "node:fs";
import { type Duration, microseconds, milliseconds } from "../core/time.ts";

/** Between two pieces, in ms: whoever wants something of the thread is answered then. */
const REST = 1;
/** Of waiting for a processor, since the piece before; and the rest that is taken then, in ms. */
const CROWDED = milliseconds(1);
const LONG_REST = 5_000;

/**
 * Does one piece after the other, and tells what the last one came to. A thread that has to stop in the midst of a piece
 * because others want its processor may hold what the main thread needs, which, real-time or not, was 5 and 14 ms late for
 * it with a take-over. So it is left to them for longer.
 */
export function slowly<T>(
  pieces: Iterator<T>,
  waited: () => Duration,
  end: (last: T | null) => void,
  later: (act: () => void, ms: number) => void = setTimeout,
): void {
  let last: T | null = null;
  const next = (): void => {
    if (waited() > CROWDED) {
      later(next, LONG_REST);
      return;
    }
    const { done, value } = pieces.next();
    if (done === true) end(last);
    else {
      last = value;
      later(next, REST);
    }
  };
  next();
}

/** Gives how long this thread has waited for a processor since it was asked the last time; nothing where the kernel does not tell. */
export function waitingHere(): () => Duration {
  let before = 0;
  return () => {
    const now = waited();
    const span = microseconds(Math.max(0, now - before));
    before = now;
    return span;
  };
}

/** In µs since the thread began. What runs, what waits, both in ns, and how often: proc_pid_schedstat of the kernel. */
function waited(): number {
  try {
    const [, waits = "0"] = readFileSync("/proc/thread-self/schedstat", "latin1").split(" ");
    return Number(waits) / 1_000;
  } catch {
    return 0;
  }
}
