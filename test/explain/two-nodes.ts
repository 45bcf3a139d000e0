// Two nodes on one LAN in virtual time: the real fold, the real log, and nothing else. Each hears what
// the other one says a little later.

import { step } from "../../agent/core/agent.ts";
import type { CheckConfig } from "../../agent/core/check.ts";
import type { AgentConfig, RouterConfig, RouterKey } from "../../agent/core/config.ts";
import type { Effect } from "../../agent/core/effect.ts";
import type { Advertisement, Observation } from "../../agent/core/event.ts";
import { type AgentState, duesOf, initialState, routerOf, type Turn } from "../../agent/core/state.ts";
import { after, type Duration, type Instant, instantAt, microseconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { wallClock } from "../../agent/explain/chronicle.ts";
import type { NodeLog } from "../../agent/explain/peer.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import type { Line } from "../../agent/log/line.ts";
import { told } from "../../agent/log/replay.ts";
import { memoryStore } from "../log/memory-store.ts";
import { addressOf, optionsOf, ROUTER_OPTIONS, routerConfigOf } from "../stories/options.ts";

/** How long an advertisement is on its way. */
const FLIGHT = microseconds(200);
/** The wall clock at the beginning, ms. */
export const EPOCH_MS = 1_764_000_000_000;

export type Node = {
  readonly name: string;
  readonly address: string;
  readonly see: (seen: Observation) => void;
  readonly state: () => AgentState;
  readonly lines: () => readonly Line[];
  /** As they would stand in the file. */
  readonly texts: () => readonly string[];
  readonly log: () => NodeLog;
  /** Nothing is seen, said or written from here on. */
  readonly die: () => void;
  /** Nothing is done for so long; what is heard meanwhile is read afterwards, before any timer is believed. */
  readonly freeze: (span: Duration) => void;
};

/** `priority=100 interval=1s`, in the words of the stories, with anything else on top. */
export const router = (words: string, more: Partial<RouterConfig> = {}): RouterConfig => ({
  ...routerConfigOf("VI_1", optionsOf(words.split(" "), ROUTER_OPTIONS)),
  ...more,
});

export type Lan = {
  readonly node: (name: string, address: string, ...routers: RouterConfig[]) => Node;
  /** One with checks beside its routers. */
  readonly checking: (name: string, address: string, checks: readonly CheckConfig[], router: RouterConfig) => Node;
  readonly pass: (span: Duration) => void;
  readonly now: () => Instant;
};

type Member = {
  readonly node: Node;
  alive: boolean;
  frozenUntil: Instant;
  state: AgentState;
  readonly log: EventLog;
};
const thawed = (at: Instant, { frozenUntil }: Member): Instant => Math.max(at, frozenUntil) as Instant;

export function createLan(): Lan {
  let now = instantAt(0);
  const members: Member[] = [];
  const flying: { readonly at: Instant; readonly to: Member; readonly seen: Observation }[] = [];

  const speak = (from: Member, turn: Turn): void => {
    for (const { key, advert } of turn.effects.flatMap((effect) => saidIn(effect, turn))) {
      for (const to of members)
        if (to !== from)
          flying.push({
            at: thawed(after(now, FLIGHT), to),
            to,
            seen: { type: "advertReceived", router: key, advert },
          });
    }
  };
  const see = (member: Member, seen: Observation): void => {
    if (!member.alive) return;
    const turn = step(member.state, { at: now, seen });
    member.log.commit(turn);
    member.state = turn.state;
    speak(member, turn);
  };
  const next = () => {
    const dues = members
      .filter(({ alive }) => alive)
      .flatMap((to) =>
        duesOf(to.state)
          .slice(0, 1)
          .map(({ at, seen }) => ({ at: thawed(at, to), to, seen: seen as Observation })),
      );
    return [...flying, ...dues].sort((a, b) => a.at - b.at)[0];
  };

  const begin = (
    name: string,
    address: string,
    checks: readonly CheckConfig[],
    routers: readonly RouterConfig[],
  ): Node => {
    const member = memberOf(name, address, () => now, see);
    members.push(member);
    const config: AgentConfig = { ...usualAgent, routerId: name, checks, routers };
    see(member, { type: "configured", config });
    for (const link of ["eth0", "eth1"]) see(member, { type: "linkChanged", link: { name: link, index: 2, up: true } });
    see(member, { type: "addressesChanged", interface: "eth0", added: [addressOf(address)], removed: [] });
    see(member, { type: "commanded", command: { type: "startup" } });
    return member.node;
  };

  return {
    now: () => now,
    node: (name, address, ...routers) => begin(name, address, [], routers),
    checking: (name, address, checks, router) => begin(name, address, checks, [router]),
    pass: (span) => {
      const end = after(now, span);
      for (let first = next(); first !== undefined && first.at <= end; first = next()) {
        now = Math.max(now, first.at) as Instant;
        const i = flying.indexOf(first as (typeof flying)[number]);
        if (i >= 0) flying.splice(i, 1);
        const member = first.to;
        see(member, first.seen);
      }
      now = end;
    },
  };
}

/** A node that has seen nothing yet, with a log of its own. */
function memberOf(
  name: string,
  address: string,
  clock: () => Instant,
  see: (member: Member, seen: Observation) => void,
): Member {
  const store = memoryStore();
  const lines = (): readonly Line[] => store.lines.map(({ line }) => line);
  const wall = (): number => EPOCH_MS + Math.floor(clock() / 1_000);
  const identity = { version: "1.2.3", cluster: "lab", boot: name };
  const member: Member = {
    alive: true,
    frozenUntil: instantAt(0),
    state: initialState,
    log: openEventLog(store, identity, wall, initialState, clock()),
    node: {
      name,
      address,
      see: (seen) => see(member, seen),
      state: () => member.state,
      lines,
      texts: () => store.lines.map(({ text }) => text),
      log: () => logOf(name, lines()),
      die: () => {
        member.alive = false;
      },
      freeze: (span) => {
        member.frozenUntil = after(clock(), span);
      },
    },
  };
  return member;
}

/** The advertisement that an effect sends. */
function saidIn(effect: Effect, { state, before }: Turn): readonly { key: RouterKey; advert: Advertisement }[] {
  if (effect.type !== "sendAdvert") return [];
  const config = routerOf(state, effect.router)?.config ?? routerOf(before, effect.router)?.config;
  if (config === undefined) return [];
  const advert = {
    version: config.version,
    vrid: config.vrid,
    priority: effect.priority,
    maxAdverInterval: config.adverInterval,
    source: effect.source,
    addresses: config.virtualAddresses.map(({ address }) => address),
    checksum: config.v3Checksum,
  };
  return [{ key: effect.router, advert }];
}

/** A log as an explanation is handed it. */
export function logOf(node: string, lines: readonly Line[]): NodeLog {
  const clock = wallClock();
  for (const line of lines) clock.look(line);
  return { node, steps: [...told(lines)], wallOf: clock.wallOf };
}
