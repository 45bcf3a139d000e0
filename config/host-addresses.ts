// Virtual addresses beside the addresses that an interface has as its own.

import { bytesOf, type Family, familyOf, type IpAddress } from "../agent/core/address.ts";
import { networkOf } from "../agent/core/path.ts";
import type { DeclaredAddress, DeclaredInstance } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import type { Host, OwnAddress } from "./host-facts.ts";

/** An address of an instance and the interface it goes to. */
type Placed = { readonly instance: DeclaredInstance; readonly declared: DeclaredAddress; readonly dev: string };

/** The networks that an interface has of one family, with their bytes, and as people write them. */
type Networks = { readonly known: readonly (OwnAddress & { readonly bytes: Uint8Array })[]; readonly text: string };
type NetworksOf = (dev: string, family: Family) => Networks;

/** Reports addresses that will not work as they seem to. */
export function checkAddresses(instances: readonly DeclaredInstance[], host: Host, report: Report): void {
  if (host.addressesOf === undefined) return;
  const addressesOf = onceEach(host.addressesOf);
  const placed = instances.flatMap((instance) =>
    [...instance.addresses, ...instance.excluded].flatMap((declared): readonly Placed[] => {
      const dev = declared.dev ?? instance.interface;
      return dev === null ? NONE : [{ instance, declared, dev }];
    }),
  );
  const virtual = new Set(placed.map(({ declared, dev }) => `${declared.address}%${dev}`));
  // What this daemon has put there already is not the interface's own.
  const ownOf = onceEach((dev) =>
    (addressesOf(dev) ?? NONE).filter(({ address }) => !virtual.has(`${address}%${dev}`)),
  );
  const ipv4 = onceEach((dev) => networksIn(ownOf(dev), "ipv4"));
  const ipv6 = onceEach((dev) => networksIn(ownOf(dev), "ipv6"));
  const networksOf: NetworksOf = (dev, family) => (family === "ipv4" ? ipv4(dev) : ipv6(dev));
  for (const one of placed) outside(one, networksOf, report);
  siblings(placed, networksOf, host, report);
  const there = onceEach((dev) => setOf(addressesOf(dev)));
  for (const instance of instances) owner(instance, there, report);
}

const NONE: readonly never[] = [];

const setOf = (own: readonly OwnAddress[] | undefined): ReadonlySet<IpAddress> | undefined =>
  own && new Set(own.map(({ address }) => address));

/** Asks once for each interface. */
function onceEach<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, { readonly answer: T }>();
  return (name) => {
    const told = known.get(name) ?? { answer: ask(name) };
    known.set(name, told);
    return told.answer;
  };
}

function networksIn(own: readonly OwnAddress[], family: Family): Networks {
  const found = own.filter(({ address }) => familyOf(address) === family && !/^fe80:/.test(address));
  const text = found.map((one) => `${one.address}/${one.prefixLength}`).join(", ");
  return { known: found.map((one) => ({ ...one, bytes: bytesOf(one.address) })), text };
}

const fullLength = (address: IpAddress): number => (familyOf(address) === "ipv4" ? 32 : 128);

/** Whether two addresses of one family agree in their first bits. */
function agree(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - rest) === 0;
}

function outside({ instance, declared, dev }: Placed, networksOf: NetworksOf, report: Report): void {
  const { address, peer, place } = declared;
  // On an interface of its own, or point to point, there is no network to be outside of.
  if (instance.vmac !== null || peer !== null || address.startsWith("fe80:")) return;
  const { known, text } = networksOf(dev, familyOf(address));
  if (known.length === 0) return;
  const bytes = bytesOf(address);
  if (known.some((mine) => agree(mine.bytes, bytes, mine.prefixLength))) return;
  report(
    problem(
      "H0507",
      place,
      `${address} is in no network of ${dev}, which has ${text}`,
      "correct the address, name another interface with dev, or give the interface an address in that network",
    ),
  );
}

/** Linux makes the second address of a network secondary, and removes it with the first, unless it promotes it. */
function siblings(
  placed: readonly Placed[],
  networksOf: NetworksOf,
  { promotesSecondaries }: Host,
  report: Report,
): void {
  const primaries = new Map<string, Placed>();
  const promotes = onceEach((dev) => promotesSecondaries?.(dev) === true);
  for (const one of placed) {
    const { address, prefixLength, place } = one.declared;
    if (familyOf(address) !== "ipv4" || prefixLength >= fullLength(address)) continue;
    if (one.instance.promoteSecondaries || one.instance.vmac !== null || promotes(one.dev)) continue;
    const bytes = bytesOf(address);
    // The interface's own address is the primary one then, and stays.
    const { known } = networksOf(one.dev, "ipv4");
    if (known.some((own) => own.prefixLength === prefixLength && agree(own.bytes, bytes, prefixLength))) continue;
    const key = `${one.dev}/${networkOf({ address, length: prefixLength }).address}/${prefixLength}`;
    const primary = primaries.get(key);
    if (primary === undefined) primaries.set(key, one);
    else
      report(
        problem(
          "H0508",
          place,
          `${address} goes from ${one.dev} when ${primary.declared.address} goes: they share a network of which ${one.dev} has no address of its own`,
          `write ${address}/32, or promote_secondaries`,
          [noteAt(primary.declared.place, "this one becomes the primary address")],
        ),
      );
  }
}

function owner(
  { name, priority, priorityPlace, interface: iface, addresses }: DeclaredInstance,
  there: (dev: string) => ReadonlySet<IpAddress> | undefined,
  report: Report,
): void {
  if (priority !== 255 || iface === null || there(iface) === undefined) return;
  const missing = addresses.find(({ address, dev }) => there(dev ?? iface)?.has(address) !== true);
  if (missing !== undefined)
    report(
      problem(
        "H0509",
        priorityPlace,
        `${name} has priority 255, the owner's, and ${missing.address} is not on ${missing.dev ?? iface}`,
        "write a priority below 255, or give the interface the address",
        [noteAt(missing.place, "this address")],
      ),
    );
}
