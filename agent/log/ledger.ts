// Which addresses, routes and rules a daemon may have put into the kernel and not taken out yet, kept as a ledger of what
// it wanted and what was reported done. The log carries its balance in the header of each segment,
// so that the last segment alone tells what a dead daemon may have left behind.

import type { RouterKey, VirtualAddress } from "../core/config.ts";
import type { Effect } from "../core/effect.ts";
import type { Observation } from "../core/event.ts";
import { type Path, wordsOf } from "../core/path.ts";
import type { AgentState, Turn } from "../core/state.ts";

/** An address, a route or a rule. */
export type Holding = VirtualAddress | Path;

/** Something that may be there, and the number of the wish that it is there for. */
type Hold = { readonly own: Holding; readonly wish: number };

/** Something that was asked of the kernel and is not reported done. */
type Wish = {
  readonly wish: number;
  readonly type: "addAddresses" | "removeAddresses" | "addPaths" | "removePaths";
  readonly router: RouterKey;
  /** Of addresses and of paths; what they are of says the type. */
  readonly addresses: readonly Holding[];
  readonly failed: boolean;
};

/** Everything the ledger remembers, as a header carries it. */
export type Balance = {
  readonly wishes: number;
  readonly held: readonly Hold[];
  readonly open: readonly Wish[];
  /** Places where what is seen is ours: we put it there, and have not seen it gone. */
  readonly known: readonly string[];
};

export const NOTHING_HELD: Balance = { wishes: 0, held: [], open: [], known: [] };

type Entry = Pick<Turn, "event" | "state" | "effects">;

/** Keeps account of a daemon's addresses while its turns go by. */
export type Ledger = {
  readonly enter: (turn: Entry) => void;
  readonly balance: () => Balance;
  /** What may be held, by `interface address/prefix`, or the words for a route or rule. */
  readonly held: () => ReadonlyMap<string, Holding>;
};

const adds = (type: Wish["type"]): boolean => type === "addAddresses" || type === "addPaths";

export const isPath = (own: Holding): own is Path => "kind" in own;

const placeOf = (own: Holding): string =>
  isPath(own) ? wordsOf(own) : `${own.interface} ${own.address}/${own.prefixLength}`;

const MOST_UNSORTED = 10_000;
const SPOT = /^\S* [^ /]*/;
/** Where it is, whatever its prefix. */
const spotOf = (place: string): string => SPOT.exec(place)?.[0] ?? place;

/**
 * Places where what is seen is ours, found by their address: thousands come and go a few at a time. What comes is sorted
 * in when somebody asks: a thousand of them come in the midst of a take-over.
 */
function openPlaces(from: readonly string[]) {
  const places = new Set<string>();
  const byAddress = new Map<string, Set<string>>();
  let unsorted: string[] = [...from];
  const sort = (): void => {
    const fresh = unsorted;
    unsorted = [];
    for (const place of fresh) {
      places.add(place);
      const spot = spotOf(place);
      const there = byAddress.get(spot);
      if (there === undefined) byAddress.set(spot, new Set([place]));
      else there.add(place);
    }
  };
  const empty = (spot: string): void => {
    for (const place of byAddress.get(spot) ?? []) places.delete(place);
    byAddress.delete(spot);
  };
  return {
    has: (place: string): boolean => {
      if (unsorted.length > 0) sort();
      return places.has(place);
    },
    add: (place: string): void => {
      unsorted.push(place);
      if (unsorted.length > MOST_UNSORTED) sort();
    },
    /** What is seen in such a place after this, somebody else has put there. */
    vanish: (iface: string, addresses: readonly string[] | "all"): void => {
      if (addresses.length === 0) return;
      sort();
      if (addresses !== "all") for (const address of addresses) empty(`${iface} ${address}`);
      else for (const spot of [...byAddress.keys()]) if (spot.startsWith(`${iface} `)) empty(spot);
    },
    list: (): string[] => {
      sort();
      return [...places];
    },
  };
}

/** What is asked and not reported, found by its router: a reload may ask for hundreds at once. */
function openWishes(from: readonly Wish[]) {
  const open = new Map<RouterKey, readonly Wish[]>();
  const of = (router: RouterKey): readonly Wish[] => open.get(router) ?? [];
  const add = (wish: Wish): void => void open.set(wish.router, [...of(wish.router), wish]);
  for (const wish of from) add(wish);
  return {
    add,
    /** The first of them that such a report is about. */
    meant: (router: RouterKey, type: string): Wish | undefined => of(router).find((wish) => wish.type === type),
    fail: (failed: Wish): void => {
      const its = of(failed.router).map((wish) => (wish === failed ? { ...wish, failed: true } : wish));
      open.set(failed.router, its);
    },
    /** The lane keeps its order: what was asked before and is not reported was dropped from it. */
    close: ({ router, wish: last }: Wish): void => {
      const left = of(router).filter(({ wish }) => wish > last);
      if (left.length > 0) open.set(router, left);
      else open.delete(router);
    },
    list: (): readonly Wish[] => [...open.values()].flat().sort((a, b) => a.wish - b.wish),
  };
}

type Leaving = Extract<Effect, { type: Wish["type"] }>;
const LEAVING: ReadonlySet<Effect["type"]> = new Set(["addAddresses", "removeAddresses", "addPaths", "removePaths"]);
/** Whether an effect puts something there, or takes it away. */
const leavesSomething = (effect: Effect): effect is Leaving => LEAVING.has(effect.type);

/** Such turns are entered with the next other one, or when somebody asks. */
const isMidst = ({ event: { seen }, effects }: Entry): boolean =>
  seen.type === "effectDone" ? seen.effect === "addAddresses" : effects.some(({ type }) => type === "addAddresses");
const MOST_OWED = 16;

/**
 * Opens a ledger. An address counts as held from the moment it was wanted until its removal was
 * reported done, so that no death in between leaves one behind. What was on the interface before we
 * wanted it is somebody else's until the kernel says otherwise.
 */
export const openLedger = (from: Balance): Ledger => unhurried(openAccounts(from));

/** In the midst of a take-over nothing is entered: of a thousand addresses it takes milliseconds. */
function unhurried(ledger: Ledger): Ledger {
  /** Turns that are not entered yet, in their order. */
  let owed: Entry[] = [];
  const catchUp = (): Ledger => {
    const entries = owed;
    owed = [];
    for (const turn of entries) ledger.enter(turn);
    return ledger;
  };
  return {
    enter: (turn) => {
      owed.push(turn);
      if (!isMidst(turn) || owed.length > MOST_OWED) catchUp();
    },
    balance: () => catchUp().balance(),
    held: () => catchUp().held(),
  };
}

function openAccounts(from: Balance): Ledger {
  const held = new Map(from.held.map((hold) => [placeOf(hold.own), hold]));
  const known = openPlaces(from.known);
  const open = openWishes(from.open);
  let wishes = from.wishes;

  const want = (effect: Effect, links: AgentState["links"]): void => {
    if (!leavesSomething(effect)) return;
    wishes += 1;
    const { type, router } = effect;
    const addresses: readonly Holding[] = "paths" in effect ? effect.paths : effect.addresses;
    open.add({ wish: wishes, type, router, addresses, failed: false });
    if (!adds(type)) return;
    for (const own of addresses) {
      const place = placeOf(own);
      // What a path is recognised by says that it is ours: its protocol.
      const seen = !isPath(own) && links[own.interface]?.addresses.includes(own.address) === true;
      if (!seen || held.has(place) || known.has(place)) held.set(place, { own, wish: wishes });
    }
  };

  const added = ({ wish, addresses }: Wish, foreign: readonly string[]): void => {
    for (const own of addresses) {
      const place = placeOf(own);
      const hold = held.get(place);
      if (!isPath(own) && foreign.includes(own.address)) {
        if (hold?.wish === wish) held.delete(place);
        continue;
      }
      known.add(place);
      if (hold === undefined) held.set(place, { own, wish });
    }
  };

  const removed = ({ wish, addresses, failed }: Wish): void => {
    if (failed) return;
    for (const own of addresses) {
      const hold = held.get(placeOf(own));
      // What has been wanted anew since then is on its way back.
      if (hold !== undefined && hold.wish < wish) held.delete(placeOf(own));
    }
  };

  const report = (seen: Observation): void => {
    if (seen.type === "addressesChanged") known.vanish(seen.interface, seen.removed);
    if (seen.type === "linkChanged" && seen.link.index === 0) known.vanish(seen.link.name, "all");
    if (seen.type === "effectDone" || seen.type === "effectFailed") settle(seen);
  };
  const settle = (seen: Extract<Observation, { type: "effectDone" | "effectFailed" }>): void => {
    const done = open.meant(seen.router, seen.effect);
    if (done === undefined) return;
    if (seen.type === "effectFailed") {
      open.fail(done);
      return;
    }
    if (adds(done.type)) added(done, seen.foreign);
    else removed(done);
    open.close(done);
  };

  return {
    enter: ({ event, state, effects }) => {
      report(event.seen);
      for (const effect of effects) want(effect, state.links);
    },
    balance: () => ({ wishes, held: [...held.values()], open: open.list(), known: known.list() }),
    held: () => new Map([...held].map(([place, { own }]) => [place, own])),
  };
}
