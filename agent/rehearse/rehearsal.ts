// One rehearsal: the routers start, agree, and then meet what the script has for them. And all single
// faults: each node, each link, each tracked thing, one after the other, each in a world of its own.

import type { AgentConfig } from "../core/config.ts";
import { after, type Duration, type Instant, microseconds, seconds } from "../core/time.ts";
import { marksOf } from "../log/event-log.ts";
import { type Account, accountOf, type Tenures, watchHolders } from "./holders.ts";
import { plan, readStep, type Step } from "./script.ts";
import { interfacesOf } from "./sites.ts";
import { buildWorld, type Site } from "./world.ts";

export type RehearsalOptions = {
  readonly sites: readonly Site[];
  readonly seed: number;
  /** Of a thousand messages so many get lost. */
  readonly loss: number;
};

export type Happening = { readonly at: Instant; readonly who: string | null; readonly says: string };

export type Rehearsal = {
  readonly happenings: readonly Happening[];
  readonly tenures: Tenures;
  /** From when on everybody was to be settled, and the end. */
  readonly from: Instant;
  readonly to: Instant;
  readonly accounts: readonly Account[];
};

/** The longest that a router of these waits before it takes over: three intervals and a whole Skew_Time. */
export function longestDown(sites: readonly Site[]): Duration {
  const all = sites.flatMap(({ config }) => config.routers);
  const downs = all.map((router) => router.downTimerAdverts * router.adverInterval + skewOf(router));
  return microseconds(Math.max(0, ...downs));
}

const skewOf = ({ version, adverInterval }: AgentConfig["routers"][number]): number =>
  version === 2 ? 1_000_000 : adverInterval;

/** How long it takes until nobody moves any more: everything that delays anybody, and then twice the longest wait. */
export function settlingTime(sites: readonly Site[]): Duration {
  const configs = sites.map(({ config }) => config);
  const most = (spans: readonly number[]): number => Math.max(0, ...spans);
  const delays =
    most(configs.map(({ startupDelay }) => startupDelay)) +
    most(configs.flatMap(({ routers }) => routers.map(({ preemptDelay }) => preemptDelay))) +
    most(configs.flatMap(({ linkDelays }) => Object.values(linkDelays).flatMap(({ up, down }) => [up, down]))) +
    most(configs.flatMap(({ checks }) => checks.map(({ interval, belief }) => interval * (turnsOf(belief) + 1))));
  const grouped = configs.some(({ groups }) => groups.length > 0);
  return microseconds(delays + (grouped ? 4 : 2) * longestDown(sites) + seconds(1));
}

const turnsOf = ({ master, backup }: AgentConfig["checks"][number]["belief"]): number =>
  Math.max(master.rise, master.fall, backup.rise, backup.fall);

/** Plays the script from the moment on at which everybody has settled; ends when they have had the time to settle again. */
export function rehearse({ sites, seed, loss }: RehearsalOptions, steps: readonly Step[], span: Duration): Rehearsal {
  const happenings: Happening[] = [];
  const world = buildWorld({
    seed,
    sites,
    onTurn: (turn, { name }) => {
      for (const mark of marksOf(turn))
        happenings.push({
          at: world.time.now(),
          who: name,
          says: `${mark.name} ${mark.from} -> ${mark.phase} (${mark.because})`,
        });
    },
  });
  world.weather.loss = loss;
  const watch = watchHolders(world);
  const advanceTo = (until: Instant): void => {
    const end = { reached: false };
    world.time.at(until, () => {
      end.reached = true;
    });
    while (!end.reached && world.time.next()) watch.look();
  };
  advanceTo(after(world.time.now(), settlingTime(sites)));
  const from = world.time.now();
  plan(world, steps, (says) => void happenings.push({ at: world.time.now(), who: null, says }));
  advanceTo(after(from, span));
  const to = world.time.now();
  for (const machine of world.machines) if (machine.failure() !== null) throw machine.failure();
  return { happenings, tenures: watch.tenures(), from, to, accounts: accountOf(watch.tenures(), from, to) };
}

export type SingleFault = {
  readonly sentence: string;
  /** Whether every address had one holder in the end, with the fault still there. */
  readonly survived: boolean;
  readonly gap: number;
  readonly dual: number;
  /** And when the fault was over. */
  readonly gapAfter: number;
  readonly accounts: readonly Account[];
};

/** Each node, each link, and each tracked thing. */
export function singleFaultsOf(sites: readonly Site[]): readonly string[] {
  return sites.flatMap(({ name, config }) => [
    `kill ${name}`,
    `crash ${name}`,
    `stop ${name}`,
    ...interfacesOf(config).map((port) => `unplug ${name} ${port}`),
    ...config.checks
      .filter((check) => config.routers.some(({ tracks }) => tracks.some((track) => track.check === check.name)))
      .map((check) => `fail ${check.name} on ${name}`),
  ]);
}

export function playSingleFault(options: RehearsalOptions, sentence: string): SingleFault {
  const names = options.sites.map(({ name }) => name);
  const span = settlingTime(options.sites);
  const lasting = (span / 1_000_000).toFixed(6);
  const steps = readStep(`at 0s ${sentence} for ${lasting}s`, { names });
  if ("says" in steps) throw new Error(steps.says);
  const played = rehearse(options, steps, microseconds(2 * span));
  const broken = after(played.from, span);
  const during = accountOf(played.tenures, played.from, broken);
  const afterwards = accountOf(played.tenures, broken, played.to);
  const most = (values: readonly number[]): number => Math.max(0, ...values);
  return {
    sentence,
    survived: during.every(({ holders }) => holders.length === 1),
    gap: most(during.map(({ gap }) => gap)),
    dual: most([...during, ...afterwards].map(({ dual }) => dual)),
    gapAfter: most(afterwards.map(({ gap }) => gap)),
    accounts: during,
  };
}
