// Routers that were out of service when their daemon died: its death is no reason to put them back.

import { readFileSync } from "node:fs";
import type { Actor } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import type { Drained, RouterState } from "../core/state.ts";
import { type Instant, until } from "../core/time.ts";
import type { Line } from "../log/line.ts";
import { segmentsOf } from "../log/recover.ts";
import { replay } from "../log/replay.ts";
import { bootId, lastLife } from "./leftovers.ts";

export type Drains = readonly { readonly command: Operation; readonly by: Actor | undefined }[];

/**
 * What to say again so that whoever was drained is, by the log of a daemon that died in this boot. One that was
 * stopped has put everybody back with its last word, and a machine that boots begins anew.
 */
export function drainsLeftBy(stateDirectory: string, unwritten: readonly Line[], now: Instant): Drains {
  // To fold a segment takes its time, and most say nothing of the kind.
  if (!mayDrain(stateDirectory, unwritten)) return [];
  const lines = lastLife(stateDirectory, unwritten);
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
    return replay(lines).state.routers;
  } catch {
    return [];
  }
}

/** Words that stand in a log in which somebody is drained. */
const WORDS = ['"type":"drain"', '"drained":{'];

function mayDrain(stateDirectory: string, unwritten: readonly Line[]): boolean {
  // The newest may have been torn before its first line was whole.
  for (const path of segmentsOf(stateDirectory).slice(-2)) {
    const text = readFileSync(path);
    if (WORDS.some((word) => text.includes(word))) return true;
  }
  const rest = unwritten.length === 0 ? "" : JSON.stringify(unwritten);
  return WORDS.some((word) => rest.includes(word));
}
