// Makes happen what the fold wants. An advertisement goes out at once, within the turn; addresses
// and announcements queue in one lane, in order, and leave the loop free between small steps. A
// failed effect becomes an observation, and the lane goes on.

import { Observable, type Subscriber } from "rxjs";
import { type Pacing, PRIORITY_STOP, type RouterConfig, type RouterKey, type VirtualAddress } from "../core/config.ts";
import type { Effect } from "../core/effect.ts";
import type { Observation } from "../core/event.ts";
import { heldBy, placeOf } from "../core/holdings.ts";
import { same } from "../core/same.ts";
import { type AgentState, isTakeOver, routerOf, type Turn } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import type { Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";
import type { Sequences } from "../wire/ah.ts";
import { openAdditions } from "./additions.ts";
import { addAddresses, breathing, moveNothing, removeAddresses } from "./addresses.ts";
import { type Announcement, announce, type CountAnnounced, isDone, sayNothing } from "./announce.ts";
import { type Applied, createLane } from "./lane.ts";
import { type Afterwards, afterwards } from "./pace.ts";
import { addPaths, removePaths } from "./paths.ts";
import { atOnce, type Gate, type Preparer, prepare } from "./prepare.ts";
import { type Adverts, createAdverts, type SendAdvert } from "./send-advert.ts";

/** While advertisements keep failing in the same way it is told at most this often. */
const TELL_EVERY: Duration = seconds(60);

/** What is announced, for work that announces. */
type Label = Announcement | null;

type Queued = Exclude<Effect, { type: "sendAdvert" | "prepare" | "notify" }>;

export type Performer = {
  readonly drive: Driver;
  /** Makes ready what those will send who take over at this time, and goes the way of their work once. */
  readonly ready: (state: AgentState, at: Instant) => void;
  /** Goes the way of an address of the first router once, for nothing: what was not called often is slow when it is needed. */
  readonly practise: (state: AgentState) => void;
  /** Resolves when nothing is left to do. */
  readonly idle: () => Promise<void>;
  /** Whether an address was there before us: it is somebody else's, and stays whatever happens. */
  readonly isForeign: (own: VirtualAddress) => boolean;
};

/** Told of what is counted and not logged. */
export type Counting = {
  readonly announced: CountAnnounced;
  /** An advertisement that the kernel refused, and its words. */
  readonly unsent: (router: RouterKey, error: string) => void;
};

const NOT_COUNTED: Counting = { announced: () => {}, unsent: () => {} };

/** `later` lets the sockets and the alarm have their turn before the next step; `pause` lets time pass; `preparer` runs what addresses wait for. */
export function perform(
  kernel: Kernel,
  sequences: Sequences,
  later: (step: () => void) => void = setImmediate,
  pause: Afterwards = afterwards,
  preparer: Preparer = atOnce,
  counting: Counting = NOT_COUNTED,
): Performer {
  const lane = createLane<Label>(kernel.now, later);
  const hands = breathing(kernel);
  const additions = openAdditions();
  const announcer = announce(kernel, pause, additions.soFar, counting.announced);
  const foreign = new Set<string>();
  const adverts = createAdverts(kernel, sequences);
  const advertise = advertiser(kernel, adverts.send, counting);
  const gate = prepare(preparer);

  const queue = (effect: Queued, pacing: Pacing, tell: Tell): void => {
    const { type, router } = effect;
    const started = kernel.now();
    const done = (applied: Applied): void => {
      lane.report(telling(tell, outcomes(effect, applied, since(started, kernel.now()))));
    };
    if (type === "announce") {
      const announcement = announcer.announcement(router, effect.addresses, effect.rounds);
      // It begins when the first addresses are there.
      lane.addBeside(announcement, announcer.work(announcement, pacing, done), () => {});
    } else if (type === "addAddresses") {
      const addition = additions.begin(router, effect.addresses);
      lane.add(null, addAddresses(hands, effect.addresses, foreign, addition), done);
    } else if (type === "addPaths") lane.add(null, addPaths(kernel, effect.paths), done);
    else if (type === "removePaths") lane.add(null, removePaths(kernel, effect.paths), done);
    else {
      announcer.letGo(router, effect.addresses);
      lane.forget((label) => label !== null && isDone(label));
      additions.letGo(router, effect.addresses);
      lane.add(null, removeAddresses(hands, effect.addresses, foreign), done);
    }
  };

  const act = (effect: Effect, turn: Turn, tell: Tell): void => {
    switch (effect.type) {
      case "sendAdvert":
        advertise(effect, turn, tell);
        return;
      case "addAddresses":
      case "removeAddresses":
      case "addPaths":
      case "removePaths":
      case "announce":
        hold(gate, effect, turn, (what) => queue(what, turn.state.config.pacing, tell));
        return;
      case "prepare":
        gate.hold(effect);
        return;
      case "notify":
        return; // notify.ts
    }
  };

  const drive: Driver = (turns$) =>
    new Observable<Observation>((tell) =>
      turns$.subscribe((turn) => {
        for (const effect of routerByRouter(turn.effects)) act(effect, turn, tell);
      }),
    );
  const idle = (): Promise<void> => gate.idle().then(lane.idle);
  const [ready, practise] = [readyWith(kernel, adverts), practiseWith(kernel)];
  return { drive, ready, practise, idle, isForeign: (own) => foreign.has(placeOf(own)) };
}

type Tell = Subscriber<Observation>;

const telling = (tell: Tell, seen: readonly Observation[]) => (): void => {
  for (const one of seen) tell.next(one);
};

/** The way that an address of a router goes. */
export function rehearse(
  kernel: Pick<Kernel, "addAddresses" | "removeAddresses" | "sendFrames" | "sendPacket">,
  of: RouterConfig,
): void {
  const [first] = heldBy(of).addresses;
  if (first === undefined) return;
  moveNothing(kernel, first);
  sayNothing(kernel, first);
}

const isTakenUp = ({ type }: Effect): boolean => type === "addAddresses" || type === "announce";

/**
 * Addresses are taken up router by router: of 250 whose configuration changes, the first announces its own while that
 * of the last is not there yet. Everything else stays in its order, and so do they where there are paths, which may
 * lean on the address of another router.
 */
function routerByRouter(effects: readonly Effect[]): readonly Effect[] {
  const first = effects.findIndex(isTakenUp);
  if (first < 0 || effects.length - first < 4 || effects.some(({ type }) => type === "addPaths")) return effects;
  const its = new Map<RouterKey, Effect[]>();
  for (const effect of effects) {
    if (!isTakenUp(effect)) continue;
    const there = its.get(effect.router);
    if (there === undefined) its.set(effect.router, [effect]);
    else there.push(effect);
  }
  const last = effects.findLastIndex(isTakenUp);
  const between = effects.slice(first, last).filter((effect) => !isTakenUp(effect));
  return [...effects.slice(0, first), ...between, ...[...its.values()].flat(), ...effects.slice(last + 1)];
}

const readyWith =
  (kernel: Kernel, { prepare: build }: Pick<Adverts, "prepare">): Performer["ready"] =>
  ({ routers }, at) => {
    let rehearsed = false;
    for (const { config, phase, primaryAddress } of routers) {
      if (!isTakeOver(phase, at)) continue;
      if (primaryAddress !== null) build(config, primaryAddress);
      if (!rehearsed) rehearse(kernel, config);
      rehearsed = true;
    }
  };

const practiseWith =
  (kernel: Kernel): Performer["practise"] =>
  ({ routers: [first] }) => {
    if (first !== undefined) rehearse(kernel, first.config);
  };

/**
 * Does it in its order. A router that is Master no more while its addresses still wait for pre_master
 * gets none of them, and none is removed then: what stands there is not ours.
 */
function hold(gate: Gate, effect: Queued, { state }: Turn, act: (effect: Queued) => void): void {
  const { type, router } = effect;
  if (!gate.waits(router)) {
    act(effect);
    return;
  }
  const leaves = routerOf(state, router)?.phase.name !== "master";
  if (leaves && type === "removeAddresses") {
    const never = gate.drop(router, ["addAddresses", "announce"]).flatMap(addressesIn).map(placeOf);
    const addresses = effect.addresses.filter((own) => !never.includes(placeOf(own)));
    gate.pass(effect, () => act({ ...effect, addresses }));
  } else if (leaves && type === "removePaths") {
    const never = gate.drop(router, ["addPaths"]).flatMap((other) => ("paths" in other ? other.paths : []));
    const paths = effect.paths.filter((own) => !never.some((other) => same(other, own)));
    gate.pass(effect, () => act({ ...effect, paths }));
  } else gate.pass(effect, () => act(effect));
}

const addressesIn = (effect: Queued): readonly VirtualAddress[] =>
  effect.type === "addAddresses" ? effect.addresses : [];

/** Last words are said with the configuration the router had: to those who know it, even when it is configured away. */
function configFor({ priority, router }: Extract<Effect, { type: "sendAdvert" }>, { state, before }: Turn) {
  const [first, second] = priority === PRIORITY_STOP ? [before, state] : [state, before];
  return configIn(first, router) ?? configIn(second, router);
}

/** Sends, and tells a failure when it is another one than before. */
function advertiser(kernel: Kernel, send: SendAdvert, { unsent }: Counting) {
  const failing = new Map<RouterKey, { readonly error: string; readonly told: Instant; readonly since: Instant }>();
  return (effect: Extract<Effect, { type: "sendAdvert" }>, turn: Turn, tell: Tell): void => {
    const config = configFor(effect, turn);
    if (config === undefined) return;
    const outcome = send(config, effect.priority, effect.source);
    const failed = failing.get(effect.router);
    if (outcome.ok && failed === undefined) return;
    if (!outcome.ok) unsent(effect.router, outcome.error);
    const now = kernel.now();
    if (outcome.ok) {
      failing.delete(effect.router);
      const took = since(failed?.since ?? now, now);
      tell.next({
        type: "effectDone",
        effect: "sendAdvert",
        router: effect.router,
        took,
        detail: "sent again",
        foreign: [],
      });
      return;
    }
    if (failed?.error === outcome.error && since(failed.told, now) < TELL_EVERY) return;
    failing.set(effect.router, { error: outcome.error, told: now, since: failed?.since ?? now });
    tell.next({ type: "effectFailed", effect: "sendAdvert", router: effect.router, error: outcome.error });
  };
}

const configIn = (state: AgentState, key: RouterKey): RouterConfig | undefined => routerOf(state, key)?.config;

function outcomes({ type, router }: Effect, { detail, foreign, errors }: Applied, took: Duration): Observation[] {
  const failures = errors.map((error): Observation => ({ type: "effectFailed", effect: type, router, error }));
  return [...failures, { type: "effectDone", effect: type, router, took, detail, foreign }];
}
