// What a log says of the phases: every transition with the states around it, at wall-clock time.

import type { Actor } from "../core/actor.ts";
import type { RouterKey } from "../core/config.ts";
import type { Reason } from "../core/reason.ts";
import type { AgentState, PhaseName, RouterState } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import type { Told } from "../log/replay.ts";

/** Wall-clock time in ms since 1970, with a fraction. */
export type Wall = number;

/** A router that changed its phase. */
export type Transition = {
  /** The line of the event that brought it. */
  readonly seq: number;
  readonly at: Instant;
  readonly wall: Wall;
  readonly router: RouterKey;
  readonly name: string;
  readonly from: PhaseName;
  readonly to: PhaseName;
  readonly because: Reason | "died";
  /** Null before the router existed, and after it was taken away. */
  readonly before: RouterState | null;
  readonly after: RouterState | null;
  /** Who asked for what brought it, where somebody did and the log says who. */
  readonly by?: Actor;
};

/** A clock that says otherwise by more than this, ms, was set. */
export const CLOCK_STEP = 50;

/**
 * Puts the fold's time onto the wall clock. `hlc` is when a line was written; a window is written later
 * than what it tells, so the offset is taken from headers and events. It is taken anew with each segment,
 * so that it does not matter where one begins to read, and when a clock was set.
 */
export function wallClock(): { readonly look: (line: Line) => void; readonly wallOf: (at: Instant) => Wall } {
  let offset: number | null = null;
  return {
    look: (line) => {
      if (line.type !== "header" && line.type !== "event") return;
      const said = (line.wall ?? line.hlc) - line.at / 1_000;
      if (offset === null || line.type === "header" || Math.abs(said - offset) > CLOCK_STEP) offset = said;
    },
    wallOf: (at) => (offset ?? 0) + at / 1_000,
  };
}

/**
 * Tells the changes of each step as it comes. A daemon that begins where another one was not stopped
 * tells that this one died, with its last line.
 */
export function createChronicle(): (step: Told) => readonly Transition[] {
  const clock = wallClock();
  let last: Line | null = null;
  return (step) => {
    const { line } = step;
    const begun = line.type === "header" && line.start;
    const died = begun && last !== null ? [...deaths(step, last, clock.wallOf(last.at))] : [];
    clock.look(line);
    last = line;
    if (begun) return died;
    const changes = [...changesBetween(step.before, step.state, line.seq, line.at, clock.wallOf(line.at))];
    const by = actorIn(line);
    return by === undefined ? changes : changes.map((change) => ({ ...change, by }));
  };
}

/** Who asked for what a line tells of. */
export const actorIn = (line: Line): Actor | undefined =>
  line.type === "event" && (line.seen.type === "commanded" || line.seen.type === "configured")
    ? line.seen.by
    : undefined;

/** Every change of a phase, in order. */
export function* transitions(steps: Iterable<Told>): Generator<Transition> {
  const changesOf = createChronicle();
  for (const step of steps) yield* changesOf(step);
}

function* deaths({ before }: Told, { seq, at }: Line, wall: Wall): Generator<Transition> {
  for (const router of before.routers)
    if (router.phase.name !== "initialize")
      yield {
        ...identity(router),
        seq,
        at,
        wall,
        from: router.phase.name,
        to: "initialize",
        because: "died",
        before: router,
        after: null,
      };
}

/** Every router that is in another phase in the second state than in the first. */
export function* changesBetween(
  before: AgentState,
  state: AgentState,
  seq: number,
  at: Instant,
  wall: Wall,
): Generator<Transition> {
  if (before.routers === state.routers) return;
  const was = byKey(before);
  for (const [i, router] of state.routers.entries()) {
    if (before.routers[i] === router) continue;
    const old = was.get(router.config.key) ?? null;
    const from = old?.phase.name ?? "initialize";
    const { name: to, because } = router.phase;
    if (from !== to) yield { ...identity(router), seq, at, wall, from, to, because, before: old, after: router };
  }
  if (before.config !== state.config) yield* left(before, byKey(state), { seq, at, wall });
}

/** Routers that a new configuration took away. */
function* left(
  before: AgentState,
  is: ReadonlyMap<RouterKey, RouterState>,
  when: Pick<Transition, "seq" | "at" | "wall">,
): Generator<Transition> {
  for (const old of before.routers)
    if (!is.has(old.config.key) && old.phase.name !== "initialize")
      yield {
        ...identity(old),
        ...when,
        from: old.phase.name,
        to: "initialize",
        because: "config",
        before: old,
        after: null,
      };
}

const identity = ({ config: { key, name } }: RouterState) => ({ router: key, name });

const byKey = ({ routers }: AgentState): ReadonlyMap<RouterKey, RouterState> =>
  new Map(routers.map((router) => [router.config.key, router]));

/** Whether a transition is about what somebody asks for: the name of an instance, or its key. */
export const isAbout = (vr: string | undefined, { name, router }: Pick<Transition, "name" | "router">): boolean =>
  vr === undefined || vr === name || vr === router;
