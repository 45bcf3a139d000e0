// Announcements keep the distance they are asked to keep, hold up nobody, and end with mastership.

import { describe, expect, it } from "vitest";
import type { AgentConfig, Pacing, RouterConfig } from "../../agent/core/config.ts";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent, usualRouter } from "../../agent/core/usual.ts";
import type { Deed } from "../../agent/rehearse/fake-kernel.ts";
import { fakeLan } from "../../agent/rehearse/fake-lan.ts";
import { virtualTime } from "../../agent/rehearse/virtual-time.ts";
import { ip, router, virtual } from "../log/history.ts";
import { DOWN, expectRemembered, ONE, OWN, packets, phaseOf, scene, seenBy } from "./scene.ts";

const pacingOf = (arpMs: number, groups: Pacing["groups"] = []): Pacing => ({
  each: { arp: milliseconds(arpMs), na: milliseconds(0) },
  groups,
});
const configOf = (pacing: Pacing, ...routers: RouterConfig[]): AgentConfig => ({
  ...usualAgent,
  routerId: "rt1",
  routers,
  pacing,
});

const frames = (deeds: readonly Deed[]) =>
  deeds.flatMap((deed) => (deed.type === "frame" ? [{ at: deed.at, iface: deed.interface, vip: deed.bytes[31] }] : []));
const gapsOf = (sent: readonly { readonly at: number }[]): number[] =>
  sent.slice(1).map(({ at }, i) => at - (sent[i]?.at ?? 0));

/** 10.0.n.100 and .101; owners are Master at once. */
const pair = (vrid: number, iface = "eth0", wanted: Partial<RouterConfig> = {}): RouterConfig =>
  router("eth0", "ipv4", vrid, {
    basePriority: 255,
    virtualAddresses: [virtual(`10.0.${vrid}.100`, iface), virtual(`10.0.${vrid}.101`, iface)],
    ...wanted,
  });

describe("vrrp_garp_interval", () => {
  it("keeps two packets of one interface apart, round by round, and no advertisement waits", () => {
    const set = scene({ config: configOf(pacingOf(100), pair(1)) });
    // 2 addresses, 5 rounds: the first at 0 s, the tenth at 0.9 s.
    set.time.advanceTo(instantAt(1_000_000));
    const sent = frames(set.kernel.deeds);
    expect(sent.map(({ vip }) => vip)).toEqual([100, 101, 100, 101, 100, 101, 100, 101, 100, 101]);
    expect(gapsOf(sent)).toEqual(new Array(9).fill(100_000));
    expect(packets(set.kernel.deeds).map(({ at }) => at)).toEqual([0, 1_000_000]);
    expect(seenBy(set, "effectDone").at(-1)).toMatchObject({ effect: "announce", detail: "10 sent, 0.1s apart" });
    expectRemembered(set);
  });

  it("takes routers in turns, so that each address is announced before any is again", () => {
    const set = scene({ config: configOf(pacingOf(10), pair(1), pair(2)) });
    set.time.advanceTo(instantAt(1_000_000));
    const sent = frames(set.kernel.deeds);
    expect(gapsOf(sent)).toEqual(new Array(19).fill(10_000));
    const third = set.kernel.deeds.flatMap((deed) => (deed.type === "frame" ? [deed.bytes[30]] : []));
    // Byte 30 is the third of the sender's address.
    expect(third.slice(0, 5)).toEqual([1, 1, 2, 1, 2]);
  });

  it("drops what is queued when mastership is lost", () => {
    const one = pair(1, "eth0", { basePriority: 100 });
    const set = scene({ config: configOf(pacingOf(100), one) });
    set.time.advanceTo(instantAt(DOWN + 250_000));
    expect(frames(set.kernel.deeds)).toHaveLength(3);
    set.say(200, one);
    set.time.advance(seconds(1));
    expect(phaseOf(set)).toBe("backup");
    expect(frames(set.kernel.deeds)).toHaveLength(3);
  });

  it("drops only what a reload takes away", () => {
    const one = pair(1);
    const set = scene({ config: configOf(pacingOf(100), one) });
    set.time.advanceTo(instantAt(250_000));
    set.agent.reload(configOf(pacingOf(100), { ...one, virtualAddresses: one.virtualAddresses.slice(1) }));
    set.time.advanceTo(instantAt(3_000_000));
    // .100 .101 .100, then .101 alone in rounds 2 to 5.
    expect(frames(set.kernel.deeds).map(({ vip }) => vip)).toEqual([100, 101, 100, 101, 101, 101, 101]);
  });
});

describe("garp_group", () => {
  const spread = pair(1, "eth0", {
    virtualAddresses: [virtual("10.0.1.100", "eth0"), virtual("10.0.1.101", "eth1"), virtual("10.0.1.102", "eth2")],
  });
  const groups = [{ arp: milliseconds(100), na: milliseconds(0), interfaces: ["eth0", "eth1"] }];

  it("shares one pace among its interfaces, and leaves the others alone", () => {
    const set = scene({ config: configOf(pacingOf(0, groups), spread) }, (kernel) => {
      for (const name of ["eth1", "eth2"]) kernel.lay(name, fakeLan(virtualTime()));
    });
    set.time.advance(seconds(2));
    const sent = frames(set.kernel.deeds);
    const shared = sent.filter(({ iface }) => iface !== "eth2");
    expect(shared.map(({ iface }) => iface)).toEqual(new Array(5).fill(["eth0", "eth1"]).flat());
    expect(gapsOf(shared)).toEqual(new Array(9).fill(100_000));
    // eth2 has no pace: all five at once.
    expect(sent.filter(({ iface }) => iface === "eth2").map(({ at }) => at)).toEqual(new Array(5).fill(0));
  });
});

describe("what is announced", () => {
  it("has the MAC that the interface has when it leaves", () => {
    const set = scene({ config: configOf(pacingOf(100), pair(1)) });
    set.time.advanceTo(instantAt(150_000));
    const another = Uint8Array.of(2, 0, 0, 0, 0, 0x77);
    set.kernel.setMac("eth0", another);
    set.time.advanceTo(instantAt(350_000));
    const macs = set.kernel.deeds.flatMap((deed) => (deed.type === "frame" ? [[...deed.bytes.slice(22, 28)]] : []));
    expect(macs.slice(2, 4)).toEqual([[...another], [...another]]);
    expect(macs[0]).not.toEqual([...another]);
  });

  it("is nothing on a link without Ethernet, and no mistake", () => {
    const set = scene({ config: configOf(pacingOf(0), pair(1)) }, (kernel) => kernel.setMac("eth0", new Uint8Array()));
    set.time.advanceTo(instantAt(500_000));
    expect(phaseOf(set)).toBe("master");
    expect(frames(set.kernel.deeds)).toEqual([]);
    expect(seenBy(set, "effectFailed")).toEqual([]);
  });

  it("is of either family, excluded ones included", () => {
    const six = { ...virtual("fd00::1", "eth0"), prefixLength: 128 };
    const set = scene({ config: configOf(pacingOf(0), pair(1, "eth0", { excludedAddresses: [six] })) });
    // The second block at 5 s.
    set.time.advanceTo(instantAt(4_900_000));
    const before = set.kernel.deeds.length;
    set.time.advanceTo(instantAt(5_500_000));
    const later = set.kernel.deeds.slice(before);
    expect(frames(later)).toHaveLength(10);
    // Beside an advertisement, five neighbour advertisements: next header 58.
    const na = packets(later).filter((deed) => deed.type === "packet" && deed.bytes[6] === 58);
    expect(na).toHaveLength(5);
  });
});

describe("a unicast router that leaves FAULT", () => {
  const peers = [{ address: ip("10.0.0.9"), minTtl: 0, maxTtl: 255 }];
  const unicast: Partial<RouterConfig> = {
    basePriority: 100,
    transport: {
      ...usualRouter("ipv4").transport,
      to: { type: "unicast", peers, ttl: 255, checkSource: true },
    },
  };

  it("announces its own source address once (B9.15), and a multicast one nothing", () => {
    for (const [wanted, expected] of [
      [unicast, [OWN]],
      [{ basePriority: 100 }, []],
    ] as const) {
      const set = scene({ config: configOf(pacingOf(0), pair(1, "eth0", wanted)) });
      set.time.advanceTo(instantAt(100_000));
      set.kernel.setUp("eth0", false);
      set.time.advance(milliseconds(10));
      set.kernel.setUp("eth0", true);
      set.time.advance(milliseconds(10));
      expect(phaseOf(set)).toBe("backup");
      const told = set.kernel.deeds.flatMap((deed) =>
        deed.type === "frame" ? [deed.bytes.slice(28, 32).join(".")] : [],
      );
      expect(told).toEqual(expected);
    }
  });
});

describe("advertisements that go out again", () => {
  it("are told once, and the addresses are announced again", () => {
    const set = scene();
    set.time.advanceTo(instantAt(DOWN + 100_000));
    const before = frames(set.kernel.deeds).length;
    set.kernel.refuse((what) => (what === "packet" ? { ok: false, errno: 105, error: "ENOBUFS: no room" } : null));
    // At 4.6 s and 5.6 s nothing goes out.
    set.time.advance(seconds(2));
    set.kernel.refuse(null);
    set.time.advance(seconds(1));
    const again = seenBy(set, "effectDone").filter(
      (seen) => seen.type === "effectDone" && seen.effect === "sendAdvert",
    );
    expect(again).toEqual([
      { type: "effectDone", effect: "sendAdvert", router: ONE.key, took: 2_000_000, detail: "sent again", foreign: [] },
    ]);
    expect(frames(set.kernel.deeds).length - before).toBe(5);
    expectRemembered(set);
  });
});
