// What became of an operator's command: one document, for the command that prints it.

import type { RouterKey } from "../core/config.ts";
import type { AgentState, PhaseName, RouterState } from "../core/state.ts";
import type { Instant } from "../core/time.ts";
import { type DrainStatus, drainStatusOf } from "./standing.ts";
import { masterOf, type RouterStatus } from "./status.ts";

/**
 * `unchanged`: it was so already. `timeout`: it is done, and nobody else was heard as Master in time. `refused`:
 * nothing was done, as `says` tells; `unknown`: there is no such virtual router.
 */
export type OperationOutcome = {
  readonly schema: 1;
  readonly outcome: "done" | "unchanged" | "timeout" | "refused" | "unknown";
  /** For people; null when there is nothing more to say. */
  readonly says: string | null;
  readonly routers: readonly OperatedRouter[];
  /** What could not be done meanwhile: of a drain that was waited for. */
  readonly failures: readonly string[];
};

export type OperatedRouter = {
  readonly name: string;
  readonly router: RouterKey;
  /** Before the command, and when it was answered. */
  readonly was: PhaseName;
  readonly state: PhaseName;
  readonly drained: DrainStatus | null;
  readonly master: RouterStatus["master"];
};

/** How the routers of these keys came through a command. */
export const operatedRouters = (
  before: readonly RouterState[],
  { routers }: AgentState,
  now: Instant,
): readonly OperatedRouter[] =>
  before.flatMap(({ config: { key, name }, phase: was }) => {
    const router = routers.find(({ config }) => config.key === key);
    if (router === undefined) return [];
    const drained = router.drained === null ? null : drainStatusOf(router.drained, now);
    return [{ name, router: key, was: was.name, state: router.phase.name, drained, master: masterOf(router) }];
  });

/** Whether nobody who needs these addresses is left without: somebody else was heard as Master, or it never held them. */
export const isRelieved = (router: RouterState): boolean =>
  router.phase.name !== "master" && (router.phase.name !== "backup" || masterOf(router) !== null);
