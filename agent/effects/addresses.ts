// Puts virtual addresses on interfaces and takes them off again, in bursts small enough to leave the
// loop free. Adding an address that is there, or removing one that is not, is success.

import type { IpAddress } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import type { Work } from "./lane.ts";

/** Addresses per netlink burst: 50 keep the loop's stall under a millisecond. */
const BURST = 50;
const EEXIST = 17;
/** What removing something that is not there says: no such address, no such interface. */
const ABSENT: ReadonlySet<number> = new Set([99, 19]);

export type Applied = {
  readonly detail: string;
  readonly foreign: readonly IpAddress[];
  readonly errors: readonly string[];
};

type AddressKernel = Pick<Kernel, "addAddresses" | "removeAddresses" | "interfaces">;

/** Which addresses were there before us, and so are not ours to remove. */
export type Foreign = Set<string>;

const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

export function* addAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const there: IpAddress[] = [];
  const errors: string[] = [];
  let added = 0;
  for (let i = 0; i < addresses.length; i += BURST) {
    const burst = addresses.slice(i, i + BURST);
    // Who put it there is told by the kernel's list from before this burst.
    const ours = burst.map((own) => isOurs(kernel, own));
    for (const [j, outcome] of kernel.addAddresses(burst).entries()) {
      const own = burst[j];
      if (own === undefined) continue;
      if (outcome.ok || (outcome.errno === EEXIST && ours[j])) {
        added += 1;
        foreign.delete(placeOf(own));
      } else if (outcome.errno === EEXIST) {
        there.push(own.address);
        foreign.add(placeOf(own));
      } else errors.push(sentence(own, outcome));
    }
    if (i + BURST < addresses.length) yield;
  }
  const rest = there.length === 0 ? "" : `, ${there.length} there already`;
  return { detail: `${added} added${rest}`, foreign: there, errors };
}

export function* removeAddresses(
  kernel: AddressKernel,
  addresses: readonly VirtualAddress[],
  foreign: Foreign,
): Work<Applied> {
  const ours = addresses.filter((own) => !foreign.has(placeOf(own)));
  const errors: string[] = [];
  let removed = 0;
  for (let i = 0; i < ours.length; i += BURST) {
    const burst = ours.slice(i, i + BURST);
    for (const [j, outcome] of kernel.removeAddresses(burst).entries()) {
      const own = burst[j];
      if (outcome.ok) removed += 1;
      else if (own !== undefined && !ABSENT.has(outcome.errno)) errors.push(sentence(own, outcome));
    }
    if (i + BURST < ours.length) yield;
  }
  for (const own of addresses) foreign.delete(placeOf(own));
  return { detail: `${removed} removed`, foreign: [], errors };
}

function isOurs(kernel: AddressKernel, own: VirtualAddress): boolean {
  const there = kernel.interfaces.get(own.interface)?.addresses.find(({ address }) => address === own.address);
  return there?.protocol === ADDRESS_PROTOCOL;
}

const sentence = (own: VirtualAddress, outcome: Outcome): string =>
  `${own.address}/${own.prefixLength} on ${own.interface}: ${outcome.ok ? "" : outcome.error}`;
