// What can be seen, and the event it becomes. Observations are facts in the past tense; commands
// are imperatives that may be refused before they get here.

import type { Actor } from "./actor.ts";
import type { IpAddress } from "./address.ts";
import type { Run } from "./check.ts";
import type { AgentConfig, RouterKey } from "./config.ts";
import type { EffectType } from "./effect.ts";
import type { Duration, Instant } from "./time.ts";

/** A valid advertisement, in the RFC's terms. Equal bytes from one peer give the same object. */
export type Advertisement = {
  readonly version: 2 | 3;
  readonly vrid: number;
  /** 0..255 */
  readonly priority: number;
  /** v2: Advertisement_Interval in seconds on the wire; v3: Max_Adver_Interval in centiseconds. */
  readonly maxAdverInterval: Duration;
  /** The sender's primary address. */
  readonly source: IpAddress;
  readonly addresses: readonly IpAddress[];
  /** Which form its checksum took, where there are two: v3 over IPv4. */
  readonly checksum: "plain" | "pseudoHeader";
};

/** Why a datagram was refused, in the order of the ladder. RFC 5798 §7.1, RFC 3768 §7.1. */
export const DROP_REASONS = [
  "truncated",
  "ttl",
  "version",
  "type",
  "vrid",
  "owner",
  "length",
  "authType",
  "authMismatch",
  "replay",
  "interval",
  "checksum",
  "destination",
  "source",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A network interface as the fold knows it. */
export type Link = {
  readonly name: string;
  /** The kernel's number for it; 0 while it is absent. */
  readonly index: number;
  /** Administratively up and running: IFF_UP and IFF_RUNNING. */
  readonly up: boolean;
};

/**
 * What somebody asks of the agent. It is refused or recorded, never half done. Routers are named with all of
 * their sync groups; null is all there are, and what a new configuration brings besides.
 */
export type Command =
  | { readonly type: "startup" }
  | { readonly type: "shutdown" }
  /** They hold nothing and take nothing over, for as long as it lasts; null until they are resumed. */
  | {
      readonly type: "drain";
      readonly routers: readonly RouterKey[] | null;
      readonly lasts: Duration | null;
      /** In the words of whoever asks; empty without. */
      readonly reason: string;
    }
  | { readonly type: "resume"; readonly routers: readonly RouterKey[] | null }
  /** They wait no longer for what they would be Master after. */
  | { readonly type: "promote"; readonly routers: readonly RouterKey[]; readonly reason: string };

/**
 * How a hook went. `superseded`: overtaken before it began; `given_up`: it will not be tried, because the
 * daemon stops or has died over it too often.
 */
export type HookOutcome = "done" | "failed" | "timed_out" | "superseded" | "given_up";

/** What a source saw. The log gives it its place and its time. */
export type Observation =
  /** `by`: who asked, where somebody did; older logs do not say. */
  | { readonly type: "commanded"; readonly command: Command; readonly by?: Actor }
  | { readonly type: "configured"; readonly config: AgentConfig; readonly by?: Actor }
  | { readonly type: "advertReceived"; readonly router: RouterKey; readonly advert: Advertisement }
  /** The first of a kind from a peer; repeats are counted, and told at most once a minute. */
  | {
      readonly type: "advertDropped";
      readonly router: RouterKey | null;
      readonly interface: string;
      readonly source: IpAddress;
      readonly reason: DropReason;
      readonly detail: string;
      readonly count: number;
    }
  | { readonly type: "linkChanged"; readonly link: Link }
  /** Addresses that came and went on one interface, ours among them. */
  | {
      readonly type: "addressesChanged";
      readonly interface: string;
      readonly added: readonly IpAddress[];
      readonly removed: readonly IpAddress[];
      /** Who removed them, where the kernel tells. */
      readonly by?: string;
    }
  /** Routes and rules of ours, by their traces, that somebody else took away, or the kernel did. */
  | {
      readonly type: "pathsLost";
      readonly paths: readonly string[];
      /** Who did, as far as the kernel tells: `ip (pid 4711)`; empty when it does not. */
      readonly by: string;
    }
  /** Somebody else said in ARP or in a neighbour advertisement to have one of our addresses; told at most so often. */
  | {
      readonly type: "addressClaimed";
      readonly interface: string;
      readonly address: IpAddress;
      /** As `02:00:00:00:00:0a`. */
      readonly mac: string;
      /** How often since it was told last. */
      readonly count: number;
    }
  /** The kernel does not use an address because somebody else on the link has it: RFC 4862 §5.4.5. */
  | { readonly type: "addressDuplicate"; readonly interface: string; readonly address: IpAddress }
  /** The deadline of one router was reached; a stale one is answered with "stay". */
  | { readonly type: "deadlineReached"; readonly router: RouterKey }
  /** A link has stayed as it is for its delay; null: the delay of the startup is over. */
  | { readonly type: "waitOver"; readonly link: string | null }
  /** The time is over for which routers were drained. */
  | { readonly type: "drainOver" }
  /** The daemon begins something that may keep it until then. */
  | { readonly type: "busyAhead"; readonly until: Instant }
  /** A check was asked, or told something by itself. */
  | { readonly type: "checkReported"; readonly check: string; readonly run: Run }
  /** Time has done to a check what no answer did. */
  | { readonly type: "checkDue"; readonly check: string }
  | {
      readonly type: "effectDone";
      readonly effect: EffectType;
      readonly router: RouterKey;
      readonly took: Duration;
      readonly detail: string;
      /** Addresses that were there already and are somebody else's: heird will not remove them. */
      readonly foreign: readonly IpAddress[];
    }
  | { readonly type: "effectFailed"; readonly effect: EffectType; readonly router: RouterKey; readonly error: string }
  | {
      readonly type: "hookBegan";
      /** Names what is told about and who is told, on this machine and for ever. */
      readonly event: string;
      /** `notify_master`, `webhook URL`, `smtp_alert` … */
      readonly hook: string;
      readonly router: RouterKey;
      /** From 1; a daemon that died on the way goes on counting. */
      readonly attempt: number;
    }
  | {
      readonly type: "hookEnded";
      readonly event: string;
      readonly hook: string;
      readonly router: RouterKey;
      readonly attempt: number;
      readonly outcome: HookOutcome;
      /** Whether it will not be tried again. */
      readonly final: boolean;
      /** How it ended, for people: `exit 1`, `SIGKILL`, `HTTP 503`. */
      readonly detail: string;
      /** From the wish to the beginning. */
      readonly queued: Duration;
      readonly took: Duration;
      /** The end of what it said. */
      readonly output: string;
    }
  /** Lines that a FIFO did not take, or that nobody has read of it, and why; without any, what happened to it. */
  | { readonly type: "fifoMissed"; readonly path: string; readonly count: number; readonly error: string };

/** An observation with its time: what the fold is given. Its number in the log is given when it is written. */
export type Event = { readonly at: Instant; readonly seen: Observation };

type EffectFailed = Extract<Observation, { readonly type: "effectFailed" }>;

/** `eth0/ipv4/51: addAddresses failed: …` */
export const failureInWords = ({ router, effect, error }: EffectFailed): string =>
  `${router}: ${effect} failed: ${error}`;

type FifoMissed = Extract<Observation, { readonly type: "fifoMissed" }>;

/** `/run/fifo did not take 3 line(s): …` */
export const missedInWords = ({ path, count, error }: FifoMissed): string =>
  count === 0 ? `${path}: ${error}` : `${path} did not take ${count} line(s): ${error}`;
