// Datagrams that are refused are told, but not so often that telling them becomes the attack.

import { describe, expect, it } from "vitest";
import { instantAt } from "../../agent/core/time.ts";
import { VRRP_GROUP } from "../../agent/wire/advert.ts";
import { advertPacket } from "../../agent/wire/packet.ts";
import { ip } from "../log/history.ts";
import { ONE, phaseOf, type Scene, scene, seenBy } from "./scene.ts";

describe("refused datagrams", () => {
  const broken = (source: string): Uint8Array => {
    const packet = advertPacket(ONE, 200, ip(source));
    // The checksum, bytes 6 and 7 of the VRRP header.
    packet[26] = (packet[26] ?? 0) ^ 0xff;
    return packet;
  };
  const toldOf = (set: Scene) =>
    seenBy(set, "advertDropped").map((seen) => (seen.type === "advertDropped" ? [seen.source, seen.count] : []));

  it("are told at once, then once a minute for each peer, with their number", () => {
    const set = scene();
    const { time, peer } = set;
    const send = (source: string): void => void peer.sendPacket("eth0", "ipv4", broken(source), VRRP_GROUP.ipv4);
    for (let at = 0; at < 130; at++)
      time.at(instantAt(1_000_000 + at * 1_000_000), () => {
        send("10.0.0.66");
        if (at < 2) send("10.0.0.67");
      });
    time.advanceTo(instantAt(132_000_000));
    // One a second from 1 s on: the first at 1 s; those of 2 s to 4 s once this router has become Master,
    // at 3.6 s, since then it means that there are two; 60 more up to 64 s, 60 more up to 124 s.
    expect(toldOf(set)).toEqual([
      ["10.0.0.66", 1],
      ["10.0.0.67", 1],
      ["10.0.0.66", 3],
      ["10.0.0.66", 60],
      ["10.0.0.66", 60],
    ]);
    expect(phaseOf(set)).toBe("master");
  });

  it("of a flood from invented senders are told within bounds, and known peers still by themselves", () => {
    const set = scene();
    const { time, peer } = set;
    const send = (source: string): void => void peer.sendPacket("eth0", "ipv4", broken(source), VRRP_GROUP.ipv4);
    for (let i = 0; i < 5_000; i++) send(`10.1.${Math.floor(i / 250)}.${(i % 250) + 1}`);
    time.advanceTo(instantAt(1_000_000));
    // 1024 by name and one for all the others.
    expect(toldOf(set)).toHaveLength(1_025);
    time.advanceTo(instantAt(62_000_000));
    send("10.1.0.1");
    send("10.9.9.9");
    time.advanceTo(instantAt(63_000_000));
    // The flood is over: what was remembered of it has made room.
    expect(toldOf(set).slice(1_025)).toEqual([
      ["10.1.0.1", 1],
      ["10.9.9.9", 1],
    ]);
  });
});
