// What is done about a decision: in order, without holding anything up, and told when it fails.

import { describe, expect, it } from "vitest";
import type { RouterConfig } from "../../agent/core/config.ts";
import { instantAt, microseconds, milliseconds, seconds } from "../../agent/core/time.ts";
import type { Deed } from "../../agent/rehearse/fake-kernel.ts";
import { ip, router, virtual } from "../log/history.ts";
import { configOf, DOWN, expectRemembered, kindsOf, ONE, OWN, phaseOf, scene, seenBy } from "./scene.ts";

/** 250 addresses each, 10.7.n.1 .. 10.7.n.250 on eth0: four routers have a thousand; one advertisement has room for 255. */
const many = (vrid: number, wanted: Partial<RouterConfig> = {}): RouterConfig => {
  const addresses = Array.from({ length: 250 }, (_, i) => virtual(`10.7.${vrid}.${i + 1}`, "eth0"));
  return router("eth0", "ipv4", vrid, { virtualAddresses: addresses, ...wanted });
};
/** Byte 1 of the VRRP header, behind 20 bytes of IPv4. */
const isOf = ({ vrid }: RouterConfig, deed: Deed): boolean => deed.type === "packet" && deed.bytes[21] === vrid;

describe("a takeover of a thousand addresses", () => {
  const big = [11, 12, 13, 14].map((vrid) => many(vrid));
  const first = many(11);
  const quick = router("eth0", "ipv4", 3, { version: 3, adverInterval: milliseconds(10), basePriority: 255 });

  it("does not hold back the advertisements of another router", () => {
    const set = scene({ config: configOf(...big, quick) });
    // A thousand times 0.1 ms: 100 ms without a pause between the bursts.
    set.kernel.addressTakes(microseconds(100));
    set.time.advanceTo(instantAt(DOWN + 600_000));
    expect(set.kernel.truth("eth0")).toHaveLength(1 + 1_000 + 1);
    const ofQuick = set.kernel.deeds.filter((deed) => isOf(quick, deed));
    const gaps = ofQuick.slice(1).map(({ at }, i) => at - (ofQuick[i]?.at ?? 0));
    // Late by no more than the first burst, which has 50: 10 ms + 5 ms.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000);
    expect(ofQuick.length).toBeGreaterThan(390);
    const adds = set.kernel.deeds.filter(({ type, at }) => type === "add" && at >= DOWN);
    expect(adds.length).toBeGreaterThanOrEqual(20);
    const between = ofQuick.filter(({ at }) => at > (adds[0]?.at ?? 0) && at < (adds.at(-1)?.at ?? 0));
    expect(between.length).toBeGreaterThan(4);
  });

  it("says who is Master for all of them before the first address", () => {
    const set = scene({ config: configOf(...big) });
    set.kernel.addressTakes(microseconds(100));
    set.time.advanceTo(instantAt(DOWN + 600_000));
    const late = big.map((config) => (set.kernel.deeds.find((deed) => isOf(config, deed))?.at ?? 0) - DOWN);
    // All four are due at the same instant; the first burst of the first is done within its turn.
    expect(Math.max(...late)).toBeLessThanOrEqual(5_000);
  });

  it("announces the first address before the last is there, and none before it is", () => {
    const set = scene({ config: configOf(first) });
    set.kernel.addressTakes(microseconds(100));
    set.time.advanceTo(instantAt(DOWN + 600_000));
    const deeds = set.kernel.deeds.filter(({ at, type }) => at >= DOWN && (type === "add" || type === "frame"));
    const there = new Set<string>();
    let early = 0;
    for (const deed of deeds) {
      if (deed.type === "add") for (const { address } of deed.addresses) there.add(address);
      // Bytes 28 to 31 of the frame are the sender's address.
      else if (deed.type === "frame" && !there.has([...deed.bytes.subarray(28, 32)].join("."))) early += 1;
    }
    expect(early).toBe(0);
    expect(there.size).toBe(250);
    const kinds = kindsOf(deeds);
    // 5, and then bursts of up to 50: 250 take six at least.
    expect(kinds.indexOf("frame")).toBeLessThan(3);
    expect(kinds.lastIndexOf("add")).toBeGreaterThan(kinds.indexOf("frame") + 5);
    // Five rounds of 250.
    expect(kinds.filter((kind) => kind === "frame")).toHaveLength(1_250);
  });

  it("drops what is left to announce when mastership is lost, and lets go of everything", () => {
    const set = scene({ config: configOf(first) });
    set.kernel.addressTakes(microseconds(20));
    set.time.advanceTo(instantAt(DOWN));
    set.say(250, first);
    set.time.advance(milliseconds(200));
    expect(phaseOf(set, first)).toBe("backup");
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);
    // Five rounds of 250 would have been due.
    const kinds = kindsOf(set.kernel.deeds);
    expect(kinds.filter((kind) => kind === "frame").length).toBeLessThan(250);
    expect(kinds.lastIndexOf("frame")).toBeLessThan(kinds.indexOf("remove"));
    expectRemembered(set);
  });

  it("is given up when the daemon stops: nothing more comes, and all that came goes", () => {
    const set = scene({ config: configOf(...big) }, (kernel) => kernel.plant("eth0", ip("10.7.14.250"), 24, 3));
    set.kernel.addressTakes(microseconds(100));
    // 30 ms: at 0.1 ms each and no more than 2 ms a burst, some three hundred are there.
    set.time.advanceTo(instantAt(DOWN + 30_000));
    const there = set.kernel.truth("eth0").length - 2;
    expect(there).toBeGreaterThan(100);
    expect(there).toBeLessThan(400);
    const deeds = set.kernel.deeds.length;
    set.agent.shutdown();
    set.time.advance(seconds(1));
    // What was there before, and never tried, is nobody's to remove.
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN, "10.7.14.250"]);
    const since = set.kernel.deeds.slice(deeds);
    expect(kindsOf(since).filter((kind) => kind === "packet")).toHaveLength(4);
    // Those that were on their way in the burst of the first router, at most.
    expect(since.filter(({ type }) => type === "add").length).toBeLessThanOrEqual(1);
    const details = seenBy(set, "effectDone").flatMap((seen) => (seen.type === "effectDone" ? [seen.detail] : []));
    expect(details).toEqual(expect.arrayContaining(["0 added, 250 given up"]));
    expectRemembered(set);
  });

  it("goes on announcing what a reload keeps", () => {
    const set = scene({ config: configOf(first) });
    set.kernel.addressTakes(microseconds(20));
    set.time.advanceTo(instantAt(DOWN));
    set.agent.reload(configOf({ ...first, virtualAddresses: first.virtualAddresses.slice(1) }));
    set.time.advance(milliseconds(200));
    expect(phaseOf(set, first)).toBe("master");
    expect(kindsOf(set.kernel.deeds).filter((kind) => kind === "frame").length).toBeGreaterThanOrEqual(5 * 249);
    expect(set.kernel.truth("eth0")).toHaveLength(1 + 249);
  });
});

describe("an effect that fails", () => {
  it("is told with its cause, and the lane goes on", () => {
    const two = router("eth0", "ipv4", 1, {
      virtualAddresses: [virtual("10.0.1.1", "eth0"), virtual("10.0.1.2", "nowhere")],
    });
    const set = scene({ config: configOf(two) });
    set.time.advanceTo(instantAt(DOWN + 1_000));
    expect(seenBy(set, "effectFailed")).toMatchObject([
      { effect: "addAddresses", error: expect.stringMatching(/^10\.0\.1\.2\/24 on nowhere: ENODEV/) },
      { effect: "announce", error: expect.stringMatching(/^nowhere: ENODEV/) },
    ]);
    expect(seenBy(set, "effectDone")).toMatchObject([
      { effect: "addAddresses", detail: "1 added", foreign: [] },
      { effect: "announce", detail: "5 sent" },
    ]);
    expectRemembered(set);
  });

  it("is told once a minute while advertisements fail alike, and at once when they fail otherwise", () => {
    const set = scene();
    const refused = (error: string) => (what: Deed["type"]) =>
      what === "packet" ? { ok: false as const, errno: 1, error } : null;
    set.kernel.refuse(refused("ENOBUFS: no room"));
    // The first advert at 3.6 s, then one a second: told at 3.6 s and again at 63.6 s.
    set.time.advanceTo(instantAt(DOWN + 59_500_000));
    expect(seenBy(set, "effectFailed")).toHaveLength(1);
    set.time.advanceTo(instantAt(DOWN + 60_500_000));
    expect(seenBy(set, "effectFailed")).toHaveLength(2);
    set.kernel.refuse(refused("EPERM: forbidden"));
    set.time.advance(seconds(1));
    expect(seenBy(set, "effectFailed").at(-1)).toMatchObject({ effect: "sendAdvert", error: "EPERM: forbidden" });
    expect(seenBy(set, "effectFailed")).toHaveLength(3);
    expect(phaseOf(set)).toBe("master");
  });
});

describe("an address that is there already", () => {
  const own = ONE.virtualAddresses[0] ?? virtual("10.0.1.100", "eth0");

  const added = (set: ReturnType<typeof scene>) =>
    seenBy(set, "effectDone").find((seen) => "effect" in seen && seen.effect === "addAddresses");

  it("is somebody else's, is told, and stays when we let go", () => {
    const set = scene({}, (kernel) => kernel.plant("eth0", own.address, own.prefixLength, 3));
    set.time.advanceTo(instantAt(DOWN + 100_000));
    expect(added(set)).toMatchObject({
      effect: "addAddresses",
      detail: "0 added, 1 there already",
      foreign: [own.address],
    });
    set.say(200);
    set.time.advance(milliseconds(10));
    expect(phaseOf(set)).toBe("backup");
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN, own.address]);
    // Gone by its owner's hand, it is ours the next time.
    set.kernel.uproot("eth0", own.address);
    set.time.advance(seconds(4));
    expect(phaseOf(set)).toBe("master");
    set.say(200);
    set.time.advance(milliseconds(10));
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);
  });

  it("is ours when it carries our protocol number, and goes when we let go", () => {
    const set = scene({}, (kernel) => kernel.plant("eth0", own.address, own.prefixLength, 18));
    set.time.advanceTo(instantAt(DOWN + 100_000));
    expect(added(set)).toMatchObject({ detail: "1 added", foreign: [] });
    set.say(200);
    set.time.advance(milliseconds(10));
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);
  });

  /** Something happens to the address after we have looked and before the kernel adds it. */
  const meanwhile = (set: ReturnType<typeof scene>, act: () => void): void => {
    let done = false;
    set.kernel.refuse((what) => {
      if (what === "add" && !done) {
        done = true;
        act();
      }
      return null;
    });
  };

  it("is judged by what is so, not by what was read last", () => {
    const ours = scene();
    // A moment ago, and not told yet: by our number.
    meanwhile(ours, () => ours.kernel.plant("eth0", own.address, own.prefixLength, 18));
    ours.time.advanceTo(instantAt(DOWN + 100_000));
    expect(added(ours)).toMatchObject({ detail: "1 added", foreign: [] });
    ours.agent.shutdown();
    ours.time.advance(seconds(1));
    expect(ours.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);

    // Ours was there; somebody takes it away and puts his own in its place.
    const theirs = scene({}, (kernel) => kernel.plant("eth0", own.address, own.prefixLength, 18));
    meanwhile(theirs, () => {
      theirs.kernel.uproot("eth0", own.address);
      theirs.kernel.plant("eth0", own.address, own.prefixLength, 3);
    });
    theirs.time.advanceTo(instantAt(DOWN + 100_000));
    expect(added(theirs)).toMatchObject({ foreign: [own.address] });
    theirs.agent.shutdown();
    theirs.time.advance(seconds(1));
    expect(theirs.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN, own.address]);
  });
});

describe("a reload that brings an address to each of many routers", () => {
  it("announces that of the first before that of the last is there", () => {
    const vrids = Array.from({ length: 60 }, (_, i) => i + 1);
    const owners = (own: readonly number[]) =>
      vrids.map((vrid) =>
        router("eth0", "ipv4", vrid, {
          basePriority: 255,
          virtualAddresses: own.map((n) => virtual(`10.7.${vrid}.${n}`, "eth0")),
        }),
      );
    const set = scene({ config: configOf(...owners([1])) });
    set.time.advanceTo(instantAt(DOWN));
    const known = set.kernel.deeds.length;
    set.kernel.addressTakes(microseconds(100));
    set.agent.reload(configOf(...owners([1, 2])));
    set.time.advanceTo(instantAt(DOWN + 600_000));
    const deeds = set.kernel.deeds.slice(known);
    const added = deeds.flatMap((deed, i) => (deed.type === "add" ? [i] : []));
    // Bytes 28 to 31 of the frame are the sender's address.
    const told = vrids.map((vrid) =>
      deeds.findIndex(
        (deed) => deed.type === "frame" && [...deed.bytes.subarray(28, 32)].join(".") === `10.7.${vrid}.2`,
      ),
    );
    expect(added).toHaveLength(60);
    expect(Math.min(...told)).toBeGreaterThan(added[0] ?? 0);
    expect(told[0]).toBeLessThan(added[59] ?? 0);
    expect(told[29]).toBeLessThan(added[59] ?? 0);
  });
});
