// What came from outside, taken out of a log: the events that a fold under another configuration is
// given. What the daemon did itself (its own ticks, its deadlines) is left out; that follows.

import type { RouterKey } from "../core/config.ts";
import type { Advertisement, Event } from "../core/event.ts";
import { after, type Duration, type Instant, microseconds } from "../core/time.ts";
import type { Line, RouterWindow, Window } from "../log/line.ts";

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

/** The inputs of these lines in the order of their time; windows become the advertisements they stand for. */
export const inputsOf = (lines: Iterable<Line>): readonly Event[] =>
  // A window is written when it closes, after later events of other routers.
  [...inputsIn(lines)].sort((a, b) => a.at - b.at);

/** The same as it is read, so that a log need not be in memory: nearly in the order of their time. */
export function* inputsIn(lines: Iterable<Line>): Generator<Event> {
  for (const line of lines) {
    if (line.type === "event" && !OWN.has(line.seen.type)) yield { at: line.at, seen: line.seen };
    if (line.type === "window") yield* inWindow(line.window);
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

function inWindow(window: Window): Iterable<Event> {
  // Answers that a window tells of said again what was believed already.
  return window.kind === "answers" || window.advert === null ? [] : heardIn(window, window.advert);
}

function* heardIn({ router, count, first, last }: RouterWindow, advert: Advertisement): Generator<Event> {
  for (let i = 0; i < count; i++) {
    const at = count === 1 ? first : after(first, microseconds(((last - first) * i) / (count - 1)));
    yield { at, seen: { type: "advertReceived", router, advert } };
  }
}

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
