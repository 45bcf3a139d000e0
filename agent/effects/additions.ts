// How far the additions of addresses are: whoever announces keeps behind them, and what is let go of meanwhile is
// passed over.

import type { RouterKey, VirtualAddress } from "../core/config.ts";
import { placeOf } from "../core/holdings.ts";

/** An addition that is under way: what its router lets go of meanwhile is not put there any more. */
export type Addition = {
  readonly isWanted: (own: VirtualAddress) => boolean;
  /** So many of its list were asked for, whatever came of it, or are not wanted any more. */
  readonly passed: (count: number) => void;
  readonly end: () => void;
};

/** Asks for the places of a list, by number, whether they are still to get their addresses. */
export type Coming = (addresses: readonly VirtualAddress[]) => (place: number) => boolean;

type Open = {
  readonly router: RouterKey;
  readonly addresses: readonly VirtualAddress[];
  readonly gone: Set<string>;
  passed: number;
  ended: boolean;
};

const NONE: readonly Open[] = [];

/**
 * The additions that are under way. How far they are is a number: thousands of places are asked about one by one. They
 * are found by their router: a reload may begin hundreds at once.
 */
export function openAdditions() {
  const open = new Map<RouterKey, readonly Open[]>();
  const of = (router: RouterKey): readonly Open[] => open.get(router) ?? NONE;
  const end = (addition: Open): void => {
    const { router } = addition;
    addition.ended = true;
    const left = of(router).filter(({ ended }) => !ended);
    if (left.length > 0) open.set(router, left);
    else open.delete(router);
  };
  return {
    begin: (router: RouterKey, addresses: readonly VirtualAddress[]): Addition => {
      const addition: Open = { router, addresses, gone: new Set(), passed: 0, ended: false };
      open.set(router, [...of(router), addition]);
      return {
        isWanted: (own) => addition.gone.size === 0 || !addition.gone.has(placeOf(own)),
        passed: (count) => {
          addition.passed = count;
        },
        end: () => end(addition),
      };
    },
    /**
     * About the additions that were under way when this was called. One that is asked for later stands behind whoever
     * waits, and would be waited for in vain.
     */
    soFar: (router: RouterKey): Coming => {
      const earlier = of(router);
      return (addresses) => {
        const each = earlier.map((addition) => ({ addition, numberOf: numbering(addition.addresses, addresses) }));
        return (place) => each.some(({ addition, numberOf }) => !addition.ended && numberOf(place) >= addition.passed);
      };
    },
    letGo: (router: RouterKey, addresses: readonly VirtualAddress[]): void => {
      for (const addition of of(router)) for (const own of addresses) addition.gone.add(placeOf(own));
    },
  };
}

/** The numbers that the members of one list have in another; -1 for those that are not in it. Mostly they are the same list. */
function numbering(others: readonly VirtualAddress[], addresses: readonly VirtualAddress[]): (place: number) => number {
  if (others === addresses) return (place) => place;
  const numbers = new Map(others.map((own, i) => [placeOf(own), i]));
  const found = addresses.map((own) => numbers.get(placeOf(own)) ?? -1);
  return (place) => found[place] ?? -1;
}
