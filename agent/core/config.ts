// What the core needs to know, lowered, which is all that config/ is for: nothing optional, and no name that may not exist.

import type { Family, IpAddress } from "./address.ts";
import type { CheckConfig } from "./check.ts";
import type { OnLoss, Path } from "./path.ts";
import type { Duration } from "./time.ts";

declare const routerKey: unique symbol;

/**
 * Names one virtual router on this machine: interface, family and VRID, as in `eth0/ipv4/51`. What
 * makes it another router than the usual one stands behind: another group, or unicast and its source.
 */
export type RouterKey = string & { readonly [routerKey]: true };

export const routerKeyOf = (iface: string, family: Family, vrid: number, ...more: readonly string[]): RouterKey =>
  [iface === "" ? "*" : iface, family, vrid, ...more].join("/") as RouterKey;

/** Priority 0 says "I resign" and stands only on the wire. RFC 5798 §5.2.4. */
export const PRIORITY_STOP = 0;
/** Priority 255 is for the router that owns the addresses. RFC 5798 §5.2.4. */
export const PRIORITY_OWNER = 255;

/** One address of a virtual router, as the kernel is asked for it. */
export type VirtualAddress = {
  readonly address: IpAddress;
  /** 0..32 or 0..128. */
  readonly prefixLength: number;
  /** The interface that carries it; mostly the router's own. */
  readonly interface: string;
  readonly broadcast: IpAddress | null;
  /** IPv4 alias name of at most 15 characters, as `eth0:1`; empty for none. */
  readonly label: string;
  /** RT_SCOPE_*: 0 global, 200 site, 253 link, 254 host, 255 nowhere. */
  readonly scope: number;
  /** The other end of a point-to-point address; null for none. */
  readonly peer: { readonly address: IpAddress; readonly prefixLength: number } | null;
  /** IFA_F_* asked for by name: home 0x10, mngtmpaddr 0x100, noprefixroute 0x200, autojoin 0x400. */
  readonly flags: number;
  /** IPv6: whether the kernel may do duplicate address detection; heird adds without, as a failover cannot wait. */
  readonly dad: boolean;
  /** Seconds it may be chosen as a source address; null for ever. */
  readonly preferredLifetime: number | null;
  /** Whether it lies on a virtual MAC of its own on that interface. */
  readonly vmac: boolean;
  /** What happens when somebody else takes it away while we are Master. */
  readonly onLoss: OnLoss;
};

export type Authentication =
  | { readonly type: "none" }
  /** RFC 2338 simple text password: its first 8 bytes, in clear on the wire. */
  | { readonly type: "pass"; readonly password: string }
  /** RFC 2338 §5.3.6.3: an IP Authentication Header with HMAC-MD5-96; the password is its key. */
  | { readonly type: "ah"; readonly password: string };

/** When and how often the addresses are announced with gratuitous ARP or unsolicited NA. */
export type AnnounceConfig = {
  /** Rounds at once on becoming Master; each round covers every address. */
  readonly masterRepeat: number;
  /** From becoming Master to the second block of `masterRepeat` rounds; 0 for no second block. */
  readonly masterDelay: Duration;
  /** Between refreshes while Master; 0 for none. */
  readonly refresh: Duration;
  readonly refreshRepeat: number;
  /** Rounds after a weaker advertisement was heard while Master. */
  readonly lowerPriorityRepeat: number;
  /** From then to a second block of them; 0 for none. */
  readonly lowerPriorityDelay: Duration;
};

/** Announcements on other interfaces than the router's own, where no advertisement keeps them in the switches' tables. */
export type ExtraAnnounce = {
  /** While Master; 0 for none. */
  readonly every: Duration;
  /** Only on virtual MACs, or on every such interface. */
  readonly on: "vmac" | "all";
};

/** How close announcements may follow each other; 0 for as close as they can be sent. */
export type Pace = {
  /** Between two gratuitous ARPs. */
  readonly arp: Duration;
  /** Between two unsolicited neighbour advertisements. */
  readonly na: Duration;
};

export type Pacing = {
  /** On each interface by itself. */
  readonly each: Pace;
  /** Interfaces that share one pace; each of them is in one group at most. */
  readonly groups: readonly (Pace & { readonly interfaces: readonly string[] })[];
};

/** How advertisements travel. */
export type Transport = {
  /** The source address asked for; null for the interface's primary one. */
  readonly source: IpAddress | null;
  /** FAULT while that source is not there (`track_src_ip`); otherwise the primary address stands in. */
  readonly trackSource: boolean;
  readonly to:
    | { readonly type: "multicast"; readonly group: IpAddress }
    | {
        readonly type: "unicast";
        /** Never sent to a group instead: a list that is empty is FAULT. */
        readonly peers: readonly Peer[];
        /** TTL or hop limit sent, 0..255. */
        readonly ttl: number;
        /** Whether senders that are no peers are refused. */
        readonly checkSource: boolean;
      };
};

export type Peer = {
  readonly address: IpAddress;
  /** Bounds of the TTL received, 0..255. */
  readonly minTtl: number;
  readonly maxTtl: number;
};

/** The interface of its own that carries a virtual MAC address: 00-00-5E-00-01-{VRID}, 02 for IPv6. RFC 5798 §7.3. */
export type Vmac = {
  readonly kind: "macvlan" | "ipvlan";
  readonly name: string;
  /** Advertisements leave and arrive on the parent, with its own MAC. */
  readonly xmitBase: boolean;
};

/** An interface that heird makes upon another for as long as it runs, so that addresses have a MAC address of their own. */
export type VirtualInterface = {
  readonly kind: "macvlan" | "ipvlan";
  readonly name: string;
  /** The interface it lies upon. */
  readonly parent: string;
  /** Six bytes as `00:00:5e:00:01:33`; an ipvlan has its parent's whatever stands here. */
  readonly mac: string;
  /** The group of links it is put into; 0 is the usual one. */
  readonly group: number;
};

/** How a virtual router treats its neighbours and itself, where the RFCs and Keepalived leave a choice. */
export type Conduct = {
  /** A weaker advertisement is not answered (RFC 5798) instead of answered at once (RFC 9568). */
  readonly lowerPriorityNoAdvert: boolean;
  /** One last advertisement before yielding, so that the winner announces again. */
  readonly higherPrioritySendAdvert: boolean;
  /** Priority 255 drops what it hears, as the RFC says; Keepalived's neighbours count on it not to. */
  readonly ownerIgnoresAdverts: boolean;
  /** Whether the interface's own link and its loss are FAULT. */
  readonly trackPrimary: boolean;
  /** `timer_expired_backup`, nopreempt only: as late as this priority would have taken over; null: never. */
  readonly timerExpiredBackup: number | null;
  /** Traffic to the virtual addresses is accepted though we are not the owner. RFC 5798 §6.1 Accept_Mode. */
  readonly accept: boolean;
  /** A changed effective priority is advertised at once instead of with the next tick (B10.10). */
  readonly tellPriorityAtOnce: boolean;
  /** A Backup that may preempt waits only Skew_Time when it hears the Master fall below its own priority. */
  readonly fastHandover: boolean;
  /** A checksum of the other form of VRRPv3 over IPv4 is refused. */
  readonly strictChecksum: boolean;
  /** Whether the addresses of a neighbour are compared with ours each time they change, or only once. */
  readonly checkAddresses: boolean;
};

/** Something whose health moves the priority; `check` names it in `AgentConfig.checks`. */
export type Track = {
  readonly check: string;
  /** -254..254; 0: being down is FAULT. B10.2. */
  readonly weight: number;
  readonly reverse: boolean;
};

/** `track_interface` names a link like a check. */
export const LINK_CHECK = "interface/";
export const linkCheck = (name: string): string => `${LINK_CHECK}${name}`;

/** A program to run: its words as they are, no shell between. */
export type HookCommand = {
  /** At least one word: the program. */
  readonly argv: readonly string[];
  /** Who runs it; null for `script_user`. */
  readonly user: string | null;
  readonly group: string | null;
};

/** What becomes of hooks that are overtaken, slow or unlucky. */
export type HookPolicy = {
  /** Every hook in order, or those that were overtaken before they began left out. */
  readonly order: "all" | "latest";
  /** Then its process group is killed. */
  readonly deadline: Duration;
  /** How often one that failed is run again. */
  readonly retries: number;
  /** Before the first of these; twice as long before each next one. */
  readonly backoff: Duration;
  /** How long pre_master and pre_backup may hold the addresses back; 0: not at all. */
  readonly preDeadline: Duration;
};

/** A URL that is told. */
export type Webhook = {
  readonly url: string;
  /** Where the key lies that signs what is posted; null for no signature. */
  readonly secretFile: string | null;
  /** Of which states: master, backup, fault, stop. */
  readonly events: readonly string[];
  readonly timeout: Duration;
  readonly retries: number;
  readonly backoff: Duration;
  /** Paths; null for the system's, or for none. */
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null };
};

/** The hook keywords of an instance or group that run a program after a change. */
export const SCRIPT_HOOKS = ["master", "backup", "fault", "stop", "generic", "deleted", "lowerPriority"] as const;
export type ScriptHook = (typeof SCRIPT_HOOKS)[number];

/** Who is told about one instance or group, and how. */
export type HookConfig = {
  readonly scripts: { readonly [hook in ScriptHook]: HookCommand | null };
  readonly preMaster: HookCommand | null;
  readonly preBackup: HookCommand | null;
  /** `notify_deleted`: an instance that a reload removes is DELETED, not FAULT. */
  readonly saysDeleted: boolean;
  /** `notify_priority_changes`: the FIFOs hear of them. */
  readonly priorityChanges: boolean;
  readonly mail: boolean;
  readonly webhooks: readonly Webhook[];
  readonly policy: HookPolicy;
};

/** A named pipe that is told every change in Keepalived's words. */
export type Fifo = {
  readonly path: string;
  readonly user: string | null;
  readonly group: string | null;
  /** Its reader, started by us; the path is its last argument. */
  readonly script: HookCommand | null;
};

/** What all hooks share. */
export type NotifyConfig = {
  readonly fifos: readonly Fifo[];
  readonly statesOnReload: boolean;
  /** `script_user`; null for keepalived_script where that user exists, else the daemon's own. */
  readonly user: string | null;
  readonly group: string | null;
  /** `enable_script_security`: root runs nothing that somebody else could change. */
  readonly security: boolean;
  readonly supplementaryGroups: boolean;
  readonly startup: { readonly command: HookCommand; readonly timeout: Duration } | null;
  readonly shutdown: { readonly command: HookCommand; readonly timeout: Duration } | null;
  /** For files that the daemon and its scripts make; null: as inherited. */
  readonly umask: number | null;
  /** Null when nobody is mailed. */
  readonly mail: MailConfig | null;
};

export type MailConfig = {
  readonly to: readonly string[];
  readonly from: string;
  readonly host: string;
  readonly port: number;
  /** The name in EHLO. */
  readonly helo: string;
  readonly timeout: Duration;
  /** Whether FAULT is mailed. */
  readonly faults: boolean;
};

export type RouterConfig = {
  readonly key: RouterKey;
  /** The name of the vrrp_instance. */
  readonly name: string;
  /** Empty for a unicast router that goes by the routing table alone. */
  readonly interface: string;
  readonly family: Family;
  /** 1..255 */
  readonly vrid: number;
  readonly version: 2 | 3;
  /** 1..255; PRIORITY_OWNER for the owner of the addresses. */
  readonly basePriority: number;
  readonly adverInterval: Duration;
  /** Of many instances: it advertises in a place of its own within the interval. */
  readonly crowded: boolean;
  /** How many intervals of silence make Master_Down_Interval; 3 in every RFC. */
  readonly downTimerAdverts: number;
  readonly preempt: boolean;
  /** How long a weaker Master is tolerated before it is preempted; 0 for not at all. */
  readonly preemptDelay: Duration;
  readonly authentication: Authentication;
  /** In an IPv4 VRRPv3 checksum: with the pseudo-header (RFC 5798 as Keepalived reads it) or without (RFC 9568). */
  readonly v3Checksum: "pseudoHeader" | "plain";
  /** Carried in the advertisement, in this order. */
  readonly virtualAddresses: readonly VirtualAddress[];
  /** Held like those, of either family, and not advertised. */
  readonly excludedAddresses: readonly VirtualAddress[];
  /** Routes and then rules that are there while Master, in this order. */
  readonly paths: readonly Path[];
  /** Whether the kernel keeps the other addresses of a subnet when the first one goes: a sysctl, for as long as the daemon runs. */
  readonly promoteSecondaries: boolean;
  readonly announce: AnnounceConfig;
  readonly extraAnnounce: ExtraAnnounce;
  readonly transport: Transport;
  /** Of the instance's own interface; addresses on other interfaces may have theirs. */
  readonly vmac: Vmac | null;
  /** That one and those. */
  readonly virtualInterfaces: readonly VirtualInterface[];
  readonly conduct: Conduct;
  /** Become Master so often in so long, then leave a weaker Master alone; null for no limit. */
  readonly maxFailovers: { readonly count: number; readonly window: Duration } | null;
  readonly tracks: readonly Track[];
  readonly hooks: HookConfig;
};

/** A vrrp_sync_group: routers that change together. */
export type GroupConfig = {
  readonly name: string;
  readonly members: readonly RouterKey[];
  readonly hooks: HookConfig;
};

export type Statics = { readonly addresses: readonly VirtualAddress[]; readonly paths: readonly Path[] };

/** Whose effects those of the statics are: no router has this key, as no interface has an empty name. */
export const STATICS = "static" as RouterKey;

/** The table of packet filter rules, when one is needed. */
export type FilterConfig = {
  readonly table: string;
  /** Of its chains among those of others; -1 is just before the usual ones. */
  readonly priority: number;
  readonly counters: boolean;
};

/** How the event log is kept. */
export type LogConfig = {
  readonly retentionBytes: number;
  readonly retentionAge: Duration;
  readonly segmentBytes: number;
  /** How far back the flight recorder holds raw input; 0: there is none. */
  readonly recorder: Duration;
  /** What of it is kept around a transition. */
  readonly recorderBefore: Duration;
  readonly recorderAfter: Duration;
};

/** The Redis that the log is shipped to. It says where its secrets are, and has none. */
export type AuditConfig = {
  /** redis://, rediss:// and unix: URLs; several are nodes of one Redis Cluster. */
  readonly redis: readonly string[];
  /** Whom to ask for the Redis instead, and how they call it. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly sentinelName: string | null;
  /** The routers whose logs belong together, and this one among them. */
  readonly cluster: string;
  readonly node: string;
  readonly username: string | null;
  readonly password: { readonly from: "file" | "environment"; readonly name: string } | null;
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null };
  readonly retentionDays: number;
};

export type AgentConfig = {
  /** global_defs router_id: how this router calls itself to people. */
  readonly routerId: string;
  readonly routers: readonly RouterConfig[];
  readonly groups: readonly GroupConfig[];
  /** From startup until the routers start, and from the boot of the machine; the longer wins. */
  readonly startupDelay: Duration;
  readonly delayAfterBoot: Duration;
  /** How long a link must have changed until that is believed, by its name. B10.9. */
  readonly linkDelays: Readonly<Record<string, { readonly down: Duration; readonly up: Duration }>>;
  readonly pacing: Pacing;
  /** What is there from startup to shutdown, whoever is Master. */
  readonly statics: Statics;
  /** Everything that is tracked, links apart. */
  readonly checks: readonly CheckConfig[];
  /** The network namespace the daemon lives in; empty for the one it is started in. */
  readonly netNamespace: string;
  /** What tells it from other daemons on the machine; empty for the only one. */
  readonly instance: string;
  /** Interfaces may be missing, and come and go: nothing is refused because of one. */
  readonly dynamicInterfaces: boolean;
  /** Whether advertisements of virtual routers that are none of ours are told. */
  readonly logUnknownVrids: boolean;
  readonly filter: FilterConfig;
  readonly notify: NotifyConfig;
  readonly eventLog: LogConfig;
  /** Null: the log is shipped nowhere. */
  readonly audit: AuditConfig | null;
  /** Where the figures are served over HTTP. */
  readonly metrics: { readonly listen: readonly { readonly host: string; readonly port: number }[] };
};

/** The link a router lives on: its interface, or the route to its first peer, which `sources/routes.ts` tells as if it were one. */
export function linkOf({ interface: iface, transport: { to } }: RouterConfig): string {
  if (iface !== "") return iface;
  return `route to ${to.type === "unicast" ? (to.peers[0]?.address ?? "nobody") : to.group}`;
}
