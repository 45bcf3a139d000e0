// Waiting for something, never for a while.

import { setTimeout as pause } from "node:timers/promises";

export type Patience = {
  /** Milliseconds until giving up; 10 s unless told. */
  readonly within?: number;
  /** Milliseconds between looks; 10 ms unless told. */
  readonly every?: number;
  /** What to say besides, when it did not happen: the log of a daemon, the packets seen. */
  readonly otherwise?: () => string | Promise<string>;
};

/**
 * Looks until `look` gives something other than undefined or false, and gives that. Rejects with
 * `what` when the time is over; an error thrown by the last look is part of the sentence.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { within = 10_000, every = 10, otherwise }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    // The clock is read before the look, so that a slow machine always gets one after the deadline.
    const late = performance.now() >= deadline;
    const seen = await lookOnce(look);
    if (seen.found) return seen.value;
    if (late) {
      const besides = otherwise === undefined ? "" : `\n${await otherwise()}`;
      throw new Error(`not within ${within} ms: ${what}${seen.because}${besides}`);
    }
    await pause(every);
  }
}

type Look<T> = { readonly found: true; readonly value: T } | { readonly found: false; readonly because: string };

async function lookOnce<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<Look<T>> {
  try {
    const value = await look();
    return value === undefined || value === false ? { found: false, because: "" } : { found: true, value };
  } catch (error) {
    return { found: false, because: ` (${error instanceof Error ? error.message : String(error)})` };
  }
}
