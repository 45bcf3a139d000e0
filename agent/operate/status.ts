// What the daemon answers when asked how it is: one document, with a schema number that grows when
// a field changes its meaning.

import type { ShipperStatus } from "../audit/shipper.ts";
import type { IpAddress } from "../core/address.ts";
import type { DropReason } from "../core/event.ts";
import { refusedOf } from "../core/neighbours.ts";
import { type Reason, type Standard, standardOf } from "../core/reason.ts";
import { isContested } from "../core/rival.ts";
import { type AgentState, effectivePriority, type PhaseName, type RouterState } from "../core/state.ts";
import { type Instant, seconds, since } from "../core/time.ts";
import type { StoreStatus } from "../log/file.ts";
import { type Snapshot, snapshotOf } from "../log/line.ts";
import type { ClaimStatus } from "./claimed.ts";
import {
  type DrainStatus,
  drainStatusOf,
  groupNameOf,
  type Holding,
  holdingsOf,
  type RivalStatus,
  rivalOf,
  type TrackStatus,
  tracksOf,
  type WaitStatus,
  waitsOf,
} from "./standing.ts";

/** How the hooks are doing, since the start. */
export type HookStatus = {
  /** Those that are not over. */
  readonly waiting: number;
  readonly running: readonly string[];
  readonly done: number;
  readonly failed: number;
  readonly superseded: number;
  /** Lines that a FIFO did not take. */
  readonly fifoMissed: number;
  readonly lastFailure: string | null;
};

/** How far the log is shipped. */
export type AuditStatus = ShipperStatus & {
  /** Lines that the Redis has not, and how long ago the last one that it has was written, in seconds; 0 when it has all. */
  readonly lagEvents: number;
  readonly lagSeconds: number;
};

export type RouterStatus = {
  readonly name: string;
  readonly router: string;
  readonly interface: string;
  readonly family: "ipv4" | "ipv6";
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly state: PhaseName;
  readonly because: Reason;
  /** The reason in the words of the standards. */
  readonly standard: Standard;
  /** Seconds in this state. */
  readonly forSeconds: number;
  /** What it is in the election: the configured one, and what the tracks add. */
  readonly priority: number;
  readonly basePriority: number;
  readonly tracks: readonly TrackStatus[];
  /** What keeps it in FAULT, from its start, or from being Master; of several, all. */
  readonly heldBy: readonly Holding[];
  /** That an operator took it out of service; null as long as it takes part. */
  readonly drained: DrainStatus | null;
  /** Its sync group. */
  readonly group: string | null;
  /** The last one met as Master while this router was one. */
  readonly rival: RivalStatus | null;
  /** Who holds the addresses as far as this router knows; null when it cannot know. */
  readonly master: { readonly address: IpAddress; readonly priority: number; readonly self: boolean } | null;
  readonly primaryAddress: IpAddress | null;
  readonly advertIntervalSeconds: number;
  readonly preempt: boolean;
  /** The form of checksum sent; it makes a difference in VRRPv3 over IPv4 alone. */
  readonly checksum: "plain" | "pseudoHeader";
  /** Who was heard since the configuration is what it is, the latest first. */
  readonly neighbours: RouterState["neighbours"];
  /** Who speaks for this VRID while we are Master, and what differs; null while nobody does. */
  readonly splitBrain: {
    readonly source: IpAddress;
    readonly field: DropReason | "priority";
    readonly detail: string;
    /** How long ago that was seen; what goes on is looked at anew every minute. */
    readonly secondsAgo: number;
  } | null;
  /** Whether its addresses take anything but neighbour discovery when it does not own them. */
  readonly accept: boolean;
  /** The interface of its virtual MAC; null without. */
  readonly vmac: string | null;
  readonly virtualAddresses: readonly string[];
};

export type Status = {
  readonly schema: 1;
  readonly version: string;
  readonly routerId: string;
  readonly pid: number;
  readonly upSeconds: number;
  /** Whether the scheduler gives us SCHED_RR. */
  readonly realtime: boolean;
  readonly stateDirectory: string;
  /** What tells this daemon from others on the machine; empty for the only one. */
  readonly instance: string;
  /** The network namespace it lives in; empty for the one it was started in. */
  readonly netNamespace: string;
  readonly config: {
    readonly file: string;
    readonly generation: number;
    /** When it was taken, in ms since 1970. */
    readonly taken: number;
    readonly lastReload: string;
  };
  readonly log: StoreStatus & { readonly epoch: string };
  /** Datagrams that were refused since the start, by interface and reason. */
  readonly dropped: Readonly<Record<string, Readonly<Partial<Record<DropReason, number>>>>>;
  /** Kernel settings that are other than they were because of heird: files below /proc/sys. */
  readonly settings: readonly { readonly path: string; readonly before: string; readonly set: string }[];
  /** Who else claimed addresses while we were their Master. */
  readonly claims: readonly ClaimStatus[];
  /** Addresses that the kernel does not use because somebody else has them, by `interface address`. */
  readonly duplicates: readonly string[];
  readonly hooks: HookStatus;
  /** Null when it is shipped nowhere, or nothing is known of that yet. */
  readonly audit: AuditStatus | null;
  /** What waits for time alone: links for their delay, the routers for that of the startup. */
  readonly waits: readonly WaitStatus[];
  readonly instances: readonly RouterStatus[];
  /**
   * The folded state and the number of the last line of the log. In the answer to `snapshot` it is what
   * a replay up to that line must give; otherwise routine may be in the state that is still in open windows.
   */
  readonly folded: { readonly seq: number; readonly state: Snapshot };
};

/** What does not come from the fold. */
export type Surroundings = Omit<
  Status,
  "schema" | "routerId" | "instance" | "netNamespace" | "waits" | "instances" | "folded" | "pid" | "upSeconds"
> & {
  readonly started: Instant;
  readonly seq: number;
};

/** `gone`: lines that this daemon had to delete before they were shipped; the shipper meets the gap later. */
export function auditStatus(
  shipping: ShipperStatus | null,
  head: number,
  wall: number,
  gone: number,
): AuditStatus | null {
  if (shipping === null) return null;
  const lagEvents = Math.max(0, head - shipping.shipped);
  const since = shipping.shippedAt === 0 ? 0 : Math.max(0, wall - shipping.shippedAt) / 1_000;
  return { ...shipping, missed: Math.max(shipping.missed, gone), lagEvents, lagSeconds: lagEvents === 0 ? 0 : since };
}

export function statusOf(state: AgentState, now: Instant, { started, seq, ...rest }: Surroundings): Status {
  return {
    schema: 1,
    routerId: state.config.routerId,
    instance: state.config.instance,
    netNamespace: state.config.netNamespace,
    pid: process.pid,
    upSeconds: since(started, now) / 1e6,
    ...rest,
    waits: waitsOf(state, now),
    instances: state.routers.map((router) => routerStatus(state, router, now)),
    folded: { seq, state: snapshotOf(state) },
  };
}

function routerStatus(state: AgentState, router: RouterState, now: Instant): RouterStatus {
  const { config, phase, primaryAddress } = router;
  return {
    name: config.name,
    router: config.key,
    interface: config.interface,
    family: config.family,
    vrid: config.vrid,
    version: config.version,
    state: phase.name,
    because: phase.because,
    standard: standardOf(phase.because, phase.name),
    forSeconds: since(phase.since, now) / 1e6,
    priority: effectivePriority(router),
    basePriority: config.basePriority,
    tracks: tracksOf(router),
    heldBy: holdingsOf(state, router, now),
    drained: router.drained === null ? null : drainStatusOf(router.drained, now),
    group: groupNameOf(state, router),
    rival: rivalOf(router, now),
    master: masterOf(router),
    primaryAddress,
    advertIntervalSeconds: (phase.name === "backup" ? phase.masterAdverInterval : config.adverInterval) / 1e6,
    preempt: config.preempt,
    checksum: config.version === 2 ? "plain" : config.v3Checksum,
    neighbours: router.neighbours,
    splitBrain: splitBrainOf(router, now),
    accept: config.conduct.accept,
    vmac: config.vmac?.name ?? null,
    virtualAddresses: config.virtualAddresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
  };
}

/** Older signs are no news: those that go on are renewed within a minute. */
const NEWS = seconds(130);
const RIVAL_NEWS = seconds(10);

export function splitBrainOf(router: RouterState, now: Instant): RouterStatus["splitBrain"] {
  const refused = refusedOf(router);
  const { rival } = router;
  if (refused !== null && since(refused.at, now) < NEWS) {
    const { source, field, detail, at } = refused;
    return { source, field, detail, secondsAgo: since(at, now) / 1e6 };
  }
  if (rival === null || !isContested(router)) return null;
  if (since(rival.last, now) >= RIVAL_NEWS) return null;
  const detail = `priority ${rival.priority}, ours ${effectivePriority(router)}`;
  return { source: rival.source, field: "priority", detail, secondsAgo: since(rival.last, now) / 1e6 };
}

export function masterOf(router: RouterState): RouterStatus["master"] {
  const { phase, primaryAddress } = router;
  if (phase.name === "master" && primaryAddress !== null)
    return { address: primaryAddress, priority: effectivePriority(router), self: true };
  if (phase.name !== "backup" || phase.heard === null || phase.resigned) return null;
  return { address: phase.heard.source, priority: phase.heard.priority, self: false };
}
