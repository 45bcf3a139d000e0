// What only a living daemon knows: how late it was, how regular its neighbours are, what it tried in vain.
// A replay cannot tell these, as the log folds routine into windows; everything else is in `tally.ts`.

import type { Family } from "../core/address.ts";
import { PRIORITY_STOP, type RouterKey } from "../core/config.ts";
import { positionOf, routerOf, type Turn } from "../core/state.ts";
import { type Duration, type Instant, since } from "../core/time.ts";
import type { Strain } from "../log/line.ts";
import { createDiskMeter, type DiskMeter } from "./disk-meter.ts";
import { type Histogram, HUMAN, histogram, LOOP, measure } from "./histogram.ts";
import { createStrainGauge } from "./strain.ts";

export type RouterMeter = {
  /** From when an advertisement was due until it was sent. */
  readonly lateness: Histogram;
  /** Between two advertisements of a Master. */
  readonly gaps: Histogram;
  /** Advertisements that did not come, by the time that passed; and how often two or more in a row. */
  missed: number;
  near: number;
  /** Advertisements that the kernel refused, by the name of its error. */
  readonly unsent: Map<string, number>;
  readonly announced: Record<Family, number>;
};

export type Meter = {
  readonly routers: ReadonlyMap<RouterKey, RouterMeter>;
  readonly checks: ReadonlyMap<string, Histogram>;
  readonly disk: DiskMeter;
  readonly lag: Histogram;
  readonly collections: Histogram;
  readonly watch: (turn: Turn) => void;
  readonly late: (span: Duration, at: Instant) => void;
  readonly collected: (span: Duration, at: Instant) => void;
  /** How hard it went lately. */
  readonly strain: (at: Instant) => Strain;
  readonly unsent: (router: RouterKey, error: string) => void;
  readonly announced: (router: RouterKey, family: Family, count: number) => void;
};

const newMeter = (): RouterMeter => ({
  lateness: histogram(LOOP),
  gaps: histogram(HUMAN),
  missed: 0,
  near: 0,
  unsent: new Map(),
  announced: { ipv4: 0, ipv6: 0 },
});

export function createMeter(disk: DiskMeter = createDiskMeter()): Meter {
  const routers = new Map<RouterKey, RouterMeter>();
  const checks = new Map<string, Histogram>();
  const lag = histogram(LOOP);
  const collections = histogram(LOOP);
  const gauge = createStrainGauge();
  const of = (key: RouterKey): RouterMeter => {
    const known = routers.get(key);
    if (known !== undefined) return known;
    const made = newMeter();
    routers.set(key, made);
    return made;
  };
  return {
    routers,
    checks,
    disk,
    lag,
    collections,
    watch: (turn) => {
      const { seen } = turn.event;
      if (seen.type === "deadlineReached") noteLateness(turn, seen.router, of);
      else if (seen.type === "advertReceived") noteGap(turn, seen, of);
      else if (seen.type === "checkReported") measure(checkIn(checks, seen.check), seen.run.took);
      else if (seen.type === "configured") forget(turn, routers, checks);
    },
    late: (span, at) => {
      measure(lag, span);
      gauge.late(span, at);
    },
    collected: (span, at) => {
      measure(collections, span);
      gauge.collected(span, at);
    },
    strain: gauge.worst,
    unsent: (router, error) => {
      const { unsent } = of(router);
      const errno = error.split(":", 1).join("");
      unsent.set(errno, (unsent.get(errno) ?? 0) + 1);
    },
    announced: (router, family, count) => {
      of(router).announced[family] += count;
    },
  };
}

type Of = (key: RouterKey) => RouterMeter;

function noteLateness({ before, effects, event: { at } }: Turn, key: RouterKey, of: Of): void {
  if (effects[0]?.type !== "sendAdvert") return;
  const was = routerOf(before, key)?.phase;
  if (was?.name === "master" && was.adverAt <= at) measure(of(key).lateness, since(was.adverAt, at));
}

/** A neighbour that is silent for two of its intervals and comes back was nearly taken over from. */
const NEAR = 2;

function noteGap({ before, event: { at } }: Turn, seen: Heard, of: Of): void {
  const was = routerOf(before, seen.router)?.phase;
  const { source, priority } = seen.advert;
  if (was?.name !== "backup" || was.heard?.source !== source || was.resigned || priority === PRIORITY_STOP) return;
  const gap = since(was.heardAt, at);
  const meter = of(seen.router);
  measure(meter.gaps, gap);
  const intervals = gap / was.masterAdverInterval;
  if (intervals >= 1.5) meter.missed += Math.round(intervals) - 1;
  if (intervals >= NEAR) meter.near += 1;
}

type Heard = Extract<Turn["event"]["seen"], { type: "advertReceived" }>;

function checkIn(checks: Map<string, Histogram>, name: string): Histogram {
  const known = checks.get(name);
  if (known !== undefined) return known;
  const made = histogram(HUMAN);
  checks.set(name, made);
  return made;
}

function forget(
  { state: { config } }: Turn,
  routers: Map<RouterKey, RouterMeter>,
  checks: Map<string, Histogram>,
): void {
  for (const key of routers.keys()) if (positionOf(config, key) === undefined) routers.delete(key);
  const names = new Set(config.checks.map(({ name }) => name));
  for (const name of checks.keys()) if (!names.has(name)) checks.delete(name);
}
