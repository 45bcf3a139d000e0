// How much of a log an explanation rests on: from when on it has to be known.

import { type Duration, type Instant, seconds } from "../core/time.ts";
import { causesOf } from "./causes.ts";
import { MINUTE, PRIORITY_SPAN, STRIKES_SPAN } from "./horizon.ts";
import type { Witnessed } from "./observer.ts";

/** Timers that ran out: what set them has to be known, however long ago it was. */
const TIMED: ReadonlySet<string> = new Set([
  "master_silent",
  "master_weaker",
  "master_resigned",
  "preempt_delay_over",
  "failover_limit_over",
]);
/** Where our own priority may have had a part. */
const WEIGHED: ReadonlySet<string> = new Set([
  "master_weaker",
  "peer_owner",
  "peer_stronger",
  "peer_tie_address",
  "self_stall",
]);

/** From when on a log has to be known to explain this; null when more is needed than was seen, from whenever it is. */
export function neededSince(scene: Witnessed): Instant | null {
  const { transition, trail, outside } = scene;
  const { at, because } = transition;
  const { accepted, entered, priorities } = trail;
  if (TIMED.has(because) && accepted === null && entered === null) return null;
  const needs: number[] = [at - MINUTE, startOf(scene)];
  if (accepted !== null) needs.push(accepted.last - MINUTE);
  // How it came into the phase is told, with what led to that.
  else if (TIMED.has(because) && entered !== null) needs.push(entered.at - STRIKES_SPAN - MINUTE);
  const changed = priorities.at(-1);
  if (WEIGHED.has(because) && changed !== undefined) needs.push(changed.at - STRIKES_SPAN);
  if (WEIGHED.has(because) && changed === undefined && entered === null) needs.push(at - PRIORITY_SPAN);
  // What ends by itself has begun with a command, however long ago.
  const [again] = outside.resumed;
  if (again !== undefined && outside.drainedSince !== null && causesOf(scene).some(({ seq }) => seq === again.seq))
    needs.push(outside.drainedSince - SECOND);
  const judged = outside.verdict.at(-1);
  if (because.startsWith("check_") && judged !== undefined) needs.push(judged.at - STRIKES_SPAN);
  return Math.min(...needs) as Instant;
}

const SECOND: Duration = seconds(1);

/** A moment before it all began, where nothing that was heard tells a better one. */
export function startOf(scene: Witnessed): Instant {
  const { at } = scene.transition;
  return (Math.min(at - MINUTE, ...causesOf(scene).map((cause) => cause.at)) - SECOND) as Instant;
}
