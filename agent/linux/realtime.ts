// What the daemon may do and how soon it is let: scheduling class and capabilities.

import { readFileSync } from "node:fs";
import type { Outcome } from "../kernel.ts";
import { EPERM, outcomeOf } from "./errno.ts";
import { prctl, setScheduler } from "./ffi.ts";

const SCHED_RR = 2;
/** Children, such as scripts, come back as SCHED_OTHER. */
const SCHED_RESET_ON_FORK = 0x40000000;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

/**
 * Puts the main thread, and no other, into SCHED_RR: under load the 99th percentile of an alarm's
 * lateness goes from 10 ms to below 1 ms. `priority` is 1..99. Fails with EPERM without CAP_SYS_NICE.
 */
export function becomeRealtime(priority: number): Outcome {
  const outcome = outcomeOf(
    setScheduler(SCHED_RR | SCHED_RESET_ON_FORK, priority),
    `asking for SCHED_RR priority ${priority}`,
  );
  if (outcome.ok || outcome.errno !== EPERM) return outcome;
  return { ...outcome, error: `${outcome.error}; it needs CAP_SYS_NICE or LimitRTPRIO=` };
}

/** Takes from children what the daemon was given: ambient capabilities would make every script a network administrator. */
export const clearAmbientCapabilities = (): Outcome =>
  outcomeOf(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL), "clearing the ambient capabilities");

/** The capabilities that make a difference here, and whether the main thread has them. */
export type Capabilities = {
  /** Raw and packet sockets: nothing goes without. */
  readonly netRaw: boolean;
  /** Adding and removing addresses. */
  readonly netAdmin: boolean;
  /** Real-time scheduling. */
  readonly sysNice: boolean;
};

/** The effective capabilities, from a text in the form of /proc/self/status. */
export function capabilities(status = readFileSync("/proc/self/status", "latin1")): Capabilities {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const has = (bit: bigint): boolean => ((effective >> bit) & 1n) === 1n;
  // linux/capability.h: CAP_NET_ADMIN 12, CAP_NET_RAW 13, CAP_SYS_NICE 23.
  return { netRaw: has(13n), netAdmin: has(12n), sysNice: has(23n) };
}
