// Somebody at a terminal who asks a daemon for something.

import type { Actor } from "../../agent/core/actor.ts";

export const somebody = {
  via: "socket",
  pid: 4711,
  uid: 0,
  gid: 0,
  loginUid: 1000,
  tty: "pts/3",
  command: "heird reload",
  word: "kernel",
} as const satisfies Actor;
