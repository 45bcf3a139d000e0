// The fold over all routers: which of them an event concerns, and what a new configuration changes.
// Nothing here changes a phase; router.ts does.

import type { IpAddress } from "./address.ts";
import type { CheckConfig } from "./check.ts";
import { type AgentConfig, linkCheck, linkOf, type RouterConfig, type RouterKey } from "./config.ts";
import { drainedUnder, drainsOver, firstEnd, operated } from "./drain.ts";
import { type Effect, inOrder } from "./effect.ts";
import type { Event, Observation } from "./event.ts";
import { companionsOf, inCompany, mayLead, outvoted, type RoutersTurn, regroup, together } from "./group.ts";
import { answered, carriedOver, grown } from "./health.ts";
import { heldBy } from "./holdings.ts";
import {
  addressesSeen,
  askedToLeave,
  linkSeen,
  linkSettled,
  overdue,
  takenAway,
  verdictsOn,
  type Wires,
} from "./link.ts";
import { bereft, ofAddresses, ofPaths } from "./loss.ts";
import { acquainted, contradicted } from "./neighbours.ts";
import { withNotices } from "./notice.ts";
import { concernNobody, primaryAddressOf, virtualAddressesOn } from "./primary.ts";
import {
  due,
  fallBack,
  heard,
  newRouter,
  reconfigured,
  type Surroundings,
  signOfClaim,
  start,
  stop,
  surroundings,
} from "./router.ts";
import { same } from "./same.ts";
import { settled } from "./settled.ts";
import { ahead } from "./speak.ts";
import {
  type AgentState,
  type CheckState,
  checkOf,
  isActive,
  isCarried,
  type Moving,
  positionOf,
  type RouterState,
  type RouterTurn,
  type Turn,
  withRouters,
} from "./state.ts";
import { withStatics } from "./statics.ts";
import { after, type Instant, instantAt } from "./time.ts";

const NO_EFFECTS: readonly Effect[] = [];

/** Folds one event. Total: every event is answered in every state, if only with "stay". */
export const step = (before: AgentState, event: Event): Turn => withNotices(withStatics(fold(before, event)));

function fold(before: AgentState, event: Event): Turn {
  const { seen, at } = event;
  switch (seen.type) {
    case "advertReceived":
      return one(before, event, seen.router, (router) => heard(acquainted(router, seen.advert), seen.advert, at));
    case "deadlineReached":
      return one(before, event, seen.router, (router, leads) => due(router, at, leads));
    case "commanded":
      return commanded(before, event, seen);
    case "drainOver":
      return serving(before, event, drainsOver(before, event.at));
    case "configured":
      return configured(before, event, seen.config);
    case "busyAhead":
      return { ...stay(before, event), effects: ahead(before.routers, seen.until) };
    case "linkChanged":
      return onLink(before, event, seen.link.name, linkSeen(before, before.config, seen.link, at), seen.link.up);
    case "waitOver":
      return waitOver(before, event, seen.link);
    case "addressesChanged":
      return readdressed(before, event, seen);
    case "pathsLost":
      return changed(before, event, before, bereft(before, standing(before), ofPaths(before.links, seen.paths), at));
    case "addressClaimed":
      return changed(
        before,
        event,
        before,
        signsTo(before.routers, NO_EFFECTS, (router) => holds(router, seen.interface, seen.address), at),
      );
    case "checkReported":
      return onCheck(before, event, seen.check, (state, check, mastering) =>
        answered(state, check, seen.run, at, mastering),
      );
    case "checkDue":
      return onCheck(before, event, seen.check, (state, check, mastering) => grown(state, check, at, mastering));
    case "advertDropped":
      if (seen.router === null) return stay(before, event);
      return one(before, event, seen.router, (router) => contradicted(router, seen, at));
    case "effectDone":
      // Advertisements go out again: while they did not, somebody may have taken over.
      if (seen.effect === "sendAdvert") return one(before, event, seen.router, (router) => signOfClaim(router, at));
      return stay(before, event);
    case "addressDuplicate":
    case "effectFailed":
    case "hookBegan":
    case "hookEnded":
    case "fifoMissed":
      return stay(before, event);
  }
}

const stay = (before: AgentState, event: Event): Turn => ({ event, before, state: before, effects: NO_EFFECTS });

/** An event that concerns one router, and its group; unknown routers were reconfigured away while it was on its way. */
function one(before: AgentState, event: Event, key: RouterKey, move: Moving): Turn {
  const { config, routers } = before;
  const i = before.running ? positionOf(config, key) : undefined;
  const router = i === undefined ? undefined : routers[i];
  if (i === undefined || router === undefined) return stay(before, event);
  const places = companionsOf(config, key);
  const turn = move(router, places === undefined || mayLead(routers, places, i));
  if (turn.router === router) return { event, before, state: before, effects: turn.effects };
  if (places !== undefined) return changed(before, event, before, together(routers, places, i, turn, event.at));
  const next = routers.slice();
  next[i] = turn.router;
  const links = askedToLeave(before.links, turn.effects);
  return { event, before, state: withRouters(before, links, next), effects: turn.effects };
}

const standing = ({ routers }: AgentState): RoutersTurn => ({ routers, effects: NO_EFFECTS });

/** The turn of several routers. */
function changed(before: AgentState, event: Event, base: AgentState, { routers, effects }: RoutersTurn): Turn {
  const moved = routers.length !== base.routers.length || routers.some((router, i) => router !== base.routers[i]);
  const links = askedToLeave(base.links, effects);
  const state = moved || links !== base.links ? { ...base, links, routers: moved ? routers : base.routers } : base;
  return { event, before, state, effects: inOrder(effects) };
}

const joined = (turns: readonly RouterTurn[]): RoutersTurn => ({
  routers: turns.map(({ router }) => router),
  effects: turns.flatMap(({ effects }) => effects),
});

// ---------------------------------------------------------------- start and stop

function commanded(before: AgentState, event: Event, { command, by }: Commanded): Turn {
  if (command.type === "startup") return startup(before, event);
  if (command.type === "shutdown") return shutdown(before, event);
  return serving(before, event, operated(before, command, by ?? null, event.at));
}

type Commanded = Extract<Observation, { type: "commanded" }>;

/** A turn in which routers may have been taken out of service, or put back. */
const serving = (before: AgentState, event: Event, turn: RoutersTurn): Turn =>
  changed(before, event, { ...before, drainOverAt: firstEnd(turn.routers) }, turn);

function startup(before: AgentState, event: Event): Turn {
  if (before.running) return stay(before, event);
  const { startupDelay, delayAfterBoot } = before.config;
  // The clock of the events began when the machine did. The longer of the two wins.
  const until = instantAt(Math.max(after(event.at, startupDelay), delayAfterBoot));
  if (until <= event.at) return startAll(before, event, { ...before, running: true });
  const waits = [...before.waits, { link: null, until }];
  return { event, before, state: { ...before, running: true, waits }, effects: NO_EFFECTS };
}

function startAll(before: AgentState, event: Event, base: AgentState): Turn {
  const turn = joined(base.routers.map((router) => start(router, event.at, "startup")));
  return changed(before, event, base, regroup(base.config, turn, event.at));
}

function shutdown(before: AgentState, event: Event): Turn {
  if (!before.running) return stay(before, event);
  const base = {
    ...before,
    running: false,
    drainOverAt: null,
    waits: before.waits.filter(({ link }) => link !== null),
  };
  return changed(before, event, base, joined(before.routers.map((router) => stop(router, event.at, "shutdown"))));
}

function waitOver(before: AgentState, event: Event, link: string | null): Turn {
  if (link !== null) {
    const wires = linkSettled(before, link, event.at);
    return wires === null ? stay(before, event) : onLink(before, event, link, wires);
  }
  const wait = overdue(before.waits, null, event.at);
  if (wait === undefined) return stay(before, event);
  return startAll(before, event, { ...before, waits: before.waits.filter((other) => other !== wait) });
}

// ---------------------------------------------------------------- what routers depend on

/** Routers meet their surroundings, each for itself and then as groups. */
function meet(base: AgentState, facts: (router: RouterState) => Surroundings, at: Instant): RoutersTurn {
  const now = base.routers.map(facts);
  const companies = companiesOf(base.config, base.routers, now);
  const turns = base.routers.map((router, i) => {
    const company = companies[i] ?? "well";
    const its = now[i] ?? router;
    return surroundings(router, its.company === company ? its : { ...its, company }, at);
  });
  return regroup(base.config, joined(turns), at);
}

const companiesOf = (config: AgentConfig, routers: readonly RouterState[], now: readonly Surroundings[]) =>
  inCompany(
    config,
    // Nobody is in company where there are no groups.
    config.groups.length === 0
      ? routers
      : routers.map((router, i) => ({ ...router, ...now[i], config: config.routers[i] ?? router.config })),
  );

/**
 * A link that is told to be up though its routers saw no end of it was down for a moment, or has
 * another MAC: `carrier` says that this was told.
 */
function onLink(before: AgentState, event: Event, name: string, wires: Wires, carrier = false): Turn {
  const base = { ...before, ...wires };
  const met = meetLink(base, name, event.at);
  const isOn = (router: RouterState): boolean => linkOf(router.config) === name || holds(router, name, null);
  return changed(before, event, base, carrier ? signsTo(met.routers, met.effects, isOn, event.at) : met);
}

const holds = ({ config }: RouterState, iface: string, address: IpAddress | null): boolean =>
  heldBy(config).addresses.some((own) => own.interface === iface && (address === null || own.address === address));

/** A sign that somebody else may have claimed addresses, to whom it concerns. */
function signsTo(
  routers: readonly RouterState[],
  effects: readonly Effect[],
  concerns: (router: RouterState) => boolean,
  at: Instant,
): RoutersTurn {
  const turns = routers.map((router) => (concerns(router) ? signOfClaim(router, at) : { router, effects: NO_EFFECTS }));
  const signed = joined(turns);
  return { routers: signed.routers, effects: [...effects, ...signed.effects] };
}

function meetLink(base: AgentState, name: string, at: Instant): RoutersTurn {
  const virtual = virtualAddressesOn(base.config, name);
  const check = linkCheck(name);
  return meet(
    base,
    (router) => {
      const { config } = router;
      const own = linkOf(config) === name;
      const concerned = own || config.vmac?.name === name || config.tracks.some((track) => track.check === check);
      if (!concerned) return router;
      const linkUp = isCarried(config, base.links);
      const primaryAddress = own ? primaryAddressOf(config, base.links[name], virtual) : router.primaryAddress;
      const verdicts = verdictsFor(router, config, base);
      // Each burst of new addresses is told to all routers on the link, and mostly means nothing to them.
      const stays =
        linkUp === router.linkUp && primaryAddress === router.primaryAddress && verdicts === router.verdicts;
      return stays ? router : { linkUp, primaryAddress, verdicts, company: router.company };
    },
    at,
  );
}

/** The verdicts on what a router tracks; the very same when nothing changed. */
function verdictsFor(
  router: RouterState,
  config: RouterConfig,
  { links, checks }: AgentState,
): RouterState["verdicts"] {
  const verdicts = verdictsOn(config, links, checks);
  return same(verdicts, router.verdicts) ? router.verdicts : verdicts;
}

type Judging = (state: CheckState, check: CheckConfig, mastering: boolean) => CheckState;

/** An answer of one check, or time; unknown checks were reconfigured away while it was on its way. */
function onCheck(before: AgentState, event: Event, name: string, judge: Judging): Turn {
  const check = checkOf(before.config, name);
  const known = before.checks[name];
  if (check === undefined || known === undefined) return stay(before, event);
  const state = judge(known, check, isMastering(before, name));
  return state === known ? stay(before, event) : checkJudged(before, event, name, state);
}

/** Whether a router that tracks it is Master. */
const isMastering = ({ routers }: AgentState, name: string): boolean =>
  routers.some(({ phase, config }) => phase.name === "master" && config.tracks.some(({ check }) => check === name));

/** What became of one check, and of the routers that track it. */
function checkJudged(before: AgentState, event: Event, check: string, state: CheckState): Turn {
  const base = { ...before, checks: { ...before.checks, [check]: state } };
  if (before.checks[check]?.verdict === state.verdict) return { event, before, state: base, effects: NO_EFFECTS };
  const tracks = (config: RouterConfig): boolean => config.tracks.some((track) => track.check === check);
  const turn = meet(
    base,
    (router) => (tracks(router.config) ? { ...router, verdicts: verdictsFor(router, router.config, base) } : router),
    event.at,
  );
  return changed(before, event, base, turn);
}

type Readdressed = Extract<Observation, { type: "addressesChanged" }>;

function readdressed(before: AgentState, event: Event, seen: Readdressed): Turn {
  const gone = takenAway(before.links, seen);
  const base = { ...before, links: addressesSeen(before.links, seen) };
  // A reload of 250 routers brings as many news, and each would be 250 routers' to look at.
  const onlyCame = seen.removed.length + before.config.groups.length === 0;
  if (onlyCame && concernNobody(before, seen.interface, seen.added))
    return { event, before, state: base, effects: NO_EFFECTS };
  const met = meetLink(base, seen.interface, event.at);
  return changed(
    before,
    event,
    base,
    gone.length === 0 ? met : bereft(base, met, ofAddresses(seen.interface, gone), event.at),
  );
}

// ---------------------------------------------------------------- a new configuration

/**
 * Routers are matched by key (B15.2): those that stay keep phase and timers whatever they are called,
 * those that go resign, new ones start. Another VRID, interface or family is another router.
 */
function configured(before: AgentState, event: Event, given: AgentConfig): Turn {
  const { at } = event;
  const config = settled(before.config, given);
  const known = { ...before, checks: carriedOver(config.checks, before.checks, at) };
  const leaving: Effect[] = [];
  for (const router of before.routers)
    if (positionOf(config, router.config.key) === undefined) leaving.push(...stop(router, at, "config").effects);
  const virtual = virtualIn(before, config);
  const present = config.routers.map((wanted) => presentOf(before, wanted, at));
  const drained = drainedUnder(config, before, present, at);
  const falling = outvoted(config, drained.routers);
  const fallen = drained.routers.map((router, i) =>
    falling.has(i) ? fallBack(router, at) : { router, effects: NO_EFFECTS },
  );
  const standing = fallen.map(({ router }) => router);
  const now = standing.map((router, i): Surroundings => {
    const wanted = config.routers[i] ?? router.config;
    return {
      linkUp: isCarried(wanted, before.links),
      primaryAddress: primaryAddressOf(wanted, before.links[linkOf(wanted)], virtual(wanted.interface)),
      verdicts: verdictsFor(router, wanted, known),
      company: "well",
    };
  });
  const companies = companiesOf(config, standing, now);
  const active = isActive(before);
  const turns = standing.map((router, i): RouterTurn => {
    const wanted = config.routers[i] ?? router.config;
    const its: Surroundings = { ...(now[i] ?? router), company: companies[i] ?? "well" };
    const turn = reconfigured(router, wanted, its, at);
    const isNew = positionOf(before.config, wanted.key) === undefined;
    return isNew && active ? start(turn.router, at, "config") : turn;
  });
  const turn = regroup(config, joined(turns), at);
  const base = { ...known, config, drainOverAt: firstEnd(turn.routers) };
  const said = [...leaving, ...drained.effects, ...fallen.flatMap(({ effects }) => effects), ...turn.effects];
  return changed(before, event, base, { ...turn, effects: said });
}

/** The router that is there already, or a new one. */
function presentOf(before: AgentState, wanted: RouterConfig, at: Instant): RouterState {
  const i = positionOf(before.config, wanted.key);
  return (i === undefined ? undefined : before.routers[i]) ?? newRouter(wanted, at);
}

/**
 * Virtual addresses by interface, and what a Master still holds of the old ones: that is there to the
 * end of this turn, and nobody may begin to advertise from an address that is about to go.
 */
function virtualIn(before: AgentState, config: AgentConfig): (iface: string) => ReadonlySet<IpAddress> {
  const held = before.routers
    .filter(({ phase }) => phase.name === "master")
    .flatMap((router) => heldBy(router.config).addresses);
  const known = new Map<string, ReadonlySet<IpAddress>>();
  return (iface) => {
    const told = known.get(iface);
    if (told !== undefined) return told;
    const mine = held.filter((own) => own.interface === iface).map(({ address }) => address);
    const going = before.links[iface]?.leaving ?? [];
    const virtual = new Set([...virtualAddressesOn(config, iface), ...mine, ...going]);
    known.set(iface, virtual);
    return virtual;
  };
}
