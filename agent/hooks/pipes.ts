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

export function openPipes(doer: Pick<Doer, "run">, clock: Clock, tell: (missed: Missed) => void): Pipes {
  let open: Open[] = [];
  let inAll = 0;
  let trying = false;
  let closed = false;
  const teller = rarely(clock, (missed) => closed || tell(missed));
  const miss = (path: string, error: string): void => {
    inAll += 1;
    teller(path, error);
    tryLater();
  };
  const tryLater = (): void => {
    if (trying || closed) return;
    trying = true;
    clock.after(TRY_EVERY, () => {
      trying = false;
      const left = open.filter(({ writer }) => writer.catchUp());
      if (left.length > 0) tryLater();
    });
  };
  const read = (one: Open): void => {
    const { program, fifo } = one;
    if (program === null) return;
    const { path } = fifo;
    one.reader = doer.run({ type: "script", program }, ({ detail }) => {
      one.reader = null;
      one.writer.leave();
      if (closed || !open.includes(one)) return;
      tell({ path, count: 0, error: `its reader ended (${detail}) and is started again` });
      one.callOff = clock.after(PAUSE, () => read(one));
    });
  };
  const begin = (fifo: Fifo, notify: NotifyConfig): Open[] => {
    try {
      const writer = openFifo(fifo, (error) => miss(fifo.path, error));
      const one: Open = { fifo, writer, program: readerOf(fifo, notify), reader: null, callOff: () => undefined };
      read(one);
      return [one];
    } catch (cause) {
      tell({ path: fifo.path, count: 0, error: cause instanceof Error ? cause.message : String(cause) });
      return [];
    }
  };

  return {
    configure: (notify) => {
      // A pipe about which nothing new is said stays: its reader need not open it again. One that is to run as
      // somebody else, or with another umask, is begun anew with its pipe.
      const kept = open.filter(({ fifo, program }) =>
        notify.fifos.some((wanted) => same(wanted, fifo) && same(readerOf(wanted, notify), program)),
      );
      for (const one of open) if (!kept.includes(one)) shut(one);
      const fresh = notify.fifos.filter((wanted) => !kept.some(({ fifo }) => same(wanted, fifo)));
      open = [...kept, ...fresh.flatMap((fifo) => begin(fifo, notify))];
    },
    write: (notice) => {
      for (const { writer } of open) writer.write(notice);
    },
    missed: () => inAll,
    close: () => {
      closed = true;
      for (const one of open) shut(one);
      open = [];
    },
  };
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
