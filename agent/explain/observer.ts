// Watches a log being folded, and keeps what an explanation of the next transition may need.

import type { RouterKey } from "../core/config.ts";
import { instantOf } from "../core/deliveries.ts";
import type { Observation } from "../core/event.ts";
import { membersWith } from "../core/group.ts";
import { type AgentState, type RouterState, routerOf } from "../core/state.ts";
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
  /** What came of its effects, until its next transition; and of the hooks that tell of it, whenever they end. */
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
  resumed: [],
  drainedSince: null,
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
  const recent = new Map<string, Found>();
  const strikes = createStrikes();
  return (step) => {
    const found: Found[] = [];
    strikes.look(step);
    remember(step, outside, strikes.of);
    const changes = changesOf(step);
    // Whoever moved by itself comes first: the others of its group are told to have followed it.
    for (const transition of [...changes].sort((a, b) => Number(hasFollowed(a)) - Number(hasFollowed(b)))) {
      const one = scene(transition, step, trails.get(transition.router)?.now(), outside.get(transition.router));
      lead(one, step, outside);
      stampsOf(outside, transition.router).entering = causesOf(one);
      found.push(one);
      current.set(transition.router, one);
      keepRecent(recent, transition.router, transition.at, one);
    }
    outcome(step.line, current, recent);
    for (const [i, router] of step.state.routers.entries())
      if (step.before.routers[i] !== router || isTold(step.line, router.config.key))
        trailOf(trails, router.config.key).look(step);
    return found;
  };
}

/** Whether a line tells a router something that need not have changed it. */
const isTold = (line: Line, key: RouterKey): boolean =>
  (line.type === "event" && line.seen.type === "advertReceived" && line.seen.router === key) ||
  (line.type === "window" && line.window.kind !== "answers" && line.window.router === key);

const EMPTY: Trail = { accepted: null, weaker: null, resigned: null, priorities: [], entered: null };

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

/** What came from outside and concerns routers. Most lines are about one of many routers, and most stamp nothing. */
function remember(
  step: Told,
  outside: Map<RouterKey, Mutable<OutsideStamps>>,
  strikesOf: (check: string) => readonly Cause[],
): void {
  const { line, before, state } = step;
  // What changed nothing led to nothing.
  if (line.type !== "event" || before === state) return;
  const stamp = stampIn(line.seen);
  for (const [i, router] of state.routers.entries()) {
    const { key, interface: iface } = router.config;
    if (stamp !== null && (stamp.interface ?? iface) === iface) stampsOf(outside, key)[stamp.part] = causeOf(line);
    if (before.routers[i] === router) continue;
    if (isJudged(before, router)) stampsOf(outside, key).verdict = verdictOf(step, line, strikesOf);
    const serving = servingOf(routerOf(before, key), router, line, stampsOf(outside, key));
    if (serving !== null) Object.assign(stampsOf(outside, key), serving);
  }
}

/** What an operator, or the time that an operator set, has done to a router; null for nothing. */
function servingOf(
  was: RouterState | undefined,
  { drained }: RouterState,
  line: EventLine,
  { command }: OutsideStamps,
): Partial<OutsideStamps> | null {
  const cause = causeOf(line);
  const [before, is] = [was?.drained ?? null, drained];
  if (is !== null && is !== before) return { command: cause, resumed: [], drainedSince: is.since };
  if (is === null && before !== null)
    return { resumed: line.seen.type === "drainOver" && command !== null ? [command, cause] : [cause] };
  return isOperation(line.seen) ? { command: cause } : null;
}

/** It concerns those whom it changes, where other commands concern everybody. */
const isOperation = (seen: Observation): boolean =>
  seen.type === "commanded" && seen.command.type !== "startup" && seen.command.type !== "shutdown";

/** Whether something is believed of what a router tracks that was not believed before. */
function isJudged(before: AgentState, { config, verdicts }: RouterState): boolean {
  const was = routerOf(before, config.key);
  return was !== undefined && was.verdicts !== verdicts;
}

function verdictOf(step: Told, line: EventLine, strikesOf: (check: string) => readonly Cause[]): readonly Cause[] {
  const check = checkIn(step);
  const strikes = check === null ? [] : strikesOf(check);
  // Time alone may have turned it, after the answers that led there.
  return strikes.at(-1)?.seq === line.seq ? strikes : [...strikes, causeOf(line)];
}

type EventLine = Line & { readonly type: "event" };
type Stamp = { readonly part: "link" | "addresses" | "config" | "command"; readonly interface: string | null };

/** Which part of the stamps an observation is, and of the routers on which interface; null: of all. */
function stampIn(seen: Observation): Stamp | null {
  switch (seen.type) {
    case "linkChanged":
      return { part: "link", interface: seen.link.name };
    case "addressesChanged":
      return { part: "addresses", interface: seen.interface };
    case "configured":
      return { part: "config", interface: null };
    case "commanded":
      return isOperation(seen) ? null : { part: "command", interface: null };
    default:
      return null;
  }
}

const causeOf = (line: EventLine): Cause => ({
  seq: line.seq,
  at: line.at,
  text: [subjectOf(line), sentenceOf(line)].filter((part) => part !== "").join(" "),
});

function stampsOf(outside: Map<RouterKey, Mutable<OutsideStamps>>, key: RouterKey): Mutable<OutsideStamps> {
  const known = outside.get(key) ?? { ...NOTHING };
  outside.set(key, known);
  return known;
}

const hasFollowed = ({ because }: Transition): boolean => because.startsWith("group_");

/** A member of a sync group that changed is what the others follow. */
function lead(one: Found, { line, state }: Told, outside: Map<RouterKey, Mutable<OutsideStamps>>): void {
  const { router, name, from, to, because, at } = one.transition;
  const members = membersWith(state.config, router).filter((member) => member !== router);
  if (members.length === 0) return;
  const text = `${name} of the same sync group: ${from.toUpperCase()} -> ${to.toUpperCase()} (${because})`;
  const chain = [...causesOf(one), { seq: line.seq, at, text }];
  if (!hasFollowed(one.transition)) for (const member of members) stampsOf(outside, member).companion = chain;
}

/** What comes later than this, µs, belongs to the phase and not to the change. */
export const AFTERMATH = 3_000_000;

/** Hooks may wait for long; of so many transitions it is known what their hooks came to. */
const MOST_RECENT = 2_000;

/** One transition among all of a log. */
export const nameOf = (router: RouterKey, at: Instant | null): string => `${router} ${at}`;

/** Keeps what is known of a transition, and of so many before it. */
export function keepRecent<T>(recent: Map<string, T>, router: RouterKey, at: Instant, one: T): void {
  recent.set(nameOf(router, at), one);
  const [oldest] = recent.keys();
  if (recent.size > MOST_RECENT && oldest !== undefined) recent.delete(oldest);
}

function outcome(line: Line, current: ReadonlyMap<RouterKey, Found>, recent: ReadonlyMap<string, Found>): void {
  if (line.type !== "event") return;
  const { seen, seq, at } = line;
  if (seen.type === "hookEnded") {
    // A hook may take long, and end behind the next transition: the name of its event says of which one it tells.
    const one = recent.get(nameOf(seen.router, instantOf(seen.event)));
    const text = `${seen.hook} ${seen.outcome.replace("_", " ")}: ${seen.detail}, after ${inMilliseconds(seen.queued)} of waiting`;
    one?.outcomes.push({ seq, at, effect: "hook", ok: seen.outcome === "done", tookUs: seen.queued + seen.took, text });
    return;
  }
  if (seen.type !== "effectDone" && seen.type !== "effectFailed") return;
  const one = current.get(seen.router);
  if (one === undefined || at < one.transition.at || at - one.transition.at > AFTERMATH) return;
  const ok = seen.type === "effectDone";
  const text = ok ? seen.detail : seen.error;
  one.outcomes.push({ seq, at, effect: seen.effect, ok, tookUs: ok ? seen.took : 0, text });
}
