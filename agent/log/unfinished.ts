// Which hooks a dead daemon has not finished, read from its log.

import { step } from "../core/agent.ts";
import { deathsOver, type Errand, lifeOf, openErrands } from "./errands.ts";
import type { Line } from "./line.ts";
import { NOTHING_REPLAYED, replayLine } from "./replay.ts";

/** What a daemon whose log ends with this segment has not finished. */
export function errandsOf(segment: Iterable<Line>): readonly Errand[] {
  let errands = openErrands("", []);
  let replayed = NOTHING_REPLAYED;
  for (const line of segment) {
    // Logs of older daemons know no hooks.
    if (line.type === "header") errands = openErrands(lifeOf(line.epoch, line.boot), line.hooks ?? []);
    if (line.type === "event") errands.enter(step(replayed.state, { at: line.at, seen: line.seen }), line.hlc);
    replayed = replayLine(replayed, line);
  }
  return errands.open().map((errand) => ({ ...errand, deaths: deathsOver(errand), ended: errand.attempts }));
}
