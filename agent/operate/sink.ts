// Where the journal's lines go: a descriptor whose reader may be slow, stuck or gone. Nothing here
// ever waits for it, not even at the end; what it does not take is dropped and counted.

import { write, writeSync } from "node:fs";

/** Shaped as pino wants a destination. */
export type Sink = {
  readonly write: (line: string) => void;
  /** Writes what can be written at once; pino calls it before it returns from a fatal line. */
  readonly flushSync: () => void;
  /** Calls back when everything is written, or will never be. */
  readonly flush: (done?: () => void) => void;
};

/** How much may wait for the reader, in characters. */
const LIMIT = 1024 * 1024;
/** Until the next attempt when a pipe is full, in ms. */
const RETRY_MS = 50;

type Opening = {
  readonly now: () => void;
  /** Where it is not, it will be in the next turn of the loop, and `then` is done. */
  readonly isOver: (then: () => void) => boolean;
};

function openingOf(open: () => void): Opening {
  let is: "ahead" | "near" | "over" = "ahead";
  const now = (): void => {
    if (is === "over") return;
    is = "over";
    open();
  };
  return {
    now,
    isOver: (then) => {
      if (is === "ahead") {
        is = "near";
        setImmediate(() => {
          now();
          then();
        });
      }
      return is === "over";
    },
  };
}

/**
 * Opens a sink on a descriptor. Pipes and sockets have to be non-blocking, which libuv makes stderr when it is first
 * touched; a file may block, but only a thread of the pool. `open` does that, before the first line is written: in the
 * next turn of the loop, so that a start need not wait for it.
 */
export function openSink(fd: number, open: () => void, limit = LIMIT): Sink {
  const opening = openingOf(open);
  let waiting = "";
  let inFlight = 0;
  let dropped = 0;
  let gone = false;
  const flushing: (() => void)[] = [];

  const told = (): void => {
    for (const tell of flushing.splice(0)) tell();
  };
  const next = (): void => {
    if (!opening.isOver(next) || inFlight > 0) return;
    if (waiting === "") {
      told();
      return;
    }
    const bytes = Buffer.from(waiting);
    waiting = "";
    inFlight = bytes.length;
    attempt(bytes);
  };
  const attempt = (bytes: Buffer): void => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null) return again(bytes, error);
      if (written < bytes.length) return attempt(bytes.subarray(written));
      inFlight = 0;
      if (dropped > 0) waiting = `${noteOf(dropped)}${waiting}`;
      dropped = 0;
      next();
    });
  };
  const again = (bytes: Buffer, { code }: NodeJS.ErrnoException): void => {
    if (code === "EAGAIN" || code === "EINTR") {
      setTimeout(() => attempt(bytes), RETRY_MS).unref();
      return;
    }
    // Nobody will ever read this.
    gone = true;
    waiting = "";
    inFlight = 0;
    told();
  };
  return {
    write: (line) => {
      if (gone) return;
      if (waiting.length + inFlight + line.length > limit) {
        dropped += 1;
        return;
      }
      waiting += line;
      next();
    },
    flushSync: () => {
      if (gone) return;
      opening.now();
      const bytes = Buffer.from(waiting);
      waiting = "";
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      } catch {
        // Full, or gone: this is the end of the process, which does not wait.
      }
    },
    flush: (done = () => {}) => {
      flushing.push(done);
      next();
    },
  };
}

const noteOf = (dropped: number): string =>
  `${JSON.stringify({ level: 40, dropped, msg: `${dropped} line(s) of this journal were dropped: nobody read them` })}\n`;
