// What the core needs to know, lowered: nothing optional, no string that should be a number, no
// name that might not exist. The config folder's whole job is to produce this.

import type { Family, IpAddress } from "./address.ts";
import type { Duration } from "./time.ts";

declare const routerKey: unique symbol;

/** Names one virtual router on this machine: interface, family and VRID, as in `eth0/ipv4/51`. */
export type RouterKey = string & { readonly [routerKey]: true };

export const routerKeyOf = (iface: string, family: Family, vrid: number): RouterKey =>
  `${iface}/${family}/${vrid}` as RouterKey;

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
};

export type Authentication =
  | { readonly type: "none" }
  /** RFC 2338 simple text password: at most 8 bytes, in clear on the wire. */
  | { readonly type: "pass"; readonly password: string };

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

export type RouterConfig = {
  readonly key: RouterKey;
  /** The name of the vrrp_instance. */
  readonly name: string;
  readonly interface: string;
  readonly family: Family;
  /** 1..255 */
  readonly vrid: number;
  readonly version: 2 | 3;
  /** 1..255; PRIORITY_OWNER for the owner of the addresses. */
  readonly basePriority: number;
  readonly adverInterval: Duration;
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
  readonly announce: AnnounceConfig;
};

export type AgentConfig = {
  /** global_defs router_id: how this router calls itself to people. */
  readonly routerId: string;
  readonly routers: readonly RouterConfig[];
};
