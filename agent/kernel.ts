// Types only: what heird needs from the operating system. agent/linux implements it for Linux,
// agent/rehearse for a LAN in one process; nobody else knows which one is there.

import type { Family, IpAddress } from "./core/address.ts";
import type { VirtualAddress } from "./core/config.ts";
import type { Filter } from "./core/machine.ts";
import type { Path, Trace } from "./core/path.ts";
import type { Duration, Instant } from "./core/time.ts";

/** VRRP itself, or behind an IP Authentication Header. */
export type VrrpProtocol = 112 | 51;

/** What is listened to beside what is sent to this host. */
export type Ear = {
  readonly protocol: VrrpProtocol;
  readonly groups: readonly IpAddress[];
  /** How long a datagram may lie unread where there are thousands of them a second; without, none does. */
  readonly patience?: Duration;
};

/** A datagram as the socket gave it. `bytes` is valid only until the callback returns. */
export type Datagram = {
  /** The interface whose socket it came in on; empty for the one of all. */
  readonly interface: string;
  readonly family: Family;
  /** What follows the IP header: the VRRP header onwards, or an Authentication Header first. */
  readonly bytes: Uint8Array;
  /** The whole packet from the IP header on; of IPv6 the kernel shows none, and this is empty. */
  readonly packet: Uint8Array;
  readonly protocol: VrrpProtocol;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit as received. */
  readonly ttl: number;
  /** Whether the IP header's own lengths agreed with what arrived. */
  readonly complete: boolean;
  /** When the kernel received it, on the clock of `Kernel.now`. */
  readonly at: Instant;
};

/** An Ethernet frame in which somebody says to have an address. `frame` is valid only until the callback returns. */
export type ClaimFrame = { readonly interface: string; readonly frame: Uint8Array };

/** One interface and what it carries. */
export type InterfaceState = {
  readonly name: string;
  readonly index: number;
  /** Six bytes for Ethernet; empty when the link has none. */
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** IFF_UP and IFF_RUNNING. */
  readonly up: boolean;
  /** The link that it was made on, and how; null for one that lies on no other. */
  readonly upon: { readonly kind: string; readonly parent: number; readonly mode: number } | null;
  readonly addresses: readonly InterfaceAddress[];
};

/**
 * MACVLAN_MODE_VEPA: macvlans of one parent do not hear each other, but the parent hears what comes from
 * another router's station of the same virtual MAC. In private mode the kernel gives the multicast of that
 * station to the macvlan alone, and a Backup would not hear its Master.
 */
export const VEPA_MODE = 2;

export type InterfaceAddress = {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IFA_PROTO: who says to have put it there; 0 when the kernel does not tell. */
  readonly protocol: number;
  /** IFA_F_TENTATIVE, IFA_F_DADFAILED: not usable (yet). */
  readonly usable: boolean;
};

/** What changed; the whole of the interface stands in `Kernel.interfaces`. */
export type InterfaceChange =
  | { readonly type: "link"; readonly name: string; readonly index: number; readonly up: boolean }
  | {
      readonly type: "addresses";
      readonly name: string;
      readonly added: readonly IpAddress[];
      readonly removed: readonly IpAddress[];
      /** Who removed them, when that is told and was not this process: `ip (pid 4711)`. */
      readonly by?: string;
    }
  /** Duplicate address detection has found that somebody else has it; the kernel does not use it (RFC 4862 §5.4.5). */
  | { readonly type: "duplicate"; readonly name: string; readonly address: IpAddress };

/** How one system call went. `error` is a sentence, with the errno's name first ("EPERM: …"). */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly errno: number; readonly error: string };

/** What was begun, and may be given up; or why it could not be. */
export type Begun = { readonly ok: true; readonly forget: () => void } | Extract<Outcome, { ok: false }>;

/** Who is asked for an echo, and how. */
export type EchoTarget = {
  readonly address: string;
  /** The interface to ask through, and the address to ask from; null for the system's choice. */
  readonly device: string | null;
  readonly source: IpAddress | null;
};

/** A route that leads somewhere. */
export type RouteSeen = {
  /** Address and length: `0.0.0.0/0`. */
  readonly prefix: string;
  readonly table: number;
  readonly metric: number;
  /** Those that work now. */
  readonly hops: readonly { readonly via: IpAddress | null; readonly device: string }[];
};

/** IFA_PROTO of addresses that heird adds: Keepalived's number, so that `ip address show proto keepalived` still works. */
export const ADDRESS_PROTOCOL = 18;

export type Kernel = {
  /** Monotonic time in microseconds. */
  readonly now: () => Instant;

  /** The present interfaces by name. Kept current by the events that `watch` tells. */
  readonly interfaces: ReadonlyMap<string, InterfaceState>;
  /** Tells every change of links and addresses after it is in `interfaces`; returns how to stop. */
  readonly watch: (listener: (change: InterfaceChange) => void) => () => void;

  /**
   * Listens for VRRP sent to this host or to one of the groups, on one interface and family. The
   * interface of an empty name is all of them, and joins no group. Without an ear it is protocol 112
   * and the VRRP group. Survives the interface's disappearance: it listens again when a link of that
   * name is back. Listening again, with another listener or other groups, replaces.
   * Fails with a sentence when the socket cannot be had (no CAP_NET_RAW).
   */
  readonly listen: (iface: string, family: Family, listener: (datagram: Datagram) => void, ear?: Ear) => Outcome;
  /** Stops listening. */
  readonly unlisten: (iface: string, family: Family, protocol?: VrrpProtocol) => void;
  /**
   * Tells ARP packets and neighbour advertisements, on whatever interface, in which somebody says to have
   * one of these addresses (some others may be among them, our own never). It is asked anew with each
   * change: list and listener replace those of before, and an empty list hears nothing. Of a flood only
   * so much is told as is of use.
   */
  readonly hearClaims: (addresses: readonly IpAddress[], listener: (claim: ClaimFrame) => void) => Outcome;
  /**
   * Reads every socket for VRRP until it is empty, telling the listeners: input before time. Of what changed on the
   * machine some, where there are hundreds of news, unless all of it is asked for: no deadline waits for that.
   */
  readonly drain: (news?: "all") => void;
  /** Leaves the processor to others for so long, whatever its priority. The loop stands still meanwhile. */
  readonly rest: (span: Duration) => void;

  /**
   * Sends a whole IP packet (header included, its checksum for the kernel to fill in) out of an
   * interface, synchronously; out of whichever the routing table says when its name is empty.
   * `destination` is the group or the peer.
   */
  readonly sendPacket: (iface: string, family: Family, packet: Uint8Array, destination: IpAddress) => Outcome;
  /** The address that a packet to there would come from, as the routing table says; null without a way. */
  readonly sourceTo: (destination: IpAddress) => IpAddress | null;
  /** Sends a whole Ethernet frame out of an interface, synchronously. */
  readonly sendFrame: (iface: string, frame: Uint8Array) => Outcome;
  /** Sends such frames that are equally long and lie one behind the other, at most 64 of them. An outcome for each. */
  readonly sendFrames: (iface: string, frames: Uint8Array, length: number) => readonly Outcome[];

  /**
   * Adds addresses in the order given, one netlink burst, synchronously; call with at most 50. An
   * outcome for each: one that is there already has errno EEXIST (17). IPv6 is added without DAD.
   */
  readonly addAddresses: (addresses: readonly VirtualAddress[]) => readonly Outcome[];
  /** Removes addresses likewise; one that is not there has errno EADDRNOTAVAIL (99) or ENODEV (19). */
  readonly removeAddresses: (addresses: readonly VirtualAddress[]) => readonly Outcome[];

  /**
   * Adds routes and rules in the order given, likewise; one that is there already has errno EEXIST (17),
   * one whose interface is not there ENODEV (19).
   */
  readonly addPaths: (paths: readonly Path[]) => readonly Outcome[];
  /**
   * Removes routes and rules likewise; a route that is not there has errno ESRCH (3), a rule ENOENT (2).
   * What differs in anything, the protocol too, is another one and stays.
   */
  readonly removePaths: (paths: readonly Path[]) => readonly Outcome[];

  /** One alarm: calls `ring` once at `at` or as soon after as the scheduler allows. Setting it again replaces it; null clears it. */
  readonly setAlarm: (at: Instant | null, ring: () => void) => void;

  /** Whether the machine forwards IPv6 on this interface: net.ipv6.conf.IF.forwarding. */
  readonly forwardsIpv6: (iface: string) => boolean;

  /** Asks once for an echo (ICMP, ICMPv6), and calls `heard` when it is back, unless that is given up first. */
  readonly sendEcho: (to: EchoTarget, heard: () => void) => Begun;
  /** Asks once for a neighbour (ARP, neighbour solicitation) on an interface, or on the one in its network. */
  readonly askNeighbour: (address: IpAddress, device: string | null, heard: (mac: string) => void) => Begun;
  /** Tells the routes to a prefix in a table, when they are known and whenever something changed; returns how to stop. */
  readonly watchRoutes: (
    wanted: { readonly prefix: string; readonly table: number },
    listener: (routes: readonly RouteSeen[]) => void,
  ) => () => void;
  /**
   * Tells routes and rules that were removed, not by this process; null when there were too many to tell.
   * `by` as in `pathsLost`. Returns how to stop.
   */
  readonly watchPaths: (listener: (gone: readonly Trace[] | null, by: () => string) => void) => () => void;
  /** Tells processes that began, changed their program or ended; null when they were too many to name. */
  readonly watchProcesses: (listener: (pids: readonly number[] | null) => void) => Begun;

  /** Closes every socket. */
  readonly close: () => void;
};

/** A link to be made upon another. */
export type LinkRequest = {
  readonly kind: "macvlan" | "ipvlan";
  readonly name: string;
  readonly parent: string;
  /** Six bytes; an ipvlan has its parent's. */
  readonly mac: Uint8Array;
  /** The group of links that it belongs to, as `ip link show group` counts them; 0 is the usual one. */
  readonly group: number;
};

/** What of the machine is made to fit a configuration, seldom and never while an advertisement waits. */
export type Machinery = {
  /** Makes a link upon another, still down, and a macvlan in VEPA mode. Known in `interfaces` when this returns. */
  readonly addLink: (link: LinkRequest) => Outcome;
  /** Sets a link administratively up. */
  readonly raiseLink: (name: string) => Outcome;
  /** Takes a link away; ENODEV (19) when there is none. The kernel takes 20 ms for it: never while others wait. */
  readonly removeLink: (name: string) => Outcome;
  /** What /proc/sys has in a file, as `net/ipv4/conf/all/rp_filter`; null when it has no such file. */
  readonly readSysctl: (path: string) => string | null;
  readonly writeSysctl: (path: string, value: string) => Outcome;
  /** Puts a table of rules in the place of the one of that name, in one step; `anew`: EEXIST (17) when there is one. */
  readonly setFilter: (rules: Filter, anew: boolean) => Outcome;
  /** Takes a table of that name away; success also when there is none. */
  readonly removeFilter: (table: string) => Outcome;

  /** Is a member of these IPv6 groups, and of no others it was made one of by this: so that their packets come here. */
  readonly keepGroups: (groups: readonly { readonly interface: string; readonly group: IpAddress }[]) => Outcome;
};
