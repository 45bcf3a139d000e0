// What must hold while a swarm lives, whatever goes wrong: looked at after every turn, and a moment later
// when the kernel has done what the turn wanted.

import type { RouterConfig, VirtualAddress } from "../../agent/core/config.ts";
import { violations } from "../../agent/core/invariants.ts";
import { effectivePriority, type RouterState, type Turn } from "../../agent/core/state.ts";
import { after, microseconds } from "../../agent/core/time.ts";
import { ADDRESS_PROTOCOL } from "../../agent/kernel.ts";
import { marksOf } from "../../agent/log/event-log.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { type Situation, type Sometimes, saw } from "./sometimes.ts";

export type Checker = {
  readonly onTurn: (turn: Turn, machine: Machine) => void;
  /** Somebody took away, or put there, what is ours: what is on that machine is not judged for a while. */
  readonly disturb: (machine: Machine) => void;
  /** After the last turn: dead machines hold nothing, living ones what they should. */
  readonly settle: (machine: Machine) => void;
  readonly transitions: () => number;
};

export type Telling = {
  readonly fail: (says: string) => void;
  readonly tell: (line: string) => void;
  readonly sometimes: Sometimes;
};

/** Longer than the daemon takes to put back what was taken away, in µs. */
const AFTERMATH = 3_000_000;

export function createChecker(world: () => World, { fail, tell, sometimes }: Telling): Checker {
  const due = new Set<Machine>();
  const disturbed = new Map<Machine, number>();
  let transitions = 0;

  const settle = (machine: Machine): void => {
    due.delete(machine);
    if (world().time.now() < (disturbed.get(machine) ?? 0)) return;
    for (const says of addressesIffMaster(machine)) fail(`S4: ${machine.name}: ${says}`);
  };
  const later = (machine: Machine): void => {
    if (due.has(machine)) return;
    due.add(machine);
    world().time.at(after(world().time.now(), microseconds(2)), () => settle(machine));
  };
  return {
    onTurn: (turn, machine) => {
      for (const says of violations(turn)) fail(`${machine.name}: ${says}`);
      judgePriorities(turn, machine, fail);
      noticeEvent(turn, sometimes);
      for (const { name, from, phase, because } of marksOf(turn)) {
        transitions += 1;
        tell(`${machine.name} ${name} ${from} -> ${phase} (${because})`);
        const seen = SITUATION_OF[because];
        if (seen !== undefined) saw(sometimes, seen);
        if (phase === "master" && mastersBeside(world(), machine, turn) > 0) saw(sometimes, "two Masters on one LAN");
      }
      if (turn.effects.length > 0 || turn.event.seen.type === "addressesChanged") later(machine);
    },
    disturb: (machine) => void disturbed.set(machine, world().time.now() + AFTERMATH),
    settle,
    transitions: () => transitions,
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

function noticeEvent({ event: { seen }, state, before }: Turn, sometimes: Sometimes): void {
  if (seen.type === "advertDropped") saw(sometimes, "torn datagram refused");
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

/** S4, against what is really on the interfaces. */
export function addressesIffMaster(machine: Machine): readonly string[] {
  const { kernel } = machine;
  const state = machine.state();
  if (state !== null && !kernel.runs()) return [];
  const configs = state?.routers ?? [];
  return configs.flatMap((router) =>
    router.config.virtualAddresses.flatMap((own) => {
      if (!kernel.has(own.interface) || kernel.truth(own.interface).some((there) => isForeign(there, own))) return [];
      const there = isThere(machine, own);
      const wanted = isWanted(router, own);
      if (there === wanted || wanted === null) return [];
      return [`${router.config.name} is ${router.phase.name} and ${own.address} is ${there ? "" : "not "}there`];
    }),
  );
}

type There = ReturnType<Machine["kernel"]["truth"]>[number];
const isForeign = (there: There, { address }: VirtualAddress): boolean =>
  there.address === address && there.protocol !== ADDRESS_PROTOCOL;

export const isThere = ({ kernel }: Machine, own: VirtualAddress): boolean =>
  kernel.truth(own.interface).some((there) => there.address === own.address && there.protocol === ADDRESS_PROTOCOL);

/** Null: either is right. */
function isWanted({ phase }: RouterState, { address, onLoss }: VirtualAddress): boolean | null {
  if (phase.name !== "master") return false;
  return phase.lost.includes(address) || onLoss === "ignore" ? null : true;
}

/** Nothing of ours is left on a machine whose daemon ended. */
export const leftBehind = (machine: Machine, routers: readonly RouterConfig[]): readonly string[] =>
  routers.flatMap(({ virtualAddresses }) =>
    virtualAddresses.filter((own) => isThere(machine, own)).map((own) => `${own.address} was left behind`),
  );
