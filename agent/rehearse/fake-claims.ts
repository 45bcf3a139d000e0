// What a fake kernel hears of ARP and neighbour advertisements: frames as Ethernet carries them, and
// only those that claim an address it was asked about.

import type { IpAddress } from "../core/address.ts";
import type { ClaimFrame } from "../kernel.ts";
import { claimIn } from "../wire/claim.ts";
import type { Carried } from "./fake-lan.ts";

export function fakeClaims() {
  let wanted: ReadonlySet<IpAddress> = new Set();
  let listener = (_: ClaimFrame): void => {};
  const waiting: ClaimFrame[] = [];
  return {
    hear: (addresses: readonly IpAddress[], told: (claim: ClaimFrame) => void): void => {
      wanted = new Set(addresses);
      listener = told;
    },
    /** Whether there is something new to read. */
    receive: (iface: string, { kind, bytes }: Carried): boolean => {
      if (kind === "packet" && bytes[NEXT_HEADER] !== ICMPV6) return false;
      const frame = kind === "frame" ? bytes : ethernet(bytes);
      const claim = claimIn(frame);
      if (claim === undefined || !wanted.has(claim.address)) return false;
      waiting.push({ interface: iface, frame });
      return true;
    },
    read: (): void => {
      for (let claim = waiting.shift(); claim !== undefined; claim = waiting.shift()) listener(claim);
    },
  };
}

/** Where an IPv6 packet says what it carries, and what neighbour advertisements are carried by. */
const NEXT_HEADER = 6;
const ICMPV6 = 58;

/** An IPv6 packet in its frame; nobody here looks at the addresses of that. */
const ethernet = (packet: Uint8Array): Uint8Array => Uint8Array.of(...new Array(12).fill(0), 0x86, 0xdd, ...packet);
