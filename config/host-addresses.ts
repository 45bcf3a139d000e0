// Virtual addresses beside the addresses that an interface has as its own.

import { bytesOf, familyOf, type IpAddress } from "../agent/core/address.ts";
import type { DeclaredAddress, DeclaredInstance } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import type { Host, OwnAddress } from "./host-facts.ts";

/** An address of an instance and the interface it goes to. */
type Placed = { readonly instance: DeclaredInstance; readonly declared: DeclaredAddress; readonly dev: string };

/** Reports addresses that will not work as they seem to. */
export function checkAddresses(instances: readonly DeclaredInstance[], host: Host, report: Report): void {
  if (host.addressesOf === undefined) return;
  const addressesOf = onceEach(host.addressesOf);
  const placed = instances.flatMap((instance) =>
    [...instance.addresses, ...instance.excluded].flatMap((declared): readonly Placed[] => {
      const dev = declared.dev ?? instance.interface;
      return dev === null ? [] : [{ instance, declared, dev }];
    }),
  );
  const virtual = new Set(placed.map(({ declared, dev }) => `${declared.address}%${dev}`));
  // What this daemon has put there already is not the interface's own.
  const ownOn = onceEach((dev) => (addressesOf(dev) ?? []).filter(({ address }) => !virtual.has(`${address}%${dev}`)));
  const ownOf = (dev: string): readonly OwnAddress[] => ownOn(dev) ?? [];
  for (const one of placed) outside(one, ownOf(one.dev), report);
  siblings(placed, ownOf, host, report);
  for (const instance of instances) owner(instance, addressesOf, report);
}

/** Asks the machine once for each interface. */
function onceEach(ask: NonNullable<Host["addressesOf"]>): NonNullable<Host["addressesOf"]> {
  const known = new Map<string, readonly OwnAddress[] | undefined>();
  return (name) => {
    if (!known.has(name)) known.set(name, ask(name));
    return known.get(name);
  };
}

const fullLength = (address: IpAddress): number => (familyOf(address) === "ipv4" ? 32 : 128);

/** The first bits of an address, as text. */
export function networkOf(address: IpAddress, length: number): string {
  const bits = [...bytesOf(address)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return `${familyOf(address)}/${bits.slice(0, length)}`;
}

function outside({ instance, declared, dev }: Placed, own: readonly OwnAddress[], report: Report): void {
  const { address, peer, place } = declared;
  // On an interface of its own, or point to point, there is no network to be outside of.
  if (instance.vmac !== null || peer !== null) return;
  const family = own.filter((one) => familyOf(one.address) === familyOf(address) && !/^fe80:/.test(one.address));
  if (family.length === 0 || /^fe80:/.test(address)) return;
  const inside = family.some(
    ({ address: mine, prefixLength }) => networkOf(mine, prefixLength) === networkOf(address, prefixLength),
  );
  if (inside) return;
  const networks = family.map((one) => `${one.address}/${one.prefixLength}`).join(", ");
  report(
    problem(
      "H0507",
      place,
      `${address} is in no network of ${dev}, which has ${networks}`,
      "correct the address, name another interface with dev, or give the interface an address in that network",
    ),
  );
}

/** Linux makes the second address of a network secondary, and removes it with the first, unless it promotes it. */
function siblings(
  placed: readonly Placed[],
  ownOf: (dev: string) => readonly OwnAddress[],
  { promotesSecondaries }: Host,
  report: Report,
): void {
  const primaries = new Map<string, Placed>();
  for (const one of placed) {
    const { address, prefixLength, place } = one.declared;
    if (familyOf(address) !== "ipv4" || prefixLength >= fullLength(address)) continue;
    if (one.instance.promoteSecondaries || one.instance.vmac !== null || promotesSecondaries?.(one.dev) === true)
      continue;
    const network = networkOf(address, prefixLength);
    // The interface's own address is the primary one then, and stays.
    if (
      ownOf(one.dev).some(
        (own) => own.prefixLength === prefixLength && networkOf(own.address, prefixLength) === network,
      )
    )
      continue;
    const key = `${one.dev}/${network}`;
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
  addressesOf: NonNullable<Host["addressesOf"]>,
  report: Report,
): void {
  if (priority !== 255 || iface === null) return;
  const there = addressesOf(iface);
  if (there === undefined) return;
  const missing = addresses.find(({ address, dev }) =>
    (dev === null || dev === iface ? there : (addressesOf(dev) ?? [])).every((own) => own.address !== address),
  );
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
