// Why a router stands where it does: what it weighs, what keeps it from being Master or from taking part,
// and who contradicts it.

import type { Actor } from "../core/actor.ts";
import type { IpAddress } from "../core/address.ts";
import { limitInWords } from "../core/backup.ts";
import { drainInWords } from "../core/drain.ts";
import { isUndecided, isWilling, ownHindranceOf } from "../core/hindrance.ts";
import { contributionOf, type Verdict } from "../core/priority.ts";
import type { Reason } from "../core/reason.ts";
import { isContested } from "../core/rival.ts";
import { type AgentState, type Drained, isActive, type RouterState } from "../core/state.ts";
import { type Instant, since, until } from "../core/time.ts";

export type TrackStatus = {
  /** The name of the check; a link is `interface/eth1`. */
  readonly check: string;
  readonly weight: number;
  readonly reverse: boolean;
  readonly verdict: Verdict;
  /** What it adds to the priority; null: it means FAULT. */
  readonly adds: number | null;
};

/** One of the things that keep a router from taking part, or from being Master. */
export type Holding = {
  readonly because:
    | Extract<
        Reason,
        "link_down" | "no_primary_address" | "check_fault" | "checks_pending" | "group_fault" | "group_backup"
      >
    | "max_failovers"
    | "operator";
  /** The link, the check, the instance of the same sync group, or a sentence. */
  readonly what: string;
};

/** That a router is out of service. */
export type DrainStatus = {
  readonly reason: string;
  readonly by: Actor | null;
  /** Until it takes part again by itself; null for never. */
  readonly forSeconds: number | null;
  /** Whether everything on this node is meant. */
  readonly whole: boolean;
};

export const drainStatusOf = ({ reason, by, until: end, whole }: Drained, now: Instant): DrainStatus => ({
  reason,
  by,
  forSeconds: end === null ? null : until(now, end) / 1e6,
  whole,
});

export type RivalStatus = {
  readonly address: IpAddress;
  readonly priority: number;
  /** Seconds since it was heard first and, to about a second, last. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  /** It has our own address: our advertisements come back to us, or somebody else has it, too. */
  readonly ownAddress: boolean;
  /** Whether both stayed Masters for longer than the protocol lets them. */
  readonly contested: boolean;
};

/** What a router's priority is made of, beside the configured one. */
export const tracksOf = ({ config, verdicts }: RouterState): readonly TrackStatus[] =>
  config.tracks.map((track) => {
    const verdict = verdicts[track.check] ?? "unknown";
    return { ...track, verdict, adds: contributionOf(track, verdict) };
  });

export const groupNameOf = ({ config }: AgentState, router: RouterState): string | null =>
  config.groups.find(({ members }) => members.includes(router.config.key))?.name ?? null;

/** Everything that holds a router back, its own first. Nothing does so that has not been started. */
export function holdingsOf(state: AgentState, router: RouterState, now: Instant): readonly Holding[] {
  if (!isActive(state)) return [];
  const others = othersOf(state, router);
  const named = (because: Holding["because"], which: readonly RouterState[]): readonly Holding[] =>
    which.map(({ config }) => ({ because, what: config.name }));
  const willing = router.phase.name === "backup" && isWilling(router);
  const { drained } = router;
  return [
    ...(drained === null ? [] : [{ because: "operator", what: drainInWords(router, drained, now) } as const]),
    ...ownHoldings(state, router),
    ...named(
      "group_fault",
      others.filter((other) => ownHindranceOf(other) !== null),
    ),
    ...named("checks_pending", others.filter(isUndecided)),
    ...limitOf(router, now),
    ...named("group_backup", willing ? others.filter((other) => !isWilling(other)) : []),
  ];
}

function limitOf({ phase, config }: RouterState, now: Instant): readonly Holding[] {
  const sentence = phase.name === "backup" ? limitInWords(config, phase, now) : null;
  return sentence === null ? [] : [{ because: "max_failovers", what: sentence }];
}

function ownHoldings({ links }: AgentState, router: RouterState): readonly Holding[] {
  const { config, linkUp, primaryAddress } = router;
  const parentUp = links[config.interface]?.up === true;
  const down = parentUp && config.vmac !== null ? config.vmac.name : config.interface;
  const tracks = tracksOf(router);
  const checks = (because: Holding["because"], which: (track: TrackStatus) => boolean): readonly Holding[] =>
    tracks.filter(which).map(({ check }) => ({ because, what: check }));
  return [
    ...(!linkUp && config.conduct.trackPrimary ? [{ because: "link_down", what: down } as const] : []),
    ...(primaryAddress === null ? [{ because: "no_primary_address", what: config.interface } as const] : []),
    ...checks("check_fault", ({ adds }) => adds === null),
    ...checks("checks_pending", ({ verdict, weight }) => verdict === "unknown" && weight === 0),
  ];
}

function othersOf({ config, routers }: AgentState, router: RouterState): readonly RouterState[] {
  const group = config.groups.find(({ members }) => members.includes(router.config.key));
  return group === undefined
    ? []
    : routers.filter((other) => other !== router && group.members.includes(other.config.key));
}

export const rivalOf = (router: RouterState, now: Instant): RivalStatus | null => {
  const { rival, primaryAddress } = router;
  return rival === null
    ? null
    : {
        address: rival.source,
        priority: rival.priority,
        firstSeconds: since(rival.first, now) / 1e6,
        lastSeconds: since(rival.last, now) / 1e6,
        ownAddress: rival.source === primaryAddress,
        contested: isContested(router),
      };
};

/** What waits for time alone: a link for its delay, or, without a link, everybody for that of the startup. */
export type WaitStatus = { readonly link: string | null; readonly forSeconds: number };

export const waitsOf = ({ waits }: AgentState, now: Instant): readonly WaitStatus[] =>
  waits.map((wait) => ({ link: wait.link, forSeconds: until(now, wait.until) / 1e6 }));
