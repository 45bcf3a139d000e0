// Who really held each address when: read from the interfaces, which is what clients meet, and not from
// what anybody believes to be.

import type { IpAddress } from "../core/address.ts";
import type { Instant } from "../core/time.ts";
import { ADDRESS_PROTOCOL } from "../kernel.ts";
import type { Machine } from "./machine.ts";
import type { World } from "./world.ts";

/** From `from` on these held it. */
export type Tenure = { readonly from: Instant; readonly holders: readonly string[] };
export type Tenures = ReadonlyMap<IpAddress, readonly Tenure[]>;

export type Watch = { readonly look: () => void; readonly tenures: () => Tenures };

type Place = { readonly address: IpAddress; readonly interface: string };

export function watchHolders(world: World): Watch {
  const places = placesOf(world);
  const all = new Map<IpAddress, Tenure[]>([...places.keys()].map((address) => [address, []]));
  return {
    look: () => {
      for (const [address, where] of places) {
        const known = all.get(address);
        const last = known?.at(-1)?.holders;
        const holders = where.flatMap(([machine, iface]) =>
          answersFor(machine, iface, address) ? [machine.name] : [],
        );
        if (last === undefined || last.length !== holders.length || last.some((name, i) => name !== holders[i]))
          known?.push({ from: world.time.now(), holders });
      }
    },
    tenures: () => all,
  };
}

function placesOf({ machines, sites }: World): ReadonlyMap<IpAddress, readonly (readonly [Machine, string])[]> {
  const places = new Map<IpAddress, (readonly [Machine, string])[]>();
  for (const [i, { config }] of sites.entries())
    for (const { address, interface: iface } of config.routers.flatMap(
      (router): readonly Place[] => router.virtualAddresses,
    )) {
      const machine = machines[i];
      if (machine !== undefined) places.set(address, [...(places.get(address) ?? []), [machine, iface]]);
    }
  return places;
}

const answersFor = ({ kernel }: Machine, iface: string, address: IpAddress): boolean =>
  kernel.isUp(iface) &&
  kernel.truth(iface).some((there) => there.address === address && there.protocol === ADDRESS_PROTOCOL);

export type Account = {
  readonly address: IpAddress;
  /** Who held it in the end. */
  readonly holders: readonly string[];
  /** The longest time that nobody held it, and that several did, in µs. */
  readonly gap: number;
  readonly dual: number;
  /** All of the gaps together. */
  readonly gone: number;
};

/** What became of each address between two instants. */
export function accountOf(tenures: Tenures, from: Instant, to: Instant): readonly Account[] {
  return [...tenures].map(([address, known]) => {
    const spans = known.flatMap(({ from: began, holders }, i) => {
      const ended = known[i + 1]?.from ?? to;
      const span = Math.min(ended, to) - Math.max(began, from);
      return span > 0 ? [{ holders, span }] : [];
    });
    const longest = (which: (count: number) => boolean): number =>
      Math.max(0, ...spans.filter(({ holders }) => which(holders.length)).map(({ span }) => span));
    const gone = spans.filter(({ holders }) => holders.length === 0).reduce((total, { span }) => total + span, 0);
    return {
      address,
      holders: spans.at(-1)?.holders ?? [],
      gap: longest((count) => count === 0),
      dual: longest((count) => count > 1),
      gone,
    };
  });
}
