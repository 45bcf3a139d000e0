// What a scenario is.

import type { Name } from "./contestant.ts";
import type { Figure, Sample } from "./figure.ts";

export type Scenario = {
  /** For `--only`, and in the results. */
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** How often each daemon has its turn, unless `--runs` says otherwise. */
  readonly runs: number;
  /** One turn of one daemon, which may give several samples. */
  readonly play: (who: Name) => Promise<readonly Sample[]>;
  /** What no program of this kind can be better than, measured beside: a bare Node, the kernel alone. */
  readonly floor?: () => Promise<readonly Sample[]>;
};
