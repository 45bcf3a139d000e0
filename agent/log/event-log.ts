// Writes down what happened before anything is done about it: each turn becomes its line, or part
// of a routine window, and the lines are chained.

import { hostname } from "node:os";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import { companionsOf, membersWith } from "../core/group.ts";
import { type Reason, standardOf } from "../core/reason.ts";
import type { AgentState, PhaseName, RouterState, Turn } from "../core/state.ts";
import { routerOf } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { type Errand, lifeOf, openErrands } from "./errands.ts";
import type { Store } from "./file.ts";
import type { Recorder } from "./flight.ts";
import { type Holding, NOTHING_HELD, openLedger } from "./ledger.ts";
import { FOLD_VERSION, FORMAT, type Mark, type Strain, seal, snapshotOf, type Window } from "./line.ts";
import { redactConfig, redactSeen } from "./redact.ts";
import { createWindows, routineOf } from "./routine.ts";

/** A segment ends after a day at the latest, so that old ones can go, and the last hour stands in few lines. */
const SEGMENT_SPAN: Duration = seconds(86_400);

export type EventLog = {
  /** Puts a turn on record. Returns before anything of it is done, and never waits for a disk. */
  readonly commit: (turn: Turn) => void;
  /** Closes the windows and writes the state down, for whoever compares it with a replay. */
  readonly snapshot: (state: AgentState, at: Instant) => void;
  /** The number of the last line. */
  readonly head: () => number;
  /** What may be in the kernel because of us, what is on its way among it. */
  readonly held: () => readonly Holding[];
};

/** What a daemon has beside its log. */
export type Beside = {
  /** The hooks that a dead daemon has not finished. */
  readonly unfinished?: readonly Errand[];
  readonly recorder?: Pick<Recorder, "keep" | "configure">;
  /** How hard it went lately. */
  readonly strain?: (at: Instant) => Strain;
};

export type LogIdentity = {
  readonly version: string;
  readonly cluster: string;
  readonly boot: string;
  readonly machine?: string;
  readonly file?: string;
};

/**
 * Opens a new segment of the log in `store`, which begins with `state` as it is. Segments become as large
 * as the configuration says, unless `segmentBytes` does.
 */
export function openEventLog(
  store: Store,
  identity: LogIdentity,
  wall: () => number,
  state: AgentState,
  at: Instant,
  segmentBytes?: number,
  { unfinished = [], recorder, strain }: Beside = {},
): EventLog {
  const windows = createWindows();
  const answers = createAnswers();
  const closeAll = (): readonly Window[] => [...windows.close(null), ...answers.close(null)];
  const errands = openErrands(lifeOf(store.epoch, identity.boot), unfinished);
  const ledger = openLedger(NOTHING_HELD);
  const pen = createPen(store, wall);
  const { write, head } = pen;
  let { segment } = store.last;

  const begin = (now: AgentState, when: Instant, start: boolean): void => {
    // By its header the times of a whole segment are put onto the wall clock: read before all that takes time.
    const clock = wall();
    segment += 1;
    pen.turnPage(when);
    const lost = store.beginSegment(segment);
    const config = redactConfig(now.config, store.epoch);
    const header = { heird: FORMAT, foldVersion: FOLD_VERSION, ...identity, node: hostname(), epoch: store.epoch };
    const left = { holdings: ledger.balance(), hooks: errands.open() };
    write(when, { ...header, segment, start, lost, config, state: snapshotOf(now), ...left, prev: pen.hash() }, clock);
  };
  const writeWindows = (closed: readonly Window[]): void => {
    for (const window of closed) write(window.last, { window });
  };
  const record = (turn: Turn): void => {
    const { seen, at: when } = turn.event;
    writeWindows(interrupted(answers, seen));
    for (const router of concerned(turn) ?? [null]) writeWindows(windows.close(router));
    ledger.enter(turn);
    errands.enter(turn, wall());
    write(when, { seen: redactSeen(seen, store.epoch) });
    if (seen.type === "configured") recorder?.configure(turn.state.config.eventLog);
    const marks = marksOf(turn);
    if (marks.length === 0) return;
    const [recording, lately] = [recorder?.keep(segment, head(), when) ?? null, strain && { strain: strain(when) }];
    for (const mark of marks) write(when, { ...mark, ...(recording && { recording }), ...lately });
  };
  const isOver = ({ state: { config }, event }: Turn): boolean =>
    store.lostLines() > 0 || pen.isFull(segmentBytes ?? config.eventLog.segmentBytes, event.at);

  begin(state, at, true);
  return {
    commit: (turn) => {
      const counted = answers.add(turn);
      if (counted !== null) return writeWindows(counted);
      const routine = routineOf(turn);
      if (routine === "idle") return;
      if (routine === null) record(turn);
      else writeWindows(windows.add(routine, turn.event));
      if (isOver(turn) && store.ready()) {
        writeWindows(closeAll());
        begin(turn.state, turn.event.at, false);
      }
    },
    snapshot: (now, when) => {
      writeWindows(closeAll());
      write(when, { state: snapshotOf(now) });
    },
    head,
    held: () => [...ledger.held().values()],
  };
}

/** Gives each line its place in the chain. */
function createPen(store: Store, wall: () => number) {
  let { seq, hash, hlc } = store.last;
  let bytes = 0;
  let begun: Instant | null = null;
  return {
    write: (when: Instant, fields: Record<string, unknown>, clock = wall()): void => {
      hlc = Math.max(hlc, clock);
      seq += 1;
      // A clock that was a day ahead and is right again: numbers stay in order, and the time is told, too.
      const line = { seq, at: when, hlc, ...fields };
      const sealed = seal(hash, clock < hlc ? { ...line, wall: clock } : line);
      hash = sealed.hash;
      bytes += sealed.text.length;
      store.append(sealed.text, seq);
    },
    head: () => seq,
    hash: () => hash,
    turnPage: (at: Instant) => {
      bytes = 0;
      begun = at;
    },
    /** Whether this page is as large, or as old, as one may become. */
    isFull: (limit: number, at: Instant): boolean =>
      bytes > limit || (begun !== null && since(begun, at) > SEGMENT_SPAN),
  };
}

/** The windows of answers that an event closes: a new configuration forgets checks, and counts others anew. */
function interrupted(answers: Answers, seen: Observation): readonly Window[] {
  if (seen.type === "configured") return answers.close(null);
  return seen.type === "checkReported" || seen.type === "checkDue" ? answers.close(seen.check) : [];
}

/** The routers an event is about, whose windows it closes; null for all of them. */
function concerned({ event: { seen }, state }: Turn): readonly RouterKey[] | null {
  if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return null;
  return membersWith(state.config, seen.router);
}

/** One mark for each router whose phase this turn changed. */
export function marksOf(turn: Turn): readonly Mark[] {
  if (turn.before.routers === turn.state.routers) return [];
  // Asked after every turn: a packet or a deadline concerns one router and its group, and the other 249 need no look.
  const { seen } = turn.event;
  if (seen.type === "advertReceived" || seen.type === "deadlineReached") {
    const only = routerOf(turn.state, seen.router);
    const places = companionsOf(turn.state.config, seen.router);
    if (only !== undefined && places === undefined) return markFor(turn, only);
    if (places !== undefined)
      return places.flatMap((i) => turn.state.routers[i] ?? []).flatMap((router) => markFor(turn, router));
  }
  const marks = turn.state.routers.flatMap((router) => markFor(turn, router));
  for (const { config, phase } of turn.before.routers) {
    const gone = routerOf(turn.state, config.key) === undefined && phase.name !== "initialize";
    if (gone) marks.push(markOf(config, phase.name, "initialize", "config"));
  }
  return marks;
}

function markFor({ before }: Turn, { config, phase }: RouterState): readonly Mark[] {
  const from = routerOf(before, config.key)?.phase.name ?? "initialize";
  return from === phase.name ? [] : [markOf(config, from, phase.name, phase.because)];
}

const markOf = ({ key, name }: RouterConfig, from: PhaseName, phase: PhaseName, because: Reason): Mark => ({
  mark: 1,
  router: key,
  name,
  from,
  phase,
  because,
  standard: standardOf(because, phase),
});
