// Which addresses a dead daemon may have left on its interfaces, read from its log.

import { step } from "../core/agent.ts";
import type { RouterConfig, VirtualAddress } from "../core/config.ts";
import type { Event } from "../core/event.ts";
import type { AgentState } from "../core/state.ts";
import type { Line } from "./line.ts";
import { type Replayed, replayLine } from "./replay.ts";

/** What may still be held, by `interface address/prefix`. */
export type Holdings = ReadonlyMap<string, VirtualAddress>;

const placeOf = (own: VirtualAddress): string => `${own.interface} ${own.address}/${own.prefixLength}`;

/**
 * Folds the last segment of a log (its header says what was held when it began). An address counts
 * as held from the moment it was wanted until its removal was reported done, so that no death in
 * between leaves one behind; what was somebody else's before is never counted.
 */
export function holdingsOf(segment: Iterable<Line>): Holdings {
  const held: Held = new Map();
  const leaving: Leaving = new Map();
  let replayed: Replayed = { state: EMPTY, seq: -1, divergences: [] };
  for (const line of segment) {
    if (line.type === "header") hold(held, ofMasters(line.config.routers, line.state));
    if (line.type === "event") observe(replayed.state, { at: line.at, seen: line.seen }, held, leaving);
    replayed = replayLine(replayed, line);
  }
  return held;
}

type Held = Map<string, VirtualAddress>;
type Leaving = Map<string, readonly VirtualAddress[]>;

function hold(held: Held, addresses: readonly VirtualAddress[]): void {
  for (const own of addresses) held.set(placeOf(own), own);
}

function release(held: Held, addresses: readonly VirtualAddress[]): void {
  for (const own of addresses) held.delete(placeOf(own));
}

const EMPTY: AgentState = { config: { routerId: "", routers: [] }, running: false, links: {}, routers: [] };

const ofMasters = (
  routers: readonly RouterConfig[],
  state: { readonly routers: readonly { readonly phase: { readonly name: string } }[] },
): readonly VirtualAddress[] =>
  routers.flatMap(({ virtualAddresses }, i) => (state.routers[i]?.phase.name === "master" ? virtualAddresses : []));

function observe(state: AgentState, event: Event, held: Held, leaving: Leaving): void {
  for (const effect of step(state, event).effects) {
    if (effect.type === "addAddresses") hold(held, effect.addresses);
    if (effect.type === "removeAddresses") leaving.set(effect.router, effect.addresses);
  }
  const { seen } = event;
  if (seen.type !== "effectDone") return;
  const own = state.config.routers.find(({ key }) => key === seen.router)?.virtualAddresses ?? [];
  release(
    held,
    own.filter(({ address }) => seen.foreign.includes(address)),
  );
  if (seen.effect !== "removeAddresses") return;
  release(held, leaving.get(seen.router) ?? []);
  leaving.delete(seen.router);
}
