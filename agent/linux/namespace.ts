// net_namespace: the network the daemon lives in.

import { closeSync, openSync } from "node:fs";
import type { Outcome } from "../kernel.ts";
import { outcomeOf } from "./errno.ts";
import { enterNetwork } from "./ffi.ts";

/** Does something in a network namespace and comes back; an outcome that is no success when it cannot be entered. */
export function within(name: string, act: () => void): Outcome {
  const here = openSync("/proc/thread-self/ns/net", "r");
  try {
    const entered = enterNamespace(name);
    if (!entered.ok) return entered;
    try {
      act();
    } finally {
      enterNetwork(here);
    }
    return entered;
  } finally {
    closeSync(here);
  }
}

/**
 * Moves the main thread, and with it every socket opened and every process started from now on, into
 * a network namespace that `ip netns add` made. The threads that read files for Node stay behind;
 * so does the resolving of names.
 */
export function enterNamespace(name: string): Outcome {
  const path = `/run/netns/${name}`;
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, errno: 2, error: `${error}; make it with: ip netns add ${name}` };
  }
  try {
    return outcomeOf(enterNetwork(fd), `entering the network namespace ${name}`);
  } finally {
    closeSync(fd);
  }
}
