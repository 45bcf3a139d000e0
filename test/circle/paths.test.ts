// Routes and rules of a Master over a fake kernel: what somebody else removes is put back, and what heird
// itself removes is not missed.

import { describe, expect, it } from "vitest";
import type { AgentConfig, RouterConfig, Statics, VirtualAddress } from "../../agent/core/config.ts";
import { type Duration, instantAt } from "../../agent/core/time.ts";
import type { Deed } from "../../agent/rehearse/fake-kernel.ts";
import { virtual } from "../log/history.ts";
import { optionsOf, routerConfigOf } from "../stories/options.ts";
import { configOf, expectRemembered, kindsOf, scene, seenBy } from "./scene.ts";

const options = ["priority", "garp_master_repeat", "route", "rule", "interval"];
const OWNER = routerConfigOf(
  "a",
  optionsOf(
    ["priority=255", "garp_master_repeat=0", "interval=10s", "route=192.0.3.0/24,192.0.4.0/24", "rule=500"],
    options,
  ),
);
const [FIRST, , RULE] = OWNER.paths;
if (FIRST === undefined || RULE === undefined) throw new Error("there are two routes and a rule");

describe("routes and rules that are taken away", () => {
  it("are put back once a second, and the log says who took them", () => {
    const set = scene({ config: configOf(OWNER) });
    const { time, kernel } = set;
    time.advanceTo(instantAt(100_000));
    const before = kernel.deeds.length;
    kernel.tear(FIRST);
    time.advance(1 as Duration);
    expect(kernel.deeds.slice(before)).toMatchObject([{ type: "addPath", paths: [FIRST] }]);
    kernel.tear(RULE);
    // The first time was at 0.1 s, so that the next one is at 1.1 s.
    time.advanceTo(instantAt(1_099_999));
    expect(kernel.deeds.length).toBe(before + 1);
    time.advanceTo(instantAt(1_100_001));
    expect(kernel.deeds.slice(before + 1)).toMatchObject([{ type: "addPath", paths: [RULE] }]);
    expect(seenBy(set, "pathsLost")).toEqual([
      { type: "pathsLost", paths: ["route ipv4 192.0.3.0/24 table 254 metric 0 tos 0 proto 18"], by: "ip (pid 4711)" },
      {
        type: "pathsLost",
        paths: ["rule ipv4 500: from all to all tos 0 action 1 table 100"],
        by: "ip (pid 4711)",
      },
    ]);
    expectRemembered(set);
  });

  it("are not watched when the configuration has none any more", () => {
    const set = scene({ config: configOf(OWNER) });
    const { time, kernel, agent } = set;
    time.advanceTo(instantAt(100_000));
    agent.reload(configOf({ ...OWNER, paths: [] }));
    time.advance(1 as Duration);
    expect(kindsOf(kernel.deeds).filter((kind) => kind === "removePath")).toHaveLength(1);
    expect(kernel.watched()).toBe(false);
    expect(seenBy(set, "pathsLost")).toEqual([]);
  });
});

describe("what becomes static, or is static no more", () => {
  const [own, other] = [virtual("192.168.1.100", "eth0"), virtual("192.168.1.102", "eth0")];
  const owner = (address: VirtualAddress): RouterConfig => ({ ...OWNER, virtualAddresses: [address] });
  const withStatic = (router: RouterConfig, statics: Statics): AgentConfig => ({ ...configOf(router), statics });

  it("is there under both configurations, and a Master keeps what it takes over", () => {
    const without = { ...owner(own), paths: [] };
    const set = scene({ config: withStatic(without, { addresses: [other], paths: [FIRST] }) });
    const { time, kernel, agent } = set;
    time.advanceTo(instantAt(100_000));
    for (const config of [
      withStatic({ ...owner(other), paths: [FIRST] }, { addresses: [own], paths: [] }),
      withStatic(without, { addresses: [other], paths: [FIRST] }),
    ]) {
      const before = kernel.deeds.length;
      agent.reload(config);
      time.advance(1 as Duration);
      const last = (type: Deed["type"]): number => kernel.deeds.findLastIndex((deed) => deed.type === type);
      expect(kernel.truth("eth0").map(({ address }) => address)).toEqual(
        expect.arrayContaining([own.address, other.address]),
      );
      expect(last("remove")).toBeGreaterThanOrEqual(before);
      expect(last("removePath")).toBeLessThan(last("addPath"));
    }
    expectRemembered(set);
  });
});
