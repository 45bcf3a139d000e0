// The fold over random lives: what holds after every turn, whatever was seen, and that the same
// events always fold to the same state.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { step } from "../../agent/core/agent.ts";
import { linkOf, type RouterKey, type VirtualAddress } from "../../agent/core/config.ts";
import { violations } from "../../agent/core/invariants.ts";
import { ABSENT } from "../../agent/core/link.ts";
import { primaryAddressOf, virtualAddressesOn } from "../../agent/core/primary.ts";
import { standingOf } from "../../agent/core/priority.ts";
import { REASONS, type Reason } from "../../agent/core/reason.ts";
import {
  type AgentState,
  initialState,
  isActive,
  nextDeadline,
  type PhaseName,
  type RouterState,
  routerOf,
  type Turn,
} from "../../agent/core/state.ts";
import { playScenario, scenario } from "./core-scenario.ts";

const RUNS = { numRuns: 250 };

const always = (holds: (turns: readonly Turn[]) => void): void =>
  fc.assert(
    fc.property(scenario, (intentions) => holds(playScenario(intentions))),
    RUNS,
  );

/** What a phase may carry: its own timers, and nothing of another. */
const BEGUN = ["name", "since", "because"];
const PARTS: Readonly<Record<PhaseName, readonly string[]>> = {
  initialize: BEGUN,
  fault: BEGUN,
  backup: [
    ...BEGUN,
    "masterDownAt",
    "masterAdverInterval",
    "heard",
    "heardAt",
    "resigned",
    "weaker",
    "preemptAt",
    "limitedUntil",
    "willing",
  ],
  master: [
    ...BEGUN,
    "adverAt",
    "answersLeft",
    "secondBlockAt",
    "lowerPriorityBlockAt",
    "refreshAt",
    "extraAt",
    "answersSignsFrom",
    "lost",
    "restoreAt",
    "restored",
  ],
};

/** The instants a phase waits for, by name. */
const timersOf = (phase: RouterState["phase"]): readonly (readonly [string, number])[] =>
  Object.entries(phase).filter(([name, at]) => name.endsWith("At") && name !== "heardAt" && at !== null);

/** Timers that this turn set into its own past, or that its ring should have ended. */
function pastTimers({ before, event: { at, seen } }: Turn, { config, phase }: RouterState): readonly string[] {
  const stood = routerOf(before, config.key)?.phase;
  const timers = timersOf(phase).filter(([name]) => name !== "preemptAt");
  if (seen.type === "deadlineReached" && seen.router === config.key)
    return timers.filter(([, due]) => due <= at).map(([name]) => name);
  const standing = stood?.name === phase.name ? timersOf(stood) : [];
  return timers
    .filter(([name, due]) => due < at && !standing.some(([same, was]) => same === name && was === due))
    .map(([name]) => name);
}

describe("every turn of every life", () => {
  it("is taken, whatever was seen, and leaves the state before it alone", () => {
    always((turns) => {
      turns.forEach(({ before, event, state }, i) => {
        expect(before).toBe(i === 0 ? initialState : turns[i - 1]?.state);
        expect(Object.isFrozen(before) && Object.isFrozen(event)).toBe(true);
        expect(state.routers.map(({ config }) => config)).toEqual(state.config.routers);
      });
    });
  });

  it("keeps the invariants", () => {
    always((turns) => {
      for (const turn of turns) expect(violations(turn)).toEqual([]);
    });
  });

  it("sets no timer before the event that set it, and leaves none that was rung", () => {
    always((turns) => {
      for (const turn of turns) for (const router of turn.state.routers) expect(pastTimers(turn, router)).toEqual([]);
    });
  });

  it("leaves a router the timers of its phase and no others", () => {
    always((turns) => {
      for (const { state } of turns)
        for (const { phase } of state.routers) expect(Object.keys(phase).sort()).toEqual([...PARTS[phase.name]].sort());
    });
  });

  it("waits for the earliest of them, in whole microseconds", () => {
    always((turns) => {
      const phases = turns.flatMap(({ state }) => state.routers.map(({ phase }) => phase));
      for (const phase of new Set(phases)) {
        // preempt_delay is looked at when an advertisement comes; nothing rings for it.
        const due = timersOf(phase).flatMap(([name, at]) => (name === "preemptAt" ? [] : [at]));
        expect(nextDeadline(phase)).toBe(due.length === 0 ? null : Math.min(...due));
        expect(due.every(Number.isSafeInteger)).toBe(true);
      }
    });
  });

  it("has a router in the phase that its surroundings allow", () => {
    const allowed = (state: AgentState, router: RouterState): readonly PhaseName[] => {
      if (!isActive(state)) return ["initialize"];
      const { linkUp, primaryAddress, verdicts, config, company } = router;
      const { faults, undecided } = standingOf(config, verdicts);
      const able = (linkUp || !config.conduct.trackPrimary) && primaryAddress !== null && faults.length === 0;
      const { to } = config.transport;
      if ((to.type === "unicast" && to.peers.length === 0) || !able || company === "ill") return ["fault"];
      // Who runs already when a reload brings such a check does not stop for it.
      return undecided || company === "pending" ? ["initialize", "fault", "backup", "master"] : ["backup", "master"];
    };
    always((turns) => {
      for (const { state } of turns)
        for (const router of state.routers) expect(allowed(state, router)).toContain(router.phase.name);
    });
  });

  it("sends one advertisement of a router at most, from its own address", () => {
    always((turns) => {
      for (const { before, event, state, effects } of turns) {
        const sent = effects.filter((effect) => effect.type === "sendAdvert");
        // A new configuration can make a router resign and, as one of another group, lead again at once.
        const twice = event.seen.type === "configured" ? sent.filter(({ priority }) => priority !== 0) : sent;
        expect(new Set(twice.map(({ router }) => router)).size).toBe(twice.length);
        for (const { router, source } of sent)
          expect([before, state].map((one) => routerOf(one, router)?.primaryAddress)).toContain(source);
      }
    });
  });
});

describe("the effects of a life", () => {
  it("leave every Master with all of its addresses but those stolen, and everybody else with none", () => {
    always((turns) => {
      const held: Held = { there: new Map(), stolen: new Map() };
      for (const turn of turns) {
        steal(held, turn);
        for (const effect of turn.effects) hold(held, effect, turn);
        const kept = [...held.there].filter(([, addresses]) => addresses.length > 0);
        expect(new Map(kept.map(([key, addresses]) => [key, addresses.toSorted()]))).toEqual(dueTo(turn.state));
      }
    });
  });

  it("announce only what is held at that moment", () => {
    always((turns) => {
      const held: Held = { there: new Map(), stolen: new Map() };
      for (const turn of turns) {
        steal(held, turn);
        for (const effect of turn.effects) {
          hold(held, effect, turn);
          if (effect.type !== "announce") continue;
          expect(effect.rounds).toBeGreaterThan(0);
          expect(held.there.get(effect.router)).toEqual(
            expect.arrayContaining(effect.addresses.map((one) => asAsked(one))),
          );
        }
      }
    });
  });

  it("answer weaker Masters three times at most between two advertisements of their own time", () => {
    always((turns) => {
      const answers = new Map<string, number>();
      for (const turn of turns) {
        const { seen } = turn.event;
        if (seen.type !== "advertReceived") answers.clear();
        else if (seen.advert.priority > 0 && answered(turn, seen.router)) {
          const count = (answers.get(seen.router) ?? 0) + 1;
          expect(routerOf(turn.before, seen.router)?.phase.name).toBe("master");
          expect(count).toBeLessThanOrEqual(3);
          answers.set(seen.router, count);
        }
      }
    });
  });
});

/** Whether a router that stays Master advertised; the last word of one that yields answers nobody. */
const answered = ({ state, effects }: Turn, key: RouterKey): boolean =>
  routerOf(state, key)?.phase.name === "master" && effects.some(({ type }) => type === "sendAdvert");

/** An address as the kernel is asked for it: what its loss means stays between us. */
const asAsked = ({ onLoss: _, ...asked }: VirtualAddress): string => JSON.stringify(asked);

/** The addresses of every Master that has any, but those that wait to be put back. */
const dueTo = ({ routers }: AgentState): ReadonlyMap<string, readonly string[]> =>
  new Map(
    routers.flatMap(({ config, phase }) => {
      if (phase.name !== "master") return [];
      const its = config.virtualAddresses.filter(({ address }) => !phase.lost.includes(address));
      return its.length === 0 ? [] : [[config.key, its.map((one) => asAsked(one)).sort()]];
    }),
  );

/** By router, what it carries, and what it carried until somebody else took that away. */
type Held = { readonly there: Map<string, readonly string[]>; readonly stolen: Map<string, readonly string[]> };

/** Somebody takes addresses away that the kernel has listed. */
function steal({ there, stolen }: Held, { before, event: { seen } }: Turn): void {
  if (seen.type !== "addressesChanged") return;
  const { addresses, leaving } = before.links[seen.interface] ?? ABSENT;
  const gone = seen.removed.filter((address) => addresses.includes(address) && !leaving.includes(address));
  for (const { config } of before.routers) {
    const its = config.virtualAddresses.filter((own) => own.interface === seen.interface && gone.includes(own.address));
    const named = its.map((one) => asAsked(one));
    const has = there.get(config.key) ?? [];
    there.set(
      config.key,
      has.filter((one) => !named.includes(one)),
    );
    stolen.set(config.key, [...(stolen.get(config.key) ?? []), ...named.filter((one) => has.includes(one))]);
  }
}

/**
 * What the kernel would carry for each router after this effect; it refuses what is there, and what never was.
 * It took the addresses of IPv6 away with the link, and says nothing of it: those of a link that is back are asked
 * for again.
 */
function hold({ there, stolen }: Held, effect: Turn["effects"][number], { event }: Turn): void {
  if (effect.type !== "addAddresses" && effect.type !== "removeAddresses") return;
  const has = there.get(effect.router) ?? [];
  const had = stolen.get(effect.router) ?? [];
  const named = effect.addresses.map((one) => asAsked(one));
  expect(named.length).toBeGreaterThan(0);
  const back = event.seen.type === "linkChanged" && event.seen.link.up;
  const mayBeThere = (one: string): boolean => back && JSON.parse(one).address.includes(":");
  if (effect.type === "addAddresses") expect(named.filter((one) => has.includes(one) && !mayBeThere(one))).toEqual([]);
  else expect(named.filter((one) => !has.includes(one) && !had.includes(one))).toEqual([]);
  stolen.set(
    effect.router,
    had.filter((one) => !named.includes(one)),
  );
  const kept = has.filter((one) => !named.includes(one));
  there.set(effect.router, effect.type === "addAddresses" ? [...has, ...named] : kept);
}

describe("a configuration that says nothing new", () => {
  it("changes nothing, and leaves every router the very object it was", () => {
    always((turns) => {
      const last = turns.at(-1);
      if (last === undefined) return;
      const config = JSON.parse(JSON.stringify(last.state.config));
      const { state, effects } = step(last.state, { at: last.event.at, seen: { type: "configured", config } });
      expect(effects).toEqual([]);
      expect(state).toEqual(last.state);
      state.config.routers.forEach((router, i) => {
        expect(router).toBe(last.state.config.routers[i]);
      });
    });
  });
});

describe("replay", () => {
  it("folds the same events to the same states, also from their text", () => {
    always((turns) => {
      let state = initialState;
      for (const { event, state: live } of turns) {
        state = step(state, JSON.parse(JSON.stringify(event))).state;
        expect(JSON.stringify(state)).toBe(JSON.stringify(live));
      }
    });
  });

  it("asks for the same effects again", () => {
    always((turns) => {
      for (const { before, event, effects } of turns) expect(step(before, event).effects).toEqual(effects);
    });
  });
});

// What is never drawn is never tested. The seed is fixed, so this either holds or does not.
it("the lives that are drawn reach every reason to move", () => {
  const reached = new Set<Reason>();
  for (const intentions of fc.sample(scenario, { numRuns: 1_500, seed: 1 }))
    for (const { state } of playScenario(intentions)) for (const { phase } of state.routers) reached.add(phase.because);
  expect(REASONS.filter((reason) => !reached.has(reason))).toEqual([]);
});

/** Looks at the routers on the link that news of addresses were about; gives whether virtual ones came and nobody moved. */
function expectPrimaries({ event: { seen }, before, state }: Turn): boolean {
  if (seen.type !== "addressesChanged") return false;
  const link = state.links[seen.interface];
  const virtual = virtualAddressesOn(state.config, seen.interface);
  for (const { config, primaryAddress } of state.routers.filter((router) => linkOf(router.config) === seen.interface))
    expect(primaryAddress).toBe(primaryAddressOf(config, link, virtual));
  return before.routers === state.routers && seen.added.some((address) => virtual.has(address));
}

describe("news of addresses", () => {
  it("leave each router on the link the address it would be given anew, also where nobody was looked at", () => {
    let unmoved = 0;
    always((turns) => {
      unmoved += turns.filter(expectPrimaries).length;
    });
    expect(unmoved).toBeGreaterThan(0);
  });
});
