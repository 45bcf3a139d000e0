// The interfaces of this machine and what they carry, kept current by the kernel's messages.
//
// The addresses of a link stand in the kernel's own order, because the first one that is not
// virtual is the primary address (RFC 5798 §1.3), and because another reader of the kernel
// must see the same one. The kernel does not tell an order with an event, so it is worked out.

import { familyOf, type IpAddress } from "../core/address.ts";
import type { InterfaceAddress, InterfaceChange, InterfaceState } from "../kernel.ts";
import {
  type AddressMessage,
  IFA_F_DADFAILED,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  type LinkMessage,
  type NetlinkMessage,
} from "./netlink.ts";

const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

type Entry = InterfaceAddress & {
  readonly ipv6: boolean;
  readonly secondary: boolean;
  /** Duplicate address detection has failed. */
  readonly duplicate: boolean;
  /** RT_SCOPE_*: the larger the narrower. */
  readonly scope: number;
};
type Row = Omit<InterfaceState, "addresses"> & { readonly addresses: readonly Entry[] };

/** All interfaces, by name and by number; and the numbers of those that have another name now, by the one they had. */
export type InterfaceTable = {
  readonly byName: Map<string, Row>;
  readonly nameOf: Map<number, string>;
  readonly renamed: Map<string, number>;
};

/** A table that knows of nothing. */
export const emptyTable = (): InterfaceTable => ({ byName: new Map(), nameOf: new Map(), renamed: new Map() });

/**
 * Takes messages in, in their order, and tells what changed by them. Addresses of one interface are told
 * together, as long as none of them came and went and one asked for all that went. One whose usability changed counts as added.
 */
export function applyMessages(
  table: InterfaceTable,
  messages: readonly NetlinkMessage[],
  nameOf: (port: number) => string = () => "",
): InterfaceChange[] {
  const changes = changeList(nameOf);
  let draft: Draft | undefined;
  for (const message of messages) {
    if (message.type === "address") {
      const name = table.nameOf.get(message.index);
      if (draft !== undefined && draft.name !== name) draft = finish(table, draft);
      draft ??= begin(table, name);
      if (draft !== undefined) applyAddress(draft, message, changes);
      continue;
    }
    draft = finish(table, draft);
    if (message.type === "link") applyLink(table, message, changes);
  }
  finish(table, draft);
  return changes.list;
}

/** The addresses of one interface while messages about them are taken in: one copy for all of them. */
type Draft = { readonly name: string; readonly addresses: Entry[]; readonly known: Known };

/** What there is of each address, whatever its prefix, so that none of thousands has to be looked for. */
type Known = Map<IpAddress, readonly Entry[]>;

const indexes = new WeakMap<readonly Entry[], Known>();

function begin(table: InterfaceTable, name: string | undefined): Draft | undefined {
  const row = name === undefined ? undefined : table.byName.get(name);
  if (row === undefined) return undefined;
  const known = indexes.get(row.addresses) ?? indexOf(row.addresses);
  indexes.delete(row.addresses);
  return { name: row.name, addresses: [...row.addresses], known };
}

function indexOf(entries: readonly Entry[]): Known {
  const known: Known = new Map();
  for (const entry of entries) known.set(entry.address, [...(known.get(entry.address) ?? []), entry]);
  return known;
}

function finish(table: InterfaceTable, draft: Draft | undefined): undefined {
  const row = draft === undefined ? undefined : table.byName.get(draft.name);
  if (draft === undefined || row === undefined) return;
  indexes.set(draft.addresses, draft.known);
  put(table, { ...row, addresses: draft.addresses });
}

/** Makes `table` equal to `fresh`, and tells what that changed: for when messages were lost. */
export function reconcile(table: InterfaceTable, fresh: InterfaceTable): InterfaceChange[] {
  const changes = changeList();
  for (const row of [...table.byName.values()])
    if (fresh.byName.get(row.name)?.index !== row.index) {
      const lives = fresh.nameOf.has(row.index);
      (lives ? forget : bury)(table, row, changes);
      if (lives) table.renamed.set(row.name, row.index);
    }
  for (const row of fresh.byName.values()) reconcileRow(table, row, changes);
  return changes.list;
}

function reconcileRow(table: InterfaceTable, row: Row, changes: Changes): void {
  const old = table.byName.get(row.name);
  const before = old?.addresses ?? [];
  put(table, row);
  if (old === undefined || !sameLink(old, row)) changes.link(row);
  const [known, there] = [indexOf(before), indexOf(row.addresses)];
  for (const { address } of before) if (!there.has(address)) changes.removed(row.name, address);
  for (const entry of row.addresses) {
    const were = known.get(entry.address);
    if (were?.some((one) => same(one, entry)) !== true) changes.added(row.name, entry.address);
    if (entry.duplicate && were?.some(({ duplicate }) => duplicate) !== true)
      changes.duplicate(row.name, entry.address);
  }
}

type Changes = {
  readonly list: InterfaceChange[];
  readonly link: (row: Pick<Row, "name" | "index" | "up">) => void;
  readonly added: (name: string, address: IpAddress) => void;
  readonly removed: (name: string, address: IpAddress, port?: number) => void;
  readonly duplicate: (name: string, address: IpAddress) => void;
};

type Group = { type: "addresses"; name: string; added: IpAddress[]; removed: IpAddress[]; by?: string };

function changeList(nameOf: (port: number) => string = () => ""): Changes {
  const list: InterfaceChange[] = [];
  let open: Group | undefined;
  let asker = { port: 0, name: "" };
  const group = (name: string, address: IpAddress, opposite: "added" | "removed") => {
    if (open?.name === name && !open[opposite].includes(address)) return open;
    open = { type: "addresses", name, added: [], removed: [] };
    list.push(open);
    return open;
  };
  return {
    list,
    link({ name, index, up }) {
      open = undefined;
      list.push({ type: "link", name, index, up });
    },
    duplicate(name, address) {
      open = undefined;
      list.push({ type: "duplicate", name, address });
    },
    added: (name, address) => void group(name, address, "removed").added.push(address),
    removed(name, address, port = 0) {
      if (asker.port !== port) asker = { port, name: nameOf(port) };
      if (open !== undefined && open.removed.length > 0 && (open.by ?? "") !== asker.name) open = undefined;
      const change = group(name, address, "added");
      change.removed.push(address);
      if (asker.name !== "") change.by = asker.name;
    },
  };
}

function put(table: InterfaceTable, row: Row): void {
  table.byName.set(row.name, row);
  table.nameOf.set(row.index, row.name);
  table.renamed.delete(row.name);
}

/** An interface is gone under this name: its addresses went with it, for all who know it by that. */
function forget(table: InterfaceTable, row: Row, changes: Changes): void {
  table.byName.delete(row.name);
  if (table.nameOf.get(row.index) === row.name) table.nameOf.delete(row.index);
  for (const { address } of row.addresses) changes.removed(row.name, address);
  changes.link({ name: row.name, index: 0, up: false });
}

/** It is gone under every name it had. */
function bury(table: InterfaceTable, row: Row, changes: Changes): void {
  forget(table, row, changes);
  for (const [name, index] of table.renamed) if (index === row.index) table.renamed.delete(name);
}

const sameLink = (a: Row, b: Row): boolean =>
  a.index === b.index && a.up === b.up && a.mtu === b.mtu && Buffer.compare(a.mac, b.mac) === 0;

const uponOf = ({ kind, parent, mode }: LinkMessage): InterfaceState["upon"] =>
  parent === 0 ? null : { kind, parent, mode };

function applyLink(table: InterfaceTable, message: LinkMessage, changes: Changes): void {
  const { index, name, mac, mtu, flags } = message;
  const formerName = table.nameOf.get(index);
  const former = formerName === undefined ? undefined : table.byName.get(formerName);
  if (message.gone) {
    if (former !== undefined) bury(table, former, changes);
    return;
  }
  const up = (flags & (IFF_UP | IFF_RUNNING)) === (IFF_UP | IFF_RUNNING);
  const row: Row = { name, index, mac, mtu, up, upon: uponOf(message), addresses: former?.addresses ?? [] };
  if (former?.name === name) {
    put(table, row);
    if (!sameLink(former, row)) changes.link(row);
    return;
  }
  // A new name: for everybody who knows it by the old one, that interface is gone. What was put there is still there.
  if (former !== undefined) {
    forget(table, former, changes);
    table.renamed.set(former.name, index);
  }
  const displaced = table.byName.get(name);
  if (displaced !== undefined) bury(table, displaced, changes);
  put(table, row);
  changes.link(row);
  for (const { address } of row.addresses) changes.added(name, address);
}

const same = (a: Entry, b: Entry): boolean =>
  a.address === b.address && a.prefixLength === b.prefixLength && a.usable === b.usable;

function applyAddress({ name, addresses, known }: Draft, message: AddressMessage, changes: Changes): void {
  const { address, prefixLength, flags, scope, protocol } = message;
  const same = known.get(address) ?? [];
  const old = same.find((entry) => entry.prefixLength === prefixLength);
  const others = same.filter((entry) => entry !== old);
  if (message.gone) {
    if (old === undefined) return;
    addresses.splice(addresses.indexOf(old), 1);
    if (others.length > 0) known.set(address, others);
    else known.delete(address);
    if (others.length === 0) changes.removed(name, address, message.port);
    return;
  }
  const entry: Entry = {
    address,
    prefixLength,
    protocol,
    usable: (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) === 0,
    ipv6: familyOf(address) === "ipv6",
    secondary: (flags & IFA_F_SECONDARY) !== 0,
    duplicate: (flags & IFA_F_DADFAILED) !== 0,
    scope,
  };
  known.set(address, [...others, entry]);
  place(addresses, entry, old);
  if (old === undefined || old.usable !== entry.usable) changes.added(name, address);
  if (entry.duplicate && old?.duplicate !== true) changes.duplicate(name, address);
}

/** An address that is known stays where it stands, unless it was promoted from secondary: then it moves. */
function place(entries: Entry[], entry: Entry, old: Entry | undefined): void {
  const at = old === undefined ? -1 : entries.indexOf(old);
  if (at >= 0 && old?.secondary === entry.secondary) {
    entries[at] = entry;
    return;
  }
  if (at >= 0) entries.splice(at, 1);
  entries.splice(placeOf(entries, entry), 0, entry);
}

/**
 * Where the kernel puts a new address. IPv4: secondary ones last; a primary one behind the last primary one
 * whose scope is not wider. IPv6: behind those whose scope is not narrower; kernels of some years ago list the newest
 * of equals first, which only the next dump would show. All IPv4 addresses are listed before all IPv6 ones.
 */
function placeOf(entries: readonly Entry[], entry: Entry): number {
  const ipv4Count = entries.findLastIndex((known) => !known.ipv6) + 1;
  if (entry.ipv6)
    return Math.max(ipv4Count, 1 + entries.findLastIndex((known) => known.ipv6 && known.scope <= entry.scope));
  if (entry.secondary) return ipv4Count;
  return 1 + entries.findLastIndex((known) => !known.ipv6 && !known.secondary && known.scope >= entry.scope);
}
