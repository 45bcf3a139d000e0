// When a socket is read that hears thousands of packets a second. To be woken costs as much as to read five of them, so
// such a socket is not watched: it is read on a beat, and watched again when less comes. Nothing is decided later by it:
// the kernel says when it had each packet, and before any deadline every socket is read.

import type { Duration, Instant } from "../core/time.ts";
import { milliseconds, since } from "../core/time.ts";

export type Beat = {
  /** Takes note of so many packets that were read. */
  readonly read: (count: number) => void;
  readonly close: () => void;
};

/** What the beat needs of its socket. */
export type Beaten = {
  readonly now: () => Instant;
  /** How long a packet may lie unread. */
  readonly patience: () => Duration;
  /** Whether the loop is to tell when there is something to read. */
  readonly watch: (wanted: boolean) => void;
  readonly readAll: () => void;
};

/** A thousand packets a second begin the beat, and fewer than five hundred end it. */
const MANY = 256;
const SOON = milliseconds(256);
const LOOK_EVERY = milliseconds(250);
const FEW = 125;
/** Longer beats bring little. */
const LONGEST = milliseconds(10);

/** Watches over how much is read. */
export function createBeat({ now, patience, watch, readAll }: Beaten): Beat {
  let count = 0;
  let begun = now();
  let beating: NodeJS.Timeout | null = null;
  const span = (): number => Math.floor(Math.min(patience(), LONGEST) / milliseconds(1));
  const anew = (at: Instant): void => {
    count = 0;
    begun = at;
  };
  const stop = (): void => {
    if (beating !== null) clearInterval(beating);
    beating = null;
  };
  const beat = (): void => {
    readAll();
    const at = now();
    if (beating === null || since(begun, at) < LOOK_EVERY) return;
    const isQuiet = count < FEW;
    anew(at);
    if (!isQuiet) return;
    stop();
    watch(true);
  };
  return {
    read: (some) => {
      count += some;
      if (beating !== null || count < MANY) return;
      const at = now();
      const isBusy = since(begun, at) < SOON;
      anew(at);
      if (!isBusy || span() < 1) return;
      watch(false);
      beating = setInterval(beat, span());
    },
    close: stop,
  };
}
