// The other node's side: what its own log says of why it spoke, spoke otherwise, or fell silent.

import type { IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Reason } from "../core/reason.ts";
import { effectivePriority, routerOf } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import type { Told } from "../log/replay.ts";
import { type Cause, causesOf, hasFallen } from "./causes.ts";
import type { Transition, Wall } from "./chronicle.ts";
import { sentenceOf } from "./narrate.ts";
import { type Witnessed, witnessed } from "./observer.ts";
import { checkIn, createStrikes } from "./strikes.ts";

/** The log of one node. */
export type NodeLog = {
  readonly node: string;
  readonly steps: readonly Told[];
  readonly wallOf: (at: Instant) => Wall;
};

/** One line of the tree. */
export type ChainLink = { readonly node: string; readonly seq: number; readonly wall: Wall; readonly text: string };

export const linkOf =
  ({ node, wallOf }: NodeLog) =>
  ({ seq, at, text }: Cause): ChainLink => ({ node, seq, wall: wallOf(at), text });

export type PeerSide = { readonly node: string | null; readonly chain: readonly ChainLink[] };

const NOBODY: PeerSide = { node: null, chain: [] };

/** Clocks of two nodes may differ by this much, ms; and so long may a cause lie back. */
const CLOCKS = 2_000;

/** Reasons that a neighbour has a part in. */
const MUTUAL: ReadonlySet<Reason | "died"> = new Set<Reason>([
  "master_silent",
  "master_weaker",
  "master_resigned",
  "preempt_delay_over",
  "failover_limit_over",
  "peer_stronger",
  "peer_tie_address",
  "peer_owner",
  "self_stall",
]);

/** The neighbour that a transition is about; null when it is about none. */
export function sourceOf({ transition, trail, line }: Witnessed): IpAddress | null {
  if (!MUTUAL.has(transition.because)) return null;
  if (line.type === "event" && line.seen.type === "advertReceived") return line.seen.advert.source;
  return trail.resigned?.advert.source ?? trail.weaker?.advert.source ?? trail.accepted?.advert.source ?? null;
}

/** The chain on the neighbour's side, as far as its log is among the others. */
export function peerSide(scene: Witnessed, own: NodeLog, others: readonly NodeLog[]): PeerSide {
  const speaker = speakerOf(scene, others);
  if (speaker === null) return NOBODY;
  // What led to a transition was before it, whatever the other clock says.
  const until = scene.transition.wall;
  const chain = chainOn(speaker.log, speaker.router, scene, own);
  return { node: speaker.log.node, chain: chain.map((link) => (link.wall > until ? { ...link, wall: until } : link)) };
}

/** The neighbour that a transition is about, where its log is at hand: the log, and which router of it. */
export function speakerOf(
  scene: Witnessed,
  others: readonly NodeLog[],
): { readonly log: NodeLog; readonly router: RouterKey; readonly source: IpAddress } | null {
  const source = sourceOf(scene);
  const config = (scene.transition.after ?? scene.transition.before)?.config;
  if (source === null || config === undefined) return null;
  for (const log of others) {
    const router = speaking(log, source, config);
    if (router !== null) return { log, router, source };
  }
  return null;
}

/** Which router of a node advertised from an address. */
function speaking({ steps }: NodeLog, source: IpAddress, { vrid, family }: RouterConfig): RouterKey | null {
  for (const { state } of steps)
    for (const { config, primaryAddress } of state.routers)
      if (primaryAddress === source && config.vrid === vrid && config.family === family) return config.key;
  return null;
}

function chainOn(other: NodeLog, key: RouterKey, scene: Witnessed, own: NodeLog): readonly ChainLink[] {
  const { trail, transition } = scene;
  switch (transition.because) {
    case "master_silent":
      return silence(
        other,
        key,
        trail.accepted === null ? transition.wall : own.wallOf(trail.accepted.last),
        transition.wall,
      );
    case "master_resigned":
      return lastMove(other, key, transition.wall, ({ from }) => from === "master");
    case "master_weaker":
    case "preempt_delay_over":
    case "failover_limit_over":
      // One that was the weaker all along may have fallen at any time, and for no matter what.
      return !hasFallen(trail)
        ? []
        : lowered(other, key, trail.weaker === null ? transition.wall : own.wallOf(trail.weaker.first));
    default: {
      const rise = raised(other, key, transition.wall);
      const move = lastMove(other, key, transition.wall, ({ to }) => to === "master");
      // What it was before it became Master did not bring it about, or is told with the move.
      return (rise.at(-1)?.seq ?? -1) > (move.at(-1)?.seq ?? -1) ? [...rise, ...move] : move;
    }
  }
}

/** The last change of the neighbour of that kind until then, and its own causes before it. */
function lastMove(
  other: NodeLog,
  key: RouterKey,
  until: Wall,
  which: (transition: Transition) => boolean,
): readonly ChainLink[] {
  const found = witnessed(other.steps, (one) => one.router === key && one.wall <= until + CLOCKS && which(one)).at(-1);
  if (found === undefined) return [];
  return [...causesOf(found).map(linkOf(other)), said(other, found.transition)];
}

/** Why nothing was heard: it left, it died, or it went on and nobody heard it. */
function silence(other: NodeLog, key: RouterKey, from: Wall, to: Wall): readonly ChainLink[] {
  const held = heldUp(other, key, from, to);
  if (held.length > 0) return held;
  const left = lastMove(other, key, to, (one) => one.from === "master" && one.wall >= from - CLOCKS);
  // A log tells of a death with its last line; the neighbour has heard it a little longer.
  if (left.length > 0) return left.map((link) => (link.wall < from ? { ...link, wall: from } : link));
  const sent = other.steps.filter(({ line }) => {
    const ticks = line.type === "window" && line.window.kind === "ticks" && line.window.router === key;
    return ticks && other.wallOf(line.window.last) > from && other.wallOf(line.window.first) < to;
  });
  const last = sent.at(-1);
  if (last === undefined) return ended(other, from, to);
  const text = "went on advertising meanwhile: the network lost its advertisements";
  return [{ node: other.node, seq: last.line.seq, wall: from, text }];
}

/** It did not run meanwhile, which its log tells when it runs again. */
function heldUp(other: NodeLog, key: RouterKey, from: Wall, to: Wall): readonly ChainLink[] {
  const stalls = witnessed(other.steps, (one) => one.router === key && one.because === "self_stall");
  return stalls
    .flatMap((stall) => causesOf(stall).slice(0, 1).map(linkOf(other)))
    .filter(({ wall }) => wall >= from - CLOCKS && wall <= to + CLOCKS)
    .slice(-1);
}

/** A log that ends within the silence, with nobody stopped. */
function ended(other: NodeLog, from: Wall, to: Wall): readonly ChainLink[] {
  const last = other.steps.at(-1);
  if (last === undefined || other.wallOf(last.line.at) > to) return [];
  const text = "its log ends here: the daemon was killed, or the machine";
  return [{ node: other.node, seq: last.line.seq, wall: Math.max(from, other.wallOf(last.line.at)), text }];
}

const lowered = (other: NodeLog, key: RouterKey, until: Wall): readonly ChainLink[] =>
  lastPriority(other, key, until, (from, to) => to < from);
const raised = (other: NodeLog, key: RouterKey, until: Wall): readonly ChainLink[] =>
  lastPriority(other, key, until, (from, to) => to > from);

/** The last change of the neighbour's priority in that direction, with what changed it. */
function lastPriority(
  other: NodeLog,
  key: RouterKey,
  until: Wall,
  which: (from: number, to: number) => boolean,
): readonly ChainLink[] {
  let found: readonly ChainLink[] = [];
  const strikes = createStrikes();
  for (const step of other.steps) {
    strikes.look(step);
    const { line, before, state } = step;
    const [was, is] = [routerOf(before, key), routerOf(state, key)];
    if (was === undefined || is === undefined || was === is) continue;
    const [from, to] = [effectivePriority(was), effectivePriority(is)];
    const wall = other.wallOf(line.at);
    if (wall > until + CLOCKS) break;
    if (from === to || !which(from, to)) continue;
    const why = verdictText(was.verdicts, is.verdicts);
    const text = `priority ${from} -> ${to}${why === "" ? "" : ` (${why})`}`;
    const check = checkIn(step);
    const led = check === null ? reloaded(other, line, wall) : strikes.of(check).map(linkOf(other));
    found = [...led, { node: other.node, seq: line.seq, wall, text }];
  }
  return found;
}

/** A configuration that came, and who asked for it. */
const reloaded = ({ node }: NodeLog, line: Told["line"], wall: Wall): readonly ChainLink[] =>
  line.type === "event" && line.seen.type === "configured"
    ? [{ node, seq: line.seq, wall, text: sentenceOf(line) }]
    : [];

function verdictText(was: Readonly<Record<string, unknown>>, is: Readonly<Record<string, unknown>>): string {
  const changed = Object.keys(is).filter((check) => was[check] !== is[check]);
  return changed.map((check) => `${check}: ${String(was[check] ?? "unknown")} -> ${String(is[check])}`).join(", ");
}

const said = ({ node, wallOf }: NodeLog, { seq, at, name, from, to, because }: Transition): ChainLink => ({
  node,
  seq,
  wall: wallOf(at),
  text: `${name}: ${from.toUpperCase()} -> ${to.toUpperCase()} (${because})`,
});
