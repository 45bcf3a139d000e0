// Hooks of one instance or group, one after the other: each is run to its end before the next begins,
// has a deadline, is tried again as its policy says, and is done once or said why not.
//
// Nothing here starts a process or reads a clock: both are handed in, so that a model can check it.

import type { HookPolicy, RouterKey } from "../core/config.ts";
import type { HookOutcome, Observation } from "../core/event.ts";
import { type Duration, type Instant, microseconds, milliseconds, seconds, since } from "../core/time.ts";

export type Job<T> = {
  readonly event: string;
  readonly hook: string;
  readonly router: RouterKey;
  readonly what: T;
  readonly policy: Pick<HookPolicy, "order" | "deadline" | "retries" | "backoff">;
  /** The number of its first attempt here; above 1 when a daemon died over it. */
  readonly attempt: number;
  readonly wished: Instant;
  /** When that happened which it tells; in one queue a later one makes earlier ones obsolete. */
  readonly happened: Instant;
  /** Whether what was to be told before is obsolete by this. */
  readonly overtakes: boolean;
  /** Whether the next daemon goes on with it when this one stops: it is told elsewhere, not to this machine. */
  readonly outlives: boolean;
  /** How often it is begun anew, beside its retries, because whoever ran it was lost over it. */
  readonly losses: number;
  /** Called once when nothing more will be done about it. */
  readonly over?: () => void;
};

export type Ending = {
  readonly ok: boolean;
  readonly detail: string;
  readonly output: string;
  /** Whether another attempt would end the same. */
  readonly hopeless?: boolean;
  /** Whether it was cut off, because whoever ran it is gone. */
  readonly lost?: boolean;
  /** Whom another attempt is for alone: the others have it. */
  readonly rest?: readonly string[];
};

/** Something that runs, and can be told things. */
export type Running = {
  /** It is overtaken; it may go on. */
  readonly supersede: () => void;
  /** Asks it to end. */
  readonly stop: () => void;
  /** Ends it. */
  readonly kill: () => void;
};

export type Run<T> = (
  job: Job<T>,
  about: { readonly attempt: number; readonly superseded: boolean; readonly rest: readonly string[] | null },
  ended: (ending: Ending) => void,
) => Running;

export type Clock = {
  readonly now: () => Instant;
  /** Calls back after a span; gives how to call it off. */
  readonly after: (span: Duration, act: () => void) => () => void;
};

export type Told = Extract<Observation, { type: "hookBegan" | "hookEnded" }>;

export type HookQueue<T> = {
  readonly add: (job: Job<T>) => void;
  /** Those that are not over, the running one among them. */
  readonly length: () => number;
  readonly running: () => Job<T> | null;
  /** Gives one up that has not begun, for which it is too late now. */
  readonly withdraw: (job: Pick<Job<T>, "event" | "hook">, why: string) => void;
  /** Gives up what has not begun and asks what runs to end: the daemon stops. */
  readonly giveUp: () => void;
};

/** Between SIGTERM and SIGKILL; as Keepalived. */
export const LAST_CHANCE: Duration = seconds(2);
/** The same when the daemon stops. */
const AT_STOP: Duration = milliseconds(200);
/** Before a hook is tried again, at most. */
const LONGEST_PAUSE: Duration = seconds(300);
/** Who flaps for days in front of a hook that hangs must not fill the memory: then the oldest is given up. */
export const MOST_WAITING = 1_000;
/** What a hook says is cut to this many bytes. */
export const OUTPUT_BYTES = 1_024;

type Entry<T> = { readonly job: Job<T>; attempt: number; superseded: boolean };
type Current<T> = Entry<T> & {
  running: Running | null;
  began: Instant;
  timedOut: boolean;
  /** How often whoever ran it was lost. */
  losses: number;
  /** Who has not got it; null for everybody. */
  rest: readonly string[] | null;
  /** Calls off what waits for time to pass. */
  callOff: () => void;
};

type Desk<T> = {
  readonly run: Run<T>;
  readonly clock: Clock;
  readonly tell: (told: Told) => void;
  waiting: Entry<T>[];
  current: Current<T> | null;
  stopping: boolean;
};

export function createQueue<T>(run: Run<T>, clock: Clock, tell: (told: Told) => void): HookQueue<T> {
  const desk: Desk<T> = { run, clock, tell, waiting: [], current: null, stopping: false };
  return {
    add: (job) => {
      if (job.overtakes) overtake(desk, job);
      desk.waiting.push({ job, attempt: job.attempt, superseded: false });
      next(desk);
      if (desk.waiting.length > MOST_WAITING) giveUpOldest(desk);
    },
    withdraw: ({ event, hook }, why) => {
      const late = desk.waiting.filter(({ job }) => job.event === event && job.hook === hook);
      desk.waiting = desk.waiting.filter((entry) => !late.includes(entry));
      for (const entry of late) end(desk, entry, "given_up", true, { detail: why });
    },
    length: () => desk.waiting.length + (desk.current === null ? 0 : 1),
    running: () => desk.current?.job ?? null,
    giveUp: () => {
      desk.stopping = true;
      const dropped = desk.waiting;
      desk.waiting = [];
      for (const entry of dropped) endAtStop(desk, entry);
      const paused = pausing(desk);
      if (paused !== null) endAtStop(desk, paused);
      if (desk.current !== null) urge(desk, desk.current);
    },
  };
}

function end<T>(
  { clock, tell }: Desk<T>,
  { job, attempt }: Entry<T>,
  outcome: HookOutcome,
  final: boolean,
  how: Partial<Extract<Told, { type: "hookEnded" }>>,
): void {
  const { event, hook, router, wished } = job;
  const queued = since(wished, clock.now());
  const usual = { detail: "", queued, took: microseconds(0), output: "" };
  tell({ type: "hookEnded", event, hook, router, attempt, outcome, final, ...usual, ...how });
  if (final) job.over?.();
}

function endAtStop<T>(desk: Desk<T>, entry: Entry<T>): void {
  const { outlives } = entry.job;
  const detail = outlives ? "the daemon stops; the next one goes on with it" : "the daemon stops";
  end(desk, entry, "given_up", !outlives, { detail });
}

function giveUpOldest<T>(desk: Desk<T>): void {
  const [oldest] = desk.waiting.splice(0, 1);
  if (oldest !== undefined) end(desk, oldest, "given_up", true, { detail: `${MOST_WAITING} wait behind it` });
}

function next<T>(desk: Desk<T>): void {
  const entry = desk.current === null ? desk.waiting.shift() : undefined;
  if (entry === undefined) return;
  const fresh = { running: null, timedOut: false, losses: 0, rest: null, callOff: () => undefined };
  desk.current = { ...entry, ...fresh, began: desk.clock.now() };
  begin(desk, desk.current);
}

function begin<T>(desk: Desk<T>, mine: Current<T>): void {
  const { job, attempt, superseded, rest } = mine;
  mine.began = desk.clock.now();
  mine.timedOut = false;
  desk.tell({ type: "hookBegan", event: job.event, hook: job.hook, router: job.router, attempt });
  let ended = false;
  const running = desk.run(job, { attempt, superseded, rest }, (ending) => {
    if (ended) return;
    ended = true;
    finish(desk, mine, ending);
  });
  if (ended) return;
  mine.running = running;
  mine.callOff = desk.clock.after(job.policy.deadline, () => {
    mine.timedOut = true;
    urge(desk, mine);
  });
  if (desk.stopping) urge(desk, mine);
}

/** SIGTERM, and SIGKILL when that was not enough. */
function urge<T>({ clock, stopping }: Desk<T>, mine: Current<T>): void {
  mine.callOff();
  mine.running?.stop();
  mine.callOff = clock.after(stopping ? AT_STOP : LAST_CHANCE, () => mine.running?.kill());
}

function finish<T>(desk: Desk<T>, mine: Current<T>, ending: Ending): void {
  const { ok, detail, output, hopeless = false, lost = false, rest } = ending;
  const { job, attempt, began } = mine;
  mine.callOff();
  mine.running = null;
  const outcome = outcomeOf(ok, mine.timedOut, desk.stopping);
  const tried = attempt - job.attempt - mine.losses;
  const obsolete = mine.superseded && job.policy.order === "latest";
  const spent = lost ? mine.losses >= job.losses : tried >= job.policy.retries;
  const ends = ok || hopeless || spent || obsolete;
  const final = desk.stopping ? ok || !job.outlives : ends;
  const took = since(began, desk.clock.now());
  end(desk, mine, outcome, final, { detail, output, queued: since(job.wished, began), took });
  if (final || desk.stopping) {
    desk.current = null;
    next(desk);
    return;
  }
  const pause = Math.min(LONGEST_PAUSE, job.policy.backoff * 2 ** Math.min(20, tried));
  mine.attempt += 1;
  if (lost) mine.losses += 1;
  mine.rest = rest ?? mine.rest;
  mine.callOff = desk.clock.after(microseconds(pause), () => begin(desk, mine));
}

function outcomeOf(ok: boolean, timedOut: boolean, stopping: boolean): HookOutcome {
  if (ok) return "done";
  if (timedOut) return "timed_out";
  return stopping ? "given_up" : "failed";
}

/** What waits between two attempts has not begun the next one: it is taken out, and does not begin it. */
function pausing<T>(desk: Desk<T>): Current<T> | null {
  const mine = desk.current;
  if (mine === null || mine.running !== null) return null;
  desk.current = null;
  mine.callOff();
  return mine;
}

/** What is older is obsolete: who waits is told so at the beginning, who runs now; `latest` drops who waits. */
function overtake<T>(desk: Desk<T>, by: Job<T>): void {
  const isOlder = ({ job }: Entry<T>): boolean => job.event !== by.event && job.happened <= by.happened;
  for (const entry of desk.waiting) if (isOlder(entry)) entry.superseded = true;
  const { current } = desk;
  if (current !== null && isOlder(current) && !current.superseded) {
    current.superseded = true;
    current.running?.supersede();
  }
  if (by.policy.order !== "latest") return;
  const dropped = desk.waiting.filter(isOlder);
  desk.waiting = desk.waiting.filter((entry) => !isOlder(entry));
  const detail = `overtaken by ${by.event}`;
  const paused = current !== null && isOlder(current) ? pausing(desk) : null;
  if (paused !== null) end(desk, paused, "superseded", true, { detail });
  for (const entry of dropped) end(desk, entry, "superseded", true, { detail });
}
