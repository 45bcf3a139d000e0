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
  /** A new configuration brought the router, took it away, or changed what it needs. */
  "config",
] as const;

export type Reason = (typeof REASONS)[number];
