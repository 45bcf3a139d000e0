// What a daemon does when its start is done: it makes itself ready for the first failover, and small.

import type { Instant } from "../core/time.ts";
import { giveBack, keepWhatIsTouched, programHere } from "../linux/pages.ts";
import { bySlices, whenQuiet } from "./quiet.ts";
import type { Preparation } from "./rehearsal.ts";

/** By then what was to be compiled is compiled, in ms. */
const START_IS_OVER = 1_500;

export function settle(way: Preparation, deadline: () => Instant | null, now: () => Instant): void {
  whenQuiet(way.pieces(), deadline, now);
  const shrink = (): void => {
    const program = programHere();
    bySlices(giveBack(program), () => {
      // What a take-over needs is mapped again before it is needed, and stays.
      whenQuiet(way.anew(), deadline, now);
      bySlices(keepWhatIsTouched(program));
    });
  };
  setTimeout(shrink, START_IS_OVER).unref();
}
