// What is said to V8 about the process of the daemon.

/** What is young on the heap has one MiB: by what a start leaves behind it would grow to sixteen, and not shrink. */
export const YOUNG_FLAG = "--semi-space-growth-factor=1";

/** A start runs most of its code a few hundred times, and never again: to optimize that takes longer than it saves. */
export const HURRY_FLAG = "--no-opt";
/** What follows runs for months. */
export const UNHURRIED_FLAG = "--opt";

/** Of the whole life of a daemon. */
export const KEPT_FLAGS = [
  // A young collection in parallel waits for its helper threads, which are not real-time: on a busy machine collections of
  // 2 ms took 40.
  "--no-parallel-scavenge",
  // V8 forgets the code of a function that was not called between some large collections, and compiles it again when it
  // is: what a failover needs after weeks of quiet is kept.
  "--no-flush-bytecode",
] as const;
