// The invariants end the daemon when they are broken, and so must see it. Each is broken once here,
// by a turn that the fold would not take; the turn it is made from is a good one.

import { describe, expect, it } from "vitest";
import { violations } from "../../agent/core/invariants.ts";
import { initialState, type Turn } from "../../agent/core/state.ts";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { optionsOf, ROUTER_OPTIONS, routerConfigOf } from "../stories/options.ts";
import { createStage } from "../stories/stage.ts";

/** The owner at its start: it advertises, adds and announces. */
function goodTurn(): Turn {
  const stage = createStage();
  const owner = routerConfigOf("a", optionsOf(["priority=255"], ROUTER_OPTIONS));
  stage.see({ type: "configured", config: { ...usualAgent, routerId: "any", routers: [owner] } });
  return stage.see({ type: "commanded", command: { type: "startup" } }).turn;
}

const good = goodTurn();
const [advert, add, announce] = good.effects;
const remove = { type: "removeAddresses", router: "eth0/ipv4/1", addresses: [] } as unknown as Turn["effects"][number];
const resignation = { ...advert, priority: 0 } as Turn["effects"][number];
const some = (...effects: readonly (Turn["effects"][number] | undefined)[]): Turn["effects"] =>
  effects.filter((effect) => effect !== undefined);
/** The Master of the good turn with a deadline of its own. */
const withAdverAt = (adverAt: Instant): Turn["state"] => ({
  ...good.state,
  routers: good.state.routers.map((router) =>
    router.phase.name === "master" ? { ...router, phase: { ...router.phase, adverAt } } : router,
  ),
});

/** A group of the owner and of one who waits, in a turn that asks for nothing. */
function divided(): Turn {
  const stage = createStage();
  const [one, other] = ["priority=255", "vrid=2"].map((word, i) =>
    routerConfigOf(`${i}`, optionsOf([word], ROUTER_OPTIONS)),
  );
  if (one === undefined || other === undefined) throw new Error("two routers were described");
  stage.see({ type: "configured", config: { ...usualAgent, routers: [one, other] } });
  const { state } = stage.see({ type: "commanded", command: { type: "startup" } }).turn;
  const config = { ...state.config, groups: [{ name: "G", members: [one.key, other.key], hooks: usualHooks }] };
  return { event: good.event, before: state, state: { ...state, config }, effects: [] };
}

describe("the invariants", () => {
  it("find nothing wrong with a good turn", () => {
    expect(good.effects.map(({ type }) => type)).toEqual(["sendAdvert", "addAddresses", "announce"]);
    expect(violations(good)).toEqual([]);
  });

  const backwards: Turn = { ...good, before: good.state, state: good.before };
  const at = instantAt(5);
  it.each<[string, Turn]>([
    ["eth0/ipv4/1 advertises too late", { ...good, effects: some(add, advert, announce) }],
    ["eth0/ipv4/1 announces before it holds", { ...good, effects: some(advert, announce, add) }],
    ["eth0/ipv4/1 advertises in initialize", { ...backwards, effects: some(advert, remove) }],
    ["eth0/ipv4/1 wants addAddresses in initialize", { ...backwards, effects: some(remove, add) }],
    ["eth0/ipv4/1 wants announce in initialize", { ...backwards, effects: some(remove, announce) }],
    ["eth0/ipv4/1 resigns though it was initialize", { ...good, effects: some(resignation) }],
    ["eth0/ipv4/1 is Master no more and keeps its addresses", { ...backwards, effects: some(resignation) }],
    [
      "eth0/ipv4/1 advertises priority 256, which does not fit its octet",
      { ...good, effects: [{ ...advert, priority: 256 } as Turn["effects"][number]] },
    ],
    [
      "eth0/ipv4/1 has a deadline in the past",
      {
        ...good,
        event: { ...good.event, at },
        state: {
          ...good.state,
          routers: withAdverAt(instantAt(4)).routers.map((router) => ({
            ...router,
            phase: { ...router.phase, since: at },
          })),
        },
      },
    ],
    ["the routers are not those of the configuration", { ...good, state: { ...good.state, routers: [] }, effects: [] }],
    ["sync group G is backup and master at once", divided()],
    [
      "the routers are not those of the configuration",
      { ...good, state: { ...good.state, config: { ...good.state.config, routers: [] } }, effects: [] },
    ],
  ])("%s", (sentence, turn) => {
    expect(violations(turn)).toEqual([sentence]);
  });

  it("know no router before the first configuration", () => {
    expect(violations({ ...good, before: initialState, state: initialState, effects: [] })).toEqual([]);
  });
});
