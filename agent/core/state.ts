// Everything the agent remembers, as one value; folding the log gives it back.

import type { Actor } from "./actor.ts";
import type { IpAddress } from "./address.ts";
import type { CheckConfig } from "./check.ts";
import type { AgentConfig, RouterConfig, RouterKey } from "./config.ts";
import { linkOf } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Advertisement, DropReason, Event, Observation } from "./event.ts";
import { standingOf, type Verdict, type Verdicts } from "./priority.ts";
import type { Reason } from "./reason.ts";
import type { Duration, Instant } from "./time.ts";
import { usualAgent } from "./usual.ts";

/** When a phase began, and why. */
type Begun = { readonly since: Instant; readonly because: Reason };

/**
 * RFC 5798 §6.3. Each phase carries the timers it owns, as the instants they are due; a timer that
 * belongs to another phase cannot be represented.
 */
export type Phase = Initialize | Backup | Master | Fault;

/** Not started; or started and waiting for the first answers of its checks, which `because` then says. */
export type Initialize = Begun & { readonly name: "initialize" };

export type Backup = Begun & {
  readonly name: "backup";
  readonly masterDownAt: Instant;
  readonly masterAdverInterval: Duration;
  /** The last advertisement that held us back, and when it came; null until one has. */
  readonly heard: Advertisement | null;
  readonly heardAt: Instant;
  /** What `masterDownAt` is counted from: silence, or a Master that resigned. */
  readonly resigned: boolean;
  /** A weaker Master was heard, and did not hold us back, since the timer was set. */
  readonly weaker: boolean;
  /** preempt_delay: until when a weaker Master is tolerated; null while none was heard. */
  readonly preemptAt: Instant | null;
  /** max_failovers: until when a weaker Master is left alone; null while it need not be. */
  readonly limitedUntil: Instant | null;
  /** Nobody held it back for its whole time, and it would be Master but for its sync group (B11.1). */
  readonly willing: boolean;
};

export type Master = Begun &
  AnnounceTimers & {
    readonly name: "master";
    readonly adverAt: Instant;
    /** Immediate answers to weaker Masters left until the next advertisement. */
    readonly answersLeft: number;
    /** Addresses that somebody else took away and that are to be put back, all paths with them, */
    readonly lost: readonly IpAddress[];
    /** when that is to be; null while nothing is missing, */
    readonly restoreAt: Instant | null;
    /** and when that was done the last time. */
    readonly restored: Instant | null;
  };

/** When a Master announces its addresses again; null for never. */
export type AnnounceTimers = {
  /** The second block after becoming Master. */
  readonly secondBlockAt: Instant | null;
  /** The second block after a weaker Master was heard, or another sign that somebody claims the addresses. */
  readonly lowerPriorityBlockAt: Instant | null;
  readonly refreshAt: Instant | null;
  /** On other interfaces than the router's own. */
  readonly extraAt: Instant | null;
  /** From when on the next such sign is answered at once. */
  readonly answersSignsFrom: Instant;
};

/** Keepalived's FAULT: started, but unable to hold the addresses. */
export type Fault = Begun & { readonly name: "fault" };

export type PhaseName = Phase["name"];

/** What the other members of its sync group allow a router: `pending` not to start yet, `ill` not to leave FAULT. B11. */
export type Company = "well" | "pending" | "ill";

/** Somebody who advertised this virtual router while we were its Master. */
export type Rival = {
  readonly source: IpAddress;
  readonly priority: number;
  /** From when to when it was heard, without a longer gap than a Master may leave; `last` to about a second. */
  readonly first: Instant;
  readonly last: Instant;
};

/** An operator has taken a router out of service: it holds nothing, and takes nothing over. */
export type Drained = {
  readonly since: Instant;
  /** When that ends by itself; null for never. */
  readonly until: Instant | null;
  /** In the operator's words; empty without. */
  readonly reason: string;
  /** Whether everything on this node is meant, and what a new configuration brings besides. */
  readonly whole: boolean;
  /** Null where the log does not say. */
  readonly by: Actor | null;
};

/** One virtual router. */
export type RouterState = {
  readonly config: RouterConfig;
  readonly phase: Phase;
  readonly linkUp: boolean;
  /** The address advertisements come from: the interface's first IPv4 or link-local IPv6 address that is not virtual. */
  readonly primaryAddress: IpAddress | null;
  /** What is known of the checks it tracks, and of no others. */
  readonly verdicts: Verdicts;
  readonly company: Company;
  /** The last one met as Master. From our own address, it is ourselves in a loop, or a duplicate. */
  readonly rival: Rival | null;
  /** The last one whose advertisements had to be refused while we were Master. */
  readonly refused: Refused | null;
  /** Who was heard, the latest first. */
  readonly neighbours: readonly Neighbour[];
  /** When it became Master, the latest last, as far as `max_failovers` counts; empty without. */
  readonly masteries: readonly Instant[];
  /** Null as long as it takes part. */
  readonly drained: Drained | null;
};

/** A neighbour as its valid advertisements show it. Nothing of the protocol depends on it. */
export type Neighbour = {
  readonly address: IpAddress;
  readonly checksum: Advertisement["checksum"];
  /** Whether it advertises the addresses that we do, in any order. */
  readonly sameAddresses: boolean;
};

/** Somebody spoke for our VRID while we were Master, and we could not believe it. */
export type Refused = {
  readonly source: IpAddress;
  /** What differs. */
  readonly field: DropReason;
  readonly detail: string;
  readonly at: Instant;
};

export type LinkState = {
  readonly index: number;
  /** As everybody here is to believe: see `Wait`. */
  readonly up: boolean;
  /** Whether it ever was; what comes up for the first time is believed at once. */
  readonly wasUp: boolean;
  /** Addresses that are there and that we asked to be removed: their going is no loss. */
  readonly leaving: readonly IpAddress[];
  /** In the order the kernel lists them. */
  readonly addresses: readonly IpAddress[];
};

/** A link that must stay as it is for a while before that is believed; null: the delay of the startup. */
export type Wait = { readonly link: string | null; readonly until: Instant };

/** What is remembered of one check. */
export type CheckState = {
  /** What routers are told. */
  readonly verdict: Verdict;
  /** When that began. */
  readonly since: Instant;
  /** What rise and fall say; the verdict differs from it while flapping is punished, and for numbers. */
  readonly believed: "unknown" | "up" | "down";
  readonly believedSince: Instant;
  /** The last answer; null before the first. */
  readonly ok: boolean | null;
  /** How many like it in a row, and since when. */
  readonly streak: number;
  readonly streakSince: Instant;
  /** What a failure said; empty after a success. */
  readonly said: string;
  /** Of a file the number in it, of a metric the weight that its number stands for; null where none is. */
  readonly value: number | null;
  readonly penalty: Penalty | null;
  /** When time alone changes something. */
  readonly dueAt: Instant | null;
};

/** `score` at `at`; it halves every half-life. */
export type Penalty = {
  readonly score: number;
  readonly at: Instant;
  /** Since when it is held bad for it; null while it is not. */
  readonly heldSince: Instant | null;
};

export type AgentState = {
  readonly config: AgentConfig;
  /** Between startup and shutdown. */
  readonly running: boolean;
  /** What waits for time alone, beside the routers; mostly nothing. */
  readonly waits: readonly Wait[];
  /** By the name of the check; links are not among them, as they stand in `links`. */
  readonly checks: Readonly<Record<string, CheckState>>;
  readonly links: Readonly<Record<string, LinkState>>;
  /** In the order of `config.routers`. */
  readonly routers: readonly RouterState[];
  /** When the first of those that are drained takes part again by itself; null for never. */
  readonly drainOverAt: Instant | null;
};

/** The router in another phase; written out as `withRouters` is. */
export const inPhase = <P extends Phase>(router: RouterState, phase: P): RouterState & { readonly phase: P } => ({
  config: router.config,
  phase,
  linkUp: router.linkUp,
  primaryAddress: router.primaryAddress,
  verdicts: router.verdicts,
  company: router.company,
  rival: router.rival,
  refused: router.refused,
  neighbours: router.neighbours,
  masteries: router.masteries,
  drained: router.drained,
});

/** Other routers and links; written out for the turns there are most of, as a spread takes longer than all the rest of them. */
export const withRouters = (
  { config, running, waits, checks, drainOverAt }: AgentState,
  links: AgentState["links"],
  routers: AgentState["routers"],
): AgentState => ({ config, running, waits, checks, links, routers, drainOverAt });

/** The state before and after an event, and what the event asks the world for. */
export type Turn = {
  readonly event: Event;
  readonly before: AgentState;
  readonly state: AgentState;
  readonly effects: readonly Effect[];
};

/** One router after an event, and what the event asks the world for on its behalf. */
export type RouterTurn = { readonly router: RouterState; readonly effects: readonly Effect[] };

/** Moves one router, which may or may not lead its group. */
export type Moving = (router: RouterState, leads: boolean) => RouterTurn;

/** An agent that has seen nothing yet. */
export const initialState: AgentState = {
  config: usualAgent,
  running: false,
  waits: [],
  checks: {},
  links: {},
  routers: [],
  drainOverAt: null,
};

/** The priority used for election and Skew_Time. */
export const effectivePriority = (router: RouterState): number =>
  router.config.tracks.length === 0 ? router.config.basePriority : standingOf(router.config, router.verdicts).priority;

/** The next instant at which time alone changes something, if there is one. */
export function nextDeadline(phase: Phase): Instant | null {
  switch (phase.name) {
    case "backup":
      return phase.masterDownAt;
    case "master":
      return earliest(
        phase.adverAt,
        earliest(
          earliest(earliest(phase.secondBlockAt, phase.restoreAt), phase.extraAt),
          earliest(phase.lowerPriorityBlockAt, phase.refreshAt),
        ),
      );
    case "initialize":
    case "fault":
      return null;
  }
}

/** Whether time makes a Backup Master then, or moves it on its way. */
export const isTakeOver = (phase: Phase, at: Instant): boolean => phase.name === "backup" && nextDeadline(phase) === at;

function earliest<A extends Instant | null>(a: A, b: Instant | null): A | Instant {
  if (b === null) return a;
  return a === null || b < a ? b : a;
}

/** A deadline, and what is to be seen when it is reached. */
export type Due = {
  readonly at: Instant;
  readonly seen: Extract<Observation, { readonly type: "deadlineReached" | "waitOver" | "drainOver" | "checkDue" }>;
};

/** The deadlines of all but the routers, the earliest first. */
export function duesBesideRouters({
  waits,
  checks,
  drainOverAt,
}: Pick<AgentState, "waits" | "checks" | "drainOverAt">): readonly Due[] {
  const dues = waits.map(({ link, until }): Due => ({ at: until, seen: { type: "waitOver", link } }));
  if (drainOverAt !== null) dues.push({ at: drainOverAt, seen: { type: "drainOver" } });
  for (const [check, { dueAt }] of Object.entries(checks))
    if (dueAt !== null) dues.push({ at: dueAt, seen: { type: "checkDue", check } });
  return dues.sort((a, b) => a.at - b.at);
}

/** Every deadline there is, of routers and of what else waits; the longest overdue first. */
export function duesOf(state: AgentState): readonly Due[] {
  const dues = [...duesBesideRouters(state)];
  for (const { config, phase } of state.routers) {
    const at = nextDeadline(phase);
    if (at !== null) dues.push({ at, seen: { type: "deadlineReached", router: config.key } });
  }
  return dues.sort((a, b) => a.at - b.at);
}

/** Whether started routers are at work: after startup and its delay. */
export const isActive = ({ running, waits }: AgentState): boolean =>
  running && waits.every(({ link }) => link !== null);

const positions = new WeakMap<AgentConfig, ReadonlyMap<RouterKey, number>>();

/** The last answer: within a turn the same is asked a dozen times. */
let asked: { readonly config: AgentConfig; readonly key: RouterKey; readonly i: number | undefined } | null = null;

/** Where a router stands in `routers`; undefined when the configuration has none of that key. */
export function positionOf(config: AgentConfig, key: RouterKey): number | undefined {
  if (asked === null || asked.key !== key || asked.config !== config)
    asked = { config, key, i: positionIn(config, key) };
  return asked.i;
}

function positionIn(config: AgentConfig, key: RouterKey): number | undefined {
  let known = positions.get(config);
  if (known === undefined) {
    known = new Map(config.routers.map((router, i) => [router.key, i]));
    positions.set(config, known);
  }
  return known.get(key);
}

const checksByName = new WeakMap<AgentConfig, ReadonlyMap<string, CheckConfig>>();

/** The check of that name, if the configuration has one. */
export function checkOf(config: AgentConfig, name: string): CheckConfig | undefined {
  let known = checksByName.get(config);
  if (known === undefined) {
    known = new Map(config.checks.map((check) => [check.name, check]));
    checksByName.set(config, known);
  }
  return known.get(name);
}

/** The router of that key, if the configuration has one. */
export function routerOf(state: AgentState, key: RouterKey): RouterState | undefined {
  const i = positionOf(state.config, key);
  return i === undefined ? undefined : state.routers[i];
}

/** Whether a router's interface is up, and the one of its virtual MAC upon it (B10.3). */
export const isCarried = (config: RouterConfig, links: AgentState["links"]): boolean =>
  links[linkOf(config)]?.up === true && (config.vmac === null || links[config.vmac.name]?.up === true);
