// After the faults: one Master for each virtual router, the right one, and it stays; and when that one
// goes, its heir comes as soon as VRRP promises, and no sooner.

import type { RouterConfig } from "../../agent/core/config.ts";
import { effectivePriority, type RouterState } from "../../agent/core/state.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { isThere } from "./holdings.ts";

/** One virtual router on one machine. */
export type Candidate = { readonly machine: Machine; readonly router: RouterState };

/** Every virtual router of the swarm, and who is in it. */
export function candidatesOf(world: World): ReadonlyMap<string, readonly Candidate[]> {
  const all = new Map<string, Candidate[]>();
  for (const machine of world.machines)
    for (const router of machine.state()?.routers ?? []) {
      const key: string = router.config.key;
      all.set(key, [...(all.get(key) ?? []), { machine, router }]);
    }
  return all;
}

export const isMaster = ({ router }: Candidate): boolean => router.phase.name === "master";

/** The longest Master_Down_Interval, in µs: 3 intervals and a whole Skew_Time, by hand. */
export function longestDown({ sites }: World): number {
  const all = sites.flatMap(({ config }) => config.routers);
  return Math.max(...all.map((router) => 3 * router.adverInterval + longestSkew(router)));
}
const longestSkew = ({ version, adverInterval }: RouterConfig): number => (version === 2 ? 1_000_000 : adverInterval);

/**
 * S1: from healing to the one and only Master, in µs. Whoever was switched on waits for its startup and
 * its link, hears somebody weaker for its preempt delay or its limit, and then waits for its Master_Down_Interval;
 * a group goes when its last member is willing, which is another one. Bad clocks add a fiftieth.
 */
export function settlingTime(world: World): number {
  const configs = world.sites.map(({ config }) => config);
  const routers = configs.flatMap((config) => config.routers);
  const delays =
    Math.max(...configs.map(({ startupDelay }) => startupDelay)) +
    Math.max(...routers.map(({ preemptDelay }) => preemptDelay)) +
    // The last time that somebody became Master falls out of its window, and only then may it be more.
    Math.max(...routers.map(({ maxFailovers }) => maxFailovers?.window ?? 0)) +
    Math.max(0, ...configs.flatMap(({ linkDelays }) => Object.values(linkDelays).map(({ up }) => up))) +
    // At most two good answers, two seconds apart, and the first at once.
    Math.max(0, ...configs.flatMap(({ checks }) => checks.map(({ interval }) => 2 * interval)));
  const grouped = configs.some(({ groups }) => groups.length > 0);
  const rounds = grouped ? 4 : 2;
  return Math.ceil((delays + rounds * longestDown(world) + 1_000_000) * 1.05);
}

/** S1: what is wrong with who is Master. */
export function wrongMasters(world: World): readonly string[] {
  return [...candidatesOf(world)].flatMap(([key, all]) => {
    const masters = all.filter(isMaster);
    const names = masters.map(({ machine }) => machine.name).join(" and ");
    const [only] = masters;
    if (only === undefined || masters.length !== 1) return [`${key} has ${masters.length} Masters: ${names}`];
    const holders = all.filter(({ machine, router }) =>
      router.config.virtualAddresses.some((own) => isThere(machine, own)),
    );
    if (holders.some((holder) => holder !== only)) return [`${key} is held by others than its Master ${names}`];
    return all.flatMap((one) =>
      claims(one, only, world) ? [`${key}: ${one.machine.name} should preempt ${names}`] : [],
    );
  });
}

/** Whether somebody is stronger, may preempt, and does not. */
function claims(one: Candidate, master: Candidate, world: World): boolean {
  const { config, phase } = one.router;
  if (one === master || phase.name !== "backup" || !config.preempt) return false;
  // A group goes together or not at all.
  if (world.site(one.machine.name).config.groups.some(({ members }) => members.includes(config.key))) return false;
  return effectivePriority(one.router) > effectivePriority(master.router);
}

/** Who is Master of what, to see whether anybody moves. */
export const standing = (world: World): string =>
  [...candidatesOf(world)]
    .map(
      ([key, all]) =>
        `${key} ${all.filter(isMaster).map(({ machine, router }) => `${machine.name}@${router.phase.since}`)}`,
    )
    .join("; ");

/** The strongest of those that may take over; null when several are as good. */
export function heirOf(all: readonly Candidate[], gone: Machine): Candidate | null {
  const heirs = all.filter(({ machine, router }) => machine !== gone && router.phase.name === "backup");
  const [first, second] = heirs.sort((a, b) => effectivePriority(b.router) - effectivePriority(a.router));
  if (first === undefined) return null;
  return second !== undefined && effectivePriority(second.router) === effectivePriority(first.router) ? null : first;
}

/** Skew_Time by hand: of 256 parts those that are missing to 256. RFC 5798 §6.1. */
export function skewOf({ router }: Candidate): number {
  const parts = 256 - effectivePriority(router);
  return (parts * longestSkew(router.config)) / 256;
}
