// A LAN that loses, delays, doubles and reorders what goes over it, and that can be torn apart.

import { after, type Duration, type Instant, microseconds, milliseconds } from "../core/time.ts";
import type { Carried, Lan, Plug } from "./fake-lan.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How bad it is at present. */
export type Weather = {
  /** Of a thousand datagrams so many get lost, or come twice, or come with a flipped bit. */
  loss: number;
  doubled: number;
  flipped: number;
  /** How long one takes, at least and at most; they overtake each other when the difference is great. */
  least: Duration;
  most: Duration;
  /** Who does not reach whom: `a>b`. */
  readonly severed: Set<string>;
};

export const fairWeather = (): Weather => ({
  loss: 0,
  doubled: 0,
  flipped: 0,
  least: microseconds(80),
  most: microseconds(400),
  severed: new Set(),
});

/** How much earlier something may arrive than what was sent before it, on any LAN. */
const EVERYDAY = milliseconds(1);

/** What becomes of something on its way, other than that it arrives. */
export type Mishap = "lost" | "doubled" | "overtook";
export type OnMishap = (what: Mishap, carried: Carried) => void;

export function unrulyLan(time: VirtualTime, random: Random, weather: Weather, onMishap: OnMishap = () => {}): Lan {
  const plugs = new Set<Plug>();
  /** When the last thing arrives that one of them was sent by another. */
  const latest = new Map<string, Instant>();
  const deliver = (way: string, to: Plug, carried: Carried): void => {
    const span = random.between(weather.least, weather.most) as Duration;
    const at = after(time.now(), span);
    const last = latest.get(way) ?? 0;
    if (at < last - EVERYDAY) onMishap("overtook", carried);
    latest.set(way, Math.max(at, last) as Instant);
    time.at(at, () => plugs.has(to) && to.receive(carried, time.now() as Instant));
  };
  return {
    plug: (end) => void plugs.add(end),
    unplug: (end) => void plugs.delete(end),
    send: (from, { kind, bytes }) => {
      // The sender uses its buffer again.
      const carried = { kind, bytes: bytes.slice() };
      for (const to of plugs) {
        // Nor does a virtual interface reach the one it lies upon.
        if (to.name === from.name) continue;
        const way = `${from.name}>${to.name}`;
        if (weather.severed.has(way) || random.happens(weather.loss)) {
          onMishap("lost", carried);
          continue;
        }
        deliver(way, to, random.happens(weather.flipped) ? withAFlippedBit(carried, random) : carried);
        if (!random.happens(weather.doubled)) continue;
        onMishap("doubled", carried);
        deliver(way, to, carried);
      }
    },
  };
}

/** Past the IP header: that has a checksum of its own, which the kernel looks after. */
function withAFlippedBit({ kind, bytes }: Carried, random: Random): Carried {
  const torn = bytes.slice();
  const first = (bytes[0] ?? 0) >> 4 === 4 ? 20 : 40;
  if (bytes.length > first) {
    const place = random.between(first, bytes.length - 1);
    torn[place] = (torn[place] ?? 0) ^ (1 << random.below(8));
  }
  return { kind, bytes: torn };
}
