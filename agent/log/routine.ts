// Routine, folded: consecutive events that only keep a router where it is become one window, so
// that 250 routers at ten advertisements a second do not write 2500 lines a second.

import { PRIORITY_STOP, type RouterKey } from "../core/config.ts";
import type { Advertisement, Event, Observation } from "../core/event.ts";
import { type RouterState, routerOf, type Turn } from "../core/state.ts";
import { after, type Duration, type Instant, seconds, since } from "../core/time.ts";
import type { RouterWindow } from "./line.ts";

/** A window is closed at the latest after this span, so that a reader is never further behind. */
const LONGEST: Duration = seconds(10);
/**
 * Of many windows some may be closed from this age on: not all of those that were opened together are to be written
 * together, or 250 lines of the log would stand between 250 advertisements, and they take 15 ms.
 */
const EARLY: Duration = seconds(7.5);
/** So many are closed at a time that all are within this span. */
const SHARE: Duration = seconds(2.5);
const MANY = 16;

type Open = { -readonly [K in keyof RouterWindow]: RouterWindow[K] };

type Kind = RouterWindow["kind"];

/**
 * What kind of routine a turn is; `idle` when there is nothing to remember at all, null when it is
 * none. Routine changes no phase, asks for nothing but one advertisement on time, and can be folded
 * from its first and last member alone.
 */
export function routineOf(turn: Turn): Kind | "idle" | null {
  const { seen } = turn.event;
  if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return null;
  const before = routerOf(turn.before, seen.router);
  const router = routerOf(turn.state, seen.router);
  if (before === undefined || router === undefined) return "idle";
  // What leaves this router the very object it was asked nothing of its group, either.
  if (before === router && turn.effects.length === 0) return seen.type === "advertReceived" ? "unchanged" : "idle";
  if (seen.type === "deadlineReached") return ticked(before, router, turn) ? "ticks" : null;
  return accepted(before, router, turn) ? "accepted" : null;
}

function ticked(before: RouterState, router: RouterState, turn: Turn): boolean {
  const was = before.phase;
  const is = router.phase;
  if (was.name !== "master" || is.name !== "master") return false;
  if (turn.effects.length !== 1 || turn.effects[0]?.type !== "sendAdvert") return false;
  // A ring that was late may also have met another timer, which a tick folded at its deadline would not.
  const alone =
    was.secondBlockAt === is.secondBlockAt &&
    was.lowerPriorityBlockAt === is.lowerPriorityBlockAt &&
    was.refreshAt === is.refreshAt &&
    was.extraAt === is.extraAt &&
    was.restoreAt === is.restoreAt;
  return alone && is.adverAt === after(was.adverAt, router.config.adverInterval);
}

function accepted(before: RouterState, router: RouterState, turn: Turn): boolean {
  const was = before.phase;
  const is = router.phase;
  if (was.name !== "backup" || is.name !== "backup" || turn.effects.length > 0) return false;
  // Something new about a neighbour is worth a line of its own.
  if (before.neighbours !== router.neighbours) return false;
  if (was.preemptAt !== is.preemptAt || was.limitedUntil !== is.limitedUntil) return false;
  return is.heardAt === turn.event.at && was.heard !== null && !was.resigned;
}

/** The windows that are open. At most two a router: one that is folded, one that is not. */
export type Windows = {
  /** Counts a routine event; gives the windows that this closed, or whose time is over. */
  readonly add: (kind: Kind, event: Event) => readonly RouterWindow[];
  /** Closes the windows of one router, or of all. */
  readonly close: (router: RouterKey | null) => readonly RouterWindow[];
};

export function createWindows(): Windows {
  // Each in the order in which its windows were opened, so that the oldest is the first.
  const folded = new Map<RouterKey, Open>();
  const unchanged = new Map<RouterKey, Open>();
  /** No window is overdue before that. */
  let due = Number.POSITIVE_INFINITY;
  let looked: Instant | null = null;
  const count = (): number => folded.size + unchanged.size;
  const longest = (): Duration => (count() > MANY ? EARLY : LONGEST);
  const overdueBy = (at: Instant, span: Duration): readonly RouterWindow[] => {
    const some = count() > MANY ? Math.ceil((count() * span) / SHARE) : 0;
    const closed = overdue(folded, at, some);
    closed.push(...overdue(unchanged, at, some - closed.length));
    due = Math.min(dueOf(folded, longest()), dueOf(unchanged, longest()));
    return closed;
  };
  const closedBy = (at: Instant): readonly RouterWindow[] => {
    const span = since(looked ?? at, at);
    looked = at;
    return at < due ? NOTHING : overdueBy(at, span);
  };
  const add: Windows["add"] = (kind, { seen, at }) => {
    if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return NOTHING;
    const { router } = seen;
    const advert = advertIn(seen);
    const windows = kind === "unchanged" ? unchanged : folded;
    const closed = closedBy(at);
    const open = windows.get(router);
    if (open !== undefined && continues(open, kind, advert)) {
      extend(open, advert, at);
      return closed;
    }
    const ended = open === undefined ? NOTHING : take(windows, router);
    windows.set(router, { kind, router, advert, count: 1, first: at, last: at, minGap: NONE, maxGap: NONE });
    due = Math.min(due, after(at, longest()));
    return ended.length === 0 ? closed : [...closed, ...ended];
  };
  return {
    add,
    close: (router) => {
      if (router !== null && !folded.has(router) && !unchanged.has(router)) return NOTHING;
      const closed = [...take(folded, router), ...take(unchanged, router)];
      return closed.length < 2 ? closed : closed.sort((a, b) => a.first - b.first);
    },
  };
}

const advertIn = (seen: Observation): Advertisement | null => (seen.type === "advertReceived" ? seen.advert : null);

/** When the oldest window has been open for long enough. */
function dueOf(windows: ReadonlyMap<RouterKey, Open>, longest: Duration): number {
  for (const { first } of windows.values()) return after(first, longest);
  return Number.POSITIVE_INFINITY;
}

/**
 * Takes out the windows that have been open for too long, whoever's they are: their router may have fallen silent. And
 * so many that have been open for long enough.
 */
function overdue(windows: Map<RouterKey, Open>, at: Instant, some: number): RouterWindow[] {
  const taken: RouterWindow[] = [];
  for (const [router, open] of windows) {
    if (since(open.first, at) < (taken.length < some ? EARLY : LONGEST)) break;
    windows.delete(router);
    taken.push(open);
  }
  return taken;
}

const NONE = 0 as Duration;
const NOTHING: readonly RouterWindow[] = [];

function continues(open: Open, kind: Kind, advert: Advertisement | null): boolean {
  // Resignations are counted, whoever heard them.
  if (kind === "unchanged") return isResignation(open.advert) === isResignation(advert);
  return open.kind === kind && sameAdvert(open.advert, advert);
}

const isResignation = (advert: Advertisement | null): boolean => advert?.priority === PRIORITY_STOP;

/** The receiver gives the same object for the same bytes, so the comparison by value is rare. */
const sameAdvert = (a: Advertisement | null, b: Advertisement | null): boolean =>
  a === b || (a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b));

function extend(open: Open, advert: Advertisement | null, at: Instant): void {
  const gap = since(open.last, at);
  open.minGap = open.count === 1 || gap < open.minGap ? gap : open.minGap;
  open.maxGap = Math.max(open.maxGap, gap) as Duration;
  open.count += 1;
  open.last = at;
  open.advert = advert;
}

function take(windows: Map<RouterKey, Open>, router: RouterKey | null): RouterWindow[] {
  if (router === null) {
    const all = [...windows.values()];
    windows.clear();
    return all;
  }
  const open = windows.get(router);
  windows.delete(router);
  return open === undefined ? [] : [open];
}
