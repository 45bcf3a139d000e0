// Puts virtual addresses on interfaces and takes them off again, in bursts small enough to leave the
// loop free. Adding an address that is there, or removing one that is not, is success.

import type { VirtualAddress } from "../core/config.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import type { Applied, Work } from "./lane.ts";

/** Addresses per netlink burst: 50 keep the loop's stall under a millisecond. */
const BURST = 50;
const EEXIST = 17;
/** What removing something that is not there says: no such address, no such interface. */
const ABSENT: ReadonlySet<number> = new Set([99, 19]);

type AddressKernel = Pick<Kernel, "addAddresses" | "removeAddresses" | "interfaces">;

/** Which addresses were there before us, and so are not ours to remove. */
export type Foreign = Set<string>;

const NO_ANSWER: Outcome = { ok: false, errno: 0, error: "the kernel gave no answer" };

const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

export function* addAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const tried: Tried[] = [];
  for (const burst of burstsOf(addresses)) {
    if (burst.first > 0) yield;
    tried.push(...addBurst(kernel, burst.addresses));
  }
  for (const { own, verdict } of tried)
    if (verdict === "there") foreign.add(placeOf(own));
    else foreign.delete(placeOf(own));
  const whose = (wanted: Tried["verdict"]) => tried.filter(({ verdict }) => verdict === wanted);
  const there = whose("there").map(({ own }) => own.address);
  const rest = there.length === 0 ? "" : `, ${there.length} there already`;
  return {
    detail: `${whose("added").length} added${rest}`,
    foreign: there,
    errors: whose("failed").map(({ own, outcome }) => sentence(own, outcome)),
  };
}

type Tried = {
  readonly own: VirtualAddress;
  readonly outcome: Outcome;
  readonly verdict: "added" | "there" | "failed";
};

function addBurst(kernel: AddressKernel, burst: readonly VirtualAddress[]): readonly Tried[] {
  // Who put it there is told by the kernel's list from before this burst.
  const ours = burst.map((own) => isOurs(kernel, own));
  const outcomes = kernel.addAddresses(burst);
  return burst.map((own, i) => {
    const outcome = outcomes[i] ?? NO_ANSWER;
    return { own, outcome, verdict: verdictOn(outcome, ours[i] === true) };
  });
}

export function* removeAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const ours = addresses.filter((own) => !foreign.has(placeOf(own)));
  const errors: string[] = [];
  let removed = 0;
  for (const burst of burstsOf(ours)) {
    if (burst.first > 0) yield;
    for (const [j, outcome] of kernel.removeAddresses(burst.addresses).entries()) {
      const own = burst.addresses[j];
      if (outcome.ok) removed += 1;
      else if (own !== undefined && !ABSENT.has(outcome.errno)) errors.push(sentence(own, outcome));
    }
  }
  for (const own of addresses) foreign.delete(placeOf(own));
  return { detail: `${removed} removed`, foreign: [], errors };
}

type Burst = { readonly first: number; readonly addresses: readonly VirtualAddress[] };

function* burstsOf(addresses: readonly VirtualAddress[]): Iterable<Burst> {
  for (let first = 0; first < addresses.length; first += BURST)
    yield { first, addresses: addresses.slice(first, first + BURST) };
}

function verdictOn(outcome: Outcome, ours: boolean): Tried["verdict"] {
  if (outcome.ok) return "added";
  if (outcome.errno !== EEXIST) return "failed";
  return ours ? "added" : "there";
}

function isOurs(kernel: AddressKernel, own: VirtualAddress): boolean {
  const there = kernel.interfaces.get(own.interface)?.addresses.find(({ address }) => address === own.address);
  return there?.protocol === ADDRESS_PROTOCOL;
}

const sentence = (own: VirtualAddress, outcome: Outcome): string =>
  `${own.address}/${own.prefixLength} on ${own.interface}: ${outcome.ok ? "" : outcome.error}`;
