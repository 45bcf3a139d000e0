// S2: how long two Masters of one virtual router may stay beside each other once they can hear each
// other: the weaker one hears the next advertisement of the stronger one, and yields.

import type { RouterKey } from "../../agent/core/config.ts";
import type { RouterState } from "../../agent/core/state.ts";
import { after, type Duration, milliseconds } from "../../agent/core/time.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { candidatesOf, isMaster } from "./liveness.ts";
import { saw, type Witness } from "./sometimes.ts";

/** What a message and its reader take, in µs; and clocks of 2 per cent. */
const SLACK = 10_000;
const CLOCKS = 1.03;

/** After the last fault is over, in µs: what it slowed down has caught up. */
const AFTERMATH = milliseconds(500);

export type Meetings = {
  /** Whether everybody hears everybody from here on. */
  readonly calm: (isCalm: boolean) => void;
  /** Somebody becomes Master. */
  readonly see: (key: RouterKey) => void;
};

export function watchMeetings(world: () => World, { fail, sometimes }: Witness): Meetings {
  let watching = false;
  /** Which calm it is: a storm in between excuses everything. */
  let spell = 0;
  const mastersOf = (key: string) => (candidatesOf(world()).get(key) ?? []).filter(isMaster);

  const meet = (key: string): void => {
    const two = mastersOf(key);
    if (two.length < 2) return;
    const mine = spell;
    const interval = Math.max(...two.map(({ router }) => router.config.adverInterval));
    const patience = Math.ceil(interval * CLOCKS) + SLACK;
    world().time.at(after(world().time.now(), patience as Duration), () => {
      if (spell !== mine) return;
      const still = two.filter(({ machine, router }) => isStill(machine, router));
      const names = still.map(({ machine }) => machine.name).join(" and ");
      if (still.length > 1) fail(`S2: ${names} are Masters of ${key} for ${patience} µs and hear each other`);
      else saw(sometimes, "two Masters that met again");
    });
  };
  const begin = (): void => {
    watching = true;
    for (const key of candidatesOf(world()).keys()) meet(key);
  };
  return {
    calm: (isCalm) => {
      spell += 1;
      watching = false;
      const mine = spell;
      if (isCalm) world().time.at(after(world().time.now(), AFTERMATH), () => spell === mine && begin());
    },
    see: (key) => {
      if (watching) world().time.at(world().time.now(), () => meet(key));
    },
  };
}

/** Whether it is the very mastership that it was. */
function isStill(machine: Machine, { config, phase: { since } }: RouterState): boolean {
  const is = machine.state()?.routers.find((router) => router.config.key === config.key)?.phase;
  return is?.name === "master" && is.since === since;
}
