// Who else said to have addresses of ours, for whoever asks how the daemon is.

import type { IpAddress } from "../core/address.ts";
import type { Event } from "../core/event.ts";
import { type Instant, since } from "../core/time.ts";

export type ClaimStatus = {
  readonly interface: string;
  readonly address: IpAddress;
  readonly mac: string;
  /** How often, as far as it was told. */
  readonly count: number;
  readonly lastSeconds: number;
};

export type Claimed = {
  readonly see: (event: Event) => void;
  /** The latest last. */
  readonly list: (now: Instant) => readonly ClaimStatus[];
};

/** So many are remembered; the one that was silent for longest makes room. */
const MOST = 32;

export function claimed(): Claimed {
  const known = new Map<string, Omit<ClaimStatus, "lastSeconds"> & { readonly last: Instant }>();
  return {
    see({ at, seen }) {
      if (seen.type !== "addressClaimed") return;
      const { interface: iface, address, mac, count } = seen;
      const key = `${iface} ${address} ${mac}`;
      const before = known.get(key)?.count ?? 0;
      known.delete(key);
      known.set(key, { interface: iface, address, mac, count: before + count, last: at });
      const [oldest] = known.keys();
      if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    },
    list: (now) => [...known.values()].map(({ last, ...rest }) => ({ ...rest, lastSeconds: since(last, now) / 1e6 })),
  };
}
