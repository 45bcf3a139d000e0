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
  /** When it happened, in ms since 1970. */
  readonly time: number;
  readonly notice: Notice;
};

export type Errands = {
  readonly enter: (turn: Pick<Turn, "event" | "state" | "effects">, time: number) => void;
  readonly open: () => readonly Errand[];
};

/** What makes events of one log and one boot differ from all others. */
export const lifeOf = (epoch: string, boot: string): string => `${epoch}-${boot.slice(0, 8)}`;

export function openErrands(life: string, from: readonly Errand[]): Errands {
  const keyOf = ({ event, hook }: Pick<Errand, "event" | "hook">): string => `${event} ${hook}`;
  const open = new Map(from.map((errand) => [keyOf(errand), errand]));
  const want = (notice: Notice, { state }: Pick<Turn, "state">, time: number): void => {
    const event = eventIdOf(life, notice);
    for (const { hook } of deliveriesOf(notice, state.config.notify))
      open.set(keyOf({ event, hook }), { event, hook, attempts: 0, time, notice });
  };
  return {
    enter: (turn, time) => {
      const { seen } = turn.event;
      for (const effect of turn.effects) if (effect.type === "notify") want(effect.notice, turn, time);
      if (seen.type === "hookEnded" && seen.final) open.delete(keyOf(seen));
      const begun = seen.type === "hookBegan" ? open.get(keyOf(seen)) : undefined;
      if (seen.type === "hookBegan" && begun !== undefined) open.set(keyOf(seen), { ...begun, attempts: seen.attempt });
    },
    open: () => [...open.values()],
  };
}
