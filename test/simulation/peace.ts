// A swarm in peace, on a LAN with another jitter: who is Master in the end must not depend on it.

import { instantAt, milliseconds } from "../../agent/core/time.ts";
import { buildWorld } from "../../agent/rehearse/world.ts";
import { candidatesOf, isMaster } from "./liveness.ts";
import { drawSwarm } from "./swarm.ts";

/** The Masters by virtual router, after a minute with that jitter. Everybody preempts, and no two claim the same. */
export function candidates(seed: number, jitter: number): readonly string[] {
  const sites = drawSwarm(seed).map((site, i) => ({
    ...site,
    config: {
      ...site.config,
      groups: [],
      routers: site.config.routers.map((router) => ({
        ...router,
        preempt: true,
        basePriority: router.basePriority === 255 ? 255 : Math.max(1, router.basePriority - i),
      })),
    },
  }));
  const world = buildWorld({ seed: seed + jitter, sites });
  world.weather.most = milliseconds(1 + jitter * 40);
  world.time.advanceTo(instantAt(60_000_000));
  return [...candidatesOf(world)].map(
    ([key, all]) => `${key} ${all.filter(isMaster).map(({ machine }) => machine.name)}`,
  );
}
