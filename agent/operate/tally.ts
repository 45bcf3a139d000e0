// What the log has, counted: a fold of turns for whoever lives them, and of lines for whoever reads them
// later; both give the same. It begins at zero when a daemon begins.

import type { AgentConfig, RouterConfig, RouterKey } from "../core/config.ts";
import { LINK_CHECK, linkOf, PRIORITY_STOP } from "../core/config.ts";
import type { EffectType } from "../core/effect.ts";
import type { HookOutcome, Observation } from "../core/event.ts";
import { heldBy } from "../core/holdings.ts";
import { takenAway } from "../core/link.ts";
import {
  type AgentState,
  effectivePriority,
  type PhaseName,
  positionOf,
  type RouterState,
  routerOf,
  type Turn,
} from "../core/state.ts";
import { type Instant, since } from "../core/time.ts";
import { marksOf } from "../log/event-log.ts";
import type { Line, Mark, Window } from "../log/line.ts";
import { told } from "../log/replay.ts";
import { type Histogram, HUMAN, histogram, measure } from "./histogram.ts";
import { done, moved, newTakeOver, told as said, type TakeOver } from "./takeover.ts";

/** How much a valid advertisement meant: `unchanged` when it told nothing new to whoever heard it. */
export const HEARD = ["accepted", "lower_priority", "unchanged"] as const;
export type Heard = (typeof HEARD)[number];

/** What is counted of one virtual router. */
export type RouterTally = {
  /** The state it is in, since when, and how long it was in each before, in µs. */
  state: PhaseName;
  since: Instant;
  readonly spent: Record<PhaseName, number>;
  /** By state before, state after and reason, with spaces between. */
  readonly transitions: Map<string, number>;
  readonly heard: Record<Heard, number>;
  sent: number;
  zeroSent: number;
  zeroHeard: number;
  /** Others who spoke for it while it was Master: believed and refused. */
  rivals: number;
  /** How long those were heard who were believed, in µs. */
  contested: number;
  /** Addresses that somebody else took away from the Master. */
  lost: number;
  /** Addresses that the kernel would not use because somebody else has them. */
  duplicates: number;
  readonly failures: Map<EffectType, number>;
  readonly takeOver: TakeOver;
  /** By kind of hook and outcome, with a space between. */
  readonly hooks: Map<string, number>;
  readonly hookTook: Histogram;
  readonly hookQueued: Histogram;
};

export type CheckTally = { passed: number; failed: number; skipped: number };

export type Tally = {
  readonly routers: ReadonlyMap<RouterKey, RouterTally>;
  readonly checks: ReadonlyMap<string, CheckTally>;
  /** Changes of the links that the configuration concerns. */
  readonly links: ReadonlyMap<string, number>;
  /** Observations that the log has, those in windows among them. */
  readonly observations: ReadonlyMap<Observation["type"], number>;
  /** Addresses that somebody else has, too, by `interface address`, as long as they are there. */
  readonly duplicates: ReadonlySet<string>;
  readonly turn: (turn: Turn) => void;
  readonly window: (window: Window) => void;
};

type Books = {
  readonly routers: Map<RouterKey, RouterTally>;
  readonly checks: Map<string, CheckTally>;
  readonly links: Map<string, number>;
  readonly observations: Map<Observation["type"], number>;
  readonly duplicates: Set<string>;
};

export function openTally(): Tally {
  const routers: Books["routers"] = new Map();
  const books = {
    routers,
    checks: new Map(),
    links: new Map(),
    observations: new Map(),
    duplicates: new Set<string>(),
  };
  return { ...books, turn: (turn) => enter(books, turn), window: (window) => enterWindow(books, window) };
}

/** What a log comes to since its last daemon began, and the state it ends in. */
export function tallyOf(lines: Iterable<Line>): { readonly tally: Tally; readonly state: AgentState | null } {
  let tally = openTally();
  let last: AgentState | null = null;
  for (const { line, before, state, effects } of told(lines)) {
    if (line.type === "header" && line.start) tally = openTally();
    if (line.type === "window") tally.window(line.window);
    if (line.type === "event") tally.turn({ event: { at: line.at, seen: line.seen }, before, state, effects });
    last = state;
  }
  return { tally, state: last };
}

const add = <K>(to: Map<K, number>, key: K, count = 1): void => void to.set(key, (to.get(key) ?? 0) + count);

function enter(books: Books, turn: Turn): void {
  const { event, effects } = turn;
  const { seen } = event;
  if (seen.type === "advertReceived" || seen.type === "deadlineReached") {
    // What concerns nobody is not in the log, either.
    if (!enterRoutine(books, turn, seen)) return;
  } else enterSeldom(books, turn);
  add(books.observations, seen.type);
  for (const effect of effects) {
    if (effect.type !== "sendAdvert") continue;
    const sender = books.routers.get(effect.router);
    if (sender === undefined) continue;
    sender.sent += 1;
    if (effect.priority === PRIORITY_STOP) sender.zeroSent += 1;
  }
}

type Routine = Extract<Observation, { type: "advertReceived" | "deadlineReached" }>;

/** There are thousands of these a second. False: the log passes over it. */
function enterRoutine(books: Books, turn: Turn, seen: Routine): boolean {
  // Such a turn changes no configuration: a router stands where it stood.
  const i = positionOf(turn.state.config, seen.router);
  const before = i === undefined ? undefined : turn.before.routers[i];
  const router = i === undefined ? undefined : turn.state.routers[i];
  if (before === undefined || router === undefined) return false;
  const same = before === router && turn.effects.length === 0;
  if (seen.type === "deadlineReached" && same) return false;
  const tally = books.routers.get(seen.router);
  if (seen.type === "advertReceived" && tally !== undefined) {
    const { priority } = seen.advert;
    enterHeard(tally, priority, same ? "unchanged" : meaningOf(priority, before, router, turn.event.at));
    if (router.rival !== before.rival) enterRival(tally, before, router);
  }
  if (!same && maySwitch(turn, before, router)) enterMarks(books, turn);
  return true;
}

/** Without groups it moves nobody else. */
const maySwitch = ({ state }: Turn, before: RouterState, router: RouterState): boolean =>
  before.phase.name !== router.phase.name || state.config.groups.length > 0;

function enterHeard(tally: RouterTally, priority: number, meaning: Heard): void {
  tally.heard[meaning] += 1;
  if (priority === PRIORITY_STOP) tally.zeroHeard += 1;
}

/** Of an advertisement that changed something. */
function meaningOf(priority: number, before: RouterState, { phase }: RouterState, at: Instant): Heard {
  if (phase.name === "backup" && phase.heardAt === at) return "accepted";
  return priority !== PRIORITY_STOP && priority < effectivePriority(before) ? "lower_priority" : "accepted";
}

type Rival = { readonly source: string; readonly first: Instant } | null;

/** Between two sightings of the same one there were two Masters; what follows the last one is not known. */
function enterRival(tally: RouterTally, { rival: was, phase }: RouterState, { rival: is }: RouterState): void {
  if (isNews(was, is)) tally.rivals += 1;
  else if (was !== null && is !== null && phase.name === "master" && was.last >= phase.since)
    tally.contested += since(was.last, is.last);
}

/** Somebody new, or the same after a silence. */
const isNews = (was: Rival, is: Rival): boolean =>
  is !== null && is !== was && (was?.source !== is.source || was.first !== is.first);

function enterSeldom(books: Books, turn: Turn): void {
  const { seen, at } = turn.event;
  if (seen.type === "configured") admit(books, turn.state.config, at);
  enterMarks(books, turn);
  if (seen.type === "configured") dismiss(books, turn.state.config);
  switch (seen.type) {
    case "advertDropped":
      enterRefusal(books, turn, seen);
      return;
    case "linkChanged":
      if (turn.before.links[seen.link.name] !== undefined && concerned(turn.state.config).has(seen.link.name))
        add(books.links, seen.link.name);
      if (seen.link.index === 0) forgive(books, seen.link.name, null);
      return;
    case "addressDuplicate":
      enterDuplicate(books, turn, seen);
      return;
    case "addressesChanged":
      for (const changed of [seen.removed, seen.added]) forgive(books, seen.interface, changed);
      enterLosses(books, turn, seen);
      return;
    case "checkReported":
      if (turn.state.checks[seen.check] !== undefined)
        enterAnswers(books, { check: seen.check, ok: seen.run.ok, count: 1, skipped: seen.run.skipped });
      return;
    case "effectDone":
    case "effectFailed":
      enterOutcome(books, seen, at);
      return;
    case "hookEnded":
      enterHook(books, seen, at);
      return;
    case "commanded":
    case "configured":
    case "advertReceived":
    case "deadlineReached":
    case "pathsLost":
    case "addressClaimed":
    case "waitOver":
    case "drainOver":
    case "busyAhead":
    case "checkDue":
    case "hookBegan":
    case "fifoMissed":
      return;
  }
}

/** Somebody new who contradicts a Master, or in another way. */
function enterRefusal({ routers }: Books, { before, state }: Turn, { router }: Dropped): void {
  const tally = router === null ? undefined : routers.get(router);
  if (router === null || tally === undefined) return;
  const [was, is] = [routerOf(before, router)?.refused, routerOf(state, router)?.refused];
  if (is && is !== was && (is.source !== was?.source || is.field !== was.field)) tally.rivals += 1;
}

type Dropped = Extract<Observation, { type: "advertDropped" }>;

function enterWindow(books: Books, window: Window): void {
  const { kind, count } = window;
  if (kind === "answers") {
    add(books.observations, "checkReported", count);
    enterAnswers(books, window);
    return;
  }
  const tally = books.routers.get(window.router);
  add(books.observations, kind === "ticks" ? "deadlineReached" : "advertReceived", count);
  if (tally === undefined) return;
  if (kind === "ticks") tally.sent += count;
  else {
    tally.heard[kind] += count;
    if (window.advert?.priority === PRIORITY_STOP) tally.zeroHeard += count;
  }
}

// ---------------------------------------------------------------- who is counted

function admit({ routers }: Books, config: AgentConfig, at: Instant): void {
  for (const { key } of config.routers) if (!routers.has(key)) routers.set(key, newTally(at));
}

/** Whoever is configured away is forgotten, and begins at zero when he comes back. */
function dismiss({ routers, checks, links }: Books, config: AgentConfig): void {
  for (const key of routers.keys()) if (positionOf(config, key) === undefined) routers.delete(key);
  const names = new Set(config.checks.map(({ name }) => name));
  for (const name of checks.keys()) if (!names.has(name)) checks.delete(name);
  for (const name of links.keys()) if (!concerned(config).has(name)) links.delete(name);
}

const newTally = (at: Instant): RouterTally => ({
  state: "initialize",
  since: at,
  spent: { initialize: 0, backup: 0, master: 0, fault: 0 },
  transitions: new Map(),
  heard: { accepted: 0, lower_priority: 0, unchanged: 0 },
  sent: 0,
  zeroSent: 0,
  zeroHeard: 0,
  rivals: 0,
  contested: 0,
  lost: 0,
  duplicates: 0,
  failures: new Map(),
  takeOver: newTakeOver(),
  hooks: new Map(),
  hookTook: histogram(HUMAN),
  hookQueued: histogram(HUMAN),
});

const known = new WeakMap<AgentConfig, ReadonlySet<string>>();

/** The links that a configuration is about; containers come and go with others. */
export function concerned(config: AgentConfig): ReadonlySet<string> {
  const before = known.get(config);
  if (before !== undefined) return before;
  const names = new Set(config.routers.flatMap(linksOf));
  known.set(config, names);
  return names;
}

const linksOf = (config: RouterConfig): readonly string[] => [
  linkOf(config),
  ...config.virtualInterfaces.map(({ name }) => name),
  ...heldBy(config).addresses.map((own) => own.interface),
  ...config.tracks.flatMap(({ check }) => (check.startsWith(LINK_CHECK) ? [check.slice(LINK_CHECK.length)] : [])),
];

// ---------------------------------------------------------------- what is counted

function enterMarks(books: Books, turn: Turn): void {
  for (const mark of marksOf(turn)) {
    const tally = books.routers.get(mark.router);
    if (tally !== undefined) move(tally, mark, turn);
  }
}

function move(tally: RouterTally, mark: Mark, turn: Turn): void {
  const { at } = turn.event;
  tally.spent[tally.state] += since(tally.since, at);
  tally.state = mark.phase;
  tally.since = at;
  add(tally.transitions, `${mark.from} ${mark.phase} ${mark.because}`);
  moved(tally.takeOver, mark, turn);
}

function enterLosses(books: Books, { before }: Turn, seen: Extract<Observation, { type: "addressesChanged" }>): void {
  const gone = new Set(takenAway(before.links, seen));
  if (gone.size === 0) return;
  for (const { config, phase } of before.routers) {
    const tally = books.routers.get(config.key);
    if (phase.name !== "master" || tally === undefined) continue;
    for (const own of heldBy(config).addresses)
      if (own.interface === seen.interface && gone.has(own.address)) tally.lost += 1;
  }
}

type Duplicate = Extract<Observation, { type: "addressDuplicate" }>;

function enterDuplicate(books: Books, { state }: Turn, { interface: iface, address }: Duplicate): void {
  books.duplicates.add(`${iface} ${address}`);
  for (const { config } of state.routers) {
    const tally = books.routers.get(config.key);
    const holds = heldBy(config).addresses.some((own) => own.interface === iface && own.address === address);
    if (tally !== undefined && holds) tally.duplicates += 1;
  }
}

/** What goes, or comes anew, is no duplicate any more, or not yet; null: everything on that link. */
function forgive({ duplicates }: Books, iface: string, addresses: readonly string[] | null): void {
  if (duplicates.size === 0) return;
  if (addresses !== null) for (const address of addresses) duplicates.delete(`${iface} ${address}`);
  else for (const place of [...duplicates]) if (place.startsWith(`${iface} `)) duplicates.delete(place);
}

type Answers = { readonly check: string; readonly ok: boolean; readonly count: number; readonly skipped: number };

function enterAnswers({ checks }: Books, { check, ok, count, skipped }: Answers): void {
  const tally = checks.get(check) ?? { passed: 0, failed: 0, skipped: 0 };
  checks.set(check, tally);
  tally[ok ? "passed" : "failed"] += count;
  tally.skipped += skipped;
}

type Outcome = Extract<Observation, { type: "effectDone" | "effectFailed" }>;

function enterOutcome({ routers }: Books, seen: Outcome, at: Instant): void {
  const tally = routers.get(seen.router);
  if (tally === undefined) return;
  if (seen.type === "effectDone") done(tally.takeOver, seen, at);
  // Advertisements that fail are told once a minute, and counted elsewhere.
  else if (seen.effect !== "sendAdvert") add(tally.failures, seen.effect);
}

const NEVER_RUN: ReadonlySet<HookOutcome> = new Set(["superseded", "given_up"]);

function enterHook({ routers }: Books, seen: Extract<Observation, { type: "hookEnded" }>, at: Instant): void {
  const tally = routers.get(seen.router);
  if (tally === undefined) return;
  // Of a webhook only that: its URL may be a secret.
  add(tally.hooks, `${seen.hook.split(" ", 1).join("")} ${seen.outcome}`);
  if (NEVER_RUN.has(seen.outcome)) return;
  measure(tally.hookTook, seen.took);
  measure(tally.hookQueued, seen.queued);
  said(tally.takeOver, seen, tally.since, at);
}
