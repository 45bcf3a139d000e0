// What the daemon makes of its own process before anything else runs in it.

import { userInfo } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { AgentConfig } from "../core/config.ts";
import { milliseconds } from "../core/time.ts";
import { strangersIn } from "../hooks/strangers.ts";
import { exitNow } from "../linux/ffi.ts";
import { becomeRealtime, clearAmbientCapabilities } from "../linux/realtime.ts";
import { KEPT_FLAGS } from "./flags.ts";
import type { Teller } from "./prepare.ts";

/** Adverts more frequent than this are late under load without a real-time scheduler. */
const NEEDS_REALTIME = milliseconds(100);
const REALTIME_PRIORITY = 10;

/** Those that have no time for anything else. */
export const hastyIn = ({ routers }: AgentConfig): readonly string[] =>
  routers.filter(({ adverInterval }) => adverInterval < NEEDS_REALTIME).map(({ name }) => name);

/** Whether the process has real time now. */
export function prepareProcess(say: Pick<Teller, "warn">, config: AgentConfig): boolean {
  for (const flag of KEPT_FLAGS) setFlagsFromString(flag);
  const cleared = clearAmbientCapabilities();
  if (!cleared.ok) say.warn(`children would inherit capabilities: ${cleared.error}`);
  const outcome = becomeRealtime(REALTIME_PRIORITY);
  if (outcome.ok) return true;
  const hasty = hastyIn(config);
  if (hasty.length > 0)
    say.warn(
      `${hasty.join(", ")}: advert_int below 100 ms without real-time scheduling is unsafe under load (${outcome.error})`,
    );
  return false;
}

/** Whoever is not root runs hooks as nobody else. */
export function tellStrangers(config: AgentConfig, say: Pick<Teller, "warn">): void {
  const uid = process.getuid?.() ?? 0;
  // Root becomes anybody; and a container may have no name for who we are.
  if (uid === 0) return;
  for (const sentence of strangersIn(config, { uid, name: nameOf(uid) })) say.warn(sentence);
}

function nameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}

/**
 * Ends the process when everything is written. Node would first end its threads one after the other, which are not
 * real-time: 60 ms on a busy machine. Who measures Node wants to hear from it at the end.
 */
export function leave(code: number): void {
  const measured =
    process.execArgv.length > 0 || ["NODE_OPTIONS", "NODE_V8_COVERAGE"].some((name) => name in process.env);
  if (!measured) exitNow(code);
  process.exit(code);
}
