// The part of the contract that is about other groups, the Authentication Header, and routers that go
// by the routing table. Called by `kernelContract`.

import { expect, it } from "vitest";
import type { IpAddress } from "../../agent/core/address.ts";
import type { Outcome } from "../../agent/kernel.ts";
import { collect, GROUP, ip, type Pair, packet, SOURCES } from "./given.ts";

const OK: Outcome = { ok: true };

export function ears(pair: () => Pair): void {
  it("hears the groups it was told of and what is sent to itself, and no other group", async () => {
    const { a, b, wire, atB, until } = pair();
    const { heard, listener } = collect();
    const group = ip("224.0.0.99");
    const sendTo = (destination: IpAddress, mark: number): Outcome =>
      atB(() => b.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, mark, 255, destination), destination));
    expect(a.listen(wire, "ipv4", listener, { protocol: 112, groups: [group] })).toEqual(OK);
    expect([sendTo(GROUP.ipv4, 1), sendTo(group, 2), sendTo(ip("10.9.0.1"), 3)]).toEqual([OK, OK, OK]);
    await until("the group and the host heard", () => heard.length >= 2);
    expect(heard.map(({ bytes, destination }) => [bytes[7], destination])).toEqual([
      [2, "224.0.0.99"],
      [3, "10.9.0.1"],
    ]);
    expect(heard[0]).toMatchObject({ protocol: 112, packet: { length: 28 } });
    // Other groups take the place of those before.
    expect(a.listen(wire, "ipv4", listener, { protocol: 112, groups: [GROUP.ipv4] })).toEqual(OK);
    expect([sendTo(group, 4), sendTo(GROUP.ipv4, 5)]).toEqual([OK, OK]);
    await until("the usual group is heard", () => heard.length >= 3);
    expect(heard.slice(2).map(({ bytes }) => bytes[7])).toEqual([5]);
    a.unlisten(wire, "ipv4");
  });

  it("tells protocol 51 to whoever listens to it, and to nobody else", async () => {
    const { a, b, wire, atB, until } = pair();
    const [plain, header] = [collect(), collect()];
    a.listen(wire, "ipv4", plain.listener);
    expect(a.listen(wire, "ipv4", header.listener, { protocol: 51, groups: [GROUP.ipv4] })).toEqual(OK);
    const protectedPacket = packet("ipv4", SOURCES.ipv4, 1).with(9, 51);
    expect(atB(() => b.sendPacket(wire, "ipv4", protectedPacket, GROUP.ipv4))).toEqual(OK);
    atB(() => b.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 2), GROUP.ipv4));
    await until("both heard theirs", () => plain.heard.length > 0 && header.heard.length > 0);
    expect(plain.heard.map(({ protocol, bytes }) => [protocol, bytes[7]])).toEqual([[112, 2]]);
    expect(header.heard.map(({ protocol, bytes }) => [protocol, bytes[7]])).toEqual([[51, 1]]);
    a.unlisten(wire, "ipv4");
    a.unlisten(wire, "ipv4", 51);
  });

  it("without an interface sends where the routing table says, and hears what is sent to the host", async () => {
    const { a, b, atB, until } = pair();
    const { heard, listener } = collect();
    const [here, there] = [ip("10.9.0.1"), ip("10.9.0.2")];
    expect(a.sourceTo(there)).toBe(here);
    expect(atB(() => b.listen("", "ipv4", listener, { protocol: 112, groups: [] }))).toEqual(OK);
    expect(a.sendPacket("", "ipv4", packet("ipv4", here, 1, 64, there), there)).toEqual(OK);
    await until("it is heard", () => heard.length > 0);
    expect(heard).toMatchObject([{ interface: "", source: here, destination: there, ttl: 64 }]);
    atB(() => b.unlisten("", "ipv4"));
  });
}
