// Types only: what a configuration declares, still in its own terms. Names are resolved and
// defaults filled in, Keepalived's documented corrections are made; positions stay for later checks.

import type { Family, IpAddress } from "../agent/core/address.ts";
import type { HookPolicy, Webhook } from "../agent/core/config.ts";
import type { Duration } from "../agent/core/time.ts";
import type { DeclaredCheck, DeclaredHysteresis } from "./declared-checks.ts";
import type { DeclaredNotify, DeclaredServices } from "./declared-services.ts";
import type { Place } from "./source.ts";
import type { CommandLine } from "./values.ts";

/** One line of a block of addresses, A13 of the language. */
export type DeclaredAddress = {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly peer: { readonly address: IpAddress; readonly prefixLength: number } | null;
  /** Null: the instance's own interface, or default_interface. */
  readonly dev: string | null;
  readonly broadcast: IpAddress | null;
  readonly label: string;
  readonly scope: number;
  readonly noTrack: boolean;
  readonly home: boolean;
  readonly dad: boolean;
  readonly mngtmpaddr: boolean;
  readonly noprefixroute: boolean;
  readonly autojoin: boolean;
  /** Seconds or forever; null for the default: 0 for a /128, else forever. */
  readonly preferredLft: number | "forever" | null;
  readonly useVmac: boolean;
  readonly trackGroup: string | null;
  /** What happens when somebody else takes it away; null for the instance's own word. */
  readonly onLoss: OnLoss | null;
  /** Whether the line says a prefix length. */
  readonly explicitLength: boolean;
  readonly place: Place;
};

export type OnLoss = "restore" | "failover" | "ignore";

export type DeclaredPeer = {
  readonly address: IpAddress;
  readonly minTtl: number | null;
  readonly maxTtl: number | null;
  readonly place: Place;
};

/** A route or rule: its options in the order of the line, checked. */
export type DeclaredLine = {
  readonly options: readonly DeclaredOption[];
  readonly noTrack: boolean;
  readonly place: Place;
};

export type DeclaredOption = { readonly name: string; readonly values: readonly string[] };

/** A reference to something tracked. */
export type DeclaredTrack = {
  readonly name: string;
  /** As given on the line, else the tracked thing's own. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly place: Place;
};

export type DeclaredTracks = {
  readonly interfaces: readonly DeclaredTrack[];
  readonly scripts: readonly DeclaredTrack[];
  readonly files: readonly DeclaredTrack[];
  readonly processes: readonly DeclaredTrack[];
  readonly bfds: readonly DeclaredTrack[];
  readonly checks: readonly DeclaredTrack[];
};

/** A check that is asked before addresses are taken, and what a bad answer means. */
export type DeclaredWitness = {
  readonly name: string;
  readonly policy: "veto" | "release" | "advisory";
  readonly place: Place;
};

export const HOOKS = ["master", "backup", "fault", "stop", "generic", "deleted", "master_rx_lower_pri"] as const;
export type Hook = (typeof HOOKS)[number];

export type DeclaredHooks = { readonly [hook in Hook]: CommandLine | null };

export type DeclaredAnnounce = {
  readonly masterDelay: number;
  readonly masterRepeat: number;
  readonly refresh: number;
  readonly refreshRepeat: number;
  readonly lowerPriorityDelay: number;
  readonly lowerPriorityRepeat: number;
};

/** Announcements on other interfaces than the instance's, every so many seconds; 0 for none. */
export type DeclaredExtra = { readonly every: number; readonly all: boolean };

/** Shortest times between announcements, in seconds; null where the group says nothing. */
export type DeclaredGarpGroup = {
  readonly garpInterval: number | null;
  readonly gnaInterval: number | null;
  readonly interfaces: readonly string[];
};

export type DeclaredVmac = {
  readonly kind: "macvlan" | "ipvlan";
  /** The interface made; the default name is prefix.VRID, with a 6 behind the prefix when the plain one is taken by IPv4. */
  readonly name: string;
  readonly xmitBase: boolean;
  /** Five or six octets as written; null for the virtual router's own. */
  readonly mac: string | null;
  /** The group of links it is put into; 0 when none is named. */
  readonly group: number;
  readonly place: Place;
};

export type DeclaredInstance = {
  readonly name: string;
  readonly place: Place;
  readonly state: "MASTER" | "BACKUP";
  readonly interface: string | null;
  readonly interfacePlace: Place;
  readonly vrid: number | null;
  readonly priority: number;
  readonly priorityPlace: Place;
  readonly adverInterval: Duration;
  readonly intervalPlace: Place;
  readonly version: 2 | 3;
  readonly versionPlace: Place;
  readonly family: Family;
  readonly preempt: boolean;
  readonly preemptDelay: Duration;
  readonly downTimerAdverts: number;
  readonly authentication: { readonly type: "PASS" | "AH"; readonly password: string; readonly place: Place } | null;
  readonly strict: boolean;
  readonly accept: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly dontTrackPrimary: boolean;
  readonly promoteSecondaries: boolean;
  readonly v3ChecksumAsV2: boolean;
  readonly strictChecksum: boolean;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  /** The priority of the strongest neighbour that may have taken over; null: never mind. */
  readonly timerExpiredBackup: number | null;
  readonly addresses: readonly DeclaredAddress[];
  readonly excluded: readonly DeclaredAddress[];
  readonly source: IpAddress | null;
  readonly sourcePlace: Place;
  readonly trackSource: boolean;
  readonly unicast: boolean;
  readonly peers: readonly DeclaredPeer[];
  readonly unicastTtl: number;
  readonly checkSource: boolean;
  /** mcast_dst_ip; null for the global group. */
  readonly multicastGroup: IpAddress | null;
  readonly vmac: DeclaredVmac | null;
  /** Addresses on other interfaces have virtual MACs there. */
  readonly useVmacAddr: boolean;
  readonly routes: readonly DeclaredLine[];
  readonly rules: readonly DeclaredLine[];
  readonly tracks: DeclaredTracks;
  readonly hooks: DeclaredHooks;
  readonly smtpAlert: boolean;
  readonly announce: DeclaredAnnounce;
  readonly extra: DeclaredExtra;
  /** The name of its sync group. */
  readonly group: string | null;
  readonly onLoss: OnLoss;
  readonly fastHandover: boolean;
  readonly priorityChange: "immediate" | "next_advert";
  readonly maxFailovers: { readonly count: number; readonly window: Duration } | null;
  readonly witnesses: readonly DeclaredWitness[];
} & DeclaredHookExtras;

/** What heird adds to the hooks of instances and groups. */
export type DeclaredHookExtras = {
  readonly preMaster: CommandLine | null;
  readonly preBackup: CommandLine | null;
  readonly saysDeleted: boolean;
  /** Null: as global_defs says. */
  readonly priorityChanges: boolean | null;
  readonly hookPolicy: HookPolicy;
  readonly webhooks: readonly Webhook[];
};

export type DeclaredGroup = {
  readonly name: string;
  readonly place: Place;
  readonly members: readonly string[];
  readonly tracks: DeclaredTracks;
  readonly hooks: DeclaredHooks;
  readonly smtpAlert: boolean;
  readonly trackingWeight: boolean;
} & DeclaredHookExtras;

export type DeclaredScript = {
  readonly name: string;
  readonly place: Place;
  readonly command: CommandLine;
  readonly interval: Duration;
  /** Null: the interval. */
  readonly timeout: Duration | null;
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly user: string | null;
  readonly group: string | null;
  readonly initFail: boolean;
  readonly hysteresis: DeclaredHysteresis;
};

export type DeclaredFile = {
  readonly name: string;
  readonly place: Place;
  readonly path: string;
  readonly weight: number;
  readonly reverse: boolean;
  readonly init: { readonly value: number; readonly overwrite: boolean } | null;
};

export type DeclaredProcess = {
  readonly name: string;
  readonly place: Place;
  readonly process: readonly string[];
  readonly paramMatch: "initial" | "partial" | null;
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorum: number;
  readonly quorumMax: number | null;
  readonly forkDelay: Duration;
  readonly terminateDelay: Duration;
  readonly fullCommand: boolean;
};

export type DeclaredBfd = {
  readonly name: string;
  readonly place: Place;
  readonly weight: number;
  readonly reverse: boolean;
};

export type DeclaredLinkDelays = { readonly down: Duration; readonly up: Duration; readonly place: Place };

export type DeclaredGlobals = {
  readonly routerId: string | null;
  readonly version: 2 | 3;
  readonly strict: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly announce: Partial<DeclaredAnnounce>;
  readonly minGarp: boolean;
  readonly garpInterval: number;
  readonly gnaInterval: number;
  readonly extra: DeclaredExtra | null;
  readonly v3ChecksumAsV2: boolean;
  readonly strictChecksum: boolean;
  readonly checkUnicastSource: boolean;
  readonly logUnknownVrids: boolean;
  readonly netNamespace: string | null;
  readonly instance: string | null;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  readonly downTimerAdverts: number;
  readonly startupDelay: Duration;
  readonly delayAfterBoot: Duration;
  readonly linkDelays: Readonly<Record<string, DeclaredLinkDelays>>;
  readonly group4: IpAddress | null;
  readonly group6: IpAddress | null;
  readonly defaultInterface: string;
  readonly dynamicInterfaces: boolean;
  readonly smtpAlert: boolean;
  readonly smtpServer: string | null;
  readonly scriptUser: readonly string[] | null;
  readonly scriptSecurity: boolean;
  readonly notifyFifo: string | null;
  readonly vrrpNotifyFifo: string | null;
  readonly vmacPrefix: string;
  readonly vmacAddrPrefix: string;
  readonly filter: { readonly table: string; readonly priority: number; readonly counters: boolean };
  readonly onLoss: OnLoss;
  readonly priorityChange: "immediate" | "next_advert";
  readonly hookPolicy: HookPolicy;
  readonly webhooks: readonly Webhook[];
  readonly priorityChanges: boolean;
  readonly notify: DeclaredNotify;
  /** All that global_defs runs. */
  readonly programs: readonly CommandLine[];
};

export type Declaration = {
  readonly globals: DeclaredGlobals;
  readonly instances: readonly DeclaredInstance[];
  readonly groups: readonly DeclaredGroup[];
  readonly scripts: readonly DeclaredScript[];
  readonly files: readonly DeclaredFile[];
  readonly processes: readonly DeclaredProcess[];
  readonly bfds: readonly DeclaredBfd[];
  readonly checks: readonly DeclaredCheck[];
  readonly garpGroups: readonly DeclaredGarpGroup[];
  readonly services: DeclaredServices;
  readonly statics: {
    readonly addresses: readonly DeclaredAddress[];
    readonly routes: readonly DeclaredLine[];
    readonly rules: readonly DeclaredLine[];
  };
};
