// Puts virtual addresses on interfaces and takes them off again, in bursts small enough to leave the
// loop free. Adding an address that is there, or removing one that is not, is success.

import { type Family, familyOf } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import { placeOf } from "../core/holdings.ts";
import { type Duration, type Instant, microseconds, milliseconds, since } from "../core/time.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import type { Addition } from "./additions.ts";
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

/** How long the kernel's own worker is let work, and how often at most. */
const BREATH: Duration = microseconds(150);
const BETWEEN_BREATHS: Duration = milliseconds(20);

/**
 * What an address of IPv6 is good for comes after the call: a worker of the kernel puts its route in place and joins or
 * leaves its group. Whoever runs at a real-time priority and goes on with its turn keeps that worker waiting, and points
 * neighbours at an address that nobody answers for yet. Where several routers change at once, one breath serves them all.
 */
export function breathing(kernel: AddressKernel & Pick<Kernel, "rest">): AddressKernel {
  let last: Instant | null = null;
  const breathe = (asked: readonly VirtualAddress[]): void => {
    const at = kernel.now();
    if (last !== null && since(last, at) < BETWEEN_BREATHS) return;
    if (!asked.some(({ address }) => familyOf(address) === "ipv6")) return;
    last = at;
    kernel.rest(BREATH);
  };
  const thenBreathe =
    (ask: Kernel["addAddresses"]): Kernel["addAddresses"] =>
    (asked) => {
      const outcomes = ask(asked);
      breathe(asked);
      return outcomes;
    };
  return {
    now: kernel.now,
    drain: kernel.drain,
    addAddresses: thenBreathe(kernel.addAddresses),
    removeAddresses: thenBreathe(kernel.removeAddresses),
    get interfaces() {
      return kernel.interfaces;
    },
  };
}

/** Which addresses are not ours to remove: they were there before us, or were given up before we had put them there. */
export type Foreign = Set<string>;

const NO_ANSWER: Outcome = { ok: false, errno: 0, error: "the kernel gave no answer" };

/** No family has a prefix that long, and no address: what is asked for so is refused. */
const IMPOSSIBLE = 255;

/** Goes the way of an addition and of a removal, for nothing: code that never ran would be compiled when it is needed. */
export function moveNothing(kernel: Pick<Kernel, "addAddresses" | "removeAddresses">, own: VirtualAddress): void {
  const nothing = [{ ...own, peer: null, prefixLength: IMPOSSIBLE }];
  kernel.addAddresses(nothing);
  kernel.removeAddresses(nothing);
}

export function* addAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
  { isWanted, passed, end }: Addition,
): Work<Applied> {
  const [there, given, errors]: [VirtualAddress[], VirtualAddress[], string[]] = [[], [], []];
  const take = (own: VirtualAddress): boolean => {
    if (isWanted(own)) return true;
    given.push(own);
    return false;
  };
  /** One that is there is somebody else's until it is known better. */
  const note = (own: VirtualAddress, outcome: Outcome): void => {
    const isThere = !outcome.ok && outcome.errno === EEXIST;
    if (isThere) foreign.add(placeOf(own));
    else if (foreign.size > 0) foreign.delete(placeOf(own));
    if (isThere) there.push(own);
    else if (!outcome.ok) errors.push(sentence(own, outcome));
  };
  yield* inBursts(kernel, addresses, take, (burst, end) => {
    const outcomes = kernel.addAddresses(burst);
    for (const [i, own] of burst.entries()) note(own, outcomes[i] ?? NO_ANSWER);
    passed(end);
  });
  if (there.length > 0) {
    yield; // never while news are being read: they tell whose it is
    kernel.drain("all");
  }
  const theirs = there.filter((own) => !isOurs(kernel, own));
  for (const own of there) if (isOurs(kernel, own)) foreign.delete(placeOf(own));
  for (const own of given) foreign.add(placeOf(own));
  end();
  const counts = [
    `${addresses.length - given.length - theirs.length - errors.length} added`,
    ...(theirs.length === 0 ? [] : [`${theirs.length} there already`]),
    ...(given.length === 0 ? [] : [`${given.length} given up`]),
  ];
  return { detail: counts.join(", "), foreign: [...theirs, ...given].map(({ address }) => address), errors };
}

export function* removeAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const ours = foreign.size === 0 ? addresses : addresses.filter((own) => !foreign.has(placeOf(own)));
  const errors: string[] = [];
  let removed = 0;
  yield* inBursts(kernel, ours, ALL, (burst) => {
    for (const [i, outcome] of kernel.removeAddresses(burst).entries()) {
      const own = burst[i];
      if (outcome.ok) removed += 1;
      else if (own !== undefined && !ABSENT.has(outcome.errno)) errors.push(sentence(own, outcome));
    }
  });
  if (foreign.size > 0) for (const own of addresses) foreign.delete(placeOf(own));
  return { detail: `${removed} removed`, foreign: [], errors };
}

const ALL = (): boolean => true;

/** Where both families are among them, they go as IPv6 goes. `act` is told, too, how many are behind it then. */
function* inBursts(
  kernel: Pick<Kernel, "now">,
  addresses: readonly VirtualAddress[],
  take: (own: VirtualAddress) => boolean,
  act: (burst: readonly VirtualAddress[], end: number) => void,
): Work<void> {
  const mixed = addresses.some(({ address }) => familyOf(address) === "ipv6");
  const most = MOST[mixed ? "ipv6" : "ipv4"];
  let size = Math.min(FIRST, most);
  for (let next = 0; next < addresses.length; ) {
    if (next > 0) yield;
    const burst: VirtualAddress[] = [];
    while (burst.length < size && next < addresses.length) {
      const own = addresses[next++];
      if (own !== undefined && take(own)) burst.push(own);
    }
    if (burst.length === 0) return;
    const started = kernel.now();
    act(burst, next);
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
