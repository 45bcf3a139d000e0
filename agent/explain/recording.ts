// What the flight recorder says about a transition: the last advertisements heard, one by one, and whether
// this process was late itself.

import type { RouterKey } from "../core/config.ts";
import type { Instant } from "../core/time.ts";
import type { Flight, FlightLine } from "../log/flight-read.ts";

export type Recorded = {
  readonly file: string;
  /** The last advertisements before it, the latest last, in words. */
  readonly heard: readonly { readonly wall: number; readonly text: string }[];
  /** What it rules out, or says. */
  readonly says: readonly string[];
};

/** More of them say nothing more. */
const LAST = 6;
/** What was lost or late longer ago led to nothing now, µs. */
const BEFORE = 10_000_000;

/** Shorter collections delay nobody. */
const WORTH_US = 1_000;

const inMs = (us: number): string => `${(us / 1_000).toFixed(1)} ms`;
const longest = (lines: readonly FlightLine[]): number => lines.reduce((most, { span }) => Math.max(most, span), 0);

/** Summarises a recording for one router and one instant. */
export function recorded({ file, lines, offset, remarks }: Flight, router: RouterKey, at: Instant): Recorded {
  const about = router.replaceAll(" ", "_");
  const adverts = lines.filter((line) => line.kind === "advert" && line.about === about && line.at <= at);
  const heard = adverts.slice(-LAST).map((line, i, shown) => {
    const before = shown[i - 1] ?? adverts[adverts.length - shown.length + i - 1];
    const [source = "", priority = ""] = line.words;
    const gap = before === undefined ? "" : `, ${inMs(line.at - before.at)} after the one before`;
    return {
      wall: offset + line.at / 1_000,
      text: `priority ${priority} from ${source}${gap}, read ${inMs(line.span)} later`,
    };
  });
  const near = lines.filter((line) => line.at + line.span >= at - BEFORE && line.at <= at);
  const of = (kind: FlightLine["kind"]) => near.filter((line) => line.kind === kind);
  // Routers of other VRIDs on the same LAN are nobody's mistake.
  const refused = of("refused").filter(({ words }) => words[1] !== "vrid");
  const why = [...new Set(refused.map(({ words }) => words.join(" ")))].join(", ");
  const collected = longest(of("gc"));
  const says = [
    `in the 10 s before it our timers rang at most ${inMs(longest(of("timer")))} late`,
    `no advertisement lay unread for more than ${inMs(longest(of("advert")))}`,
    of("stall").length === 0
      ? "the process was never stalled"
      : `the process was stalled for ${inMs(longest(of("stall")))}`,
    ...(collected < WORTH_US ? [] : [`the longest garbage collection took ${inMs(collected)}`]),
    ...(refused.length === 0 ? [] : [`${refused.length} datagram(s) were refused: ${why}`]),
    ...remarks,
  ];
  return { file, heard, says };
}
