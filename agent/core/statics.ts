// What is there from startup to shutdown whoever is Master: static_ipaddress, static_routes and
// static_rules, put back at once when somebody else takes it away, as Keepalived does. And what a
// Master holds on a link that was away and is back.

import { type AgentConfig, STATICS, type Statics } from "./config.ts";
import { type Effect, inOrder } from "./effect.ts";
import type { Observation } from "./event.ts";
import { difference, heldBy, placeOf, toHold, toRelease } from "./holdings.ts";
import { ofPaths } from "./loss.ts";
import { wordsOf } from "./path.ts";
import { same } from "./same.ts";
import { takeUp } from "./speak.ts";
import { type AgentState, routerOf, type Turn } from "./state.ts";

const NONE: Statics = { addresses: [], paths: [] };

/** A turn, and what it means for the statics: they come first and go last. */
export function withStatics(turn: Turn): Turn {
  const [was, wanted] = [staticsOf(turn.before), staticsOf(turn.state)];
  const { seen } = turn.event;
  const returning = seen.type === "linkChanged" ? returned(turn, seen.link.name) : NO_EFFECTS;
  if (was === wanted && (isNone(wanted) || !mayTake(seen)))
    return returning.length === 0 ? turn : { ...turn, effects: inOrder([...turn.effects, ...returning]) };
  const { gone, come } = difference(was, wanted);
  const back = missing(turn, wanted);
  const lost =
    back.addresses.length > 0 || back.paths.length > 0
      ? { addresses: [...come.addresses, ...back.addresses], paths: wanted.paths }
      : come;
  const [first, last] = [toHold(STATICS, lost), toRelease(STATICS, gone)];
  if (first.length + last.length + returning.length === 0) return turn;
  const others = [...turn.effects, ...returning];
  const effects = changesHands(others, gone, lost)
    ? inOrder([...first, ...others, ...last])
    : [...first, ...inOrder(others), ...last];
  return { ...turn, effects };
}

/** Whether a router takes up what was static, or lets go of what becomes it: then that goes before it comes. */
function changesHands(effects: readonly Effect[], gone: Statics, come: Statics): boolean {
  const names = ({ addresses, paths }: Statics): Set<string> =>
    new Set([...addresses.map(placeOf), ...paths.map(wordsOf)]);
  if (isNone(gone) && isNone(come)) return false;
  const [left, wanted] = [names(gone), names(come)];
  return effects.some((effect) => {
    if (effect.type === "addAddresses") return effect.addresses.some((one) => left.has(placeOf(one)));
    if (effect.type === "removeAddresses") return effect.addresses.some((one) => wanted.has(placeOf(one)));
    if (effect.type === "addPaths") return effect.paths.some((one) => left.has(wordsOf(one)));
    return effect.type === "removePaths" && effect.paths.some((one) => wanted.has(wordsOf(one)));
  });
}

const NO_EFFECTS: readonly Effect[] = [];

/** What routers that stay Master hold on a link that has come up without it; the kernel drops routes with a link, too. */
function returned({ before, state }: Turn, name: string): readonly Effect[] {
  const link = state.links[name];
  if (link?.up !== true || before.links[name]?.up === true) return NO_EFFECTS;
  return state.routers.flatMap((router) => {
    const held = heldBy(router.config);
    const stays = router.phase.name === "master" && routerOf(before, router.config.key)?.phase.name === "master";
    const on = held.addresses.filter(({ interface: iface }) => iface === name);
    const leant = held.paths.some((path) => path.kind === "route" && path.interface === name);
    if (!stays || (on.length === 0 && !leant)) return NO_EFFECTS;
    return takeUp(router, {
      addresses: on.filter(({ address }) => !link.addresses.includes(address)),
      paths: held.paths,
    });
  });
}

const staticsOf = ({ running, config }: Pick<AgentState, "running" | "config">): AgentConfig["statics"] =>
  running ? config.statics : NONE;

const isNone = ({ addresses, paths }: Statics): boolean => addresses.length === 0 && paths.length === 0;

const mayTake = ({ type }: Observation): boolean =>
  type === "addressesChanged" || type === "linkChanged" || type === "pathsLost";

/** What is not where it should be, though its link is there: taken away, or gone with a link that is back. */
function missing({ event: { seen }, before, state }: Turn, { addresses, paths }: Statics): Statics {
  if (!mayTake(seen)) return NONE;
  if (seen.type === "pathsLost") {
    const gone = ofPaths(state.links, seen.paths)({ addresses, paths });
    return { addresses: [], paths: gone.paths.filter(({ onLoss }) => onLoss !== "ignore") };
  }
  const wasThere = (iface: string, address: string): boolean =>
    before.links[iface]?.addresses.some((there) => there === address) === true;
  const back = addresses.filter(({ interface: iface, address, onLoss }) => {
    const link = state.links[iface];
    if (onLoss === "ignore" || link === undefined || link.index === 0) return false;
    const returned = seen.type === "linkChanged" && seen.link.name === iface && !same(link, before.links[iface]);
    const taken = seen.type === "addressesChanged" && seen.interface === iface && wasThere(iface, address);
    return (returned || taken) && link.up && !link.addresses.includes(address);
  });
  return { addresses: back, paths: [] };
}
