// A log as a story: what was seen, what came of it, and what was wanted then, in that order.

import type { Effect } from "../core/effect.ts";
import type { Line } from "../log/line.ts";
import type { Told } from "../log/replay.ts";
import { type Transition, transitions, type Wall, wallClock } from "./chronicle.ts";
import { sentenceOf, subjectOf } from "./narrate.ts";

/** One thing that happened. */
export type Scene = {
  readonly seq: number;
  readonly wall: Wall;
  readonly subject: string;
  readonly says: string;
  readonly changes: readonly Transition[];
  readonly wants: readonly string[];
  readonly step: Told;
};

/** Every line but marks and snapshots, which say again what the fold says. */
export function* scenes(steps: Iterable<Told>): Generator<Scene> {
  const clock = wallClock();
  for (const step of steps) {
    const { line, effects } = step;
    clock.look(line);
    if (line.type === "mark" || line.type === "snapshot") continue;
    const changes = [...transitions([step])];
    yield {
      seq: line.seq,
      wall: clock.wallOf(timeOf(line)),
      subject: subjectOf(line),
      says: sentenceOf(line),
      changes,
      wants: effects.map(wish),
      step,
    };
  }
}

/** A window is told when it began. */
const timeOf = (line: Line) => (line.type === "window" ? line.window.first : line.at);

/** What is wanted, in a few words. */
export function wish(effect: Effect): string {
  switch (effect.type) {
    case "sendAdvert":
      return `advertise priority ${effect.priority}`;
    case "addAddresses":
      return `add ${listed(effect.addresses)}`;
    case "removeAddresses":
      return `remove ${listed(effect.addresses)}`;
    case "prepare":
      return "run what goes before";
    case "notify":
      return "tell hooks, pipes and URLs";
    case "addPaths":
      return `add ${effect.paths.length} route(s) or rule(s)`;
    case "removePaths":
      return `remove ${effect.paths.length} route(s) or rule(s)`;
    case "announce":
      return `announce ${listed(effect.addresses)}`;
  }
}

const FEW = 4;

function listed(addresses: readonly { readonly address: string; readonly prefixLength: number }[]): string {
  const shown = addresses.slice(0, FEW).map(({ address, prefixLength }) => `${address}/${prefixLength}`);
  const rest = addresses.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
