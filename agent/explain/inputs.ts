// What came from outside, taken out of a log: the events that a fold under another configuration is
// given. What the daemon did itself (its own ticks, its deadlines) is left out; that follows.

import type { Run } from "../core/check.ts";
import type { RouterKey } from "../core/config.ts";
import type { Advertisement, Event } from "../core/event.ts";
import { after, type Duration, type Instant, microseconds } from "../core/time.ts";
import type { AnswersWindow, Line, RouterWindow } from "../log/line.ts";

/** What a daemon sees of itself: time that is up follows from the state. */
const OWN: ReadonlySet<string> = new Set([
  "deadlineReached",
  "waitOver",
  "drainOver",
  "busyAhead",
  "checkDue",
  "hookBegan",
  "hookEnded",
  "fifoMissed",
]);

/** The inputs of these lines in the order of their time; windows become the advertisements and answers they stand for. */
export const inputsOf = (lines: Iterable<Line>): readonly Event[] =>
  // A window is written when it closes, after later events of other routers.
  [...inputsIn(lines)].sort((a, b) => a.at - b.at);

/** The same as it is read, so that a log need not be in memory: nearly in the order of their time. */
export function* inputsIn(lines: Iterable<Line>): Generator<Event> {
  const rows = new Map<string, Row>();
  for (const line of lines) {
    if (line.type === "event" && !OWN.has(line.seen.type)) {
      const { at, seen } = line;
      if (seen.type === "checkReported") rows.set(seen.check, { run: seen.run, given: 1 });
      yield { at, seen };
    }
    if (line.type !== "window") continue;
    if (line.window.kind === "answers") yield* answersIn(line.window, rows.get(line.window.check));
    else if (line.window.advert !== null) yield* heardIn(line.window, line.window.advert);
  }
}

/** The answers of one check that are alike: the one that began them, and how many of them an edit was given. */
type Row = { readonly run: Run; given: number };

/** Nobody asks for more in a row (`rise`, `fall`), so what follows only says it again. */
const ENOUGH = 1_000;

/** They changed nothing as it was; counted otherwise they may. */
function* answersIn({ check, ok, count, first, last }: AnswersWindow, row: Row | undefined): Generator<Event> {
  if (row === undefined || row.run.ok !== ok) return;
  for (let i = 0; i < count && row.given < ENOUGH; i++) {
    row.given += 1;
    yield { at: within(first, last, i, count), seen: { type: "checkReported", check, run: row.run } };
  }
}

/** In the order of their time, where none comes later than one that is younger by so much. */
export function* inOrder(events: Iterable<Event>, span: Duration): Generator<Event> {
  let waiting: Event[] = [];
  let youngest = 0;
  /** When it is looked again who waits no longer: half a span is sorted at a time. */
  let next = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    waiting.push(event);
    youngest = Math.max(youngest, event.at);
    if (youngest < next) continue;
    waiting.sort((a, b) => a.at - b.at);
    const first = waiting.findIndex(({ at }) => at > youngest - span);
    yield* waiting.slice(0, first);
    waiting = waiting.slice(first);
    next = youngest + span / 2;
  }
  yield* waiting.sort((a, b) => a.at - b.at);
}

function* heardIn({ router, count, first, last }: RouterWindow, advert: Advertisement): Generator<Event> {
  for (let i = 0; i < count; i++)
    yield { at: within(first, last, i, count), seen: { type: "advertReceived", router, advert } };
}

/** When the i-th of so many was, where the first and the last are known. */
const within = (first: Instant, last: Instant, i: number, count: number): Instant =>
  count === 1 ? first : after(first, microseconds(((last - first) * i) / (count - 1)));

/** A gap beyond this many intervals is silence, and stays as it was. */
const GAP = 1.5;

/**
 * The same inputs as if the neighbours of some routers advertised at another interval: in between two
 * advertisements of one sender that followed each other in its rhythm stand as many as the new one
 * asks for. The sender falls silent when its last advertisement was heard, not a moment later.
 */
export const resampled = (inputs: readonly Event[], intervals: ReadonlyMap<RouterKey, Duration>): readonly Event[] =>
  [...resampledIn(inputs, intervals)].sort((a, b) => a.at - b.at);

/** The same one by one: nearly in the order of their time. */
export function* resampledIn(inputs: Iterable<Event>, intervals: ReadonlyMap<RouterKey, Duration>): Generator<Event> {
  const last = new Map<string, { readonly at: Instant; readonly advert: Advertisement }>();
  for (const event of inputs) {
    const { seen, at } = event;
    const interval = seen.type === "advertReceived" ? intervals.get(seen.router) : undefined;
    if (seen.type !== "advertReceived" || interval === undefined) {
      yield event;
      continue;
    }
    const sender = `${seen.router} ${seen.advert.source}`;
    const before = last.get(sender);
    if (before !== undefined && at - before.at <= GAP * before.advert.maxAdverInterval)
      for (let next = after(before.at, interval); next < at; next = after(next, interval))
        yield { at: next, seen: { ...seen, advert: { ...before.advert, maxAdverInterval: interval } } };
    yield { at, seen: { ...seen, advert: { ...seen.advert, maxAdverInterval: interval } } };
    last.set(sender, { at, advert: seen.advert });
  }
}
