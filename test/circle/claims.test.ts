// Somebody else claims an address of a Master: it hears of it, says so, and announces again, within limits.

import { describe, expect, it } from "vitest";
import { bytesOf } from "../../agent/core/address.ts";
import { instantAt, microseconds, milliseconds, seconds } from "../../agent/core/time.ts";
import { gratuitousArp, setArpAddress } from "../../agent/wire/arp.ts";
import { ip, router, virtual } from "../log/history.ts";
import { configOf, DOWN, expectRemembered, type Scene, scene, seenBy } from "./scene.ts";

const VIP = "10.0.1.100";
const OWNER = router("eth0", "ipv4", 1, { basePriority: 255, virtualAddresses: [virtual(VIP, "eth0")] });
const STATION = Uint8Array.of(2, 0, 0, 0, 0, 0x99);

function claim({ peer }: Scene, address = VIP, mac = STATION): void {
  const frame = gratuitousArp(mac);
  setArpAddress(frame, bytesOf(ip(address)));
  peer.sendFrame("eth0", frame);
}
const announced = ({ kernel }: Scene): number => kernel.deeds.filter(({ type }) => type === "frame").length;

describe("a foreign claim of an address of a Master", () => {
  it("is told with the station, and answered at once and 5 s later", () => {
    const set = scene({ config: configOf(OWNER) });
    // Five at once, five more at 5 s.
    set.time.advanceTo(instantAt(6_000_000));
    expect(announced(set)).toBe(10);
    claim(set);
    set.time.advance(milliseconds(1));
    expect(seenBy(set, "addressClaimed")).toEqual([
      { type: "addressClaimed", interface: "eth0", address: VIP, mac: "02:00:00:00:00:99", count: 1 },
    ]);
    expect(announced(set)).toBe(15);
    set.time.advance(seconds(6));
    expect(announced(set)).toBe(20);
    expectRemembered(set);
  });

  it("is nobody's business while another is Master, nor when it is of another address, or our own words", () => {
    const backup = { ...OWNER, basePriority: 100 };
    const set = scene({ config: configOf(backup) });
    set.time.advanceTo(instantAt(1_000_000));
    claim(set);
    set.time.advanceTo(instantAt(DOWN + 100_000));
    claim(set, "10.0.1.101");
    claim(set, VIP, Uint8Array.from(set.kernel.interfaces.get("eth0")?.mac ?? []));
    set.time.advance(milliseconds(10));
    expect(seenBy(set, "addressClaimed")).toEqual([]);
    // What tells that it would have been heard.
    claim(set);
    set.time.advance(milliseconds(10));
    expect(seenBy(set, "addressClaimed")).toHaveLength(1);
  });

  it("comes too late when an advertisement of the new Master waits beside it", () => {
    const backup = { ...OWNER, basePriority: 100 };
    const set = scene({ config: configOf(backup) });
    set.time.advanceTo(instantAt(DOWN + 100_000));
    const before = announced(set);
    set.kernel.freeze(instantAt(DOWN + 200_000));
    set.say(200, backup);
    claim(set);
    set.time.advance(seconds(1));
    expect(seenBy(set, "addressClaimed")).toEqual([]);
    expect(announced(set)).toBe(before);
  });

  it("again and again is told after 1, 2, 4, 8 s and so on, with the count", () => {
    const set = scene({ config: configOf(OWNER) });
    set.time.advanceTo(instantAt(6_000_000));
    // A thousand a second for 16 s: told at 0, 1, 3, 7 and 15 s.
    for (let i = 0; i < 16_000; i++) {
      claim(set);
      set.time.advance(milliseconds(1));
    }
    const counts = seenBy(set, "addressClaimed").map((seen) => (seen.type === "addressClaimed" ? seen.count : 0));
    // The one that comes just then counts for the next.
    expect(counts).toEqual([1, 999, 2_000, 4_000, 8_000]);
    // Each is answered at once and after 5 s at most.
    expect(announced(set) - 10).toBeLessThanOrEqual(2 * 5 * 5);
  });

  it("that was not told is told when the wait is over, though it is not said again, and answered", () => {
    const set = scene({ config: configOf(OWNER) });
    set.time.advanceTo(instantAt(6_000_000));
    claim(set);
    set.time.advance(milliseconds(500));
    claim(set);
    set.time.advance(milliseconds(499));
    expect(seenBy(set, "addressClaimed")).toHaveLength(1);
    expect(announced(set)).toBe(15);
    set.time.advance(milliseconds(2));
    expect(seenBy(set, "addressClaimed").at(-1)).toMatchObject({ mac: "02:00:00:00:00:99", count: 1 });
    expect(announced(set)).toBe(20);
    // And nobody is told of what nobody has said.
    set.time.advance(seconds(120));
    expect(seenBy(set, "addressClaimed")).toHaveLength(2);
    expectRemembered(set);
  });

  it("that was not told is forgotten by who is Master no more", () => {
    const backup = { ...OWNER, basePriority: 100 };
    const set = scene({ config: configOf(backup) });
    set.time.advanceTo(instantAt(DOWN + 6_000_000));
    claim(set);
    set.time.advance(milliseconds(500));
    claim(set);
    set.say(200, backup);
    set.time.advance(seconds(2));
    expect(seenBy(set, "addressClaimed")).toHaveLength(1);
  });

  it("from ever new stations is told, and remembered, within a limit", () => {
    const set = scene({ config: configOf(OWNER) });
    set.time.advanceTo(instantAt(6_000_000));
    for (let i = 0; i < 3_000; i++) {
      claim(set, VIP, Uint8Array.of(2, 0, 0, 1, i >> 8, i & 0xff));
      set.time.advance(microseconds(10));
    }
    // 1024 of them by name, the rest as one kind, which is told once within these 30 ms.
    expect(seenBy(set, "addressClaimed")).toHaveLength(1_025);
    expect(announced(set)).toBe(15);
  });
});
