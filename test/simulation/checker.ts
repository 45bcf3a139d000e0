// What must hold while a swarm lives, whatever goes wrong: looked at after every turn, and a moment later
// when the kernel has done what the turn wanted.

import { violations } from "../../agent/core/invariants.ts";
import { effectivePriority, type RouterState, routerOf, type Turn } from "../../agent/core/state.ts";
import { after, microseconds } from "../../agent/core/time.ts";
import { marksOf } from "../../agent/log/event-log.ts";
import type { Mark } from "../../agent/log/line.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { addressesIffMaster, pathsIffMaster, strays } from "./holdings.ts";
import { watchMeetings } from "./meetings.ts";
import { type Situation, type Sometimes, saw, type Witness } from "./sometimes.ts";

export type Checker = {
  readonly onTurn: (turn: Turn, machine: Machine) => void;
  /** Somebody took away, or put there, what is ours: what is on that machine is not judged for a while. */
  readonly disturb: (machine: Machine) => void;
  /** After the last turn: dead machines hold nothing, living ones what they should. */
  readonly settle: (machine: Machine) => void;
  /** Whether nothing goes wrong from here on. */
  readonly calm: (isCalm: boolean) => void;
};

/** Longer than the daemon takes to put back what was taken away, in µs. */
const AFTERMATH = 3_000_000;

export function createChecker(world: () => World, { fail, tell, sometimes }: Witness): Checker {
  const due = new Set<Machine>();
  const disturbed = new Map<Machine, number>();
  const meetings = watchMeetings(world, { fail, tell, sometimes });

  const settle = (machine: Machine): void => {
    due.delete(machine);
    if (world().time.now() < (disturbed.get(machine) ?? 0)) return;
    for (const says of [...addressesIffMaster(machine), ...pathsIffMaster(machine), ...strays(machine)])
      fail(`S4: ${machine.name}: ${says}`);
  };
  const disturbing = (machine: Machine): void => void disturbed.set(machine, world().time.now() + AFTERMATH);
  const later = (machine: Machine): void => {
    if (due.has(machine)) return;
    due.add(machine);
    world().time.at(after(world().time.now(), microseconds(2)), () => settle(machine));
  };
  const noticeChange = ({ name, router, from, phase, because }: Mark, turn: Turn, machine: Machine): void => {
    tell(`${machine.name} ${name} ${from} -> ${phase} (${because})`);
    const seen = SITUATION_OF[because];
    if (seen !== undefined) saw(sometimes, seen);
    if (phase !== "master") return;
    meetings.see(router);
    if (mastersBeside(world(), machine, turn) > 0) saw(sometimes, "two Masters on one LAN");
  };
  return {
    onTurn: (turn, machine) => {
      for (const says of violations(turn)) fail(`${machine.name}: ${says}`);
      judgePriorities(turn, machine, fail);
      noticeEvent(turn, sometimes);
      judgeTie(turn, machine, fail);
      if (turn.effects.some(({ type }) => type === "prepare")) waitFor(turn, () => disturbing(machine), sometimes);
      for (const mark of marksOf(turn)) noticeChange(mark, turn, machine);
      if (turn.effects.length > 0 || turn.event.seen.type === "addressesChanged") later(machine);
    },
    disturb: disturbing,
    settle,
    calm: meetings.calm,
  };
}

const SITUATION_OF: Readonly<Record<string, Situation>> = {
  master_silent: "failover after silence",
  master_resigned: "failover after a resignation",
  master_weaker: "preemption",
  preempt_delay_over: "preemption after its delay",
  failover_limit_over: "preemption after its limit",
  peer_tie_address: "tie decided by address",
  link_down: "FAULT for a link",
  check_fault: "FAULT for a check",
  no_primary_address: "FAULT for a missing source address",
  self_stall: "own stall noticed",
  group_master: "group moved as one",
};

/** S5: what election goes by is 1..254, or 255 for an owner; 0 is on the wire only. */
function judgePriorities({ state, before }: Turn, { name }: Machine, fail: (says: string) => void): void {
  if (state.routers === before.routers) return;
  for (const router of state.routers) {
    const priority = effectivePriority(router);
    const owner = router.config.basePriority === 255;
    if (owner ? priority !== 255 : !(priority >= 1 && priority <= 254))
      fail(`S5: ${name}: ${router.config.name} has priority ${priority}`);
  }
}

/** RFC 5798 §6.4.3 (725): of equals the greater address wins, which here is the one of the later machine. */
function judgeTie(turn: Turn, { name }: Machine, fail: (says: string) => void): void {
  const { seen } = turn.event;
  if (seen.type !== "advertReceived") return;
  const router = routerOf(turn.state, seen.router);
  // Two may be heard in one microsecond: the second one comes to a Backup.
  if (router === undefined || routerOf(turn.before, seen.router)?.phase.name !== "master") return;
  if (router.phase.name !== "backup" || router.phase.because !== "peer_tie_address") return;
  if (router.phase.since !== turn.event.at || router.primaryAddress === null) return;
  if (placeIn(seen.advert.source) < placeIn(router.primaryAddress))
    fail(`S1: ${name} yields to ${seen.advert.source}, which is no greater than its own ${router.primaryAddress}`);
}
const placeIn = (address: string): number => Number(/\d+$/.exec(address)?.[0]);

/** Addresses that wait for a program are not where they will be. */
function waitFor({ effects }: Turn, disturb: () => void, sometimes: Sometimes): void {
  if (!effects.some((effect) => effect.type === "prepare" && effect.notice.hooks.policy.preDeadline > 0)) return;
  saw(sometimes, "addresses waited for a program");
  disturb();
}

const MET_BY: Readonly<Record<string, Situation>> = {
  advertDropped: "torn datagram refused",
  pathsLost: "route or rule taken away by others",
};

function noticeEvent({ event: { seen }, state, before }: Turn, sometimes: Sometimes): void {
  const met = MET_BY[seen.type];
  if (met !== undefined) saw(sometimes, met);
  if (seen.type === "effectDone" && seen.foreign.length > 0) saw(sometimes, "address that was there before us");
  if (seen.type === "addressesChanged" && seen.removed.length > 0 && state.routers.some(hasLost))
    saw(sometimes, "address taken away by others");
  if (state.routers === before.routers) return;
  for (const [i, router] of state.routers.entries()) {
    const was = before.routers[i];
    if (was === undefined || was === router) continue;
    if (was.rival === null && router.rival !== null) saw(sometimes, "rival remembered");
    if (restoredAt(was) !== restoredAt(router)) saw(sometimes, "address put back");
  }
}

const restoredAt = ({ phase }: RouterState): number | null => (phase.name === "master" ? phase.restored : null);
const hasLost = (router: RouterState): boolean => restoredAt(router) !== null;

function mastersBeside(world: World, machine: Machine, { state }: Turn): number {
  const mine = state.routers.filter(({ phase }) => phase.name === "master").map(({ config }) => config.key as string);
  return world.machines.filter(
    (other) =>
      other !== machine &&
      other.state()?.routers.some(({ config, phase }) => phase.name === "master" && mine.includes(config.key)) === true,
  ).length;
}
