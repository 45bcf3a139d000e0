// The closed set of words that say why a virtual router changed its phase. Hooks, metrics, audit
// and the story tests share it.

export const REASONS = [
  /** Not started yet. */
  "none",
  "startup",
  /** Priority 255: the owner of the addresses needs not wait. */
  "owner_startup",
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
  /** We were frozen for so long that another router rightly took over. */
  "self_stall",
  "link_down",
  "link_up",
  /** The interface lost the address that advertisements are sent from. */
  "no_primary_address",
  "primary_address",
  /** A new configuration brought the router, took it away, or changed what it needs. */
  "config",
] as const;

export type Reason = (typeof REASONS)[number];
