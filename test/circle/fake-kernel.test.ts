// The fake kernel keeps the same contract as Linux, or what is tested with it proves nothing.

import { describe, expect, it } from "vitest";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { fakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import { fakeLan } from "../../agent/rehearse/fake-lan.ts";
import { virtualTime } from "../../agent/rehearse/virtual-time.ts";
import { ip, type Pair, packet } from "../contract/given.ts";
import { kernelContract } from "../contract/kernel.ts";

const GROUP = ip("224.0.0.18");

function pair(): Pair {
  const time = virtualTime();
  const lan = fakeLan(time);
  const other = fakeLan(time);
  const a = fakeKernel("a", time);
  const b = fakeKernel("b", time);
  a.lay("wire", lan);
  a.lay("other", other);
  b.lay("wire", lan);
  a.plant("wire", ip("10.9.0.1"), 24);
  b.plant("wire", ip("10.9.0.2"), 24);
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const deadline = time.now() + seconds(5);
    while (!condition()) if (time.now() > deadline || !time.next()) throw new Error(`it never came to pass: ${what}`);
  };
  return {
    a,
    b,
    wire: "wire",
    other: "other",
    atB: (act) => act(),
    setUp: a.setUp,
    cutWire: () => a.cut("wire"),
    layWire: () => a.lay("wire", lan),
    tear: a.tear,
    ready: () => until("both ends know the wire", () => a.interfaces.has("wire") && b.interfaces.has("wire")),
    addressesOfA: (iface) => a.truth(iface).map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    until,
    close: () => {
      a.close();
      b.close();
    },
  };
}

kernelContract("The fake kernel", () => Promise.resolve(pair()));

describe("the fake kernel", () => {
  it("rings before it reads when its process was frozen, as Node does", () => {
    const time = virtualTime();
    const lan = fakeLan(time);
    const kernel = fakeKernel("a", time);
    const peer = fakeKernel("b", time);
    kernel.lay("wire", lan);
    peer.lay("wire", lan);
    time.advance(milliseconds(1));
    const order: string[] = [];
    kernel.listen("wire", "ipv4", ({ at }) => order.push(`datagram of ${at} at ${time.now()}`));
    // 1 ms: frozen until 11 ms. 2 ms: a datagram. 3 ms: the alarm is due.
    kernel.freeze(instantAt(11_000));
    time.at(instantAt(2_000), () => void peer.sendPacket("wire", "ipv4", packet("ipv4", ip("10.0.0.2"), 1), GROUP));
    kernel.setAlarm(instantAt(3_000), () => order.push(`alarm at ${time.now()}`));
    time.advance(milliseconds(20));
    expect(order).toEqual(["alarm at 11000", "datagram of 2000 at 11000"]);
  });

  it("keeps a process busy while time goes by, and makes up for it", () => {
    const time = virtualTime();
    const seen: number[] = [];
    for (const when of [1_000, 2_000, 3_000]) time.at(instantAt(when), () => seen.push(time.now()));
    time.at(instantAt(500), () => time.spend(milliseconds(2)));
    time.advance(milliseconds(5));
    // Busy from 0.5 to 2.5 ms: what was due at 1 and 2 ms happens then.
    expect(seen).toEqual([2_500, 2_500, 3_000]);
    expect(time.now()).toBe(5_000);
  });
});
