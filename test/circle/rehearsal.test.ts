// What is done before a take-over, so that it takes less time: all of it may be for nothing, and must leave nothing.

import { describe, expect, it } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { RouterConfig } from "../../agent/core/config.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { rehearse } from "../../agent/effects/perform.ts";
import { ip, router, virtual } from "../log/history.ts";
import { configOf, DOWN, expectRemembered, ONE, phaseOf, type Scene, scene } from "./scene.ts";

/** The Master says so at 1, 2 and 3 s: Master_Down_Interval is over 3.609375 s after the last one. */
const DUE = instantAt(3_000_000 + DOWN);
function orphaned(): Scene {
  const set = scene();
  for (let second = 1; second <= 3; second++) set.time.at(instantAt(second * 1_000_000), () => set.say(200));
  set.time.advanceTo(instantAt(DUE - 6_000));
  return set;
}

const linesOf = ({ agent }: Scene) => agent.store.lines.map(({ line }) => line);

describe("the log that is made ready for a take-over", () => {
  it("has the last window already, and one line more when it comes", () => {
    const set = orphaned();
    const before = linesOf(set).length;
    set.agent.log.ready(set.agent.state(), DUE);
    expect(linesOf(set).slice(before)).toMatchObject([{ type: "window", window: { kind: "accepted", count: 2 } }]);
    // As often as it likes.
    set.agent.log.ready(set.agent.state(), DUE);
    expect(linesOf(set)).toHaveLength(before + 1);
    set.time.advanceTo(DUE);
    expect(phaseOf(set)).toBe("master");
    expect(linesOf(set)[before + 1]).toMatchObject({ type: "event", seen: { type: "deadlineReached" } });
    expectRemembered(set);
  });

  it("goes on as before when the Master is heard after all", () => {
    const set = orphaned();
    set.agent.log.ready(set.agent.state(), DUE);
    set.say(200);
    set.time.advance(seconds(1));
    expect(phaseOf(set)).toBe("backup");
    expectRemembered(set);
  });

  it("writes nothing down of a turn that was not taken", () => {
    const set = orphaned();
    const before = linesOf(set).length;
    set.agent.log.rehearse(step(set.agent.state(), { at: DUE, seen: { type: "deadlineReached", router: ONE.key } }));
    expect(linesOf(set)).toHaveLength(before);
    set.time.advanceTo(DUE);
    // The chain is whole, and so is the state.
    expectRemembered(set);
  });
});

describe("the work of a take-over, rehearsed", () => {
  it.each([
    ["ipv4", ONE],
    ["ipv6", router("eth0", "ipv6", 1, { virtualAddresses: [virtual("fe80::5", "eth0")] })],
  ] as const)("asks for nothing that is given, and says nothing: %s", (_, config: RouterConfig) => {
    const set = scene({ config: configOf(config) }, (kernel) => kernel.plant("eth0", ip("fe80::7"), 64));
    const [deeds, truth] = [set.kernel.deeds.length, set.kernel.truth("eth0")];
    const asked: unknown[] = [];
    const kernel = {
      ...set.kernel,
      addAddresses: (wanted: Parameters<typeof set.kernel.addAddresses>[0]) => {
        const outcomes = set.kernel.addAddresses(wanted);
        asked.push(...outcomes);
        return outcomes;
      },
    };
    rehearse(kernel, config);
    // EINVAL
    expect(asked).toMatchObject([{ ok: false, errno: 22 }]);
    expect(set.kernel.deeds).toHaveLength(deeds);
    expect(set.kernel.truth("eth0")).toEqual(truth);
  });
});
