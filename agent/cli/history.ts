// heird history: who held a virtual router on this node, from when to when, and why it ended.

import { type Actor, inShort } from "../core/actor.ts";
import { isAbout, transitions } from "../explain/chronicle.ts";
import { type Tenure, tenures } from "../explain/tenures.ts";
import { told } from "../log/replay.ts";
import type { Values } from "./commands.ts";
import { noting, refuseUnknown } from "./known.ts";
import { despite, linesSince, warnOf } from "./log-files.ts";
import { EXIT } from "./refusal.ts";
import { inWords, table } from "./table.ts";
import { atWall, whenOf } from "./when.ts";

export type HistoryOptions = Pick<Values, "since" | "json">;

/** Prints the tenures that this log tells of. */
export function history(path: string, vr: string | undefined, options: HistoryOptions): number {
  const from = options.since === undefined ? null : whenOf("since", options.since, Date.now());
  const read = linesSince(path, from);
  const names = new Map<string, string>();
  const all = despite(read.flaws, () => tenures(transitions(told(noting(read.lines(), names)))));
  warnOf(read.flaws);
  refuseUnknown(vr, names);
  const wanted = all.filter(
    (tenure) => isAbout(vr, tenure) && (from === null || tenure.to === null || tenure.to >= from),
  );
  process.stdout.write(options.json ? `${JSON.stringify({ schema: 1, tenures: wanted })}\n` : `${inTable(wanted)}\n`);
  return EXIT.ok;
}

function inTable(wanted: readonly Tenure[]): string {
  if (wanted.length === 0) return "nobody was Master here";
  const heading = ["Instance", "No", "From", "To", "For", "Began", "Ended", "Lines"];
  return table(heading, wanted.map(row));
}

function row({ name, nth, from, to, began, ended, beganBy, endedBy, seqs: [first, last] }: Tenure): string[] {
  return [
    name,
    String(nth),
    atWall(from),
    to === null ? "lasts" : atWall(to),
    to === null ? "-" : inWords((to - from) / 1_000),
    withActor(began, beganBy),
    withActor(ended ?? "-", endedBy),
    `#${first}${last === null ? "" : ` #${last}`}`,
  ];
}

/** A reason, and who asked for it: `config (uid 1000)`. */
export const withActor = (reason: string, by: Actor | null): string =>
  by === null ? reason : `${reason} (${inShort(by)})`;
