// Hooks that point at addresses run when those are there, or gone: what a turn asks hooks to do waits
// for the report on what it asked for addresses.

import type { RouterKey } from "../core/config.ts";
import type { Effect, Notice } from "../core/effect.ts";
import type { Turn } from "../core/state.ts";

/** Must see every turn that is not routine; gives each notice when nothing of its routers is on its way. */
export function addressesFirst(deliver: (notice: Notice) => void): (turn: Turn) => void {
  const pending = new Map<RouterKey, string[]>();
  let behind: { readonly routers: readonly RouterKey[]; readonly notice: Notice }[] = [];

  const settle = ({ event: { seen } }: Turn): void => {
    if (seen.type !== "effectDone") return;
    const asked = pending.get(seen.router);
    const which = asked?.indexOf(seen.effect) ?? -1;
    if (asked === undefined || which < 0) return;
    // The lane keeps its order: what was asked before and is not reported was dropped from it.
    asked.splice(0, which + 1);
    if (asked.length === 0) pending.delete(seen.router);
  };
  const take = (effect: Effect, turn: Turn): void => {
    if (MOVES.has(effect.type)) {
      const asked = pending.get(effect.router) ?? [];
      asked.push(effect.type);
      pending.set(effect.router, asked);
    }
    if (effect.type === "notify") behind.push({ routers: concerned(effect.notice, turn), notice: effect.notice });
  };
  return (turn) => {
    settle(turn);
    for (const effect of turn.effects) take(effect, turn);
    if (behind.length === 0) return;
    const held = new Set(pending.keys());
    const left: typeof behind = [];
    for (const one of behind) {
      if (!one.routers.some((router) => held.has(router))) deliver(one.notice);
      else {
        left.push(one);
        for (const router of one.routers) held.add(router);
      }
    }
    behind = left;
  };
}

const MOVES: ReadonlySet<Effect["type"]> = new Set(["addAddresses", "removeAddresses", "addPaths", "removePaths"]);

const concerned = (notice: Notice, { state }: Turn): readonly RouterKey[] =>
  notice.kind === "INSTANCE"
    ? [notice.router]
    : (state.config.groups.find(({ name }) => name === notice.name)?.members ?? [notice.router]);
