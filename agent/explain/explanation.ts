// One transition, explained: its root, the chain to it on every node whose log is at hand, where the
// time went, what was not the cause, and what would have been faster.

import { causesOf } from "./causes.ts";
import type { Transition, Wall } from "./chronicle.ts";
import { isAbout } from "./chronicle.ts";
import { type Witnessed, witnessed } from "./observer.ts";
import { type ChainLink, linkOf, type NodeLog, peerSide, sourceOf } from "./peer.ts";

export type Explanation = {
  readonly schema: 1;
  readonly node: string;
  readonly transition: Pick<Transition, "seq" | "wall" | "router" | "name" | "from" | "to" | "because">;
  readonly kind: string;
  /** The other side, by node where its log is at hand. */
  readonly peer: string | null;
  readonly root: ChainLink | null;
  /** The root first, the transition last. */
  readonly chain: readonly ChainLink[];
  readonly outcomes: readonly (ChainLink & { readonly ok: boolean; readonly ms: number })[];
  readonly spent: readonly { readonly what: string; readonly ms: number }[];
  readonly notCause: readonly string[];
};

export type Selection = { readonly vr: string | undefined; readonly seq: number | null; readonly until: Wall | null };

/** Explains the last transition that a selection names; null when there is none. */
export function explain(own: NodeLog, selection: Selection, others: readonly NodeLog[] = []): Explanation | null {
  const scene = witnessed(own.steps, (transition) => isSelected(transition, selection)).at(-1);
  if (scene === undefined) return null;
  const { transition } = scene;
  const mine = causesOf(scene).map(linkOf(own));
  const theirs = peerSide(scene, own, others);
  const last: ChainLink = {
    node: own.node,
    seq: transition.seq,
    wall: transition.wall,
    text: `${transition.from.toUpperCase()} -> ${transition.to.toUpperCase()} (${transition.because})`,
  };
  const chain = [...theirs.chain, ...mine, last].sort((a, b) => a.wall - b.wall || a.seq - b.seq);
  return {
    schema: 1,
    node: own.node,
    transition: picked(transition),
    kind: kindOf(transition),
    peer: theirs.node ?? sourceOf(scene),
    root: theirs.chain[0] ?? mine[0] ?? null,
    chain,
    outcomes: scene.outcomes.map((one) => ({
      node: own.node,
      seq: one.seq,
      wall: own.wallOf(one.at),
      text: `${one.effect}: ${one.text}`,
      ok: one.ok,
      ms: one.tookUs / 1_000,
    })),
    spent: spentOn(scene, chain, own),
    notCause: notTheCause(scene),
  };
}

const isSelected = (transition: Transition, { vr, seq, until }: Selection): boolean =>
  isAbout(vr, transition) && (seq === null || transition.seq <= seq) && (until === null || transition.wall <= until);

const picked = ({ seq, wall, router, name, from, to, because }: Transition): Explanation["transition"] => ({
  seq,
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

function spentOn(scene: Witnessed, chain: readonly ChainLink[], own: NodeLog): Explanation["spent"] {
  const { transition, outcomes } = scene;
  const root = chain[0];
  const spent: { what: string; ms: number }[] = [];
  if (root !== undefined && root.wall < transition.wall)
    spent.push({ what: `from the root to the decision`, ms: transition.wall - root.wall });
  for (const { effect, tookUs, ok } of outcomes) if (ok) spent.push({ what: effect, ms: tookUs / 1_000 });
  const last = outcomes.at(-1);
  if (last !== undefined)
    spent.push({ what: "from the decision to the last of these", ms: own.wallOf(last.at) - transition.wall });
  return spent;
}

/** What people ask about first, and what the log rules out. */
function notTheCause({ transition, outside, trail }: Witnessed): readonly string[] {
  const says: string[] = [];
  const config = (transition.before ?? transition.after)?.config;
  const linkFault = transition.because === "link_down" || transition.because === "link_up";
  if (!linkFault && config !== undefined)
    says.push(
      outside.link === null || (trail.entered !== null && outside.link.seq < trail.entered.seq)
        ? `link ${config.interface} did not change`
        : `link ${config.interface} last changed in #${outside.link.seq}`,
    );
  const heard = trail.accepted;
  if (heard !== null && heard.count > 1)
    says.push(
      `${heard.count} advertisements of ${heard.advert.source} before it were at most ${(heard.maxGap / 1_000).toFixed(1)} ms apart`,
    );
  return says;
}
