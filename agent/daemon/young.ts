// What is young on the heap stays small.

import { setFlagsFromString } from "node:v8";
import { YOUNG_FLAG } from "./flags.ts";

/** To be said again when a thread has begun: V8 makes two of this one with each heap that begins. */
export const keepYoungSmall = (): void => setFlagsFromString(YOUNG_FLAG);
