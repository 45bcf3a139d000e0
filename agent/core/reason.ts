// The closed set of words that say why a virtual router changed its phase. Hooks, metrics, audit
// and the story tests share it.

export const REASONS = [
  /** Not started yet. */
  "none",
  "startup",
  /** Priority 255: the owner of the addresses needs not wait. */
  "owner_startup",
  /** Started, but a check that can mean FAULT has not answered yet. */
  "checks_pending",
  "shutdown",
  /** No advertisement at all for Master_Down_Interval. */
  "master_silent",
  /** Advertisements arrived, all of them below our priority. */
  "master_weaker",
  /** The Master said priority 0. */
  "master_resigned",
  /** The weaker Master was tolerated for preempt_delay. */
  "preempt_delay_over",
  /** The weaker Master was left alone for as long as max_failovers said. */
  "failover_limit_over",
  /** A higher priority was heard. */
  "peer_stronger",
  /** The same priority was heard from a greater address. */
  "peer_tie_address",
  /** Another owner of the same addresses did not give way to ours. */
  "peer_owner",
  /** We were frozen for so long that another router rightly took over, or may have. */
  "self_stall",
  "link_down",
  "link_up",
  /** The interface lost the address that advertisements are sent from. */
  "no_primary_address",
  "primary_address",
  /** track_src_ip: the source address asked for is not there. */
  "source_missing",
  /** Unicast without anybody to speak to. */
  "no_peers",
  /** A check of weight 0 is bad, or a value takes all priority away. */
  "check_fault",
  "check_recovered",
  /** Another member of the sync group became Master, fell back, went into FAULT or left it. */
  "group_master",
  "group_backup",
  "group_fault",
  "group_recovered",
  /** Somebody else took away what a Master holds, and `on_loss failover` is set. */
  "vip_lost",
  /** An operator drained, resumed or promoted it. */
  "operator",
  /** A new configuration brought the router, took it away, or changed what it needs. */
  "config",
] as const;

export type Reason = (typeof REASONS)[number];

/** Why there is a new Master, in the words of RFC 8347 (`new-master-reason`) and of RFC 6527 (vrrpv3StatisticsNewMasterReason). */
export type NewMaster = "not-master" | "priority" | "preempted" | "no-response";

const MIB = { "not-master": 0, priority: 1, preempted: 2, "no-response": 3 } as const;

type Named = {
  /** The identity of RFC 8347 without its `vrrp-event-`; null where the standard has no word. */
  readonly event: string | null;
  /** Why there is a Master, where this reason makes one. */
  readonly master: NewMaster;
};

const named = (event: string | null, master: NewMaster = "not-master"): Named => ({ event, master });

/**
 * Every reason in the words of the standards. They have no word for checks, groups, rivals among owners,
 * operators, stalls and thefts; an owner becomes Master by its priority, whatever has brought it back.
 */
const STANDARD: Readonly<Record<Reason, Named>> = {
  none: named("none"),
  startup: named("startup"),
  owner_startup: named("owner-preempt", "priority"),
  checks_pending: named(null),
  shutdown: named("shutdown"),
  master_silent: named("master-timeout", "no-response"),
  master_weaker: named("lower-priority-master", "preempted"),
  master_resigned: named("master-timeout", "priority"),
  preempt_delay_over: named("preempt-hold-timeout", "preempted"),
  failover_limit_over: named("lower-priority-master", "preempted"),
  peer_stronger: named("higher-priority-backup"),
  peer_tie_address: named("higher-priority-backup"),
  peer_owner: named(null),
  self_stall: named(null),
  link_down: named("interface-down"),
  link_up: named("interface-up", "priority"),
  no_primary_address: named("no-primary-ip-address"),
  primary_address: named("primary-ip-address", "priority"),
  source_missing: named("no-primary-ip-address"),
  no_peers: named(null),
  check_fault: named(null),
  check_recovered: named(null, "priority"),
  group_master: named(null, "priority"),
  group_backup: named(null),
  group_fault: named(null),
  group_recovered: named(null, "priority"),
  vip_lost: named(null),
  operator: named(null, "priority"),
  config: named(null, "priority"),
};

/** A transition as network management systems know it. */
export type Standard = {
  /** `vrrp-event-…` of RFC 8347 (2018). */
  readonly rfc8347: string | null;
  /** The same in its revision of 2026, which says active where the RFC says master. */
  readonly rfc8347bis: string | null;
  readonly newMaster: NewMaster;
  /** The number of that in RFC 6527. */
  readonly rfc6527: 0 | 1 | 2 | 3;
};

/** What the standards call a transition into a phase for a reason; only a Master has a reason to be a new one. */
export function standardOf(reason: Reason, phase: string): Standard {
  const { event, master } = STANDARD[reason];
  const newMaster = phase === "master" ? master : "not-master";
  const rfc8347 = event === null ? null : `vrrp-event-${event}`;
  return { rfc8347, rfc8347bis: rfc8347?.replace("master", "active") ?? null, newMaster, rfc6527: MIB[newMaster] };
}
