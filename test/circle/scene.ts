// One agent and a neighbour on a wire, in virtual time: where most tests of the circle begin.

import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { AgentConfig, RouterConfig } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import { routerOf } from "../../agent/core/state.ts";
import type { Duration } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { replay } from "../../agent/log/replay.ts";
import { type Deed, type FakeKernel, fakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import { fakeLan } from "../../agent/rehearse/fake-lan.ts";
import { type VirtualTime, virtualTime } from "../../agent/rehearse/virtual-time.ts";
import { VRRP_GROUP } from "../../agent/wire/advert.ts";
import { advertPacket } from "../../agent/wire/packet.ts";
import { ip, router } from "../log/history.ts";
import { type Agent, type AgentOptions, startAgent } from "./agent.ts";

export const OWN = ip("10.0.0.7");
const PEER = ip("10.0.0.9");

export const configOf = (...routers: RouterConfig[]): AgentConfig => ({ ...usualAgent, routerId: "rt1", routers });
/** VRRPv2, VRID 1, priority 100, 1 s: Master_Down_Interval 3 * 1 s + 156/256 s = 3.609375 s. */
export const ONE = router("eth0", "ipv4", 1);
export const DOWN = 3_609_375;

export type Scene = {
  readonly time: VirtualTime;
  readonly kernel: FakeKernel;
  readonly peer: FakeKernel;
  readonly agent: Agent;
  /** An advertisement of the neighbour. */
  readonly say: (priority: number, config?: RouterConfig) => void;
};

/** One agent with an address on eth0, and a neighbour on the same wire. */
export function scene(options: Partial<AgentOptions> = {}, before: (kernel: FakeKernel) => void = () => {}): Scene {
  const time = virtualTime();
  const lan = fakeLan(time);
  const kernel = fakeKernel("rt1", time);
  const peer = fakeKernel("rt2", time);
  kernel.lay("eth0", lan);
  peer.lay("eth0", lan);
  kernel.plant("eth0", OWN, 24);
  before(kernel);
  time.advance(0 as Duration);
  const agent = startAgent(kernel, { config: configOf(ONE), ...options });
  const say = (priority: number, config = ONE): void => {
    peer.sendPacket("eth0", "ipv4", advertPacket(config, priority, PEER), VRRP_GROUP.ipv4);
  };
  return { time, kernel, peer, agent, say };
}

export const phaseOf = ({ agent }: Scene, config = ONE): string | undefined =>
  routerOf(agent.state(), config.key)?.phase.name;
export const packets = (deeds: readonly Deed[]): readonly Deed[] => deeds.filter(({ type }) => type === "packet");
export const kindsOf = (deeds: readonly Deed[]): readonly string[] => deeds.map(({ type }) => type);
export const seenBy = ({ agent }: Scene, type: Observation["type"]): readonly Observation[] =>
  agent.turns.map(({ event }) => event.seen).filter((seen) => seen.type === type);

/** What the log says folds to what the agent is. */
export function expectRemembered({ agent, time }: Scene): void {
  agent.log.snapshot(agent.state(), time.now());
  const replayed = replay(agent.store.lines.map(({ line }) => line));
  expect(replayed.divergences).toEqual([]);
  expect(isDeepStrictEqual(replayed.state, agent.state())).toBe(true);
}
