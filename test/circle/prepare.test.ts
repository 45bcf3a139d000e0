// pre_master and pre_backup: addresses wait for a program, advertisements do not, and a router that is Master
// no more when the program has ended gets none of what waited.

import { describe, expect, it } from "vitest";
import type { HookCommand } from "../../agent/core/config.ts";
import type { Notice } from "../../agent/core/effect.ts";
import { type Duration, instantAt, seconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import { configOf, DOWN, expectRemembered, kindsOf, ONE, phaseOf, type Scene, scene, seenBy } from "./scene.ts";

const command: HookCommand = { argv: ["/bin/true"], user: null, group: null };
const config = configOf({ ...ONE, hooks: { ...usualHooks, preMaster: command, preBackup: command } });

/** Programs that end when they are told to. */
function held(before: (kernel: Scene["kernel"]) => void = () => {}) {
  const waiting: { readonly notice: Notice; readonly ready: () => void }[] = [];
  const set = scene({ config, preparer: (notice, ready) => void waiting.push({ notice, ready }) }, before);
  const end = (): void => waiting.shift()?.ready();
  const became = (): readonly string[] => waiting.map(({ notice }) => notice.to);
  const moves = (): readonly string[] =>
    kindsOf(set.kernel.deeds).filter((kind) => kind === "add" || kind === "remove");
  return { ...set, end, became, moves };
}

describe("what runs before the addresses", () => {
  it("holds them back, and no advertisement", () => {
    const set = held();
    const { time, kernel, end, became, moves } = set;
    time.advanceTo(instantAt(DOWN));
    expect(phaseOf(set)).toBe("master");
    expect(became()).toEqual(["master"]);
    expect(kindsOf(kernel.deeds)).toContain("packet");
    // Three more advertisements, a second apart, and still no address.
    const sent = kernel.deeds.length;
    time.advance(seconds(3));
    expect(kindsOf(kernel.deeds.slice(sent))).toEqual(["packet", "packet", "packet"]);
    expect(moves()).toEqual([]);
    end();
    time.advance(1 as Duration);
    expect(moves()).toEqual(["add"]);
    expect(kernel.deeds.findIndex(({ type }) => type === "add")).toBeLessThan(
      kernel.deeds.findIndex(({ type }) => type === "frame"),
    );
    // And the other way: it resigns at once, and keeps what it has until the program has ended.
    set.agent.shutdown();
    time.advance(1 as Duration);
    expect(became()).toEqual(["initialize"]);
    expect(moves()).toEqual(["add"]);
    end();
    time.advance(1 as Duration);
    expect(moves()).toEqual(["add", "remove"]);
    expectRemembered(set);
  });

  it("does not bring them when the router has fallen back meanwhile, nor takes away what is somebody else's", () => {
    const there = ONE.virtualAddresses[0];
    if (there === undefined) throw new Error("it has an address");
    const set = held((kernel) => kernel.plant("eth0", there.address, there.prefixLength));
    const { time, kernel, say, end, became, moves } = set;
    time.advanceTo(instantAt(DOWN));
    say(200);
    time.advance(1 as Duration);
    expect(phaseOf(set)).toBe("backup");
    expect(became()).toEqual(["master", "backup"]);
    end();
    end();
    time.advance(seconds(1));
    expect(moves()).toEqual([]);
    expect(kindsOf(kernel.deeds)).not.toContain("frame");
    // That it is done is told all the same: others wait for the word.
    expect(seenBy(set, "effectDone")).toMatchObject([{ effect: "removeAddresses" }]);
    expectRemembered(set);
  });
});
