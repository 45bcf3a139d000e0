// One transition, explained: its root, the chain to it on every node whose log is at hand, where the
// time went, what was not the cause, and what would have been faster.

import { causesOf } from "./causes.ts";
import type { Transition, Wall } from "./chronicle.ts";
import { isAbout } from "./chronicle.ts";
import { MINUTE } from "./horizon.ts";
import { type Witnessed, witnessed } from "./observer.ts";
import { type ChainLink, linkOf, type NodeLog, peerSide, sourceOf } from "./peer.ts";

export type Explanation = {
  readonly schema: 1;
  readonly node: string;
  readonly transition: Pick<Transition, "seq" | "at" | "wall" | "router" | "name" | "from" | "to" | "because">;
  readonly kind: string;
  /** The other side, by node where its log is at hand. */
  readonly peer: string | null;
  readonly root: ChainLink | null;
  /** The root first, the transition last. */
  readonly chain: readonly ChainLink[];
  readonly outcomes: readonly (ChainLink & { readonly ok: boolean; readonly ms: number })[];
  /** Detect, decide, address, announce, hooks: each with what it is made of. */
  readonly spent: readonly Spent[];
  readonly notCause: readonly string[];
};

export type Spent = {
  readonly what: string;
  readonly ms: number;
  readonly parts: readonly { readonly what: string; readonly ms: number }[];
};

export type Selection = { readonly vr: string | undefined; readonly seq: number | null; readonly until: Wall | null };

/** Explains the last transition that a selection names; null when there is none. */
export function explain(log: NodeLog, selection: Selection, others: readonly NodeLog[] = []): Explanation | null {
  const scene = witnessed(log.steps, (transition) => isSelected(transition, selection)).at(-1);
  if (scene === undefined) return null;
  const { transition } = scene;
  const own = clockedBy(log, transition);
  const mine = causesOf(scene).map(linkOf(own));
  const leader = leaderOf(scene, log);
  const theirs = peerSide(leader, own, others);
  const last: ChainLink = {
    node: own.node,
    seq: transition.seq,
    wall: transition.wall,
    text: `${transition.from.toUpperCase()} -> ${transition.to.toUpperCase()} (${transition.because})`,
  };
  // Each side is in order, and theirs comes first where the clocks cannot tell.
  const chain = [...theirs.chain, ...mine, last].sort((a, b) => a.wall - b.wall);
  return {
    schema: 1,
    node: own.node,
    transition: picked(transition),
    kind: kindOf(transition),
    peer: theirs.node ?? sourceOf(leader),
    root: (isOwnFall(leader.transition, mine) ? mine[0] : theirs.chain[0]) ?? mine[0] ?? null,
    chain,
    outcomes: scene.outcomes.map((one) => ({
      node: own.node,
      seq: one.seq,
      wall: own.wallOf(one.at),
      text: one.effect === "hook" ? one.text : `${WORDS[one.effect] ?? one.effect}: ${one.text}`,
      ok: one.ok,
      ms: one.tookUs / 1_000,
    })),
    spent: spentOn(scene, chain, own),
    notCause: notTheCause(scene),
  };
}

/** Who changed by itself: another member of the sync group where this one only followed. */
function leaderOf(scene: Witnessed, { steps }: NodeLog): Witnessed {
  const { seq, because } = scene.transition;
  if (!because.startsWith("group_")) return scene;
  return witnessed(steps, (one) => one.seq === seq && !one.because.startsWith("group_")).at(-1) ?? scene;
}

/** Whoever fell below a neighbour, or was held up, and yields has the root at home: the neighbour took over because of it. */
const isOwnFall = ({ because }: Transition, mine: readonly ChainLink[]): boolean =>
  (because === "peer_stronger" || because === "peer_tie_address" || because === "self_stall") && mine.length > 1;

/** Effects, in the words of people. */
const WORDS: Readonly<Record<string, string>> = {
  addAddresses: "addresses added",
  removeAddresses: "addresses removed",
  addPaths: "routes and rules added",
  removePaths: "routes and rules removed",
  announce: "announced",
  sendAdvert: "advertised",
};

/** A log by the clock that it had at a transition; it may have been set since. */
export const clockedBy = (log: NodeLog, { at, wall }: Pick<Transition, "at" | "wall">): NodeLog => ({
  ...log,
  wallOf: (other) => wall + (other - at) / 1_000,
});

export const isSelected = (transition: Transition, { vr, seq, until }: Selection): boolean =>
  isAbout(vr, transition) && (seq === null || transition.seq <= seq) && (until === null || transition.wall <= until);

const picked = ({ seq, at, wall, router, name, from, to, because }: Transition): Explanation["transition"] => ({
  seq,
  at,
  wall,
  router,
  name,
  from,
  to,
  because,
});

function kindOf({ from, to, because }: Transition): string {
  if (because === "died") return "DEATH";
  if (to === "master") return because === "startup" || because === "owner_startup" ? "COLD START" : "TAKE-OVER";
  if (from === "master") return to === "initialize" ? "STOP" : "LOSS";
  return to === "fault" ? "FAULT" : "CHANGE";
}

// ---------------------------------------------------------------- where the time went

/**
 * Detect: from the root until the timer ran out, or the packet was there. Decide: until the first effect of it
 * began. The rest is how long each effect took, and the hooks with their wait.
 */
function spentOn(scene: Witnessed, chain: readonly ChainLink[], own: NodeLog): readonly Spent[] {
  const { transition, outcomes } = scene;
  const known = Math.min(transition.wall, dueOf(scene, own));
  const first = chain[0];
  const spent: Spent[] = [];
  if (first !== undefined && first.wall < known) {
    const steps = [...chain.filter(({ wall }) => wall < known).map(({ wall }) => wall), known];
    const parts = chain
      .filter(({ wall }) => wall < known)
      .map(({ text }, i) => ({ what: `after "${shortened(text)}"`, ms: (steps[i + 1] ?? known) - (steps[i] ?? known) }))
      .filter(({ ms }) => ms >= 1);
    spent.push({ what: "detect", ms: known - first.wall, parts });
  }
  const begun = outcomes.filter(({ ok }) => ok).map(({ at, tookUs }) => own.wallOf(at) - tookUs / 1_000);
  if (begun.length > 0) spent.push({ what: "decide", ms: Math.max(0, Math.min(...begun) - known), parts: [] });
  for (const [what, effects] of STAGES) {
    const mine = outcomes.filter(({ effect, ok }) => ok && effects.includes(effect));
    if (mine.length === 0) continue;
    const parts = mine.map(({ text, tookUs }) => ({ what: text, ms: tookUs / 1_000 }));
    // A hook's time is from the transition on, and so has that of those before it in it.
    const ms = parts.reduce((all, part) => (what === "hooks" ? Math.max(all, part.ms) : all + part.ms), 0);
    spent.push({ what, ms, parts });
  }
  return spent;
}

const STAGES: readonly (readonly [string, readonly string[]])[] = [
  ["address", ["addAddresses", "removeAddresses", "addPaths", "removePaths"]],
  ["announce", ["announce"]],
  ["hooks", ["hook"]],
];

/** When the timer was due that brought it; for anything else it is the event itself. */
function dueOf({ transition: { before, because, wall } }: Witnessed, own: NodeLog): Wall {
  if (!TIMED.has(because) || before?.phase.name !== "backup") return wall;
  return own.wallOf(before.phase.masterDownAt);
}
const TIMED: ReadonlySet<string> = new Set(["master_silent", "master_weaker", "master_resigned"]);

const LONG = 60;
const shortened = (text: string): string => (text.length <= LONG ? text : `${text.slice(0, LONG - 1)}…`);

/** What people ask about first, and what the log rules out. */
function notTheCause({ transition, outside: { link }, trail }: Witnessed): readonly string[] {
  const says: string[] = [];
  const config = (transition.before ?? transition.after)?.config;
  const linkFault = transition.because === "link_down" || transition.because === "link_up";
  if (!linkFault && config !== undefined) {
    const before = link !== null && trail.entered !== null && link.seq < trail.entered.seq;
    const recent = link !== null && transition.at - link.at <= MINUTE && !before;
    says.push(
      recent
        ? `link ${config.interface} last changed in #${link.seq}`
        : `link ${config.interface} did not change in the minute before`,
    );
  }
  const heard = trail.accepted;
  if (heard !== null && heard.count > 1)
    says.push(
      `${heard.count} advertisements of ${heard.advert.source} before it were at most ${(heard.maxGap / 1_000).toFixed(1)} ms apart`,
    );
  return says;
}
