// What is young on the heap stays small, and what a thread has left behind is not kept.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { YOUNG_FLAG } from "./flags.ts";

/** To be said again when a thread has begun: V8 makes two of this one with each heap that begins. */
export const keepYoungSmall = (): void => setFlagsFromString(YOUNG_FLAG);

/**
 * Collects the garbage of this thread now, which it would do by itself only when it has been idle for eight seconds.
 * Twice, since the first time some pages are only found to be empty.
 */
export function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  // Caches of compiled code are for the flags that they were made with.
  setFlagsFromString("--no-expose-gc");
  gc();
  gc();
}
