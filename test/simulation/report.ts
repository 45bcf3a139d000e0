// A life told, and a failure told so that whoever reads it can play it again.

import { tellFault } from "./faults.ts";
import type { Life } from "./play.ts";
import { routerText } from "./swarm-text.ts";

export function tellLife({ sites, faults, story, hash, failures }: Life): string {
  const swarm = sites.flatMap(({ name, config, ppm }) =>
    config.routers.map((router) => `  ${name} ${routerText(router, config)}, clock ${ppm} ppm`),
  );
  const wrong = failures.length === 0 ? [] : ["", ...failures.map((says) => `WRONG ${says}`)];
  return [
    ...swarm,
    `${faults.length} fault(s)`,
    ...faults.map((fault) => `  ${tellFault(fault)}`),
    "",
    ...story,
    ...wrong,
    `hash ${hash}`,
  ].join("\n");
}

/** Seed, version, shrunk faults and story. */
export const tellFailure = (life: Life, version: string): string =>
  [`seed ${life.seed} of heird ${version} fails: npm run sim -- ${life.seed}`, tellLife(life)].join("\n");
