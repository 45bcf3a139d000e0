// Masters from which somebody else took away what they hold.

import type { IpAddress } from "./address.ts";
import type { AgentConfig } from "./config.ts";
import { companionsOf, type RoutersTurn, together } from "./group.ts";
import { type Holdings, heldBy } from "./holdings.ts";
import { type Path, traceOf } from "./path.ts";
import { lost } from "./router.ts";
import type { AgentState } from "./state.ts";
import type { Instant } from "./time.ts";

/** What of all that a router holds is gone. */
type Gone = (held: Holdings) => Holdings;

export function ofAddresses(iface: string, addresses: readonly IpAddress[]): Gone {
  const taken = new Set(addresses);
  return (held) => ({
    addresses: held.addresses.filter((own) => own.interface === iface && taken.has(own.address)),
    paths: [],
  });
}

/** Routes that go with their link are no loss: they come back with it. */
export function ofPaths(links: AgentState["links"], traces: readonly string[]): Gone {
  const taken = new Set(traces);
  const stands = (path: Path): boolean =>
    path.kind === "rule" || path.interface === null || links[path.interface]?.up === true;
  return (held) => ({ addresses: [], paths: held.paths.filter((path) => stands(path) && taken.has(traceOf(path))) });
}

/**
 * Each of them answers for itself, and its group with it. Those that give up come first: whoever goes with
 * them puts nothing back, which would come after everything has been taken away.
 */
export function bereft(
  { config }: { readonly config: AgentConfig },
  met: RoutersTurn,
  gone: Gone,
  at: Instant,
): RoutersTurn {
  let turn = met;
  for (const givesUp of [true, false])
    for (const [i, wanted] of config.routers.entries()) {
      const router = turn.routers[i];
      const missed = gone(heldBy(wanted));
      if (router === undefined || missed.addresses.length + missed.paths.length === 0) continue;
      const after = lost(router, missed, at);
      if ((after.router.phase.name !== router.phase.name) !== givesUp) continue;
      const { routers, effects } = together(turn.routers, companionsOf(config, wanted.key) ?? [], i, after, at);
      turn = { routers, effects: [...turn.effects, ...effects] };
    }
  return turn;
}
