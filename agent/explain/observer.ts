// Watches a log being folded, and keeps what an explanation of the next transition may need.

import type { RouterKey } from "../core/config.ts";
import type { AgentState, RouterState } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import type { Told } from "../log/replay.ts";
import { type Cause, causesOf, type OutsideStamps, type Scene } from "./causes.ts";
import { createChronicle, type Transition } from "./chronicle.ts";
import { inMilliseconds, sentenceOf, subjectOf } from "./narrate.ts";
import { checkIn, createStrikes } from "./strikes.ts";
import { createTrail, type Trail } from "./trail.ts";

/** What happened to a router, as it was when it happened. */
export type Witnessed = Scene & {
  /** What came of its effects, until its next transition. */
  readonly outcomes: readonly Outcome[];
};

/** One effect that was done, or not. */
export type Outcome = {
  readonly seq: number;
  readonly at: Instant;
  readonly effect: string;
  readonly ok: boolean;
  readonly tookUs: number;
  readonly text: string;
};

const NOTHING: OutsideStamps = {
  entering: [],
  link: null,
  addresses: null,
  config: null,
  command: null,
  verdict: [],
  companion: [],
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Found = Mutable<Witnessed> & { outcomes: Outcome[] };

/** Every transition of these steps for which `wanted` holds, with what led up to it and what came of it. */
export function witnessed(steps: Iterable<Told>, wanted: (transition: Transition) => boolean): readonly Witnessed[] {
  const look = createWitness();
  const found: Witnessed[] = [];
  for (const step of steps) for (const one of look(step)) if (wanted(one.transition)) found.push(one);
  return found;
}

/**
 * Watches steps as they come, and gives the transitions of each. What came of one is added to it by
 * the steps that follow.
 */
export function createWitness(): (step: Told) => readonly Witnessed[] {
  const changesOf = createChronicle();
  const trails = new Map<RouterKey, ReturnType<typeof createTrail>>();
  const outside = new Map<RouterKey, Mutable<OutsideStamps>>();
  const current = new Map<RouterKey, Found>();
  const strikes = createStrikes();
  return (step) => {
    const found: Found[] = [];
    strikes.look(step);
    for (const router of step.state.routers) remember(router, step, outside, strikes.of);
    const changes = changesOf(step);
    // Whoever moved by itself comes first: the others of its group are told to have followed it.
    for (const transition of [...changes].sort((a, b) => Number(hasFollowed(a)) - Number(hasFollowed(b)))) {
      const one = scene(transition, step, trails.get(transition.router)?.now(), outside.get(transition.router));
      lead(one, step, outside);
      const stamps = outside.get(transition.router);
      if (stamps !== undefined) stamps.entering = causesOf(one);
      found.push(one);
      current.set(transition.router, one);
    }
    outcome(step.line, current);
    for (const { config } of step.state.routers) trailOf(trails, config.key).look(step);
    return found;
  };
}

const EMPTY: Trail = { accepted: null, weaker: null, resigned: null, last: null, priorities: [], entered: null };

const scene = (
  transition: Transition,
  { line }: Told,
  trail: Trail = EMPTY,
  stamps: OutsideStamps = NOTHING,
): Found => ({ transition, line, trail, outside: { ...stamps }, outcomes: [] });

function trailOf(trails: Map<RouterKey, ReturnType<typeof createTrail>>, key: RouterKey) {
  const known = trails.get(key) ?? createTrail(key);
  trails.set(key, known);
  return known;
}

/** What came from outside and concerns a router. */
function remember(
  router: RouterState,
  step: Told,
  outside: Map<RouterKey, Mutable<OutsideStamps>>,
  strikesOf: (check: string) => readonly Cause[],
): void {
  const { line, before, state } = step;
  // What changed nothing led to nothing.
  if (line.type !== "event" || before === state) return;
  const stamps = outside.get(router.config.key) ?? { ...NOTHING };
  outside.set(router.config.key, stamps);
  const cause: Cause = {
    seq: line.seq,
    at: line.at,
    text: [subjectOf(line), sentenceOf(line)].filter((part) => part !== "").join(" "),
  };
  const { seen } = line;
  if (seen.type === "linkChanged" && seen.link.name === router.config.interface) stamps.link = cause;
  if (seen.type === "addressesChanged" && seen.interface === router.config.interface) stamps.addresses = cause;
  if (seen.type === "configured") stamps.config = cause;
  if (seen.type === "commanded") stamps.command = cause;
  const was = before.routers.find(({ config }) => config.key === router.config.key);
  if (was === undefined || was.verdicts === router.verdicts) return;
  const check = checkIn(step);
  const strikes = check === null ? [] : strikesOf(check);
  // Time alone may have turned it, after the answers that led there.
  stamps.verdict = strikes.at(-1)?.seq === cause.seq ? strikes : [...strikes, cause];
}

const hasFollowed = ({ because }: Transition): boolean => because.startsWith("group_");

/** A member of a sync group that changed is what the others follow. */
function lead(one: Found, { line, state }: Told, outside: ReadonlyMap<RouterKey, Mutable<OutsideStamps>>): void {
  const { router, name, from, to, because, at } = one.transition;
  const members = companionsOf(state, router);
  if (members.length === 0) return;
  const text = `${name} of the same sync group: ${from.toUpperCase()} -> ${to.toUpperCase()} (${because})`;
  const chain = [...causesOf(one), { seq: line.seq, at, text }];
  for (const member of members) {
    const stamps = outside.get(member);
    if (stamps !== undefined && !hasFollowed(one.transition)) stamps.companion = chain;
  }
}

const companionsOf = ({ config }: AgentState, router: RouterKey): readonly RouterKey[] =>
  config.groups
    .filter(({ members }) => members.includes(router))
    .flatMap(({ members }) => members.filter((member) => member !== router));

/** What comes later than this, µs, belongs to the phase and not to the change. */
const AFTERMATH = 3_000_000;

function outcome(line: Line, current: ReadonlyMap<RouterKey, Found>): void {
  if (line.type !== "event") return;
  const { seen, seq, at } = line;
  if (seen.type === "hookEnded") {
    const one = current.get(seen.router);
    // A hook may take long, and is told by the name of its event, so it needs no bound.
    const text = `${seen.hook} ${seen.outcome.replace("_", " ")}: ${seen.detail}, after ${inMilliseconds(seen.queued)} of waiting`;
    one?.outcomes.push({ seq, at, effect: "hook", ok: seen.outcome === "done", tookUs: seen.queued + seen.took, text });
    return;
  }
  if (seen.type !== "effectDone" && seen.type !== "effectFailed") return;
  const one = current.get(seen.router);
  if (one === undefined || at - one.transition.at > AFTERMATH) return;
  const ok = seen.type === "effectDone";
  const text = ok ? seen.detail : seen.error;
  one.outcomes.push({ seq, at, effect: seen.effect, ok, tookUs: ok ? seen.took : 0, text });
}
