// What every kernel tells of who claims an address.

import { expect, it } from "vitest";
import { bytesOf, type IpAddress } from "../../agent/core/address.ts";
import type { ClaimFrame, Kernel, Outcome } from "../../agent/kernel.ts";
import { gratuitousArp, setArpAddress } from "../../agent/wire/arp.ts";
import { claimIn } from "../../agent/wire/claim.ts";
import { printMac } from "../../agent/wire/mac.ts";
import { ALL_NODES, setNaAddress, unsolicitedNa } from "../../agent/wire/ndp.ts";

/** Of two kernels on one wire, what is needed here. */
type Pair = {
  readonly a: Kernel;
  readonly b: Kernel;
  readonly wire: string;
  readonly atB: <T>(act: () => T) => T;
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
};

const OK: Outcome = { ok: true };

/** What b's station says of two addresses of each family; the last byte of its MAC is the only one that is not 0x02. */
export function claims(pair: () => Pair, ip: (text: string) => IpAddress): void {
  const mac = Uint8Array.of(2, 2, 2, 2, 2, 0x66);
  const arp = (text: string): Uint8Array => {
    const frame = gratuitousArp(mac);
    setArpAddress(frame, bytesOf(ip(text)));
    return frame;
  };
  const na = (text: string): Uint8Array => {
    const packet = unsolicitedNa(mac, false);
    setNaAddress(packet, bytesOf(ip(text)));
    return packet;
  };

  it("tells who claims an address it was asked about, and nothing of others or of itself", async () => {
    const { a, b, wire, atB, until } = pair();
    const heard: string[] = [];
    const listener = ({ interface: iface, frame }: ClaimFrame): void => {
      const claim = claimIn(frame);
      if (claim !== undefined) heard.push(`${iface} ${claim.address} ${printMac(claim.mac)}`);
    };
    const all = (): void => {
      for (const text of ["10.9.0.50", "10.9.0.51"]) atB(() => expect(b.sendFrame(wire, arp(text))).toEqual(OK));
      for (const text of ["fd00:9::50", "fd00:9::51"])
        atB(() => expect(b.sendPacket(wire, "ipv6", na(text), ALL_NODES)).toEqual(OK));
    };
    expect(a.hearClaims([ip("10.9.0.50"), ip("fd00:9::51")], listener)).toEqual(OK);
    expect(a.sendFrame(wire, arp("10.9.0.50"))).toEqual(OK);
    all();
    await until("both claims are told", () => heard.length >= 2);
    expect(heard.sort()).toEqual([`${wire} 10.9.0.50 02:02:02:02:02:66`, `${wire} fd00:9::51 02:02:02:02:02:66`]);

    // Another list replaces the first one; the last claim is the measure of when the others are through.
    heard.length = 0;
    expect(a.hearClaims([ip("10.9.0.51"), ip("fd00:9::50")], listener)).toEqual(OK);
    all();
    await until("the others are told", () => heard.length >= 2);
    expect(heard.sort()).toEqual([`${wire} 10.9.0.51 02:02:02:02:02:66`, `${wire} fd00:9::50 02:02:02:02:02:66`]);
    expect(a.hearClaims([], listener)).toEqual(OK);
  });
}
