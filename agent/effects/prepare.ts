// pre_master and pre_backup: what is asked for the addresses of a router waits, in its order, until a
// program has ended or its time is over. Nobody else's addresses wait, and no advertisement does.

import type { RouterKey } from "../core/config.ts";
import type { Effect, Notice } from "../core/effect.ts";

/** Runs what a notice wants done beforehand, and calls back once: when it has ended, or must not be waited for longer. */
export type Preparer = (notice: Notice, ready: () => void) => void;

/** For a daemon without hooks. */
export const atOnce: Preparer = (_, ready) => ready();

export type Gate = {
  /** Does it now, or when everything before it is done. */
  readonly pass: (effect: Held, act: () => void) => void;
  /** Whether anything waits for a router. */
  readonly waits: (router: RouterKey) => boolean;
  /** Drops what still waits for a router and of these kinds, and gives it: the router is Master no more. */
  readonly drop: (router: RouterKey, types: readonly Held["type"][]) => readonly Held[];
  readonly hold: (effect: Extract<Effect, { type: "prepare" }>) => void;
  /** Resolves when nothing waits. */
  readonly idle: () => Promise<void>;
};

/** What waits behind a program. */
type Held = Exclude<Effect, { type: "sendAdvert" | "prepare" | "notify" }>;

type Waiting = { readonly isOpen: () => boolean; readonly act: () => void; readonly effect: Held | null };

export function prepare(run: Preparer): Gate {
  const queues = new Map<RouterKey, Waiting[]>();
  let sleepers: (() => void)[] = [];

  const proceed = (router: RouterKey): void => {
    const queue = queues.get(router) ?? [];
    for (let first = queue[0]; first?.isOpen(); first = queue[0]) {
      queue.shift();
      first.act();
    }
    if (queue.length > 0) return;
    queues.delete(router);
    if (queues.size > 0) return;
    const woken = sleepers;
    sleepers = [];
    for (const wake of woken) wake();
  };

  return {
    pass: (effect, act) => {
      const queue = queues.get(effect.router);
      if (queue === undefined) act();
      else queue.push({ isOpen: () => true, act, effect });
    },
    waits: (router) => queues.has(router),
    drop: (router, types) => {
      const queue = queues.get(router) ?? [];
      const dropped: Held[] = [];
      const kept = queue.filter(({ effect }) => {
        if (effect === null || !types.includes(effect.type)) return true;
        dropped.push(effect);
        return false;
      });
      // Others know the queue by its place.
      queue.splice(0, queue.length, ...kept);
      return dropped;
    },
    hold: ({ holds, notice }) => {
      let open = false;
      for (const router of holds) {
        const queue = queues.get(router) ?? [];
        queues.set(router, queue);
        queue.push({ isOpen: () => open, act: () => undefined, effect: null });
      }
      run(notice, () => {
        open = true;
        for (const router of holds) proceed(router);
      });
    },
    idle: () => (queues.size === 0 ? Promise.resolve() : new Promise((resolve) => sleepers.push(resolve))),
  };
}
