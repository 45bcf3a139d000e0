// What heird adds to a vrrp_instance, and Keepalived has no word for.

import { microseconds } from "../agent/core/time.ts";
import type { DeclaredGlobals, DeclaredHookExtras, DeclaredInstance } from "./declaration.ts";
import type { Report } from "./diagnostic.ts";
import { onLossIn, priorityChangeIn } from "./globals.ts";
import { entryOf, has, linesIn, type Section } from "./section.ts";
import { hookExtrasIn } from "./services.ts";
import { type TrackKinds, witnessLines } from "./tracks.ts";
import { numberOf } from "./values.ts";

type Own = "onLoss" | "fastHandover" | "priorityChange" | "maxFailovers" | "witnesses";

/** All of them. */
export const ownWordsOf = (
  section: Section,
  {
    globals,
    kinds,
    report,
  }: { readonly globals: DeclaredGlobals; readonly kinds: TrackKinds; readonly report: Report },
): Pick<DeclaredInstance, Own> & DeclaredHookExtras => ({
  onLoss: onLossIn(section, "on_loss") ?? globals.onLoss,
  fastHandover: has(section, "fast_handover"),
  priorityChange: priorityChangeIn(section, "priority_change") ?? globals.priorityChange,
  maxFailovers: maxFailovers(section, report),
  witnesses: witnessLines(linesIn(section, "witness"), kinds.checks, report),
  ...hookExtrasIn(section, globals.hookPolicy, report),
});

/** At most so often in so many seconds. */
function maxFailovers(section: Section, report: Report): DeclaredInstance["maxFailovers"] {
  const [count, window] = entryOf(section, "max_failovers")?.args ?? [];
  if (count === undefined || window === undefined) return null;
  const times = numberOf(count, "max_failovers", { min: 1, max: 1_000, whole: true, unit: "" }, report);
  const span = numberOf(window, "max_failovers", { min: 1, max: 604_800, whole: false, unit: "s" }, report);
  return times === undefined || span === undefined ? null : { count: times, window: microseconds(span * 1_000_000) };
}
