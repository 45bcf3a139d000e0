// What would have been faster on the other node: its inputs folded again with one edit say what it would
// have sent and when, and with that in the place of what was heard this node's inputs are folded again.

import type { AgentConfig, RouterConfig } from "../core/config.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import { routerOf } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import { type Advice, alone, arrivalOf, type Stage, stageOf, WORTH_MS } from "./advice.ts";
import type { Wall } from "./chronicle.ts";
import { edited, editOf } from "./edit.ts";
import { inputsOf } from "./inputs.ts";
import type { Witnessed } from "./observer.ts";
import { type NodeLog, speakerOf } from "./peer.ts";
import { refold } from "./refold.ts";

/** The edits on the neighbour's side that would have brought the transition earlier. */
export function advisePeer(own: NodeLog, scene: Witnessed, others: readonly NodeLog[]): readonly Advice[] {
  const speaker = speakerOf(scene, others);
  const stage = earlier(own, scene);
  const like = scene.trail.accepted?.advert;
  if (speaker === null || stage === null || like === undefined) return [];
  const { log, router, source } = speaker;
  const began = own.wallOf(stage.start.at);
  const known = log.steps.filter(({ line, state }) => line.type === "event" && routerOf(state, router) !== undefined);
  const until = (wall: Wall) => known.findLast(({ line }) => log.wallOf(line.at) <= wall);
  // One that has not run for so long is folded from its beginning.
  const start = until(began - LEAD_MS) ?? (until(began) === undefined ? undefined : known[0]);
  const config = start === undefined ? undefined : routerOf(start.state, router)?.config;
  if (start === undefined || config === undefined) return [];
  /** What is added to the neighbour's time to get ours, µs. */
  const shift = Math.round((log.wallOf(ZERO) - own.wallOf(ZERO)) * 1_000);
  const inputs = inputsOf(log.steps.map(({ line }) => line)).filter(({ at }) => at > start.line.at);
  const kept = stage.inputs.filter(({ seen }) => seen.type !== "advertReceived" || seen.advert.source !== source);
  /** When this node would have come to it, had the neighbour been configured so. */
  const arrival = (change: (config: AgentConfig) => AgentConfig): Wall | null => {
    const heard: Event[] = [];
    const note = (effect: Effect, sent: Instant): void => {
      const at = (sent + shift) as Instant;
      if (effect.type !== "sendAdvert" || effect.router !== router || at <= stage.start.at) return;
      const advert = { ...like, priority: effect.priority };
      heard.push({ at, seen: { type: "advertReceived", router: scene.transition.router, advert } });
    };
    const end = (stage.until - shift) as Instant;
    const changed = (whole: AgentConfig): AgentConfig => alone(change(whole), router);
    refold({ state: start.state, at: start.line.at }, inputs, changed, log.wallOf, end, note);
    return arrivalOf(
      stage,
      [...kept, ...heard].sort((a, b) => a.at - b.at),
    );
  };
  const baseline = arrival((same) => same);
  if (baseline === null || Math.abs(baseline - scene.transition.wall) > LEEWAY_MS) return [];
  return editsOf(config).flatMap((text): readonly Advice[] => {
    const edit = editOf(text);
    const would = typeof edit === "string" ? null : arrival((one) => edited(one, edit, router));
    const savedMs = would === null ? 0 : baseline - would;
    return savedMs >= WORTH_MS ? [{ edit: `${text} on ${log.node}`, savedMs }] : [];
  });
}

/** From before the window whose last advertisement was accepted: the neighbour might have fallen sooner. */
function earlier(own: NodeLog, scene: Witnessed): Stage | null {
  const stage = stageOf(own.steps, scene, own.wallOf);
  const step = own.steps.find(({ line }) => line.seq === scene.trail.accepted?.seq);
  if (stage === null || step === undefined) return null;
  const { line, before } = step;
  const at = (line.type === "window" ? line.window.first - 1 : line.at - 1) as Instant;
  const inputs = inputsOf(own.steps.map((one) => one.line));
  const between = inputs.filter((one) => one.at >= at && one.at <= scene.transition.at);
  return { ...stage, start: { state: before, at }, inputs: between };
}

const ZERO = 0 as Instant;

/** The neighbour is folded from a little before, so that the answers of its checks are counted from the first. */
const LEAD_MS = 5_000;
/** The clocks of two logs are known to a few ms; a refold that is further off says nothing. */
const LEEWAY_MS = 100;

/** What is worth a try where a check takes the Master's priority away. */
function editsOf({ tracks }: RouterConfig): readonly string[] {
  const weighty = tracks.filter(({ weight }) => weight !== 0).map(({ check }) => check);
  return [...weighty.map((check) => `weight ${check} 0`), ...weighty.map((check) => `fall ${check} 1`)];
}
