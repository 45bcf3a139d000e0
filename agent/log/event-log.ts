// Writes down what happened before anything is done about it: each turn becomes its line, or part
// of a routine window, and the lines are chained.

import { hostname } from "node:os";
import type { AgentConfig, RouterConfig, RouterKey } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import { membersWith, movedBy } from "../core/group.ts";
import { type Reason, standardOf } from "../core/reason.ts";
import type { AgentState, PhaseName, RouterState, Turn } from "../core/state.ts";
import { isTakeOver, routerOf } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { type Errand, lifeOf, openErrands } from "./errands.ts";
import type { Store } from "./file.ts";
import type { Recorder } from "./flight.ts";
import { type Holding, NOTHING_HELD, openLedger } from "./ledger.ts";
import { FOLD_VERSION, FORMAT, type Mark, type Sealed, type Strain, sealed, type Window } from "./line.ts";
import { createWindows, routineOf, type Windows } from "./routine.ts";
import { createWords, type Words } from "./words.ts";

/** A segment ends after a day at the latest, so that old ones can go, and the last hour stands in few lines. */
const SEGMENT_SPAN: Duration = seconds(86_400);
/**
 * A page is turned in so many routers and checks a turn: their windows are written and their state is put into words,
 * a tenth of a millisecond. Only then comes the header, for which little is left to do. Of 250 routers all in one
 * turn would be six milliseconds, in which no packet is read.
 */
const SLICE = 4;

export type EventLog = {
  /**
   * Puts a turn on record, has it acted upon, and adds what follows from it: a mark says nothing that its event does
   * not, and neighbours wait. It never waits for a disk. Who acts is told whether it was routine.
   */
  readonly commit: (turn: Turn, act?: (turn: Turn, isRoutine?: boolean) => void) => void;
  /** Closes the windows of all, a few at a time, before an event that is about all of them. */
  readonly clear: (state: AgentState) => IterableIterator<void>;
  /** A configuration that comes next, in the words that `redactConfig` has for it. */
  readonly learn: (config: AgentConfig, words: string) => void;
  /** Closes the windows of those who take over at this time, so that it will be one line. */
  readonly ready: (state: AgentState, at: Instant) => void;
  /** Goes through the motions with a turn that is not taken. */
  readonly rehearse: (turn: Turn) => void;
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
  const [windows, answers, words] = [createWindows(), createAnswers(), createWords(store.epoch)];
  const [errands, ledger] = [openErrands(lifeOf(store.epoch, identity.boot), unfinished), openLedger(NOTHING_HELD)];
  const pen = createPen(store, wall);
  const { write, writeWindows, head } = pen;
  let { segment } = store.last;
  const preparation = createPreparation(windows, answers, words);

  const begin = (now: AgentState, when: Instant, start: boolean): void => {
    const clock = wall(); // By it the times of a whole segment are put onto the wall clock: read before what takes time.
    segment += 1;
    pen.turnPage(when);
    const lost = store.beginSegment(segment);
    const header = { ...VERSIONS, ...identity, node: hostname(), epoch: store.epoch, segment, start, lost };
    const left = { holdings: ledger.balance(), hooks: errands.open(), prev: pen.hash() };
    const long = `"config":${words.ofConfig(now.config)},"state":${words.ofState(now)}`;
    write(when, `${fieldsOf(header)},${long},${fieldsOf(left)}`, clock);
  };
  const record = (turn: Turn): void => {
    const { seen, at: when } = turn.event;
    ledger.enter(turn);
    errands.enter(turn, wall());
    closeWindows(pen, windows, answers, turn);
    write(when, `"seen":${textOf(seen, words)}`);
    if (seen.type === "configured") recorder?.configure(turn.state.config.eventLog);
  };
  const mark = (turn: Turn): void => {
    const [marks, when] = [marksOf(turn), turn.event.at];
    const recording = marks.length === 0 ? null : (recorder?.keep(segment, head(), when) ?? null);
    for (const one of marks) write(when, fieldsOf(withStrain(one, recording, strain?.(when))));
  };
  const isOver = ({ state: { config }, event }: Turn): boolean =>
    store.lostLines() > 0 || pen.isFull(segmentBytes ?? config.eventLog.segmentBytes, event.at);
  const turnPage = (now: AgentState, when: Instant): void => {
    writeWindows(preparation.next(now));
    // Where lines are missing, no other can be written before the header.
    if (store.lostLines() === 0 && !preparation.isDone(now)) return;
    writeWindows(preparation.rest());
    begin(now, when, false);
  };
  begin(state, at, true);
  return {
    commit: (turn, act) => {
      const over = foldedInto(windows, answers, turn);
      if (over === null) record(turn);
      act?.(turn, over !== null);
      if (over === null) mark(turn);
      else writeWindows(over); // Of what was before: the advertisement of this turn does not wait for it.
      if (over !== NOTHING && isOver(turn) && store.ready()) turnPage(turn.state, turn.event.at);
    },
    clear: ({ routers }) => bySlice(routers, (some) => writeWindows(some.flatMap(windows.close))),
    learn: words.learn,
    ready: (now, when) => writeWindows(takingOver(now, when).flatMap(windows.close)),
    rehearse: (turn) => rehearse(pen, words, turn),
    snapshot: (now, when) => {
      writeWindows(preparation.rest());
      write(when, `"state":${words.ofState(now)}`);
    },
    head,
    held: () => [...ledger.held().values()],
  };
}

/** Counts routine; gives the windows that this closed, NOTHING where there was nothing to count. Null for no routine. */
function foldedInto(windows: Windows, answers: Answers, turn: Turn): readonly Window[] | null {
  const counted = answers.add(turn);
  if (counted !== null) return counted;
  const routine = routineOf(turn);
  if (routine === "idle") return NOTHING;
  return routine === null ? null : windows.add(routine, turn.event);
}

const NOTHING: readonly Window[] = [];
const ALL = [null] as const;

const withStrain = (mark: Mark, recording: string | null, strain: Strain | undefined): Mark => ({
  ...mark,
  ...(recording !== null && { recording }),
  ...(strain !== undefined && { strain }),
});

/** All that is done to write a line, but to write it. */
function rehearse(pen: ReturnType<typeof createPen>, words: Words, turn: Turn): void {
  if (routineOf(turn) === null) pen.tryOut(turn.event.at, `"seen":${textOf(turn.event.seen, words)}`);
}

/** The first of those who take over at this time. */
const takingOver = ({ routers }: AgentState, at: Instant): readonly RouterKey[] =>
  routers
    .filter(({ phase }) => isTakeOver(phase, at))
    .slice(0, SLICE)
    .map(({ config }) => config.key);

function* bySlice(routers: AgentState["routers"], act: (some: readonly RouterKey[]) => void): IterableIterator<void> {
  for (let from = 0; from < routers.length; from += SLICE)
    yield act(routers.slice(from, from + SLICE).map(({ config }) => config.key));
}

/** What is done before a page is turned, a slice at a time. */
function createPreparation(windows: Windows, answers: Answers, words: Words) {
  let prepared = 0;
  return {
    /** Prepares some more; gives the windows that this closed. */
    next: ({ routers }: AgentState): readonly Window[] => {
      const slice = routers.slice(prepared, prepared + SLICE);
      for (const router of slice) words.prepare(router);
      prepared += SLICE;
      return [...slice.flatMap(({ config }) => windows.close(config.key)), ...answers.closeOldest(SLICE)];
    },
    isDone: ({ routers, config }: AgentState): boolean => prepared >= Math.max(routers.length, config.checks.length),
    /** Gives the windows that are open still, and begins anew. */
    rest: (): readonly Window[] => {
      prepared = 0;
      return [...windows.close(null), ...answers.close(null)];
    },
  };
}

/** All the fold asks of a password is whether it changed, which fingerprints tell too. */
function textOf(seen: Observation, words: Words): string {
  if (seen.type !== "configured") return JSON.stringify(seen);
  const { config, ...rest } = seen;
  return `{${fieldsOf(rest)},"config":${words.ofConfig(config)}}`;
}

const VERSIONS = { heird: FORMAT, foldVersion: FOLD_VERSION };

const fieldsOf = (fields: Record<string, unknown>): string => JSON.stringify(fields).slice(1, -1);

const wordsOf = (window: Window): string => `"window":${JSON.stringify(window)}`;

/** Gives each line its place in the chain. */
function createPen(store: Store, wall: () => number) {
  let { seq, hash, hlc } = store.last;
  let bytes = 0;
  let begun: Instant | null = null;
  /** What a line has beside its place, as JSON without the braces. */
  const next = (when: Instant, fields: string, clock: number): Sealed => {
    // A clock that was a day ahead and is right again: numbers stay in order, and the time is told, too.
    const back = clock < hlc ? `,"wall":${clock}` : "";
    return sealed(hash, `{"seq":${seq + 1},"at":${when},"hlc":${Math.max(hlc, clock)},${fields}${back}`);
  };
  let [text, lines] = ["", 0];
  const put = (when: Instant, fields: string, clock: number): void => {
    const line = next(when, fields, clock);
    hlc = Math.max(hlc, clock);
    seq += 1;
    hash = line.hash;
    bytes += line.text.length;
    text += line.text;
    lines += 1;
  };
  /** Hands over what was put, too. */
  const write = (when: Instant, fields: string, clock = wall()): void => {
    put(when, fields, clock);
    const [all, count] = [text, lines];
    [text, lines] = ["", 0];
    store.append(all, seq, count);
  };
  return {
    write,
    /** To be followed by a line that is written. */
    putWindows: (closed: readonly Window[]): void => {
      for (const window of closed) put(window.last, wordsOf(window), wall());
    },
    tryOut: (when: Instant, fields: string): void => void next(when, fields, wall()),
    writeWindows: (closed: readonly Window[]): void => {
      for (const window of closed) write(window.last, wordsOf(window));
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

/** Closes the windows that an event ends, which are written with it by one call: the removal of an address waits for it. */
function closeWindows(pen: ReturnType<typeof createPen>, windows: Windows, answers: Answers, turn: Turn): void {
  pen.putWindows(interrupted(answers, turn.event.seen));
  for (const router of concerned(turn) ?? ALL) pen.putWindows(windows.close(router));
}

/** The windows of answers that an event closes: a new configuration forgets checks, and counts others anew. */
function interrupted(answers: Answers, seen: Observation): readonly Window[] {
  if (seen.type === "configured") return answers.close(null);
  return seen.type === "checkReported" || seen.type === "checkDue" ? answers.close(seen.check) : NOTHING;
}

/**
 * The routers an event is about, whose windows it closes; null for all of them. Of 250 routers one hook would
 * otherwise write 250 lines.
 */
function concerned({ event: { seen }, state }: Turn): readonly RouterKey[] | null {
  if ("router" in seen) return seen.router === null ? [] : membersWith(state.config, seen.router);
  return seen.type === "fifoMissed" || seen.type === "busyAhead" ? [] : null;
}

/** One mark for each router whose phase this turn changed. */
export function marksOf(turn: Turn): readonly Mark[] {
  if (turn.before.routers === turn.state.routers) return [];
  const places = movedBy(turn.state, turn.event.seen);
  if (places !== null) return marksAt(turn, places);
  const marks = turn.state.routers.flatMap((router) => markFor(turn, router));
  for (const { config, phase } of turn.before.routers) {
    const gone = routerOf(turn.state, config.key) === undefined && phase.name !== "initialize";
    if (gone) marks.push(markOf(config, phase.name, "initialize", "config"));
  }
  return marks;
}

/** Asked after each packet and deadline, which mostly changed no phase. */
function marksAt(turn: Turn, places: readonly number[]): readonly Mark[] {
  const marks: Mark[] = [];
  for (const i of places) {
    const router = turn.state.routers[i];
    if (router !== undefined && router !== turn.before.routers[i]) marks.push(...markFor(turn, router));
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
