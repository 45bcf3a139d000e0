// Which hooks a daemon has begun to tell and not finished, kept while its turns go by. The log carries
// them in the header of each segment, so that the last segment alone tells what a death has interrupted.

import { deliveriesOf, eventIdOf } from "../core/deliveries.ts";
import type { Notice } from "../core/effect.ts";
import type { Turn } from "../core/state.ts";

/** Something that somebody has yet to be told. */
export type Errand = {
  readonly event: string;
  readonly hook: string;
  /** Attempts that have begun. */
  readonly attempts: number;
  /** Of these, how many have ended one after the other, and how many daemons have died over one. */
  readonly ended: number;
  readonly deaths: number;
  /** When it happened, in ms since 1970. */
  readonly time: number;
  readonly notice: Notice;
};

/** Older logs count attempts alone. */
export type RecordedErrand = Omit<Errand, "ended" | "deaths"> & Partial<Pick<Errand, "ended" | "deaths">>;

export type Errands = {
  readonly enter: (turn: Pick<Turn, "event" | "state" | "effects">, time: number) => void;
  readonly open: () => readonly Errand[];
};

/** What makes events of one log and one boot differ from all others. */
export const lifeOf = (epoch: string, boot: string): string => `${epoch}-${boot.slice(0, 8)}`;

export function openErrands(life: string, from: readonly RecordedErrand[]): Errands {
  const keyOf = ({ event, hook }: Pick<Errand, "event" | "hook">): string => `${event} ${hook}`;
  const open = new Map(
    from.map((errand): [string, Errand] => [keyOf(errand), { ended: errand.attempts, deaths: 0, ...errand }]),
  );
  const want = (notice: Notice, { state }: Pick<Turn, "state">, time: number): void => {
    const event = eventIdOf(life, notice);
    for (const { hook } of deliveriesOf(notice, state.config.notify))
      open.set(keyOf({ event, hook }), { event, hook, attempts: 0, ended: 0, deaths: 0, time, notice });
  };
  return {
    enter: (turn, time) => {
      const { seen } = turn.event;
      for (const effect of turn.effects) if (effect.type === "notify") want(effect.notice, turn, time);
      if (seen.type !== "hookEnded" && seen.type !== "hookBegan") return;
      const known = open.get(keyOf(seen));
      if (known === undefined) return;
      if (seen.type === "hookBegan") open.set(keyOf(seen), begun(known, seen.attempt));
      else if (seen.final) open.delete(keyOf(seen));
      else open.set(keyOf(seen), { ...known, ended: Math.min(seen.attempt, known.attempts) });
    },
    open: () => [...open.values()],
  };
}

/** Whoever begins another attempt while the one before has not ended is another daemon. */
const begun = (errand: Errand, attempt: number): Errand => ({
  ...errand,
  attempts: attempt,
  deaths: deathsOver(errand),
});

/** As many daemons have died over it, when another one looks at it. */
export const deathsOver = ({ attempts, ended, deaths }: Errand): number => deaths + (attempts > ended ? 1 : 0);
