// Ships the log to a Redis: every line once, in order, whatever happens to the Redis, the network or
// this process. The log is the queue, so nothing is remembered here; where to go on is asked of the
// server at every connection, and what it has is compared by hash before anything is put behind it.

import { BATCH, type Desk, openDesk } from "./desk.ts";
import { type ClockNote, type Entry, UNKNOWN_CLOCK } from "./entry.ts";
import { idOf, logKey, markKey } from "./keys.ts";
import { type Axis, measureAxis, offsetNow, offsetOf } from "./offset.ts";
import type { Outbox } from "./outbox.ts";
import { locate, type Place } from "./place.ts";
import type { Connect, Durability, Session } from "./port.ts";

export type Surroundings = {
  readonly outbox: Outbox;
  readonly connect: Connect;
  /** ms since 1970. */
  readonly wall: () => number;
  /** ms of a clock that nobody sets: the one that the times in the log are of, since this boot. */
  readonly now: () => number;
  readonly boot: string;
  readonly random: () => number;
  /** Waits so long, or until it is to stop; with `news` also until the log has grown. */
  readonly pause: (ms: number, until: "news" | "stop") => Promise<void>;
  /** How well the kernel knows the time. */
  readonly kernelClock: () => Pick<ClockNote, "sync" | "errUs">;
  /** A sentence for the journal. */
  readonly tell: (level: "info" | "warn" | "error", sentence: string) => void;
};

export type Names = { readonly cluster: string; readonly node: string };

export type ShipperStatus = {
  readonly connected: boolean;
  readonly stream: string | null;
  /** Numbers of lines: the last one shipped, and the last one that the Redis says is safe. -1 before the first. */
  readonly shipped: number;
  readonly durable: number;
  readonly durability: Durability["kind"] | "unknown";
  /** When the last line that was shipped was written, ms since 1970; 0 before the first. */
  readonly shippedAt: number;
  readonly batches: number;
  /** Times that the Redis had less than it once had. */
  readonly resyncs: number;
  /** Streams of this log with another history. */
  readonly forks: number;
  /** Lines that were deleted from the log before they could be shipped. */
  readonly missed: number;
  /** How long the last batch took to be answered, in ms. */
  readonly ackMs: number;
  readonly clock: ClockNote;
  /** What went wrong last; null while nothing does. */
  readonly error: string | null;
};

export type Shipper = {
  /** Ships until it is told to stop. */
  readonly run: () => Promise<void>;
  readonly stop: () => void;
  readonly status: () => ShipperStatus;
  /** What the daemon says of itself: its last line, and when that was still the last. */
  readonly pulse: (head: number, wall: number) => void;
};

/** Between attempts, in ms: doubled from the first to the last, and half of it by chance. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** How often a log is looked at that nobody says has grown. */
const LOOK_AGAIN = 1_000;
const MARK_EVERY = 10_000;
const CONFIRM_EVERY = 1_000;
const TIME_EVERY = 5_000;
/** A clock that was moved by more than this, in ms, was set. */
const SET = 50;
/** A connection that shows within this, ms, that the server has not what it should have came to little. */
const SHORT = 30_000;
/** So many of these in a row are told. */
const OFTEN = 4;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type Life = Surroundings & {
  readonly names: Names;
  readonly status: Mutable<ShipperStatus>;
  readonly desk: Desk;
  readonly memory: {
    stopped: boolean;
    failures: number;
    /** Connections in a row that ended soon because the server had not what it should have. */
    restless: number;
    /** How many entries go at once; less after an answer that took too long. */
    batch: number;
    full: boolean;
    /** Whether the last batch was taken in its place is not known: nobody has heard the answer. */
    doubt: boolean;
    head: { readonly seq: number; readonly wall: number } | null;
    /** When it was done last, by `now`. */
    marked: number;
    confirmed: number;
    timed: number;
    axis: Axis | null;
    /** The wall clock less the other one, when that was. */
    skew: number;
  };
};

const NEVER = Number.NEGATIVE_INFINITY;

export function createShipper(names: Names, surroundings: Surroundings): Shipper {
  const status: Life["status"] = {
    connected: false,
    stream: null,
    shipped: -1,
    durable: -1,
    durability: "unknown",
    shippedAt: 0,
    batches: 0,
    resyncs: 0,
    forks: 0,
    missed: 0,
    ackMs: 0,
    clock: UNKNOWN_CLOCK,
    error: null,
  };
  const memory: Life["memory"] = {
    stopped: false,
    failures: 0,
    restless: 0,
    batch: BATCH,
    full: false,
    doubt: true, // of one that was before us
    head: null,
    marked: NEVER,
    confirmed: NEVER,
    timed: NEVER,
    axis: null,
    skew: 0,
  };
  const desk = openDesk(surroundings.outbox, names, (line, boot) => ({
    ...status.clock,
    ...offsetOf(memory.axis, line, boot === surroundings.boot),
  }));
  const life: Life = { ...surroundings, names, status, desk, memory };
  return {
    run: () => live(life),
    stop: () => {
      memory.stopped = true;
    },
    status: () => ({ ...status }),
    pulse: (seq, wall) => {
      memory.head = { seq, wall };
    },
  };
}

async function live(life: Life): Promise<void> {
  const { memory, status, desk } = life;
  while (!memory.stopped) {
    let session: Session | null = null;
    const begun = life.now();
    try {
      session = await life.connect();
      const lost = await converse(life, session);
      if (lost !== null) uneasy(life, lost, begun);
    } catch (cause) {
      failed(life, cause instanceof Error ? cause.message : String(cause));
    } finally {
      status.connected = false;
      session?.close();
    }
    if (!memory.stopped && memory.failures > 0) await life.pause(backOff(life, memory.failures), "stop");
    else if (!memory.stopped && memory.restless > 1) await life.pause(backOff(life, memory.restless - 1), "stop");
  }
  desk.close();
}

function failed({ memory, status, tell }: Life, why: string): void {
  // A Redis that is away for a week is told once.
  if (memory.failures === 0 && !memory.stopped)
    tell("warn", `audit: ${why}; the log keeps what is to be shipped, and it is tried again`);
  memory.failures += 1;
  // What took too long may have been too much at once.
  memory.batch = Math.max(1, Math.floor(memory.batch / 4));
  status.error = why;
}

/** The cursor is asked for at once when that happens now and then; a server that evicts streams would be sent all of a log without end. */
function uneasy({ memory, now, tell }: Life, why: string, begun: number): void {
  memory.restless = now() - begun < SHORT ? memory.restless + 1 : 1;
  if (memory.restless === OFTEN)
    tell("warn", `audit: ${why}, for the ${OFTEN}th time in a row; pauses grow from now on`);
}

/** It took something, and so is well again: one that only lets us in may be a replica, or refuse all that we write. */
function isWell({ memory, status, tell }: Life): void {
  if (memory.full) tell("info", "audit: the Redis has room again");
  else if (memory.failures > 0) tell("info", `audit: shipping again, from line ${status.shipped + 1} on`);
  memory.full = false;
  memory.failures = 0;
  status.error = null;
}

/** Half of it by chance: many routers that lost one Redis do not come back together. */
function backOff({ random }: Life, attempts: number): number {
  const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(20, attempts - 1));
  return most / 2 + (random() * most) / 2;
}

/** One connection, from the cursor on. Returns when the cursor is to be asked for anew, with the reason if that is the server. */
async function converse(life: Life, session: Session): Promise<string | null> {
  const { memory, status, outbox } = life;
  const epoch = outbox.epoch();
  const place = epoch === null ? null : await locate(session, outbox, life.names, epoch);
  const lost = place === null ? null : await torn(life, session, place);
  if (lost !== null) return lost;
  if (place !== null) standAt(life, place);
  status.connected = true;
  memory.marked = NEVER;
  if (place !== null) return shipFrom(life, session, place);
  await rest(life, session, null);
  return null;
}

/**
 * A stream may have lost its end just before a batch came, and the connection, or whoever shipped, before that was
 * heard. Then it lacks lines that the log has, and its last one is right all the same: it is closed now.
 */
async function torn(
  { memory, outbox, tell }: Life,
  session: Session,
  { key, after, epoch }: Place,
): Promise<string | null> {
  if (!memory.doubt) return null;
  const holes = after === null ? [] : await session.holes(key, BATCH + 1);
  if (after !== null && holes.some((seq) => outbox.hashOf(seq + 1, epoch) !== null)) {
    tell("error", `audit: ${key} lacks lines that it was sent; everything goes into a new stream`);
    await session.bury(key, after);
    return LOST.broken(key);
  }
  memory.doubt = false;
  return null;
}

/** On and on, until the log is another one or the server has not what it should have. */
async function shipFrom(life: Life, session: Session, place: Place): Promise<string | null> {
  const { memory, status, outbox, now } = life;
  let { after } = place;
  while (!memory.stopped) {
    await tellTime(life, session);
    const entries = life.desk.take(status.shipped, place.epoch).slice(0, memory.batch);
    const last = entries.at(-1);
    if (last === undefined) {
      if (outbox.epoch() !== place.epoch) return null;
      await rest(life, session, place);
      continue;
    }
    const lost = await ship(life, session, place, after, entries);
    if (lost !== null) return lost;
    if (!memory.full) after = idOf(last);
    await mark(life, session, place);
    if (now() - memory.confirmed >= CONFIRM_EVERY) await confirm(life, session);
  }
  return null;
}

/** Nothing is to be shipped. */
async function rest(life: Life, session: Session, place: Place | null): Promise<void> {
  if (await mark(life, session, place)) isWell(life);
  await confirm(life, session);
  await life.pause(LOOK_AGAIN, "news");
}

function standAt({ status, memory, names, tell }: Life, { key, forks, seq, epoch }: Place): void {
  if (status.stream === key && seq < status.shipped) status.resyncs += 1;
  if (forks > status.forks) {
    const other = logKey(names.cluster, { node: names.node, epoch, fork: forks - 1 });
    tell("error", `audit: FORK: ${other} has another history than this log; it is left as it is, and ${key} is used`);
  }
  status.durable = status.stream === key ? Math.min(status.durable, seq) : -1;
  status.forks = forks;
  status.stream = key;
  status.shipped = seq;
  memory.confirmed = NEVER;
}

/** Null when it may go on like this; otherwise why the cursor has to be asked for. */
async function ship(
  life: Life,
  session: Session,
  { key }: Place,
  after: string | null,
  entries: readonly Entry[],
): Promise<string | null> {
  const { memory, status, now, tell } = life;
  const begun = now();
  memory.doubt = true;
  const appended = await session.append(key, after, entries);
  status.ackMs = now() - begun;
  if (appended.result === "full") {
    if (!memory.full) tell("error", `audit: the Redis is full (${appended.says}); the log keeps what is to be shipped`);
    memory.full = true;
    status.error = appended.says;
    memory.failures += 1;
    await life.pause(backOff(life, memory.failures), "stop");
    return null;
  }
  if (appended.result !== "taken") {
    if (appended.result !== "there") status.resyncs += 1;
    if (appended.result === "broken") {
      tell("error", `audit: ${key} lost its end while it was written to; what follows goes into a new stream`);
      await session.bury(key, idOf(entries.at(-1) ?? { hlc: 0, seq: 0 }));
    }
    memory.doubt = false;
    return LOST[appended.result](key);
  }
  isWell(life);
  memory.doubt = false;
  memory.batch = Math.min(BATCH, memory.batch * 2);
  status.batches += 1;
  owe(life, entries);
  const last = entries.at(-1);
  if (last !== undefined) {
    status.shipped = last.seq;
    status.shippedAt = last.hlc;
  }
  return null;
}

/** What a batch found that the server did not take. */
const LOST = {
  there: (key: string) => `${key} had other lines than it said, so somebody else writes to it`,
  missing: (key: string) =>
    `${key} was gone from the Redis, which deletes or evicts it (maxmemory-policy is to be noeviction)`,
  broken: (key: string) => `${key} had lost its end`,
} as const;

/** Lines that should have been among these, and that the log does not own up to: deleted before, or not to be read. */
function owe({ status, tell }: Life, entries: readonly Entry[]): void {
  let before = status.shipped;
  let missed = 0;
  for (const { seq, kind, body } of entries) {
    const lost = /"lost":(\d+)/.exec(kind === "lifecycle" ? body.slice(0, 512) : "")?.[1] ?? "0";
    missed += Math.max(0, seq - before - 1 - Number(lost));
    before = seq;
  }
  if (missed === 0) return;
  status.missed += missed;
  tell(
    "error",
    `audit: ${missed} line(s) up to #${before} are not in the log any more, or damaged; the Redis lacks them, too`,
  );
}

async function tellTime(life: Life, session: Session): Promise<void> {
  const { memory, status, now, wall } = life;
  const wasSet = Math.abs(wall() - now() - memory.skew) > SET;
  if (now() - memory.timed < TIME_EVERY && !wasSet) return;
  memory.timed = now();
  memory.axis = await measureAxis(session, now);
  memory.skew = wall() - now();
  status.clock = { ...life.kernelClock(), ...offsetNow(memory.axis, wall(), now()) };
}

async function confirm({ memory, status, now }: Life, session: Session): Promise<void> {
  if (status.durable === status.shipped && status.durability !== "unknown") return;
  const { shipped } = status;
  const { kind } = await session.confirm();
  memory.confirmed = now();
  status.durability = kind;
  if (kind !== "memory") status.durable = shipped;
}

/** What a node says of itself every ten seconds: until when nothing has happened that is not here. Whether it was time to. */
async function mark(
  { memory, status, names, wall, now }: Life,
  session: Session,
  place: Place | null,
): Promise<boolean> {
  if (now() - memory.marked < MARK_EVERY) return false;
  memory.marked = now();
  const { head } = memory;
  const whole = head !== null && status.shipped >= head.seq;
  const text = {
    v: 1,
    node: names.node,
    epoch: place?.epoch ?? null,
    stream: status.stream,
    seq: status.shipped,
    // Without the daemon's word nobody knows whether there was more.
    until: whole ? head.wall : status.shippedAt,
    whole,
    at: wall(),
    durable: status.durable,
    durability: status.durability,
    forks: status.forks,
    missed: status.missed,
    clock: status.clock,
  };
  await session.mark(markKey(names.cluster, names.node), JSON.stringify(text));
  return true;
}
