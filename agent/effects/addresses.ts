// Puts virtual addresses on interfaces and takes them off again, in bursts small enough to leave the
// loop free. Adding an address that is there, or removing one that is not, is success.

import { type Family, familyOf } from "../core/address.ts";
import type { RouterKey, VirtualAddress } from "../core/config.ts";
import { type Duration, milliseconds, since } from "../core/time.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import type { Applied, Work } from "./lane.ts";

/**
 * Addresses per netlink burst. 25 of IPv4 take half a millisecond, or twice that when there are a thousand; of IPv6
 * the kernel needs the longer the more there are, up to 2 ms each, so a burst that took too long halves the next.
 */
const MOST: Readonly<Record<Family, number>> = { ipv4: 25, ipv6: 10 };
const LEAST = 2;
/** The first burst is small: as soon as it is there, it is announced. */
const FIRST = 5;
const TOO_LONG: Duration = milliseconds(2);
const EEXIST = 17;
/** What removing something that is not there says: no such address, no such interface. */
const ABSENT: ReadonlySet<number> = new Set([99, 19]);

type AddressKernel = Pick<Kernel, "addAddresses" | "removeAddresses" | "interfaces" | "now" | "drain">;

/** Which addresses are not ours to remove: they were there before us, or were given up before we had put them there. */
export type Foreign = Set<string>;

const NO_ANSWER: Outcome = { ok: false, errno: 0, error: "the kernel gave no answer" };

/** What tells one address on one interface from another. */
export const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

/** What is wanted of an addition that is under way: what its router lets go of meanwhile is not put there any more. */
type Wanted = ReadonlySet<string>;
type Addition = {
  readonly wanted: Wanted;
  /** One of them was asked for, whatever came of it. */
  readonly arrived: (own: VirtualAddress) => void;
  readonly end: () => void;
};

/** No family has a prefix that long: EINVAL, and nothing else is looked at. */
const IMPOSSIBLE = 255;

/** Goes the way of an addition, and adds nothing: code that never ran would be compiled when it is needed. */
export const addNothing = (kernel: Pick<Kernel, "addAddresses">, own: VirtualAddress): unknown =>
  kernel.addAddresses([{ ...own, peer: null, prefixLength: IMPOSSIBLE }]);

/** The additions that are under way. */
export function openAdditions() {
  type Open = { readonly router: RouterKey; readonly wanted: Set<string>; readonly coming: Set<string> };
  const open = new Set<Open>();
  return {
    begin: (router: RouterKey, addresses: readonly VirtualAddress[]): Addition => {
      const places = addresses.map(placeOf);
      const addition = { router, wanted: new Set(places), coming: new Set(places) };
      open.add(addition);
      return {
        wanted: addition.wanted,
        arrived: (own) => void addition.coming.delete(placeOf(own)),
        end: () => void open.delete(addition),
      };
    },
    /**
     * Asks whether a place is still to get its address by an addition that was under way when this was called. One that
     * is asked for later stands behind whoever waits, and would be waited for in vain.
     */
    soFar: (router: RouterKey): ((place: string) => boolean) => {
      const earlier = [...open].filter((addition) => addition.router === router);
      return (place) => earlier.some((addition) => open.has(addition) && addition.coming.has(place));
    },
    letGo: (router: RouterKey, addresses: readonly VirtualAddress[]): void => {
      for (const addition of open)
        if (addition.router === router) for (const own of addresses) addition.wanted.delete(placeOf(own));
    },
  };
}

type Verdict = "added" | "there" | "failed";
type Tried = { readonly own: VirtualAddress; readonly outcome: Outcome; readonly verdict: Verdict };

export function* addAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
  { wanted, arrived, end }: Addition,
): Work<Applied> {
  const tried: Tried[] = [];
  yield* inBursts(kernel, addresses, wanted, (burst) => {
    const outcomes = kernel.addAddresses(burst);
    for (const [i, own] of burst.entries()) tried.push(note(own, outcomes[i] ?? NO_ANSWER, foreign));
    burst.forEach(arrived);
  });
  const there = tried.flatMap(({ own, verdict }) => (verdict === "there" ? [own] : []));
  if (there.length > 0) {
    yield; // never while news are being read: they tell whose it is
    kernel.drain();
  }
  const theirs = there.filter((own) => !isOurs(kernel, own));
  for (const own of there) if (isOurs(kernel, own)) foreign.delete(placeOf(own));
  const known = new Set(tried.map(({ own }) => own));
  const given = addresses.filter((own) => !known.has(own));
  for (const own of given) foreign.add(placeOf(own));
  end();
  const failed = tried.filter(({ verdict }) => verdict === "failed");
  const counts = [
    `${tried.length - theirs.length - failed.length} added`,
    ...(theirs.length === 0 ? [] : [`${theirs.length} there already`]),
    ...(given.length === 0 ? [] : [`${given.length} given up`]),
  ];
  return {
    detail: counts.join(", "),
    foreign: [...theirs, ...given].map(({ address }) => address),
    errors: failed.map(({ own, outcome }) => sentence(own, outcome)),
  };
}

/** One that is there is somebody else's until it is known better. */
function note(own: VirtualAddress, outcome: Outcome, foreign: Foreign): Tried {
  const verdict = outcome.ok ? "added" : outcome.errno === EEXIST ? "there" : "failed";
  if (verdict === "there") foreign.add(placeOf(own));
  else foreign.delete(placeOf(own));
  return { own, outcome, verdict };
}

export function* removeAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const ours = addresses.filter((own) => !foreign.has(placeOf(own)));
  const errors: string[] = [];
  let removed = 0;
  yield* inBursts(kernel, ours, null, (burst) => {
    for (const [i, outcome] of kernel.removeAddresses(burst).entries()) {
      const own = burst[i];
      if (outcome.ok) removed += 1;
      else if (own !== undefined && !ABSENT.has(outcome.errno)) errors.push(sentence(own, outcome));
    }
  });
  for (const own of addresses) foreign.delete(placeOf(own));
  return { detail: `${removed} removed`, foreign: [], errors };
}

/** Where both families are among them, they go as IPv6 goes. Null: all are wanted. */
function* inBursts(
  kernel: Pick<Kernel, "now">,
  addresses: readonly VirtualAddress[],
  wanted: Wanted | null,
  act: (burst: readonly VirtualAddress[]) => void,
): Work<void> {
  const mixed = addresses.some(({ address }) => familyOf(address) === "ipv6");
  const most = MOST[mixed ? "ipv6" : "ipv4"];
  let size = Math.min(FIRST, most);
  for (let first = 0; first < addresses.length; ) {
    if (first > 0) yield;
    const burst: VirtualAddress[] = [];
    while (burst.length < size && first < addresses.length) {
      const own = addresses[first++];
      if (own !== undefined && wanted?.has(placeOf(own)) !== false) burst.push(own);
    }
    if (burst.length === 0) return;
    const started = kernel.now();
    act(burst);
    const slow = since(started, kernel.now()) > TOO_LONG;
    size = slow ? Math.max(LEAST, size >> 1) : Math.min(most, size * 2);
  }
}

function isOurs(kernel: AddressKernel, own: VirtualAddress): boolean {
  const there = kernel.interfaces.get(own.interface)?.addresses.find(({ address }) => address === own.address);
  return there?.protocol === ADDRESS_PROTOCOL;
}

const sentence = (own: VirtualAddress, outcome: Outcome): string =>
  `${own.address}/${own.prefixLength} on ${own.interface}: ${outcome.ok ? "" : outcome.error}`;
