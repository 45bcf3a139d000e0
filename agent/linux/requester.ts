// Who asked the kernel for something, as far as its notification tells: the port of the asking socket,
// which mostly is the number of its process.

import { readFileSync } from "node:fs";

/** Further sockets of a process get ports from here on. */
const NO_PID = 0x8000_0000;

/** `ip (pid 4711)`, or `pid 4711` when that has ended meanwhile; empty when the port tells nothing. */
export function nameOfRequester(port: number): string {
  if (port === 0 || port >= NO_PID) return "";
  try {
    return `${readFileSync(`/proc/${port}/comm`, "utf8").trim()} (pid ${port})`;
  } catch {
    return `pid ${port}`;
  }
}
