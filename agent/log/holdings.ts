// Which addresses, routes and rules a dead daemon may have left, read from its log.

import { step } from "../core/agent.ts";
import { type Holding, NOTHING_HELD, openLedger } from "./ledger.ts";
import type { Line } from "./line.ts";
import { NOTHING_REPLAYED, replayLine } from "./replay.ts";

/** What may still be held, as `Ledger.held` has it. */
export type Holdings = ReadonlyMap<string, Holding>;

/** What a daemon whose log ends with this segment may have left. */
export function holdingsOf(segment: Iterable<Line>): Holdings {
  let ledger = openLedger(NOTHING_HELD);
  let replayed = NOTHING_REPLAYED;
  for (const line of segment) {
    if (line.type === "header") ledger = openLedger(line.holdings);
    if (line.type !== "event") replayed = replayLine(replayed, line);
    else {
      const turn = step(replayed.state, { at: line.at, seen: line.seen });
      ledger.enter(turn);
      replayed = { ...replayed, seq: line.seq, state: turn.state };
    }
  }
  return ledger.held();
}
