// What probes of orchestrators and load balancers ask: whether it lives, whether it takes part, and whether
// the addresses are where they should be.

import { heldBy } from "../core/holdings.ts";
import { type AgentState, isActive, type PhaseName, type RouterState } from "../core/state.ts";

export type RouterHealth = {
  readonly name: string;
  readonly state: PhaseName;
  readonly ok: boolean;
  /** Why an operator took it out of service, empty for no word of it; null as long as it takes part. */
  readonly drained: string | null;
  /** Of a Master: addresses that are not there, or that the kernel does not use as somebody else has them. Those of `no_track` and `on_loss ignore` may be missing. */
  readonly missing: readonly string[];
  /** Of anybody else: addresses that are there all the same. */
  readonly unexpected: readonly string[];
};

/** Every virtual address is on the Master, and on nobody else: of one router by its name, or of all; null for an unknown name. */
export function healthOf(
  state: AgentState,
  name: string | null,
  duplicates: ReadonlySet<string> = new Set(),
): readonly RouterHealth[] | null {
  const asked = name === null ? state.routers : state.routers.filter(({ config }) => config.name === name);
  return name !== null && asked.length === 0 ? null : asked.map((router) => routerHealth(state, router, duplicates));
}

function routerHealth(
  { links }: AgentState,
  { config, phase, drained }: RouterState,
  duplicates: ReadonlySet<string>,
): RouterHealth {
  const { addresses } = heldBy(config);
  const master = phase.name === "master";
  const isThere = (own: (typeof addresses)[number]): boolean =>
    links[own.interface]?.addresses.includes(own.address) === true;
  const isDuplicate = (own: (typeof addresses)[number]): boolean => duplicates.has(`${own.interface} ${own.address}`);
  const missing = master
    ? addresses.filter((own) => own.onLoss !== "ignore" && (!isThere(own) || isDuplicate(own)))
    : [];
  const unexpected = master ? [] : addresses.filter(isThere);
  return {
    name: config.name,
    state: phase.name,
    ok: missing.length + unexpected.length === 0,
    drained: drained === null ? null : drained.reason,
    missing: missing.map(({ address }) => address),
    unexpected: unexpected.map(({ address }) => address),
  };
}

/** Why it does not take part; null when it does. */
export function unreadiness(state: AgentState, ending: boolean): string | null {
  if (ending) return "it is stopping";
  if (!state.running) return "it has not started";
  if (!isActive(state)) return "it waits for the delay of its startup";
  const { routers } = state;
  return routers.length > 0 && routers.every(({ drained }) => drained !== null) ? "it is drained" : null;
}
