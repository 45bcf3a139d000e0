// What operators do, explained: the command and who gave it are the root, on both nodes; and without it
// nothing of that is there.

import { describe, expect, it } from "vitest";
import type { Command } from "../../agent/core/event.ts";
import { type Duration, milliseconds, seconds } from "../../agent/core/time.ts";
import { explain } from "../../agent/explain/explanation.ts";
import { witnessed } from "../../agent/explain/observer.ts";
import { whyNot } from "../../agent/explain/why-not.ts";
import { somebody } from "../operate/somebody.ts";
import { soundnessOf } from "./soundness.ts";
import { createLan, type Node, router } from "./two-nodes.ts";

const LAST = { vr: undefined, seq: null, until: null };
const asks = { ...somebody, command: "heird drain VI_1" };

/** hA with priority 150 is Master, hB with 100 lives with it. */
function pair(more = "") {
  const lan = createLan();
  const hA = lan.node("hA", "10.0.0.1", router(`priority=150${more}`));
  const hB = lan.node("hB", "10.0.0.2", router("priority=100"));
  lan.pass(seconds(10));
  return { lan, hA, hB };
}

const give = (node: Node, command: Command): void => node.see({ type: "commanded", command, by: asks });
const drain = (node: Node, lasts: Duration | null = null): void =>
  give(node, { type: "drain", routers: null, lasts, reason: "kernel update" });
const resume = (node: Node): void => give(node, { type: "resume", routers: null });

/** Whether the last transition has a sound chain, whose root was taken away. */
function judged(node: Node) {
  const lines = node.lines();
  const last = witnessed(node.log().steps, () => true).at(-1);
  return last === undefined ? null : soundnessOf(last, lines);
}

const ASKED = ", asked by uid 0 (login uid 1000) on pts/3, pid 4711: heird drain VI_1";

describe("a drain", () => {
  it("is the root of what both nodes do, with its reason and whoever gave it", () => {
    const { lan, hA, hB } = pair();
    drain(hA);
    lan.pass(seconds(3));
    const left = explain(hA.log(), LAST, [hB.log()]);
    expect(left?.transition).toMatchObject({ from: "master", to: "backup", because: "operator" });
    expect(left?.root).toMatchObject({ node: "hA", text: `drain of everything: "kernel update"${ASKED}` });
    const took = explain(hB.log(), LAST, [hA.log()]);
    expect(took?.transition).toMatchObject({ from: "backup", to: "master", because: "master_resigned" });
    expect(took?.root).toMatchObject({ node: "hA", text: `drain of everything: "kernel update"${ASKED}` });
    // Skew_Time of 100: 156/256 s = 609.375 ms from the resignation, which was 0.2 ms on its way.
    expect((took?.transition.at ?? 0) - (left?.transition.at ?? 0)).toBe(609_375 + 200);
    expect(judged(hA)).toEqual({ wrong: null, removed: true });
  });

  it("is what keeps a router from being Master, and resume is what would change that", () => {
    const { lan, hA } = pair();
    drain(hA, seconds(60));
    // In whole seconds: 19.6 s and 40.4 s.
    lan.pass(seconds(19.6));
    const [its] = hA.state().routers;
    if (its === undefined) throw new Error("there is no router");
    expect(whyNot(hA.state(), its, lan.now())).toMatchObject({
      because: [
        `drained 20s ago for "kernel update"${ASKED}: it takes nothing over for another 40s, or until heird resume VI_1`,
      ],
      enough: ["heird resume VI_1"],
    });
    hA.see({ type: "linkChanged", link: { name: "eth0", index: 2, up: false } });
    const [ill] = hA.state().routers;
    if (ill === undefined) throw new Error("there is no router");
    expect(whyNot(hA.state(), ill, lan.now())).toMatchObject({
      because: [expect.stringContaining("drained 20s ago"), "eth0 is down"],
      enough: ["both: heird resume VI_1, and that ends: eth0 is down"],
    });
  });
});

describe("the end of a drain", () => {
  it("is the root of the failback, on both nodes", () => {
    const { lan, hA, hB } = pair();
    drain(hA);
    lan.pass(seconds(30));
    resume(hA);
    lan.pass(seconds(5));
    const back = explain(hA.log(), LAST, [hB.log()]);
    expect(back?.transition).toMatchObject({ from: "backup", to: "master", because: "master_weaker" });
    expect(back?.root).toMatchObject({ node: "hA", text: `resume of everything${ASKED}` });
    // 3 * 1 s + (256 - 150) / 256 s = 3.4140625 s, to the microsecond 3.414063 s.
    expect(back?.chain.map(({ text }) => text)).toContain(
      "takes part again: the timer was set to run out 3.414063s later",
    );
    expect(judged(hA)).toEqual({ wrong: null, removed: true });
    const yields = explain(hB.log(), LAST, [hA.log()]);
    expect(yields?.transition).toMatchObject({ to: "backup", because: "peer_stronger" });
    expect(yields?.root).toMatchObject({ node: "hA", text: `resume of everything${ASKED}` });
  });

  it("by itself leads back to the drain", () => {
    const { lan, hA } = pair();
    drain(hA, milliseconds(7_500));
    lan.pass(seconds(15));
    const back = explain(hA.log(), LAST);
    expect(back?.transition).toMatchObject({ from: "backup", to: "master", because: "master_weaker" });
    expect(back?.root?.text).toBe(`drain of everything for 7.5s: "kernel update"${ASKED}`);
    expect(back?.chain.map(({ text }) => text)).toContain("the time is over that routers were drained for");
    expect(judged(hA)).toEqual({ wrong: null, removed: true });
  });

  it("of an owner makes it Master in the same turn, for the operator", () => {
    const lan = createLan();
    const hA = lan.node("hA", "10.0.0.1", router("priority=255 address=10.0.0.1"));
    lan.pass(seconds(3));
    drain(hA, seconds(2));
    lan.pass(seconds(3));
    const back = explain(hA.log(), LAST);
    expect(back?.transition).toMatchObject({ from: "backup", to: "master", because: "operator" });
    expect(back?.root?.text).toBe(`drain of everything for 2s: "kernel update"${ASKED}`);
    expect(judged(hA)).toEqual({ wrong: null, removed: true });
  });
});

it("a promotion is the root of both sides", () => {
  const lan = createLan();
  const hB = lan.node("hB", "10.0.0.2", router("priority=100"));
  lan.pass(seconds(5));
  const hA = lan.node("hA", "10.0.0.1", router("priority=150 preempt=no"));
  lan.pass(seconds(10));
  expect(hA.state().routers[0]?.phase.name).toBe("backup");
  const [key] = hA.state().routers.map(({ config }) => config.key);
  if (key === undefined) throw new Error("there is no router");
  give(hA, { type: "promote", routers: [key], reason: "failback" });
  lan.pass(seconds(1));
  const took = explain(hA.log(), LAST, [hB.log()]);
  expect(took?.transition).toMatchObject({ from: "backup", to: "master", because: "operator" });
  expect(took?.root?.text).toBe(`promote of ${key}: "failback"${ASKED}`);
  const yields = explain(hB.log(), LAST, [hA.log()]);
  expect(yields?.transition).toMatchObject({ from: "master", to: "backup", because: "peer_stronger" });
  expect(yields?.root).toMatchObject({ node: "hA", text: `promote of ${key}: "failback"${ASKED}` });
  expect(judged(hA)).toEqual({ wrong: null, removed: true });
});
