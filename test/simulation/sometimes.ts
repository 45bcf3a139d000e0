// What must have been seen in enough lives: a simulation that never got there proves nothing about it.

export const SITUATIONS = [
  "failover after silence",
  "failover after a resignation",
  "preemption",
  "preemption after its delay",
  "preemption after its limit",
  "tie decided by address",
  "two Masters on one LAN",
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
  "daemon killed while Master",
  "log torn and read again",
  "log went on after a full disk",
  "hybrid clock outlived a step back",
  "clock that drifts by per cents",
  "IPv6",
  "VRRPv2",
  "owner of the addresses",
  "eight routers",
] as const;
export type Situation = (typeof SITUATIONS)[number];

export type Sometimes = Map<Situation, number>;
export const noneYet = (): Sometimes => new Map(SITUATIONS.map((situation) => [situation, 0]));
export const saw = (sometimes: Sometimes, situation: Situation, count = 1): void =>
  void sometimes.set(situation, (sometimes.get(situation) ?? 0) + count);
export const missing = (sometimes: Sometimes): readonly Situation[] =>
  SITUATIONS.filter((situation) => (sometimes.get(situation) ?? 0) === 0);
