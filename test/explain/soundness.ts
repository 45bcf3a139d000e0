// S13: whether the explanation of a transition is sound. Its chain begins with something from outside,
// and without that the transition is not there.

import { initialState } from "../../agent/core/state.ts";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { causesOf } from "../../agent/explain/causes.ts";
import type { Transition } from "../../agent/explain/chronicle.ts";
import { inputsOf } from "../../agent/explain/inputs.ts";
import type { Witnessed } from "../../agent/explain/observer.ts";
import { refold } from "../../agent/explain/refold.ts";
import type { Line } from "../../agent/log/line.ts";

const OURS: ReadonlySet<string> = new Set([
  "deadlineReached",
  "waitOver",
  "drainOver",
  "busyAhead",
  "effectDone",
  "effectFailed",
  "checkDue",
  "hookBegan",
  "hookEnded",
  "fifoMissed",
]);

/** Whether a line tells of something that the daemon did not do itself. */
function isExternal(line: Line | undefined): boolean {
  if (line?.type === "window") return line.window.kind !== "ticks";
  return line?.type === "event" && !OURS.has(line.seen.type);
}

/** What these lines' inputs lead to, every deadline being met to the microsecond. */
const outcomes = (lines: readonly Line[], until: Instant): readonly Transition[] =>
  refold(
    { state: initialState, at: instantAt(0) },
    inputsOf(lines),
    (config) => config,
    (at) => at,
    until,
  );

const LATENESS = 1_000_000;

/** The same transition among others, as near as a late ring lets it be. */
const likewise = (
  found: readonly Transition[],
  { router, from, to, because, at }: Transition,
): Transition | undefined =>
  found.find(
    (one) =>
      one.router === router &&
      one.from === from &&
      one.to === to &&
      one.because === because &&
      Math.abs(one.at - at) < LATENESS,
  );

/**
 * Where the root is one advertisement. A link, a reload or a group may give the same outcome by another
 * way when one of its roots is taken: then several were enough, and none of them is the only one.
 */
const isOneAdvertisement = (line: Line): boolean => line.type === "event" && line.seen.type === "advertReceived";

/** Where it is the command of an operator, nothing else has done it. */
const isOperation = (line: Line): boolean =>
  line.type === "event" &&
  line.seen.type === "commanded" &&
  line.seen.command.type !== "startup" &&
  line.seen.command.type !== "shutdown";

/** Said twice at one instant: without the one there is still the other. */
const isTwofold = (line: Line, lines: readonly Line[]): boolean =>
  lines.some(
    (other) =>
      other.seq !== line.seq &&
      other.type === "event" &&
      line.type === "event" &&
      Math.abs(other.at - line.at) < 1_000 &&
      JSON.stringify(other.seen) === JSON.stringify(line.seen),
  );

export type Soundness = {
  /** What is wrong with the chain; null for nothing. */
  readonly wrong: string | null;
  /** Whether its root was taken away. */
  readonly removed: boolean;
};

const sound = (removed: boolean): Soundness => ({ wrong: null, removed });
const unsound = (wrong: string): Soundness => ({ wrong, removed: false });

/** Judges one transition of the life that these lines tell from its beginning. */
export function soundnessOf(scene: Witnessed, lines: readonly Line[]): Soundness {
  const { because, at, seq } = scene.transition;
  const chain = causesOf(scene);
  const says = `#${seq} ${because}: ${JSON.stringify(chain.map(({ text }) => text))}`;
  const [root] = chain;
  if (root === undefined) return unsound(`${says} has no root`);
  const line = lines.find((one) => one.seq === root.seq);
  if (!isExternal(line)) return unsound(`${says} begins with ${JSON.stringify(line)}`);
  if (root.at > at) return unsound(`${says} begins after its end`);
  if (line !== undefined && isOperation(line)) return withoutRoot(scene, lines, line, says);
  // A timer that was set twice at one instant is not moved by taking away one of the two.
  if (line?.type !== "event" || root.at === scene.trail.entered?.at) return sound(false);
  // preempt_delay begins with any weaker advertisement, and max_failovers ends with one: another would have done as well.
  const anyone = because === "preempt_delay_over" || because === "failover_limit_over";
  if (anyone || !isOneAdvertisement(line) || isTwofold(line, lines)) return sound(false);
  return withoutRoot(scene, lines, line, says);
}

function withoutRoot({ transition }: Witnessed, lines: readonly Line[], root: Line, says: string): Soundness {
  const { to, at, router, because } = transition;
  const until = (at + LATENESS) as Instant;
  const there = likewise(outcomes(lines, until), transition);
  if (there === undefined) return sound(false);
  const rest = outcomes(
    lines.filter((one) => one.seq !== root.seq),
    until,
  );
  // For another reason it may remain: a Master that has not yielded sees its own hand take its addresses.
  const isSame = (one: Transition): boolean => one.router === router && one.to === to && one.because === because;
  const remains = rest.some((one) => one.at === there.at && isSame(one));
  return remains ? unsound(`${says}: without its root it is there all the same`) : sound(true);
}
