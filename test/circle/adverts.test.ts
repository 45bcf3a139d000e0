// What is made ready before a take-over is what is sent then, and nothing of it is on the wire before.

import { describe, expect, it } from "vitest";
import { createAdverts } from "../../agent/effects/send-advert.ts";
import { advertPacket } from "../../agent/wire/packet.ts";
import { ONE, OWN } from "./scene.ts";

function adverts() {
  const sent: string[] = [];
  const done = { ok: true } as const;
  const kernel = {
    sendPacket: (iface: string, _: string, packet: Uint8Array, to: string) => {
      sent.push(`${iface} ${to} ${Buffer.from(packet).toString("hex")}`);
      return done;
    },
    sendFrame: () => done,
    sendFrames: () => [done],
  };
  return { sent, ...createAdverts(kernel, { next: () => 0 }) };
}

describe("an advertisement that was made ready", () => {
  it("is the one that is sent, with the priority of then", () => {
    const { sent, prepare, send } = adverts();
    prepare(ONE, OWN);
    // The whole way with nothing in hand.
    expect(sent).toEqual(["eth0 224.0.0.18 "]);
    // 120 is not the base priority, which is 100: priority and checksum are written anew.
    send(ONE, 120, OWN);
    const fresh = Buffer.from(advertPacket(ONE, 120, OWN)).toString("hex");
    expect(sent.slice(1)).toEqual([`eth0 224.0.0.18 ${fresh}`]);
    expect(fresh.length).toBeGreaterThan(40);
  });
});
