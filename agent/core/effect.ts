// What can be wanted, as values addressed to the world. The order inside one turn is part of the
// contract: the advertisement first, because the LAN waits for it; the announcement last, because
// it points at addresses that must be there.

import type { Family, IpAddress } from "./address.ts";
import type { HookConfig, RouterKey, VirtualAddress } from "./config.ts";
import type { Path } from "./path.ts";
import type { Reason } from "./reason.ts";
import type { Instant } from "./time.ts";

/** What hooks and FIFOs are told, in Keepalived's words. */
export const NOTICES = [
  "MASTER",
  "BACKUP",
  "FAULT",
  "STOP",
  "DELETED",
  "MASTER_RX_LOWER_PRI",
  "MASTER_PRIORITY",
  "BACKUP_PRIORITY",
] as const;
export type NoticeWord = (typeof NOTICES)[number];

/** Who held the addresses as far as this router knew. */
export type KnownMaster = { readonly address: IpAddress; readonly priority: number; readonly self: boolean };

/** One step of the way that led to something, the oldest first. */
export type Cause = { readonly at: Instant; readonly what: string };

/** Something that happened to one instance or group, with all that can be said about it. */
export type Notice = {
  readonly at: Instant;
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
  readonly word: NoticeWord;
  /** The router it happened to; of a group the member that brought it about. */
  readonly router: RouterKey;
  /** The sync group of an instance, if it is in one. */
  readonly group: string | null;
  readonly from: "initialize" | "backup" | "master" | "fault";
  readonly to: "initialize" | "backup" | "master" | "fault";
  readonly because: Reason;
  readonly cause: readonly Cause[];
  /** Of a group: 0, as Keepalived has it. */
  readonly priority: number;
  readonly basePriority: number;
  readonly interface: string;
  readonly family: Family;
  readonly vrid: number;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  readonly masterBefore: KnownMaster | null;
  readonly masterAfter: KnownMaster | null;
  readonly hooks: HookConfig;
};

export type Effect =
  | {
      readonly type: "sendAdvert";
      readonly router: RouterKey;
      /** 0..255; PRIORITY_STOP to resign. */
      readonly priority: number;
      readonly source: IpAddress;
    }
  | { readonly type: "addAddresses"; readonly router: RouterKey; readonly addresses: readonly VirtualAddress[] }
  | { readonly type: "removeAddresses"; readonly router: RouterKey; readonly addresses: readonly VirtualAddress[] }
  /** Routes and rules, in the order given; after the addresses they need. */
  | { readonly type: "addPaths"; readonly router: RouterKey; readonly paths: readonly Path[] }
  /** Before the addresses they need, and rules before the routes. */
  | { readonly type: "removePaths"; readonly router: RouterKey; readonly paths: readonly Path[] }
  | {
      readonly type: "announce";
      readonly router: RouterKey;
      readonly addresses: readonly VirtualAddress[];
      /** How many rounds; each covers every address once. */
      readonly rounds: number;
    }
  /** Before the addresses of these routers come or go: they wait for it as long as its policy says. */
  | {
      readonly type: "prepare";
      readonly router: RouterKey;
      readonly holds: readonly RouterKey[];
      readonly notice: Notice;
    }
  /** After them. */
  | { readonly type: "notify"; readonly router: RouterKey; readonly notice: Notice };

export type EffectType = Effect["type"];

/**
 * Between routers, what the LAN waits for goes first, and what is let go goes before what is taken
 * up, so that an address can move from one router to another in one turn.
 */
export function inOrder(effects: readonly Effect[]): readonly Effect[] {
  if (effects.length < 2) return effects;
  const rank = {
    sendAdvert: 0,
    prepare: 1,
    removePaths: 1,
    removeAddresses: 2,
    addAddresses: 3,
    addPaths: 4,
    announce: 5,
    notify: 6,
  } as const;
  return effects.toSorted((a, b) => rank[a.type] - rank[b.type]);
}
