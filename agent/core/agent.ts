// The fold over all routers: which of them an event concerns, and what a new configuration changes.
// Nothing here changes a phase; router.ts does.

import type { IpAddress } from "./address.ts";
import type { AgentConfig, RouterConfig, RouterKey } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Event, Link } from "./event.ts";
import { due, heard, newRouter, type RouterTurn, reconfigure, start, stop, surroundings } from "./router.ts";
import { same } from "./same.ts";
import {
  type AgentState,
  type LinkState,
  positionOf,
  primaryAddressOf,
  type RouterState,
  type Turn,
  virtualAddressesOn,
} from "./state.ts";
import type { Instant } from "./time.ts";

const NO_EFFECTS: readonly Effect[] = [];
const ABSENT: LinkState = { index: 0, up: false, addresses: [] };

/** Folds one event. Total: every event is answered in every state, if only with "stay". */
export function step(before: AgentState, event: Event): Turn {
  const { seen, at } = event;
  switch (seen.type) {
    case "advertReceived":
      return one(before, event, seen.router, (router) => heard(router, seen.advert, at));
    case "deadlineReached":
      return one(before, event, seen.router, (router) => due(router, at));
    case "commanded":
      return seen.command.type === "startup" ? startup(before, event) : shutdown(before, event);
    case "configured":
      return configured(before, event, seen.config);
    case "linkChanged":
      return onLink(before, event, seen.link.name, linkAfter(before.links[seen.link.name], seen.link));
    case "addressesChanged": {
      const link = before.links[seen.interface] ?? ABSENT;
      const kept = link.addresses.filter((address) => !seen.removed.includes(address));
      const come = seen.added.filter((address) => !kept.includes(address));
      return onLink(before, event, seen.interface, { ...link, addresses: [...kept, ...come] });
    }
    case "advertDropped":
    case "effectDone":
    case "effectFailed":
      return { event, before, state: before, effects: NO_EFFECTS };
  }
}

/** An event that concerns one router; unknown routers were reconfigured away while it was on its way. */
function one(before: AgentState, event: Event, key: RouterKey, move: (router: RouterState) => RouterTurn): Turn {
  const i = before.running ? positionOf(before.config, key) : undefined;
  const router = i === undefined ? undefined : before.routers[i];
  if (i === undefined || router === undefined) return { event, before, state: before, effects: NO_EFFECTS };
  const turn = move(router);
  if (turn.router === router) return { event, before, state: before, effects: turn.effects };
  const routers = before.routers.slice();
  routers[i] = turn.router;
  return { event, before, state: { ...before, routers }, effects: turn.effects };
}

function every(before: AgentState, event: Event, base: AgentState, move: (router: RouterState) => RouterTurn): Turn {
  const turns = base.routers.map(move);
  const changed = turns.some((turn, i) => turn.router !== base.routers[i]);
  const state = changed ? { ...base, routers: turns.map((turn) => turn.router) } : base;
  return { event, before, state, effects: inOrder(turns.flatMap((turn) => turn.effects)) };
}

/**
 * Between routers, what the LAN waits for goes first, and what is let go goes before what is taken
 * up, so that an address can move from one router to another in one turn.
 */
function inOrder(effects: readonly Effect[]): readonly Effect[] {
  if (effects.length < 2) return effects;
  const rank = { sendAdvert: 0, removeAddresses: 1, addAddresses: 2, announce: 3 } as const;
  return effects.toSorted((a, b) => rank[a.type] - rank[b.type]);
}

function startup(before: AgentState, event: Event): Turn {
  if (before.running) return { event, before, state: before, effects: NO_EFFECTS };
  return every(before, event, { ...before, running: true }, (router) => start(router, event.at, "startup"));
}

function shutdown(before: AgentState, event: Event): Turn {
  if (!before.running) return { event, before, state: before, effects: NO_EFFECTS };
  return every(before, event, { ...before, running: false }, (router) => stop(router, event.at, "shutdown"));
}

const linkAfter = (link: LinkState | undefined, { index, up }: Link): LinkState =>
  // A link that is gone took its addresses with it.
  index === 0 ? ABSENT : { ...(link ?? ABSENT), index, up };

function onLink(before: AgentState, event: Event, name: string, link: LinkState): Turn {
  const base = { ...before, links: { ...before.links, [name]: link } };
  const virtual = virtualAddressesOn(before.config, name);
  return every(before, event, base, (router) =>
    router.config.interface === name
      ? meet(router, router.config, link, virtual, event.at)
      : { router, effects: NO_EFFECTS },
  );
}

const meet = (
  router: RouterState,
  config: RouterConfig,
  link: LinkState | undefined,
  virtual: Parameters<typeof primaryAddressOf>[2],
  at: Instant,
): RouterTurn => surroundings(router, link?.up ?? false, primaryAddressOf(config, link, virtual), at);

/**
 * Routers are matched by key (B15.2): those that stay keep phase and timers whatever they are called,
 * those that go resign, new ones start. Another VRID, interface or family is another router.
 */
function configured(before: AgentState, event: Event, given: AgentConfig): Turn {
  const { at } = event;
  const config = settled(before.config, given);
  const leaving: Effect[] = [];
  for (const router of before.routers)
    if (positionOf(config, router.config.key) === undefined) leaving.push(...stop(router, at, "config").effects);
  const virtual = virtualIn(before, config);
  const turns = config.routers.map((wanted) => enter(before, wanted, virtual(wanted.interface), at));
  return {
    event,
    before,
    state: { ...before, config, routers: turns.map((turn) => turn.router) },
    effects: inOrder([...leaving, ...turns.flatMap((turn) => turn.effects)]),
  };
}

/** Routers about which nothing new is said are the very objects they were: nothing prepared for them is lost. */
function settled(before: AgentConfig, given: AgentConfig): AgentConfig {
  const routers = given.routers.map((wanted) => {
    const i = positionOf(before, wanted.key);
    const present = i === undefined ? undefined : before.routers[i];
    return present !== undefined && same(present, wanted) ? present : wanted;
  });
  return { ...given, routers };
}

/**
 * Virtual addresses by interface, and what a Master still holds of the old ones: that is there to the
 * end of this turn, and nobody may begin to advertise from an address that is about to go.
 */
function virtualIn(before: AgentState, config: AgentConfig): (iface: string) => ReadonlySet<IpAddress> {
  const held = before.routers
    .filter(({ phase }) => phase.name === "master")
    .flatMap((router) => router.config.virtualAddresses);
  const known = new Map<string, ReadonlySet<IpAddress>>();
  return (iface) => {
    const told = known.get(iface);
    if (told !== undefined) return told;
    const mine = held.filter((own) => own.interface === iface).map(({ address }) => address);
    const virtual = new Set([...virtualAddressesOn(config, iface), ...mine]);
    known.set(iface, virtual);
    return virtual;
  };
}

function enter(before: AgentState, wanted: RouterConfig, virtual: ReadonlySet<IpAddress>, at: Instant): RouterTurn {
  const i = positionOf(before.config, wanted.key);
  const present = i === undefined ? undefined : before.routers[i];
  const meeting = (router: RouterState): RouterTurn =>
    meet(router, wanted, before.links[wanted.interface], virtual, at);
  const reconfiguring = (router: RouterState): RouterTurn => reconfigure(router, wanted, at);
  if (present === undefined) {
    const { router } = meeting(newRouter(wanted, at));
    return before.running ? start(router, at, "config") : { router, effects: NO_EFFECTS };
  }
  // A Master that loses its source address to the new configuration lets go of what it holds, which
  // the old one says; a router that gets one back starts as the new one says.
  return present.phase.name === "fault" ? both(present, reconfiguring, meeting) : both(present, meeting, reconfiguring);
}

type Move = (router: RouterState) => RouterTurn;

function both(router: RouterState, one: Move, other: Move): RouterTurn {
  const first = one(router);
  const second = other(first.router);
  return { router: second.router, effects: [...first.effects, ...second.effects] };
}
