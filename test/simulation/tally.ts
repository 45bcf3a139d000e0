// What many lives come to.

import type { Life } from "./play.ts";
import { LIFE_SECONDS } from "./play.ts";
import { missing, noneYet, SITUATIONS, type Situation, saw } from "./sometimes.ts";

export type Tally = {
  seeds: number;
  turns: number;
  failovers: number;
  failed: number[];
  readonly sometimes: Map<Situation, number>;
};

export const noLives = (): Tally => ({ seeds: 0, turns: 0, failovers: 0, failed: [], sometimes: noneYet() });

export function count(tally: Tally, life: Pick<Life, "seed" | "turns" | "failovers" | "sometimes" | "failures">): void {
  tally.seeds += 1;
  tally.turns += life.turns;
  tally.failovers += life.failovers;
  if (life.failures.length > 0) tally.failed.push(life.seed);
  for (const [situation, times] of life.sometimes) saw(tally.sometimes, situation, times);
}

export const hoursOf = ({ seeds }: Tally): number => (seeds * LIFE_SECONDS) / 3_600;

export function tellTally(tally: Tally, seconds: number): string {
  const never = missing(tally.sometimes);
  return [
    `${tally.seeds} seeds, ${hoursOf(tally).toFixed(1)} hours of LAN, ${tally.turns} turns, ${tally.failovers} times somebody became Master`,
    `${(tally.seeds / seconds).toFixed(1)} seeds a second, ${((hoursOf(tally) * 3_600) / seconds).toFixed(0)} times as fast as life`,
    ...SITUATIONS.map((situation) => `  ${String(tally.sometimes.get(situation) ?? 0).padStart(8)}  ${situation}`),
    never.length === 0 ? "every situation was met" : `never met: ${never.join(", ")}`,
    tally.failed.length === 0 ? "nothing was violated" : `FAILED: ${tally.failed.join(" ")}`,
  ].join("\n");
}
