// Why a router changed its phase, on its own side: the chain of what was seen, the root first. Every
// chain begins with something from outside: a packet or the lack of one, a link, an address, a person.

import { effectivePriority, type RouterState } from "../core/state.ts";
import { type Instant, inSeconds, since } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import type { Transition } from "./chronicle.ts";
import { PRIORITY_SPAN } from "./horizon.ts";
import { inMilliseconds, sentenceOf, subjectOf } from "./narrate.ts";
import type { Heard, PriorityChange, Trail } from "./trail.ts";

/** One thing in a chain: when, in which line, and what; `at` is of the fold's clock. */
export type Cause = { readonly seq: number; readonly at: Instant; readonly text: string };

/** What is known when a chain is put together. */
export type Scene = {
  readonly transition: Transition;
  /** The line whose event brought it. */
  readonly line: Line;
  readonly trail: Trail;
  /** The last change of the link, the addresses, the configuration or a command before it. */
  readonly outside: OutsideStamps;
};

export type OutsideStamps = {
  /** The chain of the transition before: how it came into the phase that it leaves. */
  readonly entering: readonly Cause[];
  readonly link: Cause | null;
  readonly addresses: Cause | null;
  readonly config: Cause | null;
  readonly command: Cause | null;
  /** How it came to take part again after it was drained, the root first. */
  readonly resumed: readonly Cause[];
  /** Since when it was, that time; null when it never was. */
  readonly drainedSince: Instant | null;
  /** What led to the last verdict on something it tracks, */
  readonly verdict: readonly Cause[];
  /** and the last change of another member of its sync group, with what led to that. */
  readonly companion: readonly Cause[];
};

/** The chain of a transition, its root first and the transition not among it. */
export function causesOf(scene: Scene): readonly Cause[] {
  const chain = known(scene);
  return chain.length > 0 ? chain : trigger(scene);
}

/** What was seen when nothing more is known: the event of the line itself. */
function trigger({ line }: Scene): readonly Cause[] {
  if (line.type !== "event") return [];
  const text = [subjectOf(line), sentenceOf(line)].filter((part) => part !== "").join(" ");
  return [{ seq: line.seq, at: line.at, text }];
}

function known(scene: Scene): readonly Cause[] {
  const { transition, trail, outside } = scene;
  switch (transition.because) {
    case "master_silent":
      return [...armed(scene), ranOut(scene)];
    case "master_weaker":
      return roseAlone(scene)
        ? [...ownRise(scene), ...armed(scene), ...weaker(scene), ranOut(scene)]
        : [...armed(scene), ...ownRise(scene), ...weaker(scene), ranOut(scene)];
    case "master_resigned":
      return [...resigned(trail), ranOut(scene)];
    case "preempt_delay_over":
    case "failover_limit_over":
      return [...again(scene, null), ...weaker(scene), ranOut(scene)];
    case "peer_owner":
    case "peer_stronger":
    case "peer_tie_address":
      return [...ownFall(scene), heardNow(scene)];
    case "self_stall":
      return [...heldUp(scene), heardNow(scene)];
    case "link_down":
    case "link_up":
      return present(outside.link);
    case "no_primary_address":
    case "primary_address":
    case "source_missing":
      return present(outside.addresses);
    case "config":
    case "no_peers":
      return present(outside.config);
    case "check_fault":
    case "check_recovered":
      return outside.verdict;
    case "group_master":
    case "group_backup":
    case "group_fault":
    case "group_recovered":
      return outside.companion;
    case "vip_lost":
      return present(outside.addresses);
    case "checks_pending":
    case "startup":
    case "owner_startup":
    case "shutdown":
      return present(outside.command);
    case "died":
      return [
        { seq: transition.seq, at: transition.at, text: "the log ends here: the daemon was killed, or the machine" },
      ];
    case "operator":
      return outside.resumed.at(-1)?.seq === transition.seq ? outside.resumed : present(outside.command);
    case "none":
      return [];
  }
}

const present = (cause: Cause | null): readonly Cause[] => (cause === null ? [] : [cause]);

/** What set the timer that ran out. */
function armed(scene: Scene): readonly Cause[] {
  const { trail, transition, outside } = scene;
  const { accepted, entered } = trail;
  const deadline = deadlineOf(transition.before);
  const until = (from: Instant): string =>
    deadline === null ? "" : `: the timer was set to run out ${inSeconds(since(from, deadline))} later`;
  const resumed = again(scene, until);
  if (resumed.length > 0) return resumed;
  if (accepted !== null && (entered === null || accepted.last >= entered.at)) {
    const heard = { seq: accepted.seq, at: accepted.last, text: `${advert(accepted)} accepted${until(accepted.last)}` };
    // It was Master until it was held up, and waits for nothing else.
    const stalled = accepted.first === entered?.at && transition.before?.phase.because === "self_stall";
    return [...(stalled ? outside.entering.slice(0, 1) : []), heard];
  }
  if (entered === null) return [];
  const began = outside.entering.slice(0, 1);
  return [...began, { seq: entered.seq, at: entered.at, text: "became Backup, and heard no Master to wait for" }];
}

/** How it came to take part again, where that has set the timer anew. */
function again(
  { trail: { accepted, entered }, outside: { resumed } }: Scene,
  until: ((from: Instant) => string) | null,
): readonly Cause[] {
  const last = resumed.at(-1);
  if (last === undefined || last.at < Math.max(accepted?.last ?? 0, entered?.at ?? 0)) return [];
  return until === null ? resumed : [...resumed, { ...last, text: `takes part again${until(last.at)}` }];
}

/** Weaker advertisements that came and held nobody back. */
function weaker({ trail: { weaker: heard }, transition }: Scene): readonly Cause[] {
  if (heard === null || transition.before === null) return [];
  const own = effectivePriority(transition.before);
  const text = `${advert(heard)}: below our ${own}, so the timer ran on; its sender was alive`;
  return [{ seq: heard.seq, at: heard.first, text }];
}

function resigned({ resigned: heard }: Trail): readonly Cause[] {
  if (heard === null) return [];
  return [
    {
      seq: heard.seq,
      at: heard.last,
      text: `${heard.advert.source} resigned with priority 0: only Skew_Time was left to wait`,
    },
  ];
}

function ranOut({ transition, line }: Scene): Cause {
  const deadline = deadlineOf(transition.before);
  const late = deadline === null ? "" : `, noticed ${lateness(deadline, transition.at)}`;
  return { seq: line.seq, at: transition.at, text: `Master_Down_Timer ran out${late}` };
}

const lateness = (due: Instant, at: Instant): string => {
  const ms = (at - due) / 1_000;
  return ms <= 0 ? "at once" : `${ms.toFixed(1)} ms late`;
};

const deadlineOf = (router: RouterState | null): Instant | null =>
  router?.phase.name === "backup" ? router.phase.masterDownAt : null;

/** Our own priority, where it changed since the phase began, and the other one would not have won without. */
const ownRise = (scene: Scene): readonly Cause[] =>
  ownChange(scene, ({ from, to }) => to > from && from <= (scene.trail.weaker?.advert.priority ?? 0));

/** Whether the other one became weaker only because our own priority rose: then the root is at home. */
export function roseAlone(scene: Scene): boolean {
  return !hasFallen(scene.trail) && ownRise(scene).length > 0;
}

/** Whether the Master that was waited on is the one that then said less. */
export const hasFallen = ({ accepted, weaker: heard }: Trail): boolean =>
  accepted !== null &&
  heard !== null &&
  accepted.advert.source === heard.advert.source &&
  accepted.advert.priority > heard.advert.priority;

const ownFall = (scene: Scene): readonly Cause[] =>
  ownChange(scene, ({ from, to }) => to < from && from >= priorityHeard(scene.line));

const priorityHeard = (line: Line): number =>
  line.type === "event" && line.seen.type === "advertReceived" ? line.seen.advert.priority : 0;

function ownChange(
  { transition, trail, outside }: Scene,
  matters: (change: PriorityChange) => boolean,
): readonly Cause[] {
  const { priorities, entered } = trail;
  const last = priorities.at(-1);
  if (last === undefined || !matters(last) || transition.at - last.at > PRIORITY_SPAN) return [];
  if (entered !== null && last.at < entered.at) return [];
  const why = [outside.verdict, present(outside.config)].find((one) => one.at(-1)?.seq === last.seq) ?? [];
  return [...why, { seq: last.seq, at: last.at, text: `our priority went from ${last.from} to ${last.to}` }];
}

/** From when on its own advertisement was due, and not sent: it did not run. */
function heldUp({ transition: { before, at }, line }: Scene): readonly Cause[] {
  if (before?.phase.name !== "master" || before.phase.adverAt >= at) return [];
  const { adverAt } = before.phase;
  const text = `heird was held up: the advertisement due now was not sent ${inMilliseconds(since(adverAt, at))} later`;
  return [{ seq: line.seq, at: adverAt, text }];
}

/** The very advertisement that a Master yielded to. */
function heardNow({ line, transition }: Scene): Cause {
  const at = transition.at;
  if (line.type !== "event" || line.seen.type !== "advertReceived")
    return { seq: line.seq, at, text: "heard a Master" };
  const { advert: heard } = line.seen;
  const own = transition.before === null ? "" : `, ours was ${effectivePriority(transition.before)}`;
  return { seq: line.seq, at, text: `heard priority ${heard.priority} from ${heard.source}${own}` };
}

const advert = ({ advert: { priority, source }, count }: Heard): string =>
  count === 1
    ? `an advertisement of priority ${priority} from ${source}`
    : `${count} advertisements of priority ${priority} from ${source}`;
