// What operators ask of a daemon, over the real circle in virtual time: what is answered, and when.

import { describe, expect, it } from "vitest";
import { sentenceOf } from "../../agent/cli/operate.ts";
import { after, type Duration, milliseconds, seconds } from "../../agent/core/time.ts";
import { createOperator } from "../../agent/daemon/operator.ts";
import type { OperationOutcome } from "../../agent/operate/operation.ts";
import { router } from "../log/history.ts";
import { somebody } from "../operate/somebody.ts";
import { configOf, DOWN, kindsOf, ONE, phaseOf, type Scene, scene } from "./scene.ts";

/** VRID 1 of priority 100 is Master, and somebody who operates it. */
function operated(options: Parameters<typeof scene>[0] = {}) {
  const one = scene(options);
  one.time.advance((DOWN + 1_000) as Duration);
  const { agent, time } = one;
  const operator = createOperator({
    state: agent.state,
    now: one.kernel.now,
    operate: agent.operate,
    idle: agent.idle,
    later: (act, ms) => {
      let wanted = true;
      time.at(after(time.now(), milliseconds(ms)), () => void (wanted && act()));
      return () => {
        wanted = false;
      };
    },
  });
  agent.watch(operator.watch);
  return { ...one, operator };
}

/** Lets time pass until it is answered. */
async function answered({ time }: Scene, asked: Promise<OperationOutcome>, span = seconds(10)) {
  let outcome: OperationOutcome | null = null;
  void asked.then((one) => {
    outcome = one;
  });
  for (let passed = 0; outcome === null && passed < span; passed += 10_000) {
    for (let i = 0; i < 5; i++) await Promise.resolve();
    if (outcome === null) time.advance(milliseconds(10));
  }
  if (outcome === null) throw new Error("nothing was answered in time");
  return outcome as OperationOutcome;
}

describe("heird drain --wait", () => {
  it("returns when the addresses are gone and another Master was heard, and not before", async () => {
    const one = operated();
    expect(phaseOf(one)).toBe("master");
    const before = one.kernel.deeds.length;
    const asked = one.operator.ask("drain", { vr: "VI_1", reason: " kernel\nupdate ", wait: true }, somebody);
    one.time.at(after(one.time.now(), seconds(1)), () => one.say(90));
    const began = one.time.now();
    const outcome = await answered(one, asked);
    expect(outcome).toMatchObject({ outcome: "done", says: null, failures: [] });
    expect(outcome.routers).toEqual([
      {
        name: "VI_1",
        router: ONE.key,
        was: "master",
        state: "backup",
        drained: { reason: "kernel update", by: somebody, forSeconds: null, whole: false },
        master: { address: "10.0.0.9", priority: 90, self: false },
      },
    ]);
    expect(one.time.now() - began).toBeGreaterThanOrEqual(seconds(1));
    expect(one.time.now() - began).toBeLessThan(seconds(1.1));
    expect(kindsOf(one.kernel.deeds.slice(before)).slice(0, 2)).toEqual(["packet", "remove"]);
    expect(one.kernel.truth("eth0").map(({ address }) => address)).toEqual(["10.0.0.7"]);
    const [its] = outcome.routers;
    expect(its && sentenceOf("drain", "done", its)).toBe(
      'VI_1: MASTER -> BACKUP, drained until it is resumed for "kernel update" by uid 1000; 10.0.0.9 (90) is Master',
    );
  });

  it("owns up when nobody else is there, and leaves it drained", async () => {
    const one = operated();
    const began = one.time.now();
    const outcome = await answered(one, one.operator.ask("drain", { wait: true }, undefined));
    // Version 2 at 1 s: three intervals, a Skew_Time of less than a second, and a second.
    expect(Math.round((one.time.now() - began) / 100_000)).toBe(50);
    expect(outcome.outcome).toBe("timeout");
    expect(outcome.says).toBe(
      "drained, but nobody else was heard as Master of VI_1 in time: the addresses may be nowhere",
    );
    expect(phaseOf(one)).toBe("backup");
    const again = await answered(one, one.operator.ask("drain", { wait: true, timeout: 300 }, undefined));
    expect(again.outcome).toBe("timeout");
  });

  it("need not wait where another one is Master already", async () => {
    const one = operated();
    one.say(200);
    one.time.advance(milliseconds(1));
    expect(phaseOf(one)).toBe("backup");
    const began = one.time.now();
    const outcome = await answered(one, one.operator.ask("drain", { wait: true }, undefined));
    expect(outcome).toMatchObject({ outcome: "done", routers: [{ was: "backup", state: "backup" }] });
    expect(one.time.now() - began).toBeLessThan(milliseconds(50));
  });
});

describe("what is asked for in vain", () => {
  it("is a name that nobody has, with the nearest one", async () => {
    const one = operated({ config: configOf(ONE, router("eth0", "ipv4", 2)) });
    expect(await one.operator.ask("drain", { vr: "VI_3" }, undefined)).toMatchObject({ outcome: "unknown" });
    expect((await one.operator.ask("resume", { vr: "VI1" }, undefined)).says).toBe(
      "there is no virtual router VI1; did you mean VI_1?",
    );
    expect((await one.operator.ask("promote", { vr: "elsewhere" }, undefined)).says).toBe(
      "there is no virtual router elsewhere; there are VI_1, VI_2",
    );
    expect(await one.operator.ask("promote", {}, undefined)).toMatchObject({ outcome: "refused" });
  });

  it("is no event: the resume of what takes part, and a promotion to where it stands", async () => {
    const one = operated();
    const before = one.agent.turns.length;
    expect(await one.operator.ask("resume", {}, undefined)).toMatchObject({ outcome: "unchanged" });
    expect(await one.operator.ask("promote", { vr: "VI_1" }, undefined)).toMatchObject({ outcome: "unchanged" });
    expect(one.agent.turns.slice(before).filter(({ event }) => event.seen.type === "commanded")).toEqual([]);
  });

  it("is to promote against a stronger Master, and the remedy is told", async () => {
    const one = operated();
    one.say(200);
    one.time.advance(milliseconds(1));
    expect(await one.operator.ask("promote", { vr: "VI_1" }, undefined)).toMatchObject({
      outcome: "refused",
      says: "10.0.0.9 with priority 200 is Master of VI_1, and would take it back from 100; run heird drain VI_1 there",
    });
    await one.operator.ask("drain", {}, undefined);
    expect((await one.operator.ask("promote", { vr: "VI_1" }, undefined)).says).toBe(
      "VI_1 is drained; heird resume VI_1 ends that",
    );
  });
});

it("a drain ends by itself, and another one may change when", async () => {
  const one = operated();
  await one.operator.ask("drain", { lasts: 60_000 }, undefined);
  const outcome = await one.operator.ask("drain", { lasts: 2_000, reason: "shorter" }, undefined);
  expect(outcome.routers[0]?.drained).toMatchObject({ forSeconds: 2, reason: "shorter" });
  one.time.advance(milliseconds(1_999));
  expect(one.agent.state().routers[0]?.drained).not.toBeNull();
  one.time.advance(milliseconds(2));
  expect(one.agent.state().routers[0]?.drained).toBeNull();
  one.time.advance(DOWN as Duration);
  expect(phaseOf(one)).toBe("master");
});
