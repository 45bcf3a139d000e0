// Puts virtual addresses on interfaces and takes them off again, in bursts small enough to leave the
// loop free. Adding an address that is there, or removing one that is not, is success.

import { type Family, familyOf } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import { type Duration, milliseconds, since } from "../core/time.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import type { Applied, Work } from "./lane.ts";

/**
 * Addresses per netlink burst. 50 of IPv4 hold the loop for a millisecond; of IPv6 the kernel needs
 * the longer the more there are, up to 2 ms each, so a burst that took too long halves the next.
 */
const MOST: Readonly<Record<Family, number>> = { ipv4: 50, ipv6: 10 };
const LEAST = 2;
const TOO_LONG: Duration = milliseconds(2);
const EEXIST = 17;
/** What removing something that is not there says: no such address, no such interface. */
const ABSENT: ReadonlySet<number> = new Set([99, 19]);

type AddressKernel = Pick<Kernel, "addAddresses" | "removeAddresses" | "interfaces" | "now">;

/** Which addresses were there before us, and so are not ours to remove. */
export type Foreign = Set<string>;

const NO_ANSWER: Outcome = { ok: false, errno: 0, error: "the kernel gave no answer" };

/** What tells one address on one interface from another. */
export const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

export function* addAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const tried: Tried[] = [];
  yield* inBursts(kernel, addresses, (burst) => {
    tried.push(...addBurst(kernel, burst));
  });
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
  const outcomes = kernel.addAddresses(burst);
  return burst.map((own, i) => {
    const outcome = outcomes[i] ?? NO_ANSWER;
    return { own, outcome, verdict: verdictOn(kernel, own, outcome) };
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
  yield* inBursts(kernel, ours, (burst) => {
    for (const [i, outcome] of kernel.removeAddresses(burst).entries()) {
      const own = burst[i];
      if (outcome.ok) removed += 1;
      else if (own !== undefined && !ABSENT.has(outcome.errno)) errors.push(sentence(own, outcome));
    }
  });
  for (const own of addresses) foreign.delete(placeOf(own));
  return { detail: `${removed} removed`, foreign: [], errors };
}

/** Where both families are among them, they go as IPv6 goes. */
function* inBursts(
  kernel: Pick<Kernel, "now">,
  addresses: readonly VirtualAddress[],
  act: (burst: readonly VirtualAddress[]) => void,
): Work<void> {
  const mixed = addresses.some(({ address }) => familyOf(address) === "ipv6");
  const most = MOST[mixed ? "ipv6" : "ipv4"];
  let size = most;
  for (let first = 0; first < addresses.length; ) {
    if (first > 0) yield;
    const burst = addresses.slice(first, first + size);
    const started = kernel.now();
    act(burst);
    first += burst.length;
    const slow = since(started, kernel.now()) > TOO_LONG;
    size = slow ? Math.max(LEAST, size >> 1) : Math.min(most, size * 2);
  }
}

/** Who put an address there is told by the list from before the burst: its events are not read yet. */
function verdictOn(kernel: AddressKernel, own: VirtualAddress, outcome: Outcome): Tried["verdict"] {
  if (outcome.ok) return "added";
  if (outcome.errno !== EEXIST) return "failed";
  return isOurs(kernel, own) ? "added" : "there";
}

function isOurs(kernel: AddressKernel, own: VirtualAddress): boolean {
  const there = kernel.interfaces.get(own.interface)?.addresses.find(({ address }) => address === own.address);
  return there?.protocol === ADDRESS_PROTOCOL;
}

const sentence = (own: VirtualAddress, outcome: Outcome): string =>
  `${own.address}/${own.prefixLength} on ${own.interface}: ${outcome.ok ? "" : outcome.error}`;
