// What is done for later, while nobody needs the process: piece by piece, and none when a deadline is near.

import { type Instant, microseconds, milliseconds, seconds, since } from "../core/time.ts";

/**
 * How far the next deadline has to be, from so long after the beginning on. A piece that runs code for the first time
 * takes up to 5 ms, and a collection of its garbage as much; the first hundred do, and all others a tenth of one. Of a
 * crowd of Masters somebody advertises every ten milliseconds, and nothing would ever be done.
 */
const DISTANCES = [
  { from: seconds(10), distance: milliseconds(1) },
  { from: milliseconds(500), distance: milliseconds(6) },
  { from: milliseconds(0), distance: milliseconds(20) },
] as const;
const SLICE = microseconds(500);
/** Until the next look, in ms. */
const LOOK_EVERY = 5;

export function atOnce(pieces: Iterator<void>): void {
  while (pieces.next().done !== true);
}

/** Does all pieces sometime. */
export function whenQuiet(pieces: Iterator<void>, deadline: () => Instant | null, now: () => Instant): void {
  const begun = now();
  const look = (): void => {
    const [next, at] = [deadline(), now()];
    const { distance } = DISTANCES.find(({ from }) => since(begun, at) >= from) ?? DISTANCES[0];
    if (next !== null && since(at, next) < distance) setTimeout(look, LOOK_EVERY).unref();
    else if (pieces.next().done !== true) setImmediate(look);
  };
  setImmediate(look);
}

/** One piece in each turn of the loop: for pieces of a tenth of a millisecond that are needed soon. */
export function byTurns(pieces: Iterator<void>): void {
  setImmediate(() => {
    if (pieces.next().done !== true) byTurns(pieces);
  });
}

/** Pieces for half a millisecond in each turn of the loop; resolves when all are done. */
export async function inSlices(pieces: Iterator<void>, now: () => Instant): Promise<void> {
  for (let done = false; !done; ) {
    await nextTurn();
    const began = now();
    while (!done && since(began, now()) < SLICE) done = pieces.next().done === true;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One piece at a time, whatever is near: for pieces that take no longer than an advertisement may be late. */
export function bySlices(pieces: Iterator<void>, done: () => void = () => {}): void {
  const beat = setInterval(() => {
    if (pieces.next().done !== true) return;
    clearInterval(beat);
    done();
  }, LOOK_EVERY);
  beat.unref();
}
