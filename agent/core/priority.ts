// What checks make of a priority: Keepalived's arithmetic of weights (reference of trackers: B10).

import { PRIORITY_OWNER, type RouterConfig, type Track } from "./config.ts";

/** What is known of something tracked: nothing yet, good, bad, or the number of a file or metric. */
export type Verdict = "unknown" | "up" | "down" | number;

/** What is known of the things one router tracks, by the name of the check. */
export type Verdicts = Readonly<Record<string, Verdict>>;

export const NO_VERDICTS: Verdicts = {};

/** Where its checks put a router. */
export type Standing = {
  /** 1..254, or PRIORITY_OWNER: what election and Skew_Time go by. */
  readonly priority: number;
  /** The checks that hold it in FAULT. */
  readonly faults: readonly string[];
  /** Whether a check that can mean FAULT has not answered yet. */
  readonly undecided: boolean;
};

const NO_FAULTS: readonly string[] = [];

/** What a contribution cannot say: not a number to add, but FAULT. */
const FAULT = Number.NEGATIVE_INFINITY;
/** So much taken away leaves nothing of any priority: FAULT. */
const RUIN = -254;
const MOST = 253;

/** B10: 1..254 whatever is added, and an owner stays one; what is not known yet counts for nothing. */
export function standingOf(config: Pick<RouterConfig, "basePriority" | "tracks">, verdicts: Verdicts): Standing {
  const { basePriority, tracks } = config;
  if (tracks.length === 0) return { priority: basePriority, faults: NO_FAULTS, undecided: false };
  const faults: string[] = [];
  let priority = basePriority;
  let undecided = false;
  for (const track of tracks) {
    const verdict = verdicts[track.check] ?? "unknown";
    if (verdict === "unknown") undecided ||= track.weight === 0;
    else {
      const share = shareOf(track, verdict);
      if (share === FAULT) faults.push(track.check);
      else priority += share;
    }
  }
  const owner = basePriority === PRIORITY_OWNER;
  return { priority: owner ? basePriority : Math.min(254, Math.max(1, priority)), faults, undecided };
}

/** What one check adds to the priority; null: it means FAULT. */
export function contributionOf(track: Track, verdict: Verdict): number | null {
  const share = verdict === "unknown" ? 0 : shareOf(track, verdict);
  return share === FAULT ? null : share;
}

/** What one check adds, or FAULT. */
function shareOf({ weight, reverse }: Track, verdict: Exclude<Verdict, "unknown">): number {
  if (typeof verdict === "number") return ofNumber(verdict, weight, reverse);
  const good = verdict === "up";
  if (weight === 0) return good === reverse ? FAULT : 0;
  // A positive weight is gained by what is good, a negative one lost by what is bad.
  if (good !== weight > 0) return 0;
  return reverse ? -weight : weight;
}

/** `track_file` and metrics: the number times the weight; without a weight, anything but 0 is bad. */
function ofNumber(value: number, weight: number, reverse: boolean): number {
  if (weight === 0) return (value === 0) === reverse ? FAULT : 0;
  const share = reverse ? -value * weight : value * weight;
  return share <= RUIN ? FAULT : Math.min(MOST, share);
}
