// Makes audit records of a log as it is folded, a line at a time. The fold is the daemon's own; nothing
// is decided here, and nothing of the past is kept that the next record does not need.

import { createHash } from "node:crypto";
import type { Actor } from "../core/actor.ts";
import type { Run } from "../core/check.ts";
import { commandInWords } from "../core/command.ts";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import { instantOf } from "../core/deliveries.ts";
import type { Observation } from "../core/event.ts";
import { contributionOf } from "../core/priority.ts";
import { type AgentState, effectivePriority, type RouterState, routerOf } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import { masterDownInterval, skewTime } from "../core/timers.ts";
import { causesOf } from "../explain/causes.ts";
import { actorIn, wallClock } from "../explain/chronicle.ts";
import { createWitness, keepRecent, nameOf, type Witnessed } from "../explain/observer.ts";
import type { Heard } from "../explain/trail.ts";
import type { Header, Line, Strain } from "../log/line.ts";
import { NOTHING_REPLAYED, toldLine } from "../log/replay.ts";
import type { Kind } from "./entry.ts";
import { idOf } from "./keys.ts";
import { nothingBefore, type Past } from "./past.ts";
import {
  type AuditRecord,
  type Deed,
  type Evidence,
  type Peer,
  type Priority,
  STANDARDS,
  type Timers,
  type TransitionRecord,
} from "./record.ts";
import { subjectOf } from "./subject.ts";

export type Told = { readonly kind: Kind; readonly record: AuditRecord | null };

export type Recorder = {
  /** The next line. Never throws. */
  readonly look: (line: Line) => Told;
};

/** So many lines back a step of a chain is known by its kind. */
const TYPES = 4_096;
/** Answers of one check that are kept as evidence. */
const STRIKES = 3;

/** A transition that was recorded. */
type Recorded = { readonly id: string; readonly at: Instant };

type Memory = {
  header: Header | null;
  generation: number;
  configHash: string;
  config: AgentConfig | null;
  /** What the last event moved, until its marks are written; and the last transition of each router. */
  moved: Map<RouterKey, Witnessed>;
  latest: Map<RouterKey, Recorded>;
  /** The last ones of all routers, by router and time: a hook may end behind the next one. */
  recent: Map<string, Recorded>;
  /** How often each became Master, and since which line that is counted. */
  past: Past | null;
  /** What the last lines were, for the steps of a chain. */
  types: Map<number, string>;
  runs: Map<string, readonly Run[]>;
  /** Who asked, by the line, for the last command and the last configuration. */
  asked: Map<Observation["type"], { readonly seq: number; readonly by: Actor | null }>;
  links: Map<string, { readonly up: boolean; readonly at: Line["at"] }>;
};

const nothingKnown = (): Memory => ({
  header: null,
  generation: 0,
  configHash: "",
  config: null,
  moved: new Map(),
  latest: new Map(),
  recent: new Map(),
  past: null,
  types: new Map(),
  runs: new Map(),
  asked: new Map(),
  links: new Map(),
});

/**
 * `past` is what was counted before the first line that will be shown.
 */
export function createRecorder(cluster: string, node: string, past: () => Past = nothingBefore): Recorder {
  const witness = createWitness();
  const clock = wallClock();
  let replayed = NOTHING_REPLAYED;
  const memory = nothingKnown();
  const common = (line: Line) => ({
    v: 1 as const,
    id: idOf(line),
    cluster,
    node,
    host: memory.header?.node ?? "",
    nodeId: memory.header?.machine ?? null,
    epoch: memory.header?.epoch ?? "",
    bootId: memory.header?.boot ?? "",
    seq: line.seq,
    time: {
      hlc: idOf(line),
      wall: new Date(Math.round(clock.wallOf(line.at))).toISOString(),
      monoNs: `${line.at}000`,
    },
    config: { hash: memory.configHash, file: memory.header?.file ?? null, generation: memory.generation },
    software: { version: memory.header?.version ?? "", foldVersion: memory.header?.foldVersion ?? 0 },
  });
  const look = (line: Line): Told => {
    const { told, after } = toldLine(replayed, line);
    replayed = after;
    clock.look(line);
    memory.past ??= past();
    learn(memory, line, told.state);
    const moved = witness(told);
    if (moved.length > 0) memory.moved = new Map(moved.map((one) => [one.transition.router, one]));
    switch (line.type) {
      case "mark":
        return { kind: "transition", record: transitionRecord(memory, line, told.state, common(line), clock.wallOf) };
      case "header": {
        const died = line.start ? moved.map(({ transition: { name, router, from } }) => ({ name, router, from })) : [];
        const routers = told.state.routers.map((router) => subjectOf(told.state, router));
        const { start, lost } = line;
        return { kind: "lifecycle", record: { ...common(line), kind: "lifecycle", start, lost, routers, died } };
      }
      case "event":
        return seen(memory, line, told, common(line));
      case "window":
        return { kind: "routine", record: null };
      case "snapshot":
        return { kind: "snapshot", record: null };
    }
  };
  return {
    look: (line) => {
      try {
        return look(line);
      } catch {
        // A line that this fold does not know, or that somebody has edited: it is shipped as it stands.
        return { kind: line.type === "header" ? "lifecycle" : "other", record: null };
      }
    },
  };
}

/** What later records say of the configuration, the checks and the links. */
function learn(memory: Memory, line: Line, state: AgentState): void {
  if (line.type === "header") learnHeader(memory, line);
  if (line.type === "mark" && line.phase === "master") memory.past?.count(line.router);
  memory.types.set(line.seq, line.type === "event" ? line.seen.type : line.type);
  if (memory.types.size > TYPES) memory.types.delete(memory.types.keys().next().value ?? -1);
  if (state.config !== memory.config) {
    memory.config = state.config;
    memory.configHash = createHash("sha256").update(JSON.stringify(state.config)).digest("hex");
    const known = new Set(state.config.checks.map(({ name }) => name));
    for (const name of memory.runs.keys()) if (!known.has(name)) memory.runs.delete(name);
  }
  if (line.type === "event") learnOf(memory, line);
}

function learnHeader(memory: Memory, header: Header): void {
  memory.header = header;
  // Read from the middle of a life: what was before is one more at least.
  if (header.start) memory.generation = 0;
  else if (memory.config === null) memory.generation = 1;
}

function learnOf(memory: Memory, line: EventLine): void {
  const { seen: what } = line;
  if (what.type === "configured") memory.generation += 1;
  if (what.type === "commanded" || what.type === "configured")
    memory.asked.set(what.type, { seq: line.seq, by: actorIn(line) ?? null });
  if (what.type === "linkChanged") memory.links.set(what.link.name, { up: what.link.up, at: line.at });
  if (what.type === "checkReported")
    memory.runs.set(what.check, [...(memory.runs.get(what.check) ?? []), what.run].slice(-STRIKES));
}

type CommonOf = Omit<
  TransitionRecord,
  "kind" | "vr" | "transition" | "master" | "priority" | "timers" | "cause" | "evidence"
>;
type WallOf = (at: Line["at"]) => number;

function transitionRecord(
  memory: Memory,
  mark: Extract<Line, { type: "mark" }>,
  state: AgentState,
  common: CommonOf,
  wallOf: WallOf,
): TransitionRecord | null {
  const scene = memory.moved.get(mark.router);
  if (scene === undefined) return null;
  const { before, after, at } = scene.transition;
  const router = after ?? before;
  if (router === null) return null;
  const recorded = { id: common.id, at };
  memory.latest.set(mark.router, recorded);
  keepRecent(memory.recent, mark.router, at, recorded);
  const { from, phase: to, because: reason } = mark;
  const causes = causesOf(scene);
  const asked = [...memory.asked.values()].findLast(({ seq }) => causes.some((cause) => cause.seq === seq));
  return {
    ...common,
    kind: "transition",
    vr: subjectOf(state, router),
    transition: {
      from,
      to,
      reason,
      ...STANDARDS[reason],
      previousStateMs: before === null ? null : (at - before.phase.since) / 1_000,
      tenure: memory.past?.of(mark.router) ?? 0,
      tenureSince: memory.past?.since ?? 0,
    },
    master: { before: masterOf(before, scene, wallOf), after: masterOf(after, scene, wallOf) },
    priority: priorityOf(router, before),
    timers: timersOf(router, before, at, wallOf),
    cause: causes.map(({ seq, at: when, text }) => ({
      seq,
      at: wallOf(when),
      type: memory.types.get(seq) ?? null,
      summary: text,
    })),
    evidence: {
      ...evidenceOf(memory, scene, router, wallOf),
      actor: asked?.by ?? null,
      self: selfOf(mark.strain),
      recorder: mark.recording ?? null,
    },
  };
}

function masterOf(router: RouterState | null, { trail }: Witnessed, wallOf: WallOf): Peer | null {
  if (router === null) return null;
  const { phase, primaryAddress } = router;
  if (phase.name === "master" && primaryAddress !== null)
    return { addr: primaryAddress, prio: effectivePriority(router), self: true, lastAdvertAt: null, adverts: null };
  if (phase.name !== "backup" || phase.heard === null) return null;
  const { source: addr, priority: prio } = phase.heard;
  const counted = trail.accepted?.advert.source === addr ? trail.accepted.count : null;
  return { addr, prio, self: false, lastAdvertAt: wallOf(phase.heardAt), adverts: counted };
}

const priorityOf = (router: RouterState, before: RouterState | null): Priority => ({
  configured: router.config.basePriority,
  effectiveBefore: effectivePriority(before ?? router),
  effectiveAfter: effectivePriority(router),
  terms: router.config.tracks.map((track) => {
    const value = router.verdicts[track.check] ?? "unknown";
    return { track: track.check, weight: track.weight, value, applied: contributionOf(track, value) };
  }),
});

function timersOf({ config }: RouterState, before: RouterState | null, at: Line["at"], wallOf: WallOf): Timers {
  const priority = before === null ? config.basePriority : effectivePriority(before);
  const waited = before?.phase.name === "backup" ? before.phase : null;
  const interval = waited?.masterAdverInterval ?? config.adverInterval;
  const deadline = waited !== null && waited.masterDownAt <= at ? waited.masterDownAt : null;
  return {
    adverMs: config.adverInterval / 1_000,
    masterAdverMs: waited === null ? null : waited.masterAdverInterval / 1_000,
    skewMs: skewTime(config.version, priority, interval) / 1_000,
    masterDownMs: masterDownInterval(config.version, priority, interval, config.downTimerAdverts) / 1_000,
    deadlineAt: deadline === null ? null : wallOf(deadline),
    firedAt: deadline === null ? null : wallOf(at),
    latenessUs: deadline === null ? null : at - deadline,
    advertsMissed:
      deadline === null || waited === null || waited.heard === null
        ? null
        : Math.floor((at - waited.heardAt) / interval),
  };
}

function evidenceOf(
  memory: Memory,
  { trail }: Witnessed,
  { config }: RouterState,
  wallOf: WallOf,
): Omit<Evidence, "recorder" | "actor" | "self"> {
  const heard = [trail.accepted, trail.weaker, trail.resigned].filter((one): one is Heard => one !== null);
  const link = memory.links.get(config.interface);
  return {
    checks: config.tracks.flatMap(({ check }) =>
      (memory.runs.get(check) ?? []).map((run) => ({ name: check, ...answerOf(run) })),
    ),
    link: link === undefined ? null : { interface: config.interface, up: link.up, at: wallOf(link.at) },
    adverts: heard.map(({ advert, count, last, maxGap }) => ({
      src: advert.source,
      prio: advert.priority,
      count,
      lastRx: wallOf(last),
      maxGapMs: maxGap / 1_000,
    })),
  };
}

function answerOf({ ok, detail, exit, timedOut, queued, took, output }: Run): Omit<CheckAnswer, "name"> {
  const [rc, signal] = [typeof exit === "number" ? exit : null, typeof exit === "string" ? exit : null];
  const outputSha256 = createHash("sha256").update(output).digest("hex");
  const spans = { queuedMs: queued / 1_000, execMs: took / 1_000 };
  return { ok, detail, rc, signal, timedOut, ...spans, outputTail: output, outputSha256 };
}
type CheckAnswer = Evidence["checks"][number];

const selfOf = (strain: Strain | undefined): Evidence["self"] =>
  strain === undefined ? null : { loopLagMaxMs: strain.late / 1_000, gcMaxMs: strain.collected / 1_000 };

/** Effects take this long at most, µs; what comes later belongs to the phase. */
const AFTERMATH = 3_000_000;

type EventLine = Extract<Line, { type: "event" }>;
type States = { readonly before: AgentState; readonly state: AgentState };

function seen(memory: Memory, line: EventLine, states: States, common: CommonOf): Told {
  const { seen: what, at } = line;
  const kind = kindOf(what, states);
  if (kind === "command" || kind === "config") return { kind, record: { ...common, kind, ...askedIn(line) } };
  const deed = deedIn(what);
  if (deed === null || (kind !== "vip" && kind !== "notify")) return { kind, record: null };
  const { router } = deed;
  const latest =
    what.type === "hookEnded" ? memory.recent.get(nameOf(router, instantOf(what.event))) : memory.latest.get(router);
  const near = latest !== undefined && (kind === "notify" || at - latest.at <= AFTERMATH);
  const startedMs = latest === undefined || !near ? 0 : (at - latest.at) / 1_000 - deed.done.tookMs;
  const name = routerOf(states.state, router)?.config.name ?? router;
  const effects = [{ ...deed.done, startedMs }];
  return { kind, record: { ...common, kind, vr: { name, router }, of: near ? latest.id : null, effects } };
}

function askedIn(line: EventLine): { readonly asked: string; readonly actor: Actor | null } {
  const { seen: what } = line;
  return { asked: what.type === "commanded" ? commandInWords(what.command) : what.type, actor: actorIn(line) ?? null };
}

function deedIn(what: Observation): { readonly router: RouterKey; readonly done: Omit<Deed, "startedMs"> } | null {
  switch (what.type) {
    case "effectDone": {
      const { router, effect: kind, took, detail } = what;
      return { router, done: { kind, target: router, tookMs: took / 1_000, ok: true, detail } };
    }
    case "effectFailed": {
      const { router, effect: kind, error: detail } = what;
      return { router, done: { kind, target: router, tookMs: 0, ok: false, detail } };
    }
    case "hookEnded": {
      const { router, hook: target, took, outcome, detail } = what;
      return { router, done: { kind: "notify", target, tookMs: took / 1_000, ok: outcome === "done", detail } };
    }
    default:
      return null;
  }
}

function kindOf(what: Observation, { before, state }: States): Kind {
  switch (what.type) {
    case "commanded":
      return "command";
    case "configured":
    case "busyAhead":
      return "config";
    case "linkChanged":
    case "waitOver":
      return "link";
    case "addressesChanged":
    case "addressClaimed":
    case "addressDuplicate":
    case "pathsLost":
    case "effectDone":
    case "effectFailed":
      return "vip";
    case "hookBegan":
    case "hookEnded":
    case "fifoMissed":
      return "notify";
    case "advertDropped":
      return "refused";
    case "checkReported":
    case "checkDue":
      return before.routers !== state.routers && priorityMoved(before, state) ? "priority" : "check";
    case "advertReceived":
      return routerOf(before, what.router)?.phase.name === "master" ? "dual_master" : "master_seen";
    case "deadlineReached":
    case "drainOver":
      return "other";
  }
}

const priorityMoved = (before: AgentState, state: AgentState): boolean =>
  state.routers.some((router, i) => {
    const was = before.routers[i];
    return was !== undefined && was !== router && effectivePriority(was) !== effectivePriority(router);
  });
