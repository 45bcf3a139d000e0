// All FIFOs of a configuration and their readers, through reloads.

import type { Fifo, NotifyConfig } from "../core/config.ts";
import type { Notice } from "../core/effect.ts";
import { same } from "../core/same.ts";
import { type Duration, microseconds, milliseconds, seconds } from "../core/time.ts";
import type { Doer } from "./aside.ts";
import type { Program } from "./deed.ts";
import { programOf } from "./deeds.ts";
import { type FifoWriter, openFifo } from "./fifo.ts";
import type { Clock, Running } from "./queue.ts";

export type Pipes = {
  readonly configure: (notify: NotifyConfig) => void;
  readonly write: (notice: Pick<Notice, "kind" | "name" | "word" | "priority">) => void;
  readonly missed: () => number;
  /** Whether our own readers have read everything. */
  readonly areRead: () => boolean;
  /** Nothing more will be written: our readers find the end, and end by themselves. */
  readonly hangUp: () => void;
  /** Whether our own readers have ended. */
  readonly areLeft: () => boolean;
  /** Ends the readers that have not ended. */
  readonly close: () => void;
};

export type Missed = { readonly path: string; readonly count: number; readonly error: string };

/** What is not taken is told at most this often. */
const TELL_EVERY: Duration = seconds(60);
const TRY_EVERY: Duration = milliseconds(100);
/** A reader that ended is started again after this long. */
const PAUSE: Duration = seconds(1);

type Open = {
  readonly fifo: Fifo;
  readonly writer: FifoWriter;
  /** What reads it; null for somebody else. */
  readonly program: Program | null;
  reader: Running | null;
  callOff: () => void;
};

type Desk = {
  readonly doer: Pick<Doer, "run">;
  readonly clock: Clock;
  readonly tell: (missed: Missed) => void;
  readonly tellRarely: (path: string, error: string) => void;
  open: readonly Open[];
  /** Those that could not be made. */
  broken: readonly { readonly path: string; readonly error: string }[];
  missed: number;
  trying: boolean;
  closed: boolean;
};

export function openPipes(doer: Pick<Doer, "run">, clock: Clock, tell: (missed: Missed) => void): Pipes {
  const tellRarely = rarely(clock, (missed) => desk.closed || tell(missed));
  const state = { open: [], broken: [], missed: 0, trying: false, closed: false };
  const desk: Desk = { doer, clock, tell, tellRarely, ...state };
  return {
    configure: (notify) => configure(desk, notify),
    write: (notice) => {
      for (const { writer } of desk.open) writer.write(notice);
      for (const { path, error } of desk.broken) miss(desk, path, 1, error);
    },
    missed: () => desk.missed,
    areRead: () => desk.open.every(({ reader, writer }) => reader === null || writer.unread() === 0),
    hangUp: () => {
      desk.closed = true;
      for (const one of desk.open) {
        forgo(desk, one, "the daemon stops");
        one.callOff();
        one.writer.close();
      }
    },
    areLeft: () => desk.open.every(({ reader }) => reader === null),
    close: () => {
      desk.closed = true;
      for (const one of desk.open) shut(one);
      desk.open = [];
    },
  };
}

function configure(desk: Desk, notify: NotifyConfig): void {
  // A pipe about which nothing new is said stays: its reader need not open it again. One that is to run as
  // somebody else, or with another umask, is begun anew with its pipe.
  const kept = desk.open.filter(({ fifo, program }) =>
    notify.fifos.some((wanted) => same(wanted, fifo) && same(readerOf(wanted, notify), program)),
  );
  for (const one of desk.open) {
    if (kept.includes(one)) continue;
    forgo(desk, one, "its reader is ended by a reload");
    shut(one);
  }
  desk.broken = [];
  const fresh = notify.fifos.filter((wanted) => !kept.some(({ fifo }) => same(wanted, fifo)));
  desk.open = [...kept, ...fresh.flatMap((fifo) => begin(desk, fifo, notify))];
}

function begin(desk: Desk, fifo: Fifo, notify: NotifyConfig): readonly Open[] {
  const { path } = fifo;
  try {
    const writer = openFifo(fifo, (lines, error) => miss(desk, path, lines, error));
    const one: Open = { fifo, writer, program: readerOf(fifo, notify), reader: null, callOff: () => undefined };
    read(desk, one);
    return [one];
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    desk.tell({ path, count: 0, error });
    desk.broken = [...desk.broken, { path, error }];
    return [];
  }
}

function read(desk: Desk, one: Open): void {
  const { program, fifo } = one;
  if (program === null) return;
  const { path } = fifo;
  one.reader = desk.doer.run({ type: "script", program }, ({ detail }) => {
    one.reader = null;
    one.writer.leave();
    if (desk.closed || !desk.open.includes(one)) return;
    desk.tell({ path, count: 0, error: `its reader ended (${detail}) and is started again` });
    one.callOff = desk.clock.after(PAUSE, () => read(desk, one));
  });
}

function miss(desk: Desk, path: string, lines: number, error: string): void {
  desk.missed += lines;
  // A full pipe misses one line after the other; anything else happens once.
  if (lines === 1) desk.tellRarely(path, error);
  else desk.tell({ path, count: lines, error });
  tryLater(desk);
}

function tryLater(desk: Desk): void {
  if (desk.trying || desk.closed) return;
  desk.trying = true;
  desk.clock.after(TRY_EVERY, () => {
    desk.trying = false;
    const left = desk.open.filter(({ writer }) => writer.catchUp());
    if (left.length > 0) tryLater(desk);
  });
}

/** What our own reader has not read is lost; whoever else has the pipe open may read on. */
function forgo(desk: Desk, { fifo: { path }, reader, writer }: Open, why: string): void {
  const count = reader === null ? 0 : writer.unread();
  desk.missed += count;
  if (count > 0) desk.tell({ path, count, error: `nobody has read it, and ${why}` });
}

function shut({ writer, reader, callOff }: Open): void {
  callOff();
  writer.close();
  reader?.stop();
}

const readerOf = ({ script, path }: Fifo, notify: NotifyConfig): Program | null =>
  script === null ? null : programOf(script, notify, [path]);

/** Tells the first at once, and what comes after it together, at most once a minute. */
function rarely(clock: Clock, tell: (missed: Missed) => void): (path: string, error: string) => void {
  const untold = new Map<string, { count: number; error: string }>();
  const tellNow = (path: string): void => {
    const { count, error } = untold.get(path) ?? { count: 0, error: "" };
    untold.delete(path);
    if (count === 0) return;
    tell({ path, count, error });
    untold.set(path, { count: 0, error });
    clock.after(TELL_EVERY, () => tellNow(path));
  };
  return (path, error) => {
    const known = untold.get(path);
    untold.set(path, { count: (known?.count ?? 0) + 1, error });
    if (known === undefined) tellNow(path);
  };
}

/** The clock of the machine, in whole milliseconds, keeping nobody alive. */
export const clockOf = (now: Clock["now"]): Clock => ({
  now,
  after: (span, act) => {
    const timer = setTimeout(act, Math.ceil(microseconds(span) / 1_000));
    timer.unref();
    return () => clearTimeout(timer);
  },
});
