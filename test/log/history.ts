// Random lives of a daemon, as data: what is heard, what the machine does, what people ask, and how
// late everything is. `live` leads such a life through the fold and a log.

import fc from "fast-check";
import { type Family, type IpAddress, parseAddress } from "../../agent/core/address.ts";
import { step } from "../../agent/core/agent.ts";
import { type AgentConfig, type RouterConfig, routerKeyOf, type VirtualAddress } from "../../agent/core/config.ts";
import type { Effect } from "../../agent/core/effect.ts";
import type { Advertisement, Observation } from "../../agent/core/event.ts";
import { type AgentState, duesOf, initialState, type Turn } from "../../agent/core/state.ts";
import { after, type Instant, instantAt, microseconds, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAddress, usualAgent, usualHooks, usualRouter } from "../../agent/core/usual.ts";
import type { EventLog } from "../../agent/log/event-log.ts";
import { type Answering, answering, CHECKS, run, TRACKS } from "./checked.ts";
import { commandOf, OPERATOR, type Operating, operating } from "./operated.ts";

/** An address that must be one. */
export function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
}

/** A virtual address with nothing special about it. */
export const virtual = (text: string, iface: string): VirtualAddress => ({
  address: ip(text),
  prefixLength: text.includes(":") ? 64 : 24,
  interface: iface,
  ...usualAddress,
});

/** VRRPv2, priority 100, 1 s, one address; and what the test wants otherwise. */
export function router(iface: string, family: Family, vrid: number, wanted: Partial<RouterConfig> = {}): RouterConfig {
  const own = family === "ipv4" ? `10.0.${vrid}.100` : `fe80::${vrid}:100`;
  return {
    ...usualRouter(family),
    key: routerKeyOf(iface, family, vrid),
    name: `VI_${vrid}`,
    interface: iface,
    family,
    vrid,
    version: family === "ipv4" ? 2 : 3,
    basePriority: 100,
    adverInterval: seconds(1),
    downTimerAdverts: 3,
    preempt: true,
    preemptDelay: seconds(0),
    authentication: { type: "none" },
    v3Checksum: "pseudoHeader",
    virtualAddresses: [virtual(own, iface)],
    announce: {
      masterRepeat: 5,
      masterDelay: seconds(5),
      refresh: seconds(0),
      refreshRepeat: 1,
      lowerPriorityRepeat: 5,
      lowerPriorityDelay: seconds(5),
    },
    ...wanted,
  };
}

/** Repeats of nothing and timers that fall between the ticks: what a late ring meets. */
const ODD = {
  masterRepeat: 0,
  masterDelay: milliseconds(300.5),
  refresh: milliseconds(700.3),
  refreshRepeat: 0,
  lowerPriorityRepeat: 0,
  lowerPriorityDelay: milliseconds(150.2),
};

/** Stands in the configuration, and must not stand in a log. */
export const PASSWORD = "s3cr3t-1";

const two = [virtual("10.0.1.100", "eth0"), virtual("10.0.1.101", "eth0")];

/** Members of one group: an event of one moves all of them, and closes their windows. */
const keysOf = (routers: readonly RouterConfig[]) => routers.map(({ key }) => key);
const groupOf = (routers: readonly RouterConfig[]) => ({ name: "G", members: keysOf(routers), hooks: usualHooks });

const HESITANT = { version: 3, preemptDelay: seconds(4), basePriority: 200 } as const;

/** What a reload can bring; the first one is what a life begins with. */
export const CONFIGS: readonly AgentConfig[] = [
  [
    router("eth0", "ipv4", 1, { virtualAddresses: two, authentication: { type: "pass", password: PASSWORD } }),
    router("eth0", "ipv4", 2, { version: 3, adverInterval: milliseconds(100), announce: ODD }),
    router("eth1", "ipv6", 3, { preempt: false, adverInterval: milliseconds(250), tracks: TRACKS }),
    router("eth1", "ipv4", 4, { ...HESITANT, tracks: TRACKS.slice(1), maxFailovers: { count: 2, window: seconds(9) } }),
  ],
  [
    router("eth0", "ipv4", 1, { virtualAddresses: two.slice(1), basePriority: 120 }),
    router("eth0", "ipv4", 2, { version: 3, adverInterval: milliseconds(200), announce: ODD, virtualAddresses: [] }),
    router("eth1", "ipv4", 4, { version: 3, preemptDelay: seconds(4), basePriority: 200 }),
  ],
  [
    router("eth0", "ipv4", 1, { virtualAddresses: [...two, virtual("10.0.1.102", "eth1")], basePriority: 255 }),
    router("eth1", "ipv6", 3, { adverInterval: milliseconds(250) }),
    router("eth1", "ipv4", 5),
  ],
].map((routers, i) => ({
  ...usualAgent,
  routerId: "rt1",
  routers,
  groups: i === 1 ? [] : [groupOf(routers.slice(0, 3))],
  checks: CHECKS.slice(i),
}));

/** One thing that happens. Spans in µs. */
export type Happening =
  | { readonly type: "wait"; readonly span: number }
  | { readonly type: "hear"; readonly router: number; readonly peer: number; readonly priority: number }
  /** The same advertisement again and again, `fresh` as a new object each time. */
  | {
      readonly type: "steady";
      readonly router: number;
      readonly priority: number;
      readonly count: number;
      readonly gap: number;
      readonly fresh: boolean;
    }
  | { readonly type: "link"; readonly interface: string; readonly up: boolean; readonly there: boolean }
  | { readonly type: "own"; readonly interface: string; readonly there: boolean }
  | { readonly type: "reload"; readonly config: number }
  | { readonly type: "command"; readonly command: "startup" | "shutdown" }
  | Operating
  | { readonly type: "perform"; readonly jobs: number }
  /** Somebody puts one of our addresses on its interface, or takes it off. */
  | { readonly type: "foreign"; readonly nth: number; readonly there: boolean }
  | { readonly type: "drop"; readonly count: number }
  | Answering
  | { readonly type: "snapshot" }
  | { readonly type: "wall"; readonly by: number };

const iface = fc.constantFrom("eth0", "eth1");
const nth = fc.nat({ max: 3 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant("wait" as const), span: fc.integer({ min: 1, max: 11_000_000 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("hear" as const),
      router: nth,
      peer: fc.integer({ min: 1, max: 250 }),
      priority: fc.constantFrom(0, 1, 50, 100, 110, 120, 200, 254, 255),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("steady" as const),
      router: nth,
      priority: fc.constantFrom(50, 100, 110, 254),
      count: fc.integer({ min: 1, max: 60 }),
      gap: fc.constantFrom(10_000, 100_000, 250_000, 1_000_000),
      fresh: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("link" as const),
      interface: iface,
      up: fc.boolean(),
      there: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("own" as const), interface: iface, there: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("reload" as const), config: fc.nat({ max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("command" as const),
      command: fc.constantFrom("startup" as const, "startup" as const, "shutdown" as const),
    }),
  },
  { weight: 2, arbitrary: operating },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("perform" as const), jobs: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("foreign" as const), nth: fc.nat({ max: 8 }), there: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("drop" as const), count: fc.nat({ max: 9 }) }) },
  { weight: 3, arbitrary: answering },
  { weight: 2, arbitrary: fc.constant({ type: "snapshot" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("wall" as const), by: fc.integer({ min: -90_000, max: 90_000 }) }),
  },
);

/** A whole life, and how late each of its rings is: mostly little, sometimes more than an interval. */
export type History = { readonly happenings: readonly Happening[]; readonly lateness: readonly number[] };

export const history: fc.Arbitrary<History> = fc.record({
  happenings: fc.array(happening, { minLength: 1, maxLength: 40, size: "max" }),
  lateness: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 2_000 }) }, fc.nat({ max: 500_000 })), {
    minLength: 1,
    maxLength: 20,
  }),
});

export type AddressJob = Extract<Effect, { type: "addAddresses" | "removeAddresses" }>;

/** What a life is led with: somebody who looks on, and the machine below. */
export type Companion = {
  readonly onTurn: (turn: Turn) => void;
  readonly onSnapshot: (state: AgentState) => void;
  /** Does so many of the waiting jobs; tells what the executors would, one job at a time. */
  readonly perform: (jobs: number, tell: (seen: Observation) => void) => void;
  readonly plant: (own: VirtualAddress, there: boolean) => boolean;
};

/** The wall clock of a life: it goes with time, and jumps. */
export type Wall = { offset: number; readonly read: () => number; now: Instant };

export const wallClock = (): Wall => {
  const wall: Wall = {
    offset: 1_764_000_000_000,
    now: instantAt(0),
    read: () => wall.offset + Math.floor(wall.now / 1_000),
  };
  return wall;
};

const DROPPED = { interface: "eth0", source: ip("10.0.0.66"), router: null, reason: "ttl", detail: "off" } as const;

const OWN_ETH0 = [ip("10.0.0.7")];
const OWN_ETH1 = [ip("10.1.0.7"), ip("fe80::7")];

const INITIAL: readonly Observation[] = [
  { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
  { type: "addressesChanged", interface: "eth0", added: OWN_ETH0, removed: [] },
  { type: "linkChanged", link: { name: "eth1", index: 3, up: true } },
  { type: "addressesChanged", interface: "eth1", added: OWN_ETH1, removed: [] },
  { type: "configured", config: CONFIGS[0] ?? usualAgent },
  { type: "commanded", command: { type: "startup" } },
];

/** A life as far as it has gone. */
type Life = {
  readonly lateness: readonly number[];
  readonly log: EventLog;
  readonly wall: Wall;
  readonly companion: Companion;
  state: AgentState;
  now: Instant;
  rings: number;
  heard: number;
};

/** Leads a life; gives the state it ends in and how many advertisements were heard by routers that there are. */
export function live(
  { happenings, lateness }: History,
  log: EventLog,
  wall: Wall,
  companion: Companion,
): { readonly state: AgentState; readonly heard: number } {
  const life: Life = { lateness, log, wall, companion, state: initialState, now: instantAt(0), rings: 0, heard: 0 };
  for (const seen of INITIAL) see(life, seen);
  for (const it of happenings) {
    happen(life, it);
    life.now = after(life.now, microseconds(137));
  }
  snapshot(life);
  return { state: life.state, heard: life.heard };
}

function see(life: Life, seen: Observation): void {
  life.wall.now = life.now;
  const turn = step(life.state, { at: life.now, seen });
  life.log.commit(turn);
  life.state = turn.state;
  if (seen.type === "advertReceived") life.heard += 1;
  life.companion.onTurn(turn);
}

function snapshot({ log, companion, state, now }: Life): void {
  log.snapshot(state, now);
  companion.onSnapshot(state);
}

/** Lets time pass, with every deadline on the way met a little late. */
function pass(life: Life, span: number): void {
  const until = life.now + span;
  for (;;) {
    const due = duesOf(life.state)[0];
    const late = life.lateness[life.rings % life.lateness.length] ?? 0;
    if (due === undefined || due.at + late > until) break;
    life.rings += 1;
    life.now = Math.max(life.now, due.at + late) as Instant;
    see(life, due.seen);
  }
  life.now = Math.max(life.now, until) as Instant;
}

function hear(life: Life, n: number, advert: (config: RouterConfig) => Advertisement): void {
  const config = life.state.config.routers[n];
  if (config !== undefined) see(life, { type: "advertReceived", router: config.key, advert: advert(config) });
}

type Steady = Extract<Happening, { type: "steady" }>;

function hearSteadily(life: Life, { router: nth, priority, count, gap, fresh }: Steady): void {
  const same = new Map<RouterConfig, Advertisement>();
  const advert = (config: RouterConfig): Advertisement => {
    const known = fresh ? undefined : same.get(config);
    const heardNow = known ?? advertOf(config, priority, 9);
    same.set(config, heardNow);
    return heardNow;
  };
  for (let i = 0; i < count; i++) {
    hear(life, nth, advert);
    pass(life, gap + (i % 3) * 100);
  }
}

function answer(life: Life, { check, ok, value, count, gap }: Answering): void {
  const name = CHECKS[check]?.name ?? "";
  for (let i = 0; i <= count; i++) {
    // It begins as the other one, so that it changes.
    see(life, { type: "checkReported", check: name, run: run(i === 0 ? !ok : ok, value, life.now) });
    pass(life, gap);
  }
}

function readdress(life: Life, name: string, own: readonly IpAddress[], there: boolean): void {
  see(life, { type: "addressesChanged", interface: name, added: there ? own : [], removed: there ? [] : own });
}

function intrude(life: Life, n: number, there: boolean): void {
  const ours = life.state.config.routers.flatMap((config) => config.virtualAddresses);
  const own = ours[n % Math.max(1, ours.length)];
  if (own !== undefined && life.companion.plant(own, there)) readdress(life, own.interface, [own.address], there);
}

function happen(life: Life, it: Happening): void {
  switch (it.type) {
    case "wait":
      pass(life, it.span);
      break;
    case "hear":
      hear(life, it.router, (config) => advertOf(config, it.priority, it.peer));
      break;
    case "steady":
      hearSteadily(life, it);
      break;
    case "link":
      see(life, { type: "linkChanged", link: { name: it.interface, index: it.there ? 2 : 0, up: it.there && it.up } });
      break;
    case "own":
      readdress(life, it.interface, it.interface === "eth0" ? OWN_ETH0 : OWN_ETH1, it.there);
      break;
    case "reload":
      see(life, { type: "busyAhead", until: after(life.now, seconds(1)) });
      see(life, { type: "configured", config: CONFIGS[it.config] ?? life.state.config });
      break;
    case "command":
      see(life, { type: "commanded", command: { type: it.command } });
      break;
    case "operate":
      see(life, { type: "commanded", command: commandOf(life.state.config, it), by: OPERATOR });
      break;
    case "perform":
      life.companion.perform(it.jobs, (seen) => see(life, seen));
      break;
    case "foreign":
      intrude(life, it.nth, it.there);
      break;
    case "drop":
      see(life, { type: "advertDropped", ...DROPPED, count: it.count });
      break;
    case "answer":
      answer(life, it);
      break;
    case "snapshot":
      snapshot(life);
      break;
    case "wall":
      life.wall.offset += it.by;
      break;
  }
}

const advertOf = (config: RouterConfig, priority: number, peer: number): Advertisement => ({
  version: config.version,
  vrid: config.vrid,
  priority,
  maxAdverInterval: config.adverInterval,
  source: config.family === "ipv4" ? ip(`10.0.0.${peer}`) : ip(`fe80::${peer}`),
  addresses: config.virtualAddresses.map(({ address }) => address),
  checksum: config.version === 3 && config.family === "ipv4" ? config.v3Checksum : "plain",
});

/** A companion who lets nothing happen and looks at nothing. */
export const ALONE: Companion = { onTurn: () => {}, onSnapshot: () => {}, perform: () => {}, plant: () => false };
