// What is young on the heap has one MiB: by what a start leaves behind it would grow to sixteen, and not shrink.

import { setFlagsFromString } from "node:v8";

/** To be said again when a thread has begun: V8 makes two of this one with each heap that begins. */
export const keepYoungSmall = (): void => setFlagsFromString("--semi-space-growth-factor=1");
