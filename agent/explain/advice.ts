// What would have been faster: the inputs that were recorded, folded again with one edit each.

import type { AgentConfig, RouterKey } from "../core/config.ts";
import type { Event } from "../core/event.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import type { Told } from "../log/replay.ts";
import type { Transition, Wall } from "./chronicle.ts";
import { edited, editOf, forbidden } from "./edit.ts";
import { startOf } from "./grounds.ts";
import { inputsOf, resampled } from "./inputs.ts";
import type { Witnessed } from "./observer.ts";
import { type Beginning, refold } from "./refold.ts";

/** An edit, and by how many ms the same transition would have come earlier. */
export type Advice = { readonly edit: string; readonly savedMs: number };

/** Less than this is no advice. */
export const WORTH_MS = 50;
/** A refold that goes on longer says nothing more about the transition. */
const AFTERWARDS = 1_000_000;

/** From where to where a transition is folded again, and what was seen meanwhile. */
export type Stage = {
  readonly start: Beginning;
  readonly inputs: readonly Event[];
  readonly until: Instant;
  readonly transition: Transition;
  readonly wallOf: (at: Instant) => Wall;
};

/** Null when nothing is known of the time before. */
export function stageOf(steps: readonly Told[], scene: Witnessed, wallOf: (at: Instant) => Wall): Stage | null {
  const { transition } = scene;
  const start = beginning(steps, scene);
  if (start === null) return null;
  const inputs = [...start.again, ...inputsOf(steps.map(({ line }) => line))].filter(
    ({ at }) => at >= start.at && at <= transition.at,
  );
  return { start, inputs, until: (transition.at + AFTERWARDS) as Instant, transition, wallOf };
}

/** When the transition comes with these inputs under a configuration; null when it does not. */
export function arrivalOf(
  { start, until, transition, wallOf }: Stage,
  inputs: readonly Event[],
  edit: (config: AgentConfig) => AgentConfig = (config) => config,
): Wall | null {
  const { router, from, to } = transition;
  const found = refold(start, inputs, (config) => alone(edit(config), router), wallOf, until);
  return found.find((one) => one.router === router && one.from === from && one.to === to)?.wall ?? null;
}

/** A configuration without the routers that have no part in what this one does. */
export function alone(config: AgentConfig, router: RouterKey): AgentConfig {
  const groups = config.groups.filter(({ members }) => members.includes(router));
  const kept = new Set([router, ...groups.flatMap(({ members }) => members)]);
  return { ...config, groups, routers: config.routers.filter(({ key }) => kept.has(key)) };
}

/** The edits that would have brought the transition earlier, the best first. */
export function advise(steps: readonly Told[], scene: Witnessed, wallOf: (at: Instant) => Wall): readonly Advice[] {
  const { transition } = scene;
  const stage = stageOf(steps, scene, wallOf);
  const baseline = stage === null ? null : arrivalOf(stage, stage.inputs);
  // A refold that does not come to what was recorded has nothing to say about it.
  if (stage === null || baseline === null || Math.abs(baseline - transition.wall) > WORTH_MS) return [];
  const advice = candidates(transition).flatMap((text): readonly Advice[] => {
    const edit = editOf(text);
    if (typeof edit === "string" || forbidden(stage.start.state.config, edit, transition.router) !== null) return [];
    const intervals = new Map(edit.interval === null ? [] : [[transition.router, edit.interval as Duration]]);
    const inputs = resampled(stage.inputs, intervals);
    const earlier = arrivalOf(stage, inputs, (config) => edited(config, edit, transition.router));
    const savedMs = earlier === null ? 0 : baseline - earlier;
    return savedMs >= WORTH_MS ? [{ edit: text, savedMs }] : [];
  });
  return advice.sort((a, b) => b.savedMs - a.savedMs);
}

/**
 * The last moment at which all was well: when the Master was heard the last time, and hearing it once
 * more; else when the router came into the phase that it left.
 */
function beginning(
  steps: readonly Told[],
  scene: Witnessed,
): (Beginning & { readonly again: readonly Event[] }) | null {
  const { trail, transition } = scene;
  const { accepted } = trail;
  const step = accepted === null ? stepBefore(steps, scene) : steps.find(({ line }) => line.seq === accepted.seq);
  if (step === undefined) return null;
  const at = accepted?.last ?? (Math.max(step.line.at, startOf(scene)) as Instant);
  const again: readonly Event[] =
    accepted === null
      ? []
      : [{ at, seen: { type: "advertReceived", router: transition.router, advert: accepted.advert } }];
  return { state: step.state, at, again };
}

/** The last step before it all began, within the phase that the router left and the life of this daemon. */
function stepBefore(steps: readonly Told[], scene: Witnessed): Told | undefined {
  const { trail, transition } = scene;
  const start = startOf(scene);
  const last = steps.findIndex(({ line }) => line.seq === transition.seq);
  for (let i = last; i >= 0; i--) {
    const step = steps[i];
    if (step === undefined) break;
    const { line } = step;
    if (line.seq === trail.entered?.seq || (line.type === "header" && line.start)) return step;
    if (line.at <= start && i < last && isFor(line, transition.router)) return step;
  }
  return undefined;
}

/** Whether a line tells this router something; windows are written later than what they tell. */
const isFor = (line: Line, router: RouterKey): boolean =>
  line.type === "header" || (line.type === "event" && (!("router" in line.seen) || line.seen.router === router));

/** Which edits are worth a try for what happened. */
function candidates({ before, after }: Transition): readonly string[] {
  const config = (before ?? after)?.config;
  if (config === undefined) return [];
  const seconds = config.adverInterval / 1_000_000;
  const faster = config.version === 3 ? [seconds / 5, seconds / 10] : seconds > 1 ? [1] : [];
  return [
    ...faster.filter((interval) => interval >= 0.01).map((interval) => `advert_int ${Number(interval.toFixed(2))}`),
    ...(config.downTimerAdverts > 2 ? ["down_timer_adverts 2"] : []),
    ...(config.preemptDelay > 0 ? ["preempt_delay 0"] : []),
    ...(config.preempt ? [] : ["preempt"]),
    ...config.tracks.filter(({ weight }) => weight !== 0).map(({ check }) => `weight ${check} 0`),
    ...config.tracks.flatMap(({ check }) => [`fall ${check} 1`, `rise ${check} 1`]),
  ];
}
