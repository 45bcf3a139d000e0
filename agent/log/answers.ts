// Routine of checks: answers that only counted become one window, so that two hundred checks a second
// do not write two hundred lines a second.

import { onlyCounted } from "../core/health.ts";
import type { Turn } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import type { AnswersWindow } from "./line.ts";

/** A window is closed at the latest after this span, so that a reader is never further behind. */
const LONGEST: Duration = seconds(10);

type Open = { -readonly [K in keyof AnswersWindow]: AnswersWindow[K] };

export type Answers = {
  /** Counts an answer that changed nothing; gives the windows whose time is over. Null when it did change something. */
  readonly add: (turn: Turn) => readonly AnswersWindow[] | null;
  /** Closes the window of one check, or of all. */
  readonly close: (check: string | null) => readonly AnswersWindow[];
  /** Closes so many of them, those that were opened first. */
  readonly closeOldest: (count: number) => readonly AnswersWindow[];
};

export function createAnswers(): Answers {
  // In the order in which they were opened, so that the oldest is the first.
  const windows = new Map<string, Open>();
  const take = (check: string): AnswersWindow[] => {
    const open = windows.get(check);
    windows.delete(check);
    return open === undefined ? [] : [open];
  };
  return {
    add: (turn) => {
      const { seen, at } = turn.event;
      if (seen.type !== "checkReported" || !isRoutine(turn, seen.check)) return null;
      const { check, run } = seen;
      const closed = overdue(windows, at);
      const open = windows.get(check);
      if (open === undefined) {
        const { ok, took: slowest, queued, skipped } = run;
        windows.set(check, { kind: "answers", check, ok, count: 1, first: at, last: at, slowest, queued, skipped });
      } else {
        open.count += 1;
        open.last = at;
        open.slowest = longer(open.slowest, run.took);
        open.queued = longer(open.queued, run.queued);
        open.skipped += run.skipped;
      }
      return closed;
    },
    close: (check) => (check === null ? [...windows.keys()].flatMap(take) : take(check)),
    closeOldest: (count) => {
      const oldest: AnswersWindow[] = [];
      for (const check of windows.keys()) {
        if (oldest.length >= count) break;
        oldest.push(...take(check));
      }
      return oldest;
    },
  };
}

function isRoutine({ before, state, effects }: Turn, check: string): boolean {
  const [was, is] = [before.checks[check], state.checks[check]];
  return was !== undefined && is !== undefined && effects.length === 0 && onlyCounted(was, is);
}

const longer = (a: Duration, b: Duration): Duration => (a > b ? a : b);

function overdue(windows: Map<string, Open>, at: Instant): readonly AnswersWindow[] {
  const taken: AnswersWindow[] = [];
  for (const [check, open] of windows) {
    if (since(open.first, at) < LONGEST) break;
    windows.delete(check);
    taken.push(open);
  }
  return taken;
}
