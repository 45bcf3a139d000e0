// The clock of one machine: begun when it was switched on, a little too fast or too slow.

import { after, type Duration, type Instant, instantAt } from "../core/time.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type LocalTime = VirtualTime & {
  /** Runs so many millionths too fast from now on. */
  readonly drift: (ppm: number) => void;
  /** That instant of this machine on everybody's clock. */
  readonly worldly: (local: Instant) => Instant;
};

/** What everybody calls `time.now()` this machine calls `uptime`, and goes on from there at its own rate. */
export function localTime(time: VirtualTime, uptime: Instant, ppm = 0): LocalTime {
  let since = { world: time.now() as number, local: uptime as number, rate: MILLION + ppm };

  const at = (world: number): Instant =>
    (since.local + Math.floor(((world - since.world) * since.rate) / MILLION)) as Instant;
  /** The first instant of the world at which this clock shows no less. */
  const worldly = (local: Instant): Instant => {
    let world = since.world + Math.ceil(((local - since.local) * MILLION) / since.rate);
    while (at(world) < local) world += 1;
    while (at(world - 1) >= local) world -= 1;
    return instantAt(Math.max(0, world));
  };
  return {
    ...time,
    now: () => at(time.now()),
    at: (when, act) => time.at(worldly(when), act),
    spend: (span) => time.spend(Math.round((span * MILLION) / since.rate) as Duration),
    advanceTo: (until) => time.advanceTo(worldly(until)),
    advance: (span) => time.advanceTo(worldly(after(at(time.now()), span))),
    drift: (rate) => {
      const world = time.now();
      since = { world, local: at(world), rate: MILLION + rate };
    },
    worldly,
  };
}

const MILLION = 1_000_000;
