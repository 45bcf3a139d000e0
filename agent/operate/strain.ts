// How hard it went lately: the latest beat and the longest collection of the last half minute, for whoever asks
// at a transition whether it was the daemon itself that slept. A look costs thirty comparisons.

import { type Duration, type Instant, microseconds, milliseconds, since } from "../core/time.ts";
import type { Strain } from "../log/line.ts";

/**
 * How often the heart beats: no stall that is as long as this goes unseen. A process that is woken costs 0.2 ms, and twenty beats
 * a second were more than all else of a quiet one.
 */
export const BEAT: Duration = milliseconds(200);
const SECOND = 1_000_000;
const SECONDS = 30;

export type StrainGauge = {
  readonly late: (span: Duration, at: Instant) => void;
  readonly collected: (span: Duration, at: Instant) => void;
  /** The worst of the last half minute, with the beat that is due by now. */
  readonly worst: (at: Instant) => Strain;
};

export function createStrainGauge(): StrainGauge {
  const none = Array.from({ length: SECONDS }, () => 0);
  const [seconds, late, collected] = [none.slice(), none.slice(), none.slice()];
  let beat: Instant | null = null;
  const note = (worst: number[], span: number, at: Instant): void => {
    const second = Math.floor(at / SECOND);
    const i = second % SECONDS;
    if (seconds[i] !== second) {
      seconds[i] = second;
      late[i] = 0;
      collected[i] = 0;
    }
    worst[i] = Math.max(worst[i] ?? 0, span);
  };
  const worstOf = (spans: readonly number[], at: Instant): number => {
    const oldest = Math.floor(at / SECOND) - SECONDS;
    return spans.reduce((worst, span, i) => ((seconds[i] ?? 0) > oldest ? Math.max(worst, span) : worst), 0);
  };
  return {
    late: (span, at) => {
      beat = at;
      note(late, span, at);
    },
    collected: (span, at) => note(collected, span, at),
    worst: (at) => {
      const due = beat === null ? 0 : Math.max(0, since(beat, at) - BEAT);
      return {
        late: microseconds(Math.round(Math.max(due, worstOf(late, at)))),
        collected: microseconds(Math.round(worstOf(collected, at))),
      };
    },
  };
}
