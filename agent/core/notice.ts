// What people's programs are told about a turn. Derived from the states before and after it, so that
// whatever changes a phase is told, and nothing else.

import type { AgentConfig, GroupConfig, HookConfig, RouterKey } from "./config.ts";
import type { Effect, KnownMaster, Notice, NoticeWord } from "./effect.ts";
import { causeOf } from "./occasion.ts";
import {
  type AgentState,
  effectivePriority,
  type PhaseName,
  positionOf,
  type RouterState,
  routerOf,
  type Turn,
} from "./state.ts";

const WORD: Readonly<Record<PhaseName, NoticeWord>> = {
  master: "MASTER",
  backup: "BACKUP",
  fault: "FAULT",
  initialize: "STOP",
};

/** Whoever changed its phase without a word of it to anybody else is the usual case, and costs one look. */
const listening = new WeakMap<AgentConfig, boolean>();

/** Whether anybody wants to be told anything. */
function isHeard(config: AgentConfig): boolean {
  const known = listening.get(config);
  if (known !== undefined) return known;
  const heard = [...config.routers, ...config.groups].some(({ hooks }) => tells(config, hooks));
  listening.set(config, heard);
  return heard;
}

const tells = ({ notify }: AgentConfig, hooks: HookConfig): boolean =>
  notify.fifos.length > 0 ||
  hooks.mail ||
  hooks.webhooks.length > 0 ||
  hooks.preMaster !== null ||
  hooks.preBackup !== null ||
  Object.values(hooks.scripts).some((script) => script !== null);

/** The turn with what it asks hooks to do: `prepare` in front of a router's addresses, `notify` behind everything. */
export function withNotices(turn: Turn): Turn {
  const { before, state } = turn;
  if (before.routers === state.routers || !(isHeard(state.config) || isHeard(before.config))) return turn;
  const own = noticesOf(turn);
  const groups = own.length === 0 ? [] : groupNoticesOf(turn, own);
  // Keepalived tells of a group before its members at the start, and after them ever after.
  const order = groups.some(({ from }) => from === "initialize") ? [...groups, ...own] : [...own, ...groups];
  const told = order.filter(({ hooks }) => tells(state.config, hooks) || tells(before.config, hooks));
  if (told.length === 0) return turn;
  return { ...turn, effects: [...prepared(turn, told), ...told.map(asEffect)] };
}

const asEffect = (notice: Notice): Effect => ({ type: "notify", router: notice.router, notice });

// ---------------------------------------------------------------- instances

function noticesOf(turn: Turn): readonly Notice[] {
  const { before, state } = turn;
  const notices: Notice[] = [];
  for (const [i, router] of state.routers.entries()) {
    if (router === before.routers[i]) continue;
    const was = before.config === state.config ? before.routers[i] : routerOf(before, router.config.key);
    const word = wordFor(turn, was, router);
    if (word !== null) notices.push(noticeOf(turn, was ?? null, router, word));
  }
  if (before.config === state.config) return notices;
  for (const router of before.routers) {
    const { key, hooks } = router.config;
    if (positionOf(state.config, key) !== undefined || router.phase.name === "initialize") continue;
    notices.push(noticeOf(turn, router, gone(router, turn), hooks.saysDeleted ? "DELETED" : "FAULT"));
  }
  return notices;
}

/** A router that a new configuration took away. */
const gone = (router: RouterState, { event }: Turn): RouterState => ({
  ...router,
  phase: { name: "initialize", since: event.at, because: "config" },
});

function wordFor(turn: Turn, was: RouterState | undefined, router: RouterState): NoticeWord | null {
  const from = was?.phase.name ?? "initialize";
  const to = router.phase.name;
  if (from !== to) return WORD[to];
  if (was === undefined || (to !== "master" && to !== "backup")) return null;
  if (router.config.hooks.priorityChanges && effectivePriority(was) !== effectivePriority(router))
    return to === "master" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
  return to === "master" && answersWeaker(turn, router) ? "MASTER_RX_LOWER_PRI" : null;
}

/** Told as often as it is answered, which has a limit: whoever floods us with advertisements starts no programs. */
function answersWeaker({ event: { seen }, effects }: Turn, router: RouterState): boolean {
  if (seen.type !== "advertReceived" || seen.router !== router.config.key || effects.length === 0) return false;
  return seen.advert.priority > 0 && seen.advert.priority < effectivePriority(router);
}

function noticeOf(turn: Turn, was: RouterState | null, router: RouterState, word: NoticeWord): Notice {
  const { config, phase } = router;
  const group = turn.state.config.groups.find(({ members }) => members.includes(config.key));
  return {
    at: turn.event.at,
    kind: "INSTANCE",
    name: config.name,
    word,
    router: config.key,
    group: group?.name ?? null,
    from: was?.phase.name ?? "initialize",
    to: phase.name,
    because: phase.because,
    cause: causeOf(turn, was),
    priority: effectivePriority(router),
    basePriority: config.basePriority,
    interface: config.interface,
    family: config.family,
    vrid: config.vrid,
    addresses: config.virtualAddresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    masterBefore: was === null ? null : masterKnownTo(was),
    masterAfter: masterKnownTo(router),
    hooks: config.hooks,
  };
}

/** Who holds the addresses as far as this router knows. */
function masterKnownTo(router: RouterState): KnownMaster | null {
  const { phase, primaryAddress } = router;
  if (phase.name === "master" && primaryAddress !== null)
    return { address: primaryAddress, priority: effectivePriority(router), self: true };
  if (phase.name !== "backup" || phase.heard === null || phase.resigned) return null;
  return { address: phase.heard.source, priority: phase.heard.priority, self: false };
}

// ---------------------------------------------------------------- groups

/** The phase of a group by its members': B11. */
function phaseOfGroup(state: AgentState, { members }: GroupConfig): PhaseName {
  const phases = members.map((key) => routerOf(state, key)?.phase.name ?? "initialize");
  if (phases.includes("fault")) return "fault";
  if (phases.includes("initialize")) return "initialize";
  return phases.every((phase) => phase === "master") ? "master" : "backup";
}

function groupNoticesOf(turn: Turn, own: readonly Notice[]): readonly Notice[] {
  return turn.state.config.groups.flatMap((group) => {
    const before = turn.before.config.groups.find(({ name }) => name === group.name);
    const from = before === undefined ? "initialize" : phaseOfGroup(turn.before, before);
    const to = phaseOfGroup(turn.state, group);
    const first = own.find(({ router, to: phase }) => group.members.includes(router) && phase === to);
    if (from === to || first === undefined) return [];
    const { name, hooks } = group;
    return [{ ...first, kind: "GROUP" as const, name, group: name, word: WORD[to], from, to, priority: 0, hooks }];
  });
}

/** Where everybody is, in the words of the FIFOs, groups first. */
export function statesOf(state: AgentState): readonly Pick<Notice, "kind" | "name" | "word" | "priority">[] {
  const groups = state.config.groups.map((group) => ({
    kind: "GROUP" as const,
    name: group.name,
    word: WORD[phaseOfGroup(state, group)],
    priority: 0,
  }));
  const routers = state.routers.map((router) => ({
    kind: "INSTANCE" as const,
    name: router.config.name,
    word: WORD[router.phase.name],
    priority: effectivePriority(router),
  }));
  return [...groups, ...routers];
}

// ---------------------------------------------------------------- before the addresses

/** Puts `prepare` in front of what is asked for addresses on becoming, or ceasing to be, Master. */
function prepared(turn: Turn, told: readonly Notice[]): readonly Effect[] {
  const before = new Map<RouterKey, Effect>();
  for (const notice of told) {
    if (preparationOf(notice) === null) continue;
    const holds = notice.kind === "GROUP" ? membersOf(turn.state.config, notice.name) : [notice.router];
    const preparation: Effect = { type: "prepare", router: notice.router, holds, notice };
    for (const key of holds) if (!before.has(key)) before.set(key, preparation);
  }
  if (before.size === 0) return turn.effects;
  const done = new Set<Effect>();
  return turn.effects.flatMap((effect) => {
    const preparation = MOVES.has(effect.type) ? before.get(effect.router) : undefined;
    if (preparation === undefined || done.has(preparation)) return [effect];
    done.add(preparation);
    return [preparation, effect];
  });
}

const MOVES: ReadonlySet<Effect["type"]> = new Set(["addAddresses", "removeAddresses", "addPaths", "removePaths"]);

const membersOf = ({ groups }: AgentConfig, name: string): readonly RouterKey[] =>
  groups.find((group) => group.name === name)?.members ?? [];

/** The program that runs before the addresses of a router come or go; null for none. */
export function preparationOf({ from, to, hooks }: Notice): HookConfig["preMaster"] {
  if (from === to) return null;
  if (to === "master") return hooks.preMaster;
  return from === "master" ? hooks.preBackup : null;
}
