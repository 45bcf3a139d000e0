// What must have been seen in enough lives: a simulation that never got there proves nothing about it.

import { FAULTS } from "./faults.ts";

const MET = [
  "failover after silence",
  "failover after a resignation",
  "preemption",
  "preemption after its delay",
  "preemption after its limit",
  "tie decided by address",
  "two Masters on one LAN",
  "two Masters that met again",
  "resignation lost",
  "FAULT for a link",
  "FAULT for a check",
  "FAULT for a missing source address",
  "own stall noticed",
  "address taken away by others",
  "address put back",
  "address that was there before us",
  "group moved as one",
  "rival remembered",
  "torn datagram refused",
  "advertisements that overtook each other",
  "advertisement that came twice",
  "route or rule taken away by others",
  "hook superseded",
  "hook killed at its deadline",
  "hook tried again",
  "hook told again after a death",
  "daemon died in the middle of a hook",
  "addresses waited for a program",
  "daemon killed while Master",
  "log torn and read again",
  "log went on after a full disk",
  "hybrid clock outlived a step back",
  "clock that drifts by per cents",
  "IPv6",
  "VRRPv2",
  "owner of the addresses",
  "unicast",
  "virtual MAC address",
  "routes and rules of a Master",
  "eight routers",
] as const;

/** And every kind of fault that is drawn must have come to pass. */
export const SITUATIONS = [...MET, ...FAULTS.map((kind) => `fault: ${kind}` as const)];
export type Situation = (typeof SITUATIONS)[number];

export type Sometimes = Map<Situation, number>;
export const noneYet = (): Sometimes => new Map(SITUATIONS.map((situation) => [situation, 0]));
export const saw = (sometimes: Sometimes, situation: Situation, count = 1): void =>
  void sometimes.set(situation, (sometimes.get(situation) ?? 0) + count);
export const missing = (sometimes: Sometimes): readonly Situation[] =>
  SITUATIONS.filter((situation) => (sometimes.get(situation) ?? 0) === 0);

/** Whom a checker tells what is wrong, what happened, and what was met. */
export type Witness = {
  readonly fail: (says: string) => void;
  readonly tell: (line: string) => void;
  readonly sometimes: Sometimes;
};
