// Folds a log: the same fold the daemon runs, over what it wrote down.

import { step } from "../core/agent.ts";
import type { RouterKey } from "../core/config.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import { repeated } from "../core/health.ts";
import { type AgentState, initialState, routerOf } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import { FOLD_VERSION, type Line, type Mark, type RouterWindow, restore, snapshotOf, type Window } from "./line.ts";

/** Where replay and record disagree: the fold was not pure, or this version decides differently. */
export type Divergence = { readonly seq: number; readonly says: string };

export type Replayed = {
  readonly state: AgentState;
  /** The last line folded; -1 before the first. */
  readonly seq: number;
  readonly divergences: readonly Divergence[];
  /** Written by another version of the fold: what it remembered beside the phases may be told otherwise. */
  readonly foreign: boolean;
};

/** Before the first line. */
export const NOTHING_REPLAYED: Replayed = { state: initialState, seq: -1, divergences: [], foreign: false };

/** The state after these lines, and every place where a mark or a snapshot says otherwise. */
export const replay = (lines: Iterable<Line>, from: Replayed = NOTHING_REPLAYED): Replayed => {
  let replayed = from;
  for (const line of lines) replayed = replayLine(replayed, line);
  return replayed;
};

/** Folds one more line. */
export function replayLine(before: Replayed, line: Line): Replayed {
  const { seq } = line;
  switch (line.type) {
    case "event":
      return { ...before, seq, state: step(before.state, { at: line.at, seen: line.seen }).state };
    case "window":
      return { ...before, seq, state: foldWindow(before.state, line.window) };
    case "mark":
      return checked(before, seq, disagreement(before.state, line));
    case "snapshot":
      return checked(before, seq, before.foreign ? null : differs(snapshotOf(before.state), line.state));
    case "header": {
      // A daemon that starts remembers nothing; a new file of the same daemon must continue the fold.
      const foreign = line.foldVersion !== FOLD_VERSION;
      const carriesOn = !line.start && line.lost === 0 && before.seq >= 0 && !foreign;
      const difference = carriesOn ? differs(snapshotOf(before.state), line.state) : null;
      return { ...checked(before, seq, difference), foreign, state: restore(line.config, line.state) };
    }
  }
}

/** One line, the states around it, and what its event asked the world for. */
export type Told = {
  readonly line: Line;
  readonly before: AgentState;
  readonly state: AgentState;
  readonly effects: readonly Effect[];
};

/** Folds lines one by one, for whoever tells what happened. The states of a line that is only read (a mark) are the same. */
export function* told(lines: Iterable<Line>): Generator<Told> {
  let replayed = NOTHING_REPLAYED;
  for (const line of lines) {
    const next = toldLine(replayed, line);
    replayed = next.after;
    yield next.told;
  }
}

/** One of them, and from where the next goes on. What replay and record disagree about is not kept. */
export function toldLine(replayed: Replayed, line: Line): { readonly told: Told; readonly after: Replayed } {
  const { state: before } = replayed;
  if (line.type === "event") {
    const { state, effects } = step(before, { at: line.at, seen: line.seen });
    return { told: { line, before, state, effects }, after: { ...replayed, seq: line.seq, state } };
  }
  const { state, seq, foreign } = replayLine(replayed, line);
  return { told: { line, before, state, effects: NO_EFFECTS }, after: { state, seq, foreign, divergences: [] } };
}

const NO_EFFECTS: readonly Effect[] = [];

const checked = (before: Replayed, seq: number, says: string | null): Replayed =>
  says === null ? { ...before, seq } : { ...before, seq, divergences: [...before.divergences, { seq, says }] };

function disagreement(state: AgentState, mark: Mark): string | null {
  const phase = routerOf(state, mark.router)?.phase;
  // A router that a new configuration took away is not there to be asked.
  if (phase === undefined) return mark.because === "config" ? null : `${mark.router} is unknown to the replay`;
  if (phase.name === mark.phase && phase.because === mark.because) return null;
  return `${mark.router} was ${mark.phase} (${mark.because}), the replay says ${phase.name} (${phase.because})`;
}

function differs(replayed: unknown, recorded: unknown): string | null {
  const a = JSON.stringify(replayed);
  const b = JSON.stringify(recorded);
  return a === b ? null : `the recorded state is ${b}, the replay says ${a}`;
}

/** The same state as folding each of its events: see `routineOf` for why first and last suffice. */
function foldWindow(state: AgentState, window: Window): AgentState {
  switch (window.kind) {
    case "ticks":
      return foldTicks(state, window.router, window.count);
    case "accepted":
      return [window.first, window.last].reduce((folded, at) => hear(folded, window, at), state);
    case "unchanged":
      return state;
    case "answers": {
      const known = state.checks[window.check];
      if (known === undefined) return state;
      return { ...state, checks: { ...state.checks, [window.check]: repeated(known, window.count) } };
    }
  }
}

function hear(state: AgentState, window: RouterWindow, at: Instant): AgentState {
  if (window.advert === null) return state;
  const event: Event = { at, seen: { type: "advertReceived", router: window.router, advert: window.advert } };
  return step(state, event).state;
}

function foldTicks(state: AgentState, router: RouterKey, count: number): AgentState {
  let folded = state;
  for (let i = 0; i < count; i++) {
    const phase = routerOf(folded, router)?.phase;
    if (phase?.name !== "master") return folded;
    folded = step(folded, { at: phase.adverAt, seen: { type: "deadlineReached", router } }).state;
  }
  return folded;
}
