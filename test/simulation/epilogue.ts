// The one death that everybody was made for, in peace and with everybody there: how long nobody is
// Master is then a matter of arithmetic.

import type { Machine } from "../../agent/rehearse/machine.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { type Candidate, candidatesOf, heirOf, isMaster, skewOf } from "./liveness.ts";

export type Epilogue = {
  /** What was wrong with it, asked long afterwards. */
  readonly judge: () => readonly string[];
};

/** What a message takes at most, and what two turns and clocks of 200 millionths make of some seconds, in µs. */
const SLACK = 5_000;

type Case = {
  readonly key: string;
  readonly gone: Candidate;
  readonly heir: Candidate | null;
  /** From the death to the heir, in µs. */
  readonly least: number;
  readonly most: number;
};

/** S2 for a crash and for a resignation, S3 for a wire that carries one way only. */
export function lastDeath(world: World, seed: number, tell: (line: string) => void): Epilogue {
  const victim = masterOf(world);
  if (victim === null || world.machines.length < 2) return { judge: () => [] };
  const manner = (["kill", "stop", "mute"] as const)[seed % 3] ?? "kill";
  tell(`at last ${manner} ${victim.name}`);
  if (manner === "mute") return muted(world, victim);
  const died = world.time.now();
  const cases = casesOf(world, victim, manner);
  if (manner === "kill") victim.kill();
  else victim.stop();
  return { judge: () => cases.flatMap((one) => judged(one, died, world)) };
}

const masterOf = (world: World): Machine | null =>
  [...candidatesOf(world).values()].flat().find(isMaster)?.machine ?? null;

function casesOf(world: World, victim: Machine, manner: "kill" | "stop"): readonly Case[] {
  const precise = world.sites.every(({ ppm, config }) => Math.abs(ppm) <= 200 && config.groups.length === 0);
  return [...candidatesOf(world)].flatMap(([key, all]) => {
    const gone = all.find((one) => one.machine === victim && isMaster(one));
    const backups = all.filter(({ machine, router }) => machine !== victim && router.phase.name === "backup");
    if (gone === undefined || backups.length === 0 || !precise) return [];
    const interval = gone.router.config.adverInterval;
    const skew = Math.min(...backups.map(skewOf));
    // The last advertisement was at most one interval ago.
    const [least, most] = manner === "stop" ? [skew, skew] : [2 * interval + skew, 3 * interval + skew];
    return [{ key, gone, heir: heirOf(all, victim), least: least - SLACK, most: most + SLACK }];
  });
}

function judged({ key, gone, heir, least, most }: Case, died: number, world: World): readonly string[] {
  const all = candidatesOf(world).get(key) ?? [];
  const masters = all.filter((one) => isMaster(one) && one.machine !== gone.machine);
  const [only] = masters;
  if (only === undefined || masters.length !== 1) return [`S2: ${key} has ${masters.length} Masters after its last`];
  const took = only.machine.time.worldly(only.router.phase.since) - died;
  const wrong: string[] = [];
  if (took > most) wrong.push(`S2: ${key} was without a Master for ${took} µs, and ${most} were too many`);
  if (took < least) wrong.push(`S2: ${key} was taken over after ${took} µs, before ${least}`);
  if (heir !== null && only.machine !== heir.machine)
    wrong.push(`S2: ${key} went to ${only.machine.name}, and ${heir.machine.name} is stronger`);
  return wrong;
}

/** Nobody hears the victim, and it hears everybody: two Masters for ever, which VRRP cannot help, but can say. */
function muted(world: World, victim: Machine): Epilogue {
  const others = world.machines.filter((machine) => machine !== victim);
  for (const other of others) world.weather.severed.add(`${victim.name}>${other.name}`);
  return {
    judge: () =>
      [...candidatesOf(world)].flatMap(([key, all]) => {
        const mine = all.find(({ machine }) => machine === victim);
        const others = all.filter((one) => isMaster(one) && one.machine !== victim);
        if (mine === undefined || !isMaster(mine) || others.length === 0) return [];
        const known = others.some(({ router }) => router.primaryAddress === mine.router.rival?.source);
        return known ? [] : [`S3: ${victim.name} does not say who else is Master of ${key}`];
      }),
  };
}
