// Several files as the configurations of routers that stand beside each other: which instances of
// different files are one virtual router.

import { bytesOf, type Family, familyOf, type IpAddress } from "../agent/core/address.ts";
import type { Declaration, DeclaredAddress, DeclaredInstance } from "./declaration.ts";

export type ClusterFile = { readonly path: string; readonly declaration: Declaration };

/** One instance, and the file it stands in. */
export type Member = { readonly file: ClusterFile; readonly instance: DeclaredInstance };

/** What the files say of one virtual router: at most one instance of each file, in the order of the files. */
export type VirtualRouter = {
  readonly vrid: number;
  readonly family: Family;
  readonly members: readonly Member[];
};

/**
 * Puts together what belongs together: instances of different files with one VRID and family that
 * share an address, name each other as peers, have networks that overlap, or sit on interfaces of one
 * name. No file says which LAN an interface is on, so the strongest of these signs decides first; an
 * interface's name alone is the weakest, because eth0 of two machines need not be one LAN.
 */
export function virtualRouters(files: readonly ClusterFile[]): readonly VirtualRouter[] {
  const members = files.flatMap((file) => file.declaration.instances.map((instance): Member => ({ file, instance })));
  const byKey = new Map<string, Member[]>();
  for (const member of members) {
    const { vrid, family } = member.instance;
    if (vrid === null) continue; // without a VRID it is an error of its own file
    const key = `${family}/${vrid}`;
    byKey.set(key, [...(byKey.get(key) ?? []), member]);
  }
  const order = new Map(files.map((file, i) => [file, i]));
  const rank = ({ file }: Member): number => order.get(file) ?? 0;
  return [...byKey.values()].flatMap((alike) =>
    joined(alike).map((group) => ({
      vrid: group[0]?.instance.vrid ?? 0,
      family: group[0]?.instance.family ?? "ipv4",
      members: group.toSorted((a, b) => rank(a) - rank(b)),
    })),
  );
}

/** Joins the likeliest pairs first; a group has no file twice. */
function joined(members: readonly Member[]): readonly (readonly Member[])[] {
  const groups = new Map<Member, Member[]>(members.map((member) => [member, [member]]));
  const pairs = members.flatMap((one, i) =>
    members.slice(i + 1).map((other) => ({ one, other, likeness: likenessOf(one, other) })),
  );
  for (const { one, other } of pairs
    .filter(({ likeness }) => likeness > 0)
    .toSorted((a, b) => b.likeness - a.likeness)) {
    const [mine, theirs] = [groups.get(one) ?? [], groups.get(other) ?? []];
    const files = new Set(mine.map(({ file }) => file));
    if (mine === theirs || theirs.some(({ file }) => files.has(file))) continue;
    const both = [...mine, ...theirs];
    for (const member of both) groups.set(member, both);
  }
  return [...new Set(groups.values())];
}

function likenessOf({ file, instance: a }: Member, { file: otherFile, instance: b }: Member): number {
  if (file === otherFile) return 0;
  const addresses = new Set(a.addresses.map(({ address }) => address));
  if (b.addresses.some(({ address }) => addresses.has(address)) || namesAsPeer(a, b) || namesAsPeer(b, a)) return 4;
  const neighbours = a.addresses.some((one) => b.addresses.some((other) => overlap(one, other)));
  return (neighbours ? 2 : 0) + (a.interface !== null && a.interface === b.interface ? 1 : 0);
}

const namesAsPeer = ({ peers }: DeclaredInstance, { source }: DeclaredInstance): boolean =>
  source !== null && peers.some(({ address }) => address === source);

/** Whether two addresses are on one network, as their prefixes say. */
function overlap(a: DeclaredAddress, b: DeclaredAddress): boolean {
  const length = Math.min(a.prefixLength, b.prefixLength);
  return length > 0 && familyOf(a.address) === familyOf(b.address) && samePrefix(a.address, b.address, length);
}

function samePrefix(a: IpAddress, b: IpAddress, length: number): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  for (let bit = 0; bit < length; bit += 8) {
    const mask = (0xff00 >> Math.min(8, length - bit)) & 0xff;
    if ((((x[bit / 8] ?? 0) ^ (y[bit / 8] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
