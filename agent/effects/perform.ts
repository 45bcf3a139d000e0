// Makes happen what the fold wants. An advertisement goes out at once, within the turn; addresses
// and announcements queue in one lane, in order, and leave the loop free between small steps. A
// failed effect becomes an observation, and the lane goes on.

import { Observable, type Subscriber } from "rxjs";
import type { RouterConfig, RouterKey, VirtualAddress } from "../core/config.ts";
import type { Effect, EffectType } from "../core/effect.ts";
import type { Observation } from "../core/event.ts";
import { type AgentState, routerOf, type Turn } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import type { Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";
import { addAddresses, placeOf, removeAddresses } from "./addresses.ts";
import { announce } from "./announce.ts";
import { type Applied, createLane } from "./lane.ts";
import { sendAdvert } from "./send-advert.ts";

/** While advertisements keep failing in the same way it is told at most this often. */
const TELL_EVERY: Duration = seconds(60);

type Label = { readonly type: EffectType; readonly router: RouterKey; readonly addresses: readonly VirtualAddress[] };

export type Performer = {
  readonly drive: Driver;
  /** Resolves when nothing is left to do. */
  readonly idle: () => Promise<void>;
  /** Whether an address was there before us: it is somebody else's, and stays whatever happens. */
  readonly isForeign: (own: VirtualAddress) => boolean;
};

/** `later` lets the sockets and the alarm have their turn before the next step. */
export function perform(kernel: Kernel, later: (step: () => void) => void = setImmediate): Performer {
  const lane = createLane<Label>(later);
  const foreign = new Set<string>();
  const send = sendAdvert(kernel);
  const failing = new Map<RouterKey, { readonly error: string; readonly told: Instant }>();

  /** A router that has just been configured away still says its last words with the configuration it had. */
  const configOf = ({ state, before }: Turn, key: RouterKey): RouterConfig | undefined =>
    configIn(state, key) ?? configIn(before, key);

  const advertise = (effect: Extract<Effect, { type: "sendAdvert" }>, turn: Turn, tell: Tell): void => {
    const config = configOf(turn, effect.router);
    if (config === undefined) return;
    const outcome = send(config, effect.priority, effect.source);
    const last = failing.get(effect.router);
    if (outcome.ok) {
      if (last !== undefined) failing.delete(effect.router);
      return;
    }
    const now = kernel.now();
    if (last?.error === outcome.error && since(last.told, now) < TELL_EVERY) return;
    failing.set(effect.router, { error: outcome.error, told: now });
    tell.next({ type: "effectFailed", effect: "sendAdvert", router: effect.router, error: outcome.error });
  };

  const queue = (effect: Exclude<Effect, { type: "sendAdvert" }>, tell: Tell): void => {
    const { type, router, addresses } = effect;
    if (type === "removeAddresses") lane.forget((label) => label.type === "announce" && isAbout(label, effect));
    const work =
      type === "announce"
        ? announce(kernel, addresses, effect.rounds)
        : type === "addAddresses"
          ? addAddresses(kernel, addresses, foreign)
          : removeAddresses(kernel, addresses, foreign);
    const started = kernel.now();
    lane.add({ type, router, addresses }, work, (applied) => {
      for (const seen of outcomes(effect, applied, since(started, kernel.now()))) tell.next(seen);
    });
  };

  const drive: Driver = (turns$) =>
    new Observable<Observation>((tell) =>
      turns$.subscribe((turn) => {
        for (const effect of turn.effects)
          if (effect.type === "sendAdvert") advertise(effect, turn, tell);
          else queue(effect, tell);
      }),
    );

  return { drive, idle: lane.idle, isForeign: (own) => foreign.has(placeOf(own)) };
}

type Tell = Subscriber<Observation>;

/** Whether work concerns nothing but addresses that are let go; a new configuration may keep some of a router's. */
function isAbout(label: Label, { router, addresses }: Pick<Label, "router" | "addresses">): boolean {
  const leaving = new Set(addresses.map(placeOf));
  return label.router === router && label.addresses.every((own) => leaving.has(placeOf(own)));
}

const configIn = (state: AgentState, key: RouterKey): RouterConfig | undefined => routerOf(state, key)?.config;

function outcomes({ type, router }: Effect, { detail, foreign, errors }: Applied, took: Duration): Observation[] {
  const failures = errors.map((error): Observation => ({ type: "effectFailed", effect: type, router, error }));
  return [...failures, { type: "effectDone", effect: type, router, took, detail, foreign }];
}
