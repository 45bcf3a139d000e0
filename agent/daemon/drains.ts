// Routers that were out of service when their daemon died: its death is no reason to put them back.

import type { Actor } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import type { Drained, RouterState } from "../core/state.ts";
import { type Instant, until } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import { replay } from "../log/replay.ts";
import { bootId } from "./leftovers.ts";

export type Drains = readonly { readonly command: Operation; readonly by: Actor | undefined }[];

/**
 * What to say again so that whoever was drained is, by the last lines of a daemon that died in this boot. One that was
 * stopped has put everybody back with its last word, and a machine that boots begins anew.
 */
export function drainsLeftBy(lines: readonly Line[], now: Instant): Drains {
  const header = lines.findLast((line) => line.type === "header");
  if (header?.boot !== bootId()) return [];
  const routers = routersAfter(lines);
  const drained = routers.flatMap((router) => (router.drained === null ? [] : [{ router, drained: router.drained }]));
  const all = drained.length === routers.length;
  const said = new Map<string, { readonly drained: Drained; readonly routers: RouterState[] }>();
  for (const one of drained) {
    if (one.drained.until !== null && one.drained.until <= now) continue;
    const words = JSON.stringify(one.drained);
    const known = said.get(words);
    if (known === undefined) said.set(words, { drained: one.drained, routers: [one.router] });
    else known.routers.push(one.router);
  }
  return [...said.values()].map(({ drained: { until: end, reason, by, whole }, routers: some }) => ({
    command: {
      type: "drain",
      routers: whole && all ? null : some.map(({ config }) => config.key),
      lasts: end === null ? null : until(now, end),
      reason,
    },
    by: by ?? undefined,
  }));
}

/** A log that is not what a daemon wrote keeps no router from its work. */
function routersAfter(lines: readonly Line[]): readonly RouterState[] {
  try {
    // To fold a segment takes its time, and most say nothing of the kind.
    return lines.some(mayDrain) ? replay(lines).state.routers : [];
  } catch {
    return [];
  }
}

function mayDrain(line: Line): boolean {
  if (line.type === "header") return line.state.routers.some(({ drained }) => drained !== null);
  return line.type === "event" && line.seen.type === "commanded" && line.seen.command.type === "drain";
}
