// The audit record: what a transition was, by itself, for whoever does not fold the log. Types, and the
// words of the two standards that ride along with our reasons.

import type { Actor } from "../core/actor.ts";
import type { Reason } from "../core/reason.ts";
import type { PhaseName } from "../core/state.ts";

/** Who held the addresses as far as this node knew. */
export type Peer = {
  readonly addr: string;
  readonly prio: number;
  readonly self: boolean;
  /** Wall-clock ms of the last advertisement that held us back; null of ourselves. */
  readonly lastAdvertAt: number | null;
  /** Its advertisements in this phase, as far as the log that was folded reaches; null of ourselves. */
  readonly adverts: number | null;
};

export type Subject = {
  readonly name: string;
  readonly router: string;
  readonly vrid: number;
  readonly family: "ipv4" | "ipv6";
  readonly interface: string;
  readonly version: 2 | 3;
  readonly vips: readonly string[];
  /** The network that its first address is of: the same on every node, whatever the interface is called there. */
  readonly segment: string;
  readonly syncGroup: string | null;
};

export type Priority = {
  readonly configured: number;
  readonly effectiveBefore: number;
  readonly effectiveAfter: number;
  /** `value` is what the tracked thing said, `applied` what that added; null: FAULT. */
  readonly terms: readonly {
    readonly track: string;
    readonly weight: number;
    readonly value: "unknown" | "up" | "down" | number;
    readonly applied: number | null;
  }[];
};

export type Timers = {
  readonly adverMs: number;
  readonly masterAdverMs: number | null;
  readonly skewMs: number;
  readonly masterDownMs: number;
  /** Wall-clock ms of the deadline that was met and of the answer, and by how much that was late, in µs. */
  readonly deadlineAt: number | null;
  readonly firedAt: number | null;
  readonly latenessUs: number | null;
  /** Advertisements that should have come between the last one that counted and the answer. */
  readonly advertsMissed: number | null;
};

/** One step of the chain, the root first and this event last. */
export type Step = {
  readonly seq: number;
  readonly at: number;
  /** What the log calls that line: `checkReported`, `window`; null where what was folded does not reach back to it. */
  readonly type: string | null;
  readonly summary: string;
};

export type Evidence = {
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    /** How a program ended: with a number or by a signal; null of what is no program. */
    readonly rc: number | null;
    readonly signal: string | null;
    readonly timedOut: boolean;
    readonly queuedMs: number;
    readonly execMs: number;
    /** The end of what it said, 1 KiB at most, and the fingerprint of that. */
    readonly outputTail: string;
    readonly outputSha256: string;
  }[];
  /** `at` is wall-clock ms; null where the log that was folded does not reach back to its last change. */
  readonly link: { readonly interface: string; readonly up: boolean; readonly at: number } | null;
  readonly adverts: readonly {
    readonly src: string;
    readonly prio: number;
    readonly count: number;
    readonly lastRx: number;
    readonly maxGapMs: number;
  }[];
  /** Who asked for something in the chain, where somebody did and the log says who. */
  readonly actor: Actor | null;
  /** The daemon's own part: its latest turn and its longest collection in the half minute before; null in older logs. */
  readonly self: { readonly loopLagMaxMs: number; readonly gcMaxMs: number } | null;
  /** What the flight recorder kept, beside the segment on the node. */
  readonly recorder: string | null;
};

/** One effect and how it went, of the transition that wanted it. */
export type Deed = {
  readonly kind: string;
  readonly target: string;
  readonly startedMs: number;
  readonly tookMs: number;
  readonly ok: boolean;
  readonly detail: string;
};

type Common = {
  readonly v: 1;
  readonly id: string;
  readonly cluster: string;
  readonly node: string;
  /** What the machine calls itself. */
  readonly host: string;
  /** Which machine, whatever it is called; null of older logs, and where there is no id. */
  readonly nodeId: string | null;
  readonly epoch: string;
  readonly bootId: string;
  readonly seq: number;
  readonly time: { readonly hlc: string; readonly wall: string; readonly monoNs: string };
  readonly config: { readonly hash: string; readonly file: string | null; readonly generation: number };
  readonly software: { readonly version: string; readonly foldVersion: number };
};

export type TransitionRecord = Common & {
  readonly kind: "transition";
  readonly vr: Subject;
  readonly transition: {
    readonly from: PhaseName;
    readonly to: PhaseName;
    readonly reason: Reason | "died";
    readonly yangEvent: string | null;
    readonly mibReason: 0 | 1 | 2 | 3;
    readonly previousStateMs: number | null;
    /** How often it has become Master in this epoch by now, counted from line `tenureSince` on: 0 is all of it. */
    readonly tenure: number;
    readonly tenureSince: number;
  };
  readonly master: { readonly before: Peer | null; readonly after: Peer | null };
  readonly priority: Priority;
  readonly timers: Timers;
  readonly cause: readonly Step[];
  readonly evidence: Evidence;
};

/** What came of a transition, an effect at a time. */
export type DeedRecord = Common & {
  readonly kind: "vip" | "notify";
  readonly vr: { readonly name: string; readonly router: string };
  /** The id of the transition it belongs to; null when it belongs to none. */
  readonly of: string | null;
  readonly effects: readonly Deed[];
};

/** A daemon began. `died`: who was what when the one before it ended without a word. */
export type LifecycleRecord = Common & {
  readonly kind: "lifecycle";
  readonly start: boolean;
  readonly lost: number;
  readonly routers: readonly Subject[];
  readonly died: readonly { readonly name: string; readonly router: string; readonly from: PhaseName }[];
};

/** Somebody asked for something: `startup`, `shutdown`, `configured`. */
export type CommandRecord = Common & {
  readonly kind: "command" | "config";
  readonly asked: string;
  /** Null in the lines of older daemons. */
  readonly actor: Actor | null;
};

export type AuditRecord = TransitionRecord | DeedRecord | LifecycleRecord | CommandRecord;

/** RFC 8347 event, and RFC 6527 new-master reason: 0 not a new Master, 1 priority, 2 preempted, 3 no response. */
export type Standards = { readonly yangEvent: string | null; readonly mibReason: 0 | 1 | 2 | 3 };

const none: Standards = { yangEvent: null, mibReason: 0 };
const event = (yangEvent: string, mibReason: Standards["mibReason"] = 0): Standards => ({
  yangEvent: `vrrp-event-${yangEvent}`,
  mibReason,
});

/** A reason in the words of the two standards; ours are finer than either. */
export const STANDARDS: Readonly<Record<Reason | "died", Standards>> = {
  none,
  startup: event("startup"),
  owner_startup: event("owner-preempt", 1),
  checks_pending: event("startup"),
  shutdown: event("shutdown"),
  master_silent: event("master-timeout", 3),
  master_weaker: event("lower-priority-master", 2),
  master_resigned: event("master-timeout", 1),
  preempt_delay_over: event("preempt-hold-timeout", 2),
  failover_limit_over: event("lower-priority-master", 2),
  peer_stronger: event("higher-priority-backup"),
  peer_tie_address: event("higher-priority-backup"),
  peer_owner: event("higher-priority-backup"),
  self_stall: none,
  link_down: event("interface-down"),
  link_up: event("interface-up"),
  no_primary_address: event("no-primary-ip-address"),
  primary_address: event("primary-ip-address"),
  source_missing: event("no-primary-ip-address"),
  no_peers: none,
  check_fault: none,
  check_recovered: none,
  group_master: none,
  group_backup: none,
  group_fault: none,
  group_recovered: none,
  vip_lost: none,
  operator: none,
  config: none,
  died: none,
};
