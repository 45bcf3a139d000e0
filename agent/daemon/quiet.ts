// What is done for later, while nobody needs the process: piece by piece, and none when a deadline is near.

import { type Instant, milliseconds, since } from "../core/time.ts";

/** A piece that runs code for the first time takes up to 5 ms, and a collection of its garbage as much. */
const DISTANCE = milliseconds(20);
/** Until the next look, in ms. */
const LOOK_EVERY = 5;

export function atOnce(pieces: Iterator<void>): void {
  while (pieces.next().done !== true);
}

/** Does all pieces sometime. */
export function whenQuiet(pieces: Iterator<void>, deadline: () => Instant | null, now: () => Instant): void {
  const look = (): void => {
    const next = deadline();
    if (next !== null && since(now(), next) < DISTANCE) setTimeout(look, LOOK_EVERY).unref();
    else if (pieces.next().done !== true) setImmediate(look);
  };
  setImmediate(look);
}

/** One piece at a time, whatever is near: for pieces that take no longer than an advertisement may be late. */
export function bySlices(pieces: Iterator<void>, done: () => void = () => {}): void {
  const beat = setInterval(() => {
    if (pieces.next().done !== true) return;
    clearInterval(beat);
    done();
  }, LOOK_EVERY);
  beat.unref();
}
