// The kinds of lines that a log has, for whoever asks for one of them.

import type { Observation } from "../core/event.ts";
import type { Line } from "../log/line.ts";
import { EXIT, Refusal } from "./refusal.ts";

type Kind = Exclude<Line["type"], "event"> | Observation["type"];

const ALL: Readonly<Record<Kind, true>> = {
  header: true,
  window: true,
  mark: true,
  snapshot: true,
  commanded: true,
  configured: true,
  advertReceived: true,
  advertDropped: true,
  linkChanged: true,
  addressesChanged: true,
  pathsLost: true,
  addressClaimed: true,
  addressDuplicate: true,
  deadlineReached: true,
  waitOver: true,
  drainOver: true,
  busyAhead: true,
  checkReported: true,
  checkDue: true,
  effectDone: true,
  effectFailed: true,
  hookBegan: true,
  hookEnded: true,
  fifoMissed: true,
};

export const KINDS: readonly string[] = Object.keys(ALL);

/** A kind that no line can have is a mistake of whoever asks. */
export function requireKind(type: string | undefined): void {
  if (type !== undefined && !KINDS.includes(type))
    throw new Refusal(EXIT.usage, `there is no line of type ${type}; --type is one of ${KINDS.join(", ")}`);
}
