// The interfaces of a fake kernel and what is on them: as they really are, and as the process knows
// them, which is when it has been told.

import { familyOf, type IpAddress } from "../core/address.ts";
import type { InterfaceAddress, InterfaceChange, InterfaceState, Outcome } from "../kernel.ts";
import { DONE, failure } from "./fake-outcome.ts";

export type FakeLinks = ReturnType<typeof fakeLinks>;

type Place = Pick<InterfaceAddress, "address" | "prefixLength">;

/** The interfaces of the machine of that name; says when there is something to tell, and `readNews` tells it. */
export function fakeLinks(name: string, onNews: () => void) {
  const truth = new Map<string, InterfaceState>();
  const known = new Map<string, InterfaceState>();
  const watchers = new Set<(change: InterfaceChange) => void>();
  const news: { readonly state: InterfaceState | null; readonly change: InterfaceChange }[] = [];
  let indexes = 0;

  const tell = (iface: string, state: InterfaceState | null, change: InterfaceChange): void => {
    if (state === null) truth.delete(iface);
    else truth.set(iface, state);
    news.push({ state, change });
    onNews();
  };
  return {
    known,
    watchers,
    at: (iface: string): InterfaceState | undefined => truth.get(iface),
    present: (iface: string): InterfaceState => {
      const state = truth.get(iface);
      if (state === undefined) throw new Error(`${name} has no interface ${iface}`);
      return state;
    },
    readNews: (): void => {
      for (let item = news.shift(); item !== undefined; item = news.shift()) {
        const { state, change } = item;
        if (state === null) known.delete(change.name);
        else known.set(change.name, state);
        for (const watcher of [...watchers]) watcher(change);
      }
    },
    appear: (iface: string): void => {
      indexes += 1;
      const state = {
        name: iface,
        index: indexes,
        mac: macOf(name, indexes),
        mtu: 1500,
        up: true,
        upon: null,
        addresses: [],
      };
      tell(iface, state, { type: "link", name: iface, index: indexes, up: true });
    },
    vanish: (iface: string): void => tell(iface, null, { type: "link", name: iface, index: 0, up: false }),
    setUp: (state: InterfaceState, up: boolean): void =>
      tell(state.name, { ...state, up }, { type: "link", name: state.name, index: state.index, up }),
    setMac: (state: InterfaceState, mac: Uint8Array): void =>
      tell(state.name, { ...state, mac }, { type: "link", name: state.name, index: state.index, up: state.up }),
    put: (state: InterfaceState, { address, prefixLength }: Place, protocol: number): Outcome => {
      if (prefixLength > (familyOf(address) === "ipv4" ? 32 : 128)) return failure(22);
      if (state.addresses.some((there) => isSame(there, { address, prefixLength }))) return failure(17);
      const addresses = [...state.addresses, { address, prefixLength, protocol, usable: true }];
      const { name } = state;
      tell(name, { ...state, addresses }, { type: "addresses", name, added: [address], removed: [] });
      return DONE;
    },
    take: (state: InterfaceState, own: Place): Outcome => {
      const addresses = state.addresses.filter((there) => !isSame(there, own));
      if (addresses.length === state.addresses.length) return failure(99);
      const { name } = state;
      const removed: readonly IpAddress[] = addresses.some(({ address }) => address === own.address)
        ? []
        : [own.address];
      tell(name, { ...state, addresses }, { type: "addresses", name, added: [], removed });
      return DONE;
    },
  };
}

/** IPv4 tells addresses apart by their prefix, too; IPv6 does not. */
const isSame = (a: Place, b: Place): boolean =>
  a.address === b.address && (familyOf(a.address) === "ipv6" || a.prefixLength === b.prefixLength);

/** 02: locally administered; then three letters of the name, and the number of the interface. */
const macOf = (name: string, index: number): Uint8Array =>
  Uint8Array.of(2, ...[0, 1, 2].map((i) => name.charCodeAt(i) & 0xff), 0, index);
