// interface_up_down_delays: how long a link must have changed until that is believed.

import { seconds } from "../agent/core/time.ts";
import type { DeclaredLinkDelays } from "./declaration.ts";
import type { Report } from "./diagnostic.ts";
import { linesIn, type Section } from "./section.ts";
import { placeOf } from "./syntax.ts";
import { numberOf } from "./values.ts";

/** Lines of a link, the delay down and, if there is one, the delay up: without it Keepalived has none, whatever its manual says. */
export function linkDelaysIn(root: Section, report: Report): Readonly<Record<string, DeclaredLinkDelays>> {
  const delays: Record<string, DeclaredLinkDelays> = {};
  for (const { words } of linesIn(root, "interface_up_down_delays")) {
    const [name, down, up] = words;
    if (name === undefined || down === undefined) continue;
    const span = (word: typeof down) =>
      seconds(numberOf(word, "interface_up_down_delays", { min: 0, max: 255, whole: false, unit: "s" }, report) ?? 0);
    delays[name.text] = { down: span(down), up: up === undefined ? seconds(0) : span(up), place: placeOf(down) };
  }
  return delays;
}
