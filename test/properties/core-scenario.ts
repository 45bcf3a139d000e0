// Random lives of an agent: configurations, links, neighbours and time, drawn so that routers do
// become Master, lose what they need, sleep and are reloaded. Whatever is drawn, the fold decides
// when; so a scenario is a list of intentions, and playing it gives the events.

import fc from "fast-check";
import { type Family, type IpAddress, parseAddress } from "../../agent/core/address.ts";
import { step } from "../../agent/core/agent.ts";
import {
  type AgentConfig,
  type RouterConfig,
  routerKeyOf,
  type Track,
  type Transport,
} from "../../agent/core/config.ts";
import type { Command, Event, Observation } from "../../agent/core/event.ts";
import { type AgentState, duesOf, initialState, type Turn } from "../../agent/core/state.ts";
import { after, type Duration, type Instant, instantAt, microseconds, milliseconds } from "../../agent/core/time.ts";
import { usualAddress, usualAgent, usualHooks, usualRouter } from "../../agent/core/usual.ts";
import { deepFreeze } from "../stories/freeze.ts";

const address = (text: string): IpAddress => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
};

/** Few of everything, so that they meet: our own, a neighbour's, and the virtual ones. */
const POOL: Readonly<Record<Family, { readonly real: readonly IpAddress[]; readonly virtual: readonly IpAddress[] }>> =
  {
    ipv4: {
      real: ["10.0.0.1", "10.0.0.2", "10.0.0.9"].map(address),
      virtual: ["10.0.0.2", "10.0.0.100", "10.0.0.101"].map(address),
    },
    ipv6: {
      real: ["fe80::1", "fe80::2", "2001:db8::1"].map(address),
      virtual: ["fe80::2", "fe80::100", "2001:db8::100"].map(address),
    },
  };
/** A neighbour that loses every tie. */
const LOWEST: Readonly<Record<Family, IpAddress>> = { ipv4: address("9.9.9.9"), ipv6: address("fe80::") };
const INTERFACES = ["eth0", "eth1"] as const;

const span = (...ms: readonly number[]): fc.Arbitrary<Duration> => fc.constantFrom(...ms.map(milliseconds));

/** Links count for and against; the last one is a check that nobody ever answers for. */
const TRACKS: readonly Track[] = [
  { check: "interface/eth1", weight: 0, reverse: false },
  { check: "interface/eth0", weight: 30, reverse: false },
  { check: "interface/eth1", weight: -60, reverse: true },
  { check: "never", weight: 0, reverse: false },
];

/** Mostly as usual. */
const conduct: fc.Arbitrary<Partial<RouterConfig["conduct"]>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      lowerPriorityNoAdvert: fc.boolean(),
      higherPrioritySendAdvert: fc.boolean(),
      ownerIgnoresAdverts: fc.boolean(),
      trackPrimary: fc.boolean(),
      timerExpiredBackup: fc.constantFrom(null, 1, 254),
      tellPriorityAtOnce: fc.boolean(),
      fastHandover: fc.boolean(),
    }),
  },
);

/** Mostly to the group; now and then to nobody, or from an address that may be missing. */
const transportOf = (family: Family): fc.Arbitrary<Transport> => {
  const usual = usualRouter(family).transport;
  const [source = null] = POOL[family].real;
  const nobody: Transport["to"] = { type: "unicast", peers: [], ttl: 255, checkSource: true };
  return fc.constantFrom<Transport>(
    ...new Array<Transport>(12).fill(usual),
    { ...usual, to: nobody },
    { ...usual, source, trackSource: true },
  );
};

const routerOn = (iface: string, family: Family, vrid: number): fc.Arbitrary<RouterConfig> =>
  fc
    .record({
      version: family === "ipv6" ? fc.constant(3 as const) : fc.constantFrom(2 as const, 3 as const),
      basePriority: fc.constantFrom(1, 100, 200, 254, 255),
      adverInterval: span(1_000, 2_000, 1_000),
      downTimerAdverts: fc.constantFrom(3, 3, 3, 1, 5),
      preempt: fc.constantFrom(true, true, false),
      preemptDelay: span(0, 0, 500, 4_000),
      maxFailovers: fc.constantFrom(null, null, { count: 1, window: milliseconds(2_000) }),
      transport: transportOf(family),
      virtual: fc.uniqueArray(fc.tuple(fc.constantFrom(...POOL[family].virtual), fc.constantFrom(24, 32)), {
        selector: ([one]) => one,
        maxLength: 3,
      }),
      announce: fc.record({
        masterRepeat: fc.constantFrom(1, 5),
        masterDelay: span(0, 700, 5_000),
        refresh: span(0, 0, 1_500),
        refreshRepeat: fc.constantFrom(1, 2),
        lowerPriorityRepeat: fc.constantFrom(1, 5),
        lowerPriorityDelay: span(0, 700, 5_000),
      }),
      onLoss: fc.constantFrom("restore", "restore", "failover"),
      tracks: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...TRACKS]) }),
      conduct,
    })
    .map(({ virtual, onLoss, conduct: odd, ...rest }) => ({
      ...usualRouter(family),
      ...rest,
      conduct: { ...usualRouter(family).conduct, ...odd },
      key: routerKeyOf(iface, family, vrid),
      name: `${iface}-${family}-${vrid}`,
      interface: iface,
      family,
      vrid,
      authentication: { type: "none" },
      v3Checksum: "pseudoHeader",
      virtualAddresses: virtual.map(([one, prefixLength]) => ({
        address: one,
        prefixLength,
        interface: iface,
        ...usualAddress,
        onLoss,
      })),
    }));

const somewhere = <Value>(give: (iface: string, family: Family) => fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.tuple(fc.constantFrom(...INTERFACES), fc.constantFrom<Family>("ipv4", "ipv6")).chain((at) => give(...at));

const config: fc.Arbitrary<AgentConfig> = fc
  .uniqueArray(
    somewhere((iface, family) => fc.constantFrom(1, 2).chain((vrid) => routerOn(iface, family, vrid))),
    { selector: ({ key }) => key, maxLength: 4, size: "max" },
  )
  .chain((routers) =>
    fc.record({
      routerId: fc.constant("any"),
      routers: fc.constant(routers),
      groups: fc.constantFrom(0, 1, 2, 4).map((count) => groupOf(routers.slice(0, count))),
      startupDelay: span(0, 0, 0, 1_500),
      linkDelays: fc.constantFrom({}, {}, { eth0: { down: milliseconds(300), up: milliseconds(2_000) } }),
    }),
  )
  .map((drawn): AgentConfig => ({ ...usualAgent, ...drawn }));

const groupOf = (routers: readonly RouterConfig[]): AgentConfig["groups"] =>
  routers.length === 0 ? [] : [{ name: "all", members: routers.map(({ key }) => key), hooks: usualHooks }];

/** What is to happen next; `router` counts round the configured ones. */
export type Intention =
  | { readonly type: "see"; readonly seen: Observation }
  /** Time passes, perhaps beyond the next deadline, and nobody rings. */
  | { readonly type: "pass"; readonly span: Duration }
  /** Time passes until the next deadline and `late` beyond it; the router it belongs to is told. */
  | { readonly type: "ring"; readonly late: Duration }
  /** A router is told that its deadline was reached, whether that is so or not. */
  | { readonly type: "falseRing"; readonly router: number }
  /** An operator asks for something; of a drain or a resume null means everything. */
  | {
      readonly type: "operate";
      readonly what: "drain" | "resume" | "promote";
      readonly router: number | null;
      readonly lasts: Duration | null;
    }
  | {
      readonly type: "hear";
      readonly router: number;
      readonly rank: "zero" | "weaker" | "equal" | "stronger";
      readonly from: number;
      readonly interval: Duration;
    };

const nth = fc.nat({ max: 6 });
const seen = <Seen extends Observation>(observation: fc.Arbitrary<Seen>): fc.Arbitrary<Intention> =>
  observation.map((one) => ({ type: "see", seen: one }));
const link = seen(
  fc.record({ name: fc.constantFrom(...INTERFACES), to: fc.constantFrom("up", "up", "down", "gone") }).map(
    ({ name, to }): Observation => ({
      type: "linkChanged",
      link: { name, index: to === "gone" ? 0 : 2, up: to === "up" },
    }),
  ),
);
const addresses = (added: boolean): fc.Arbitrary<Intention> =>
  seen(
    somewhere((iface, family) =>
      fc.subarray([...POOL[family].real, ...POOL[family].virtual], { minLength: 1 }).map(
        (some): Observation => ({
          type: "addressesChanged",
          interface: iface,
          added: added ? some : [],
          removed: added ? [] : some,
        }),
      ),
    ),
  );
const one: fc.Arbitrary<Intention> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("ring" as const), late: span(0, 0, 0, 10, 900, 6_000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pass" as const), span: span(0, 1, 400, 3_000, 20_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("hear" as const),
      router: nth,
      rank: fc.constantFrom("zero", "weaker", "weaker", "equal", "stronger"),
      from: nth,
      interval: span(10, 1_000, 2_000, 40_950),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("falseRing" as const), router: nth }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("operate" as const),
      what: fc.constantFrom("drain", "resume", "promote"),
      router: fc.option(nth),
      lasts: fc.option(span(500, 4_000)),
    }),
  },
  { weight: 1, arbitrary: link },
  { weight: 1, arbitrary: addresses(true) },
  { weight: 1, arbitrary: addresses(false) },
  { weight: 1, arbitrary: seen(config.map((one): Observation => ({ type: "configured", config: one }))) },
  {
    weight: 1,
    arbitrary: seen(
      fc
        .constantFrom("startup" as const, "startup" as const, "shutdown" as const)
        .map((type): Observation => ({ type: "commanded", command: { type } })),
    ),
  },
);

/** Somebody who goes on and on, whatever we say. */
const persistent: fc.Arbitrary<readonly Intention[]> = fc
  .record({
    router: nth,
    rank: fc.constantFrom("weaker", "equal", "stronger"),
    from: nth,
    count: fc.integer({ min: 3, max: 9 }),
  })
  .map(({ count, ...who }) =>
    Array.from({ length: count }).flatMap((): Intention[] => [
      { type: "hear", ...who, interval: milliseconds(1_000) },
      { type: "pass", span: milliseconds(700) },
      { type: "ring", late: milliseconds(0) },
    ]),
  );

/** A Master yields, and somebody else, who is weaker, is there for a while afterwards. */
const succession: fc.Arbitrary<readonly Intention[]> = fc.record({ router: nth, from: nth }).map(({ router, from }) => {
  const hear = { type: "hear", router, interval: milliseconds(1_000) } as const;
  const weaker: Intention = { ...hear, rank: "weaker", from: from + 1 };
  const ring: Intention = { type: "ring", late: milliseconds(0) };
  return [ring, { ...hear, rank: "stronger", from }, weaker, { type: "pass", span: milliseconds(2_000) }, weaker, ring];
});

/** A router gets what it asked for, and somebody else takes it away. */
const theft: fc.Arbitrary<readonly Intention[]> = somewhere((iface, family) =>
  fc
    .record({
      added: fc.constant(POOL[family].virtual),
      removed: fc.subarray([...POOL[family].virtual], { minLength: 1 }),
    })
    .map(({ added, removed }) =>
      [
        { added, removed: [] },
        { added: [], removed },
      ].map((change): Intention => ({ type: "see", seen: { type: "addressesChanged", interface: iface, ...change } })),
    ),
);

const intention: fc.Arbitrary<readonly Intention[]> = fc.oneof(
  { weight: 20, arbitrary: one.map((single) => [single]) },
  { weight: 1, arbitrary: persistent },
  { weight: 1, arbitrary: succession },
  { weight: 2, arbitrary: theft },
);

/** Links up and addresses there, a configuration, mostly a start; then anything. */
export const scenario: fc.Arbitrary<readonly Intention[]> = fc
  .tuple(config, fc.boolean(), fc.array(intention, { maxLength: 50, size: "max" }))
  .map(([first, started, rest]) => [
    ...INTERFACES.flatMap((iface): Observation[] => [
      { type: "linkChanged", link: { name: iface, index: 2, up: true } },
      {
        type: "addressesChanged",
        interface: iface,
        added: [...POOL.ipv4.real, ...POOL.ipv6.real].filter((_, i) => i % 3 !== 1),
        removed: [],
      },
    ]).map((one): Intention => ({ type: "see", seen: one })),
    { type: "see", seen: { type: "configured", config: first } },
    ...(started ? [{ type: "see", seen: { type: "commanded", command: { type: "startup" } } } as const] : []),
    ...rest.flat(),
  ]);

/** Plays a scenario on frozen states and gives every turn it took. */
export function playScenario(intentions: readonly Intention[]): readonly Turn[] {
  let now = instantAt(0);
  let state = deepFreeze(initialState);
  const turns: Turn[] = [];
  for (const one of intentions) {
    now = timeOf(one, state, now);
    const what = observationOf(one, state, now);
    if (what === null) continue;
    const turn = step(state, deepFreeze<Event>({ at: now, seen: what }));
    turns.push(deepFreeze(turn));
    state = turn.state;
  }
  return turns;
}

function timeOf(one: Intention, state: AgentState, now: Instant): Instant {
  if (one.type === "pass") return after(now, one.span);
  const next = one.type === "ring" ? duesOf(state)[0] : undefined;
  return next === undefined || one.type !== "ring" ? now : instantAt(Math.max(now, next.at + one.late));
}

function observationOf(one: Intention, state: AgentState, now: Instant): Observation | null {
  const { routers } = state.config;
  switch (one.type) {
    case "see":
      return one.seen;
    case "pass":
      return null;
    case "ring": {
      const next = duesOf(state)[0];
      return next === undefined || next.at > now ? null : next.seen;
    }
    case "falseRing": {
      const router = routers[one.router % Math.max(1, routers.length)];
      return { type: "deadlineReached", router: router?.key ?? routerKeyOf("eth9", "ipv4", 9) };
    }
    case "operate":
      return { type: "commanded", command: commandOf(one, routers) };
    case "hear":
      return heard(one, routers[one.router % Math.max(1, routers.length)]);
  }
}

function commandOf(
  { what, router, lasts }: Extract<Intention, { type: "operate" }>,
  routers: readonly RouterConfig[],
): Command {
  const meant = router === null ? null : routers.slice(router % Math.max(1, routers.length)).slice(0, 1);
  const keys = meant?.map(({ key }) => key) ?? null;
  switch (what) {
    case "drain":
      return { type: what, routers: keys, lasts, reason: "" };
    case "resume":
      return { type: what, routers: keys };
    case "promote":
      return { type: what, routers: keys ?? routers.map(({ key }) => key), reason: "" };
  }
}

function heard(one: Extract<Intention, { type: "hear" }>, router: RouterConfig | undefined): Observation | null {
  if (router === undefined) return null;
  const { family, basePriority } = router;
  const { real, virtual } = POOL[family];
  const ranks = { zero: 0, weaker: basePriority - 1, equal: basePriority, stronger: Math.min(255, basePriority + 1) };
  const senders = [...real, ...virtual, LOWEST[family]];
  const source = senders[one.from % senders.length];
  if (source === undefined) return null;
  return {
    type: "advertReceived",
    router: router.key,
    advert: {
      version: router.version,
      vrid: router.vrid,
      priority: ranks[one.rank],
      maxAdverInterval: router.version === 2 ? router.adverInterval : microseconds(one.interval),
      source,
      addresses: [],
      checksum: "plain",
    },
  };
}
