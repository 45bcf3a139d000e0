// What the client lived through in a span of time.

import type { Answer } from "../netns/probe.ts";

/** In µs: an answer that takes longer is none, even if a queue somewhere gives it back in the end. */
const TOO_LATE = 500_000;

export type Losses = {
  readonly asked: number;
  readonly lost: number;
  /** How many each router answered. */
  readonly answeredBy: Readonly<Record<string, number>>;
  /** The longest time between two questions that were answered, in µs. */
  readonly silence: number;
};

export const answeredInTime = ({ took }: Answer): boolean => took !== null && took <= TOO_LATE;

/** Counts the questions asked from `from` on and before `to`, in µs since 1970. */
export function lossesIn(answers: readonly Answer[], from: number, to: number): Losses {
  const asked = answers.filter(({ askedAt }) => askedAt >= from && askedAt < to);
  const answered = asked.filter(answeredInTime);
  const answeredBy: Record<string, number> = {};
  for (const { by } of answered) if (by !== null) answeredBy[by] = (answeredBy[by] ?? 0) + 1;
  const moments = [from, ...answered.map(({ askedAt }) => askedAt), to];
  const silence = moments.reduce((longest, moment, i) => Math.max(longest, moment - (moments[i - 1] ?? moment)), 0);
  return { asked: asked.length, lost: asked.length - answered.length, answeredBy, silence };
}
