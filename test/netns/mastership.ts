// Who spoke for a virtual router, from when to when, read from a capture; and how long two of them did.

import { expect } from "vitest";
import { tell } from "./figures.ts";
import type { Packet } from "./packet.ts";
import { advertFrom } from "./wire.ts";

/** A stretch in which one router claimed a virtual router, in µs. */
export type Tenure = { readonly source: string; readonly from: number; readonly until: number };

/** What a busy machine may hold back an advertisement that is on its way out, in µs. */
const NOISE = 200_000;

/** A claim later than this many intervals after the one before begins a stretch of its own. */
const PAUSE = 2.5;

/**
 * The tenures of one virtual router in the order in which they began: from the first claim to the last,
 * or to the resignation. One that lost its mastership and has it again was silent in between.
 */
export function tenuresOf(packets: readonly Packet[], interval: number): readonly Tenure[] {
  const sources = new Set(packets.flatMap(({ ip, vrrp }) => (vrrp === null || ip === null ? [] : [ip.source])));
  return [...sources]
    .flatMap((source) => tenuresOfOne(packets.filter(advertFrom(source)), source, PAUSE * interval))
    .sort((a, b) => a.from - b.from);
}

function tenuresOfOne(adverts: readonly Packet[], source: string, pause: number): readonly Tenure[] {
  const tenures: Tenure[] = [];
  let resigned = true;
  for (const { at, vrrp } of adverts) {
    const last = tenures.at(-1);
    const goesOn = !resigned && last !== undefined && at - last.until <= pause;
    resigned = vrrp?.priority === 0;
    if (goesOn) tenures.splice(-1, 1, { ...last, until: at });
    else if (!resigned) tenures.push({ source, from: at, until: at });
  }
  return tenures;
}

/** How long each two tenures of different routers lie over each other; the longest first. */
export function overlapsOf(tenures: readonly Tenure[]): readonly number[] {
  return tenures
    .flatMap((one, i) =>
      tenures
        .slice(i + 1)
        .filter(({ source }) => source !== one.source)
        .map((other) => Math.min(one.until, other.until) - other.from),
    )
    .filter((span) => span > 0)
    .sort((a, b) => b - a);
}

/**
 * Demands that nowhere in the capture two routers spoke for one virtual router longer than the protocol
 * allows, and gives how often mastership began. RFC 5798 §6.4.3 (725): the weaker one yields to the first
 * advertisement that it hears, and the next one is due within Advertisement_Interval.
 */
export function expectOneMaster(what: string, packets: readonly Packet[], interval: number): number {
  const routers = new Map<string, Packet[]>();
  for (const packet of packets) {
    if (packet.vrrp === null || packet.ip === null) continue;
    const key = `IPv${packet.ip.version} ${packet.vrrp.vrid}`;
    routers.set(key, [...(routers.get(key) ?? []), packet]);
  }
  const tenures = [...routers.values()].map((adverts) => tenuresOf(adverts, interval));
  const overlaps = tenures.flatMap(overlapsOf).sort((a, b) => b - a);
  const longest = overlaps[0] ?? 0;
  const counted = tenures.flat().length;
  const ms = (span: number): string => (span / 1_000).toFixed(1);
  tell(`${what}: ${counted} masterships, two at once ${overlaps.length} times, ${ms(longest)} ms at most`);
  expect(longest, `${what}: µs with two Masters`).toBeLessThanOrEqual(interval + NOISE);
  return counted;
}
