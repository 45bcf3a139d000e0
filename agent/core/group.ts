// Sync groups (vrrp_sync_group): routers that change together. Who has to follow whom is decided here,
// by Keepalived's rules (B11); router.ts then moves each of them.

import { announceAgain } from "./announcing.ts";
import type { AgentConfig, RouterKey } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Observation } from "./event.ts";
import { isUndecided, isWilling, ownHindranceOf } from "./hindrance.ts";
import { fallBack, follow, relinquish } from "./router.ts";
import { type AgentState, type Company, positionOf, type RouterState, type RouterTurn } from "./state.ts";
import type { Instant } from "./time.ts";

type Routers = readonly RouterState[];
/** Where the members of a group stand among the routers. */
type Places = readonly number[];
type Groups = { readonly all: readonly Places[]; readonly of: ReadonlyMap<RouterKey, Places> };

const known = new WeakMap<AgentConfig, Groups>();

/** Groups with several members; one alone has nobody to follow (B11.8). */
function groupsIn(config: AgentConfig): Groups {
  let groups = known.get(config);
  if (groups === undefined) {
    const place = new Map(config.routers.map(({ key }, i) => [key, i]));
    const all = config.groups
      .map(({ members }) => members.flatMap((key) => place.get(key) ?? []))
      .filter((places) => places.length > 1);
    const of = all.flatMap((places) =>
      places.flatMap((i): [RouterKey, Places][] => {
        const key = config.routers[i]?.key;
        return key === undefined ? [] : [[key, places]];
      }),
    );
    groups = { all, of: new Map(of) };
    known.set(config, groups);
  }
  return groups;
}

/** The places of a router's whole group; undefined when it stands alone. */
export const companionsOf = (config: AgentConfig, key: RouterKey): Places | undefined =>
  config.groups.length === 0 ? undefined : groupsIn(config).of.get(key);

/**
 * Where the routers stand that an event may have moved: of a packet or a deadline its own and its group; null for
 * any. Asked after every turn, so that the other 249 need no look.
 */
export function movedBy({ config }: Pick<AgentState, "config">, seen: Observation): Places | null {
  if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return null;
  const places = companionsOf(config, seen.router);
  if (places !== undefined) return places;
  const i = positionOf(config, seen.router);
  return i === undefined ? NOWHERE : [i];
}

const NOWHERE: Places = [];

/** The router and those that may have to follow it. */
export function membersWith(config: AgentConfig, key: RouterKey): readonly RouterKey[] {
  const places = companionsOf(config, key);
  return places === undefined ? [key] : places.flatMap((i) => config.routers[i]?.key ?? []);
}

const pick = (routers: Routers, places: Places): Routers => places.flatMap((i) => routers[i] ?? []);

/** B11.1: whether all the others want to be Master, too. */
export const mayLead = (routers: Routers, places: Places, i: number): boolean =>
  places.every((j) => {
    const other = routers[j];
    return j === i || other === undefined || isWilling(other);
  });

/** What the others of its group allow each router: one in FAULT keeps all there, one that waits for its checks keeps all waiting. */
export function inCompany(config: AgentConfig, routers: Routers): readonly Company[] {
  const companies = routers.map((): Company => "well");
  if (config.groups.length === 0) return companies;
  for (const places of groupsIn(config).all)
    for (const i of places) {
      const others = pick(
        routers,
        places.filter((j) => j !== i),
      );
      if (others.some((other) => ownHindranceOf(other) !== null)) companies[i] = "ill";
      else if (others.some(isUndecided)) companies[i] = "pending";
    }
  return companies;
}

export type RoutersTurn = { readonly routers: Routers; readonly effects: readonly Effect[] };

/** What the turn of one member makes of the others. */
export function together(before: Routers, places: Places, i: number, turn: RouterTurn, at: Instant): RoutersTurn {
  const routers = before.slice();
  routers[i] = turn.router;
  const was = before[i];
  const move = was === undefined ? null : consequence(was, turn.router);
  return move === null
    ? { routers, effects: turn.effects }
    : apply({ routers, effects: turn.effects }, places, i, at, move);
}

type Move = (router: RouterState, at: Instant) => RouterTurn;

function consequence({ phase: was }: RouterState, { phase: is }: RouterState): Move | null {
  if (was.name === "master" && is.name === "master") return is.answersLeft < was.answersLeft ? announceAgain : null;
  if (was.name === is.name) return null;
  if (is.name === "master") return follow;
  if (was.name !== "master") return null;
  return is.because === "vip_lost" ? withdraw : fallBack;
}

const withdraw: Move = (router, at) => relinquish(router, at, "group_backup");

function apply(turn: RoutersTurn, places: Places, except: number | null, at: Instant, move: Move): RoutersTurn {
  const routers = turn.routers.slice();
  const effects = [...turn.effects];
  for (const j of places) {
    const router = routers[j];
    if (router === undefined || j === except) continue;
    const moved = move(router, at);
    routers[j] = moved.router;
    effects.push(...moved.effects);
  }
  return { routers, effects };
}

/** Masters whose group has, by a new configuration, a member that lives with another Master: one Backup makes all of them Backup. */
export function outvoted(config: AgentConfig, routers: Routers): ReadonlySet<number> {
  if (config.groups.length === 0) return NOBODY;
  const held = groupsIn(config).all.filter((places) => pick(routers, places).some(livesWithMaster));
  return new Set(held.flat().filter((i) => routers[i]?.phase.name === "master"));
}

const NOBODY: ReadonlySet<number> = new Set();

/** After a start or a new configuration: a group that is Master takes along whoever comes to it and hears no other. */
export function regroup(config: AgentConfig, turn: RoutersTurn, at: Instant): RoutersTurn {
  if (config.groups.length === 0) return turn;
  let settled = turn;
  for (const places of groupsIn(config).all)
    if (pick(settled.routers, places).some(({ phase }) => phase.name === "master"))
      settled = apply(settled, places, null, at, follow);
  return settled;
}

const livesWithMaster = ({ phase }: RouterState): boolean =>
  phase.name === "backup" && phase.heard !== null && !phase.resigned;
