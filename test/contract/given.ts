// What the contract of `Kernel` is given, and how its packets look.

import { bytesOf, type Family, type IpAddress, parseAddress } from "../../agent/core/address.ts";
import type { Path } from "../../agent/core/path.ts";
import type { Datagram, Kernel } from "../../agent/kernel.ts";

/** Two kernels and what stands between them. Each calls its end `wire`, and has an interface `other`. */
export type Pair = {
  readonly a: Kernel;
  readonly b: Kernel;
  readonly wire: string;
  readonly other: string;
  /** Does something at b's place: a thread can be in one network namespace at a time. */
  readonly atB: <T>(act: () => T) => T;
  /** Sets an interface of a administratively up or down. */
  readonly setUp: (iface: string, up: boolean) => void;
  /** Takes the wire away, and lays it again. */
  readonly cutWire: () => void;
  readonly layWire: () => void;
  /** Until the wire carries both families, as both ends see it. */
  readonly ready: () => Promise<void>;
  /** Somebody else than the kernel under test removes a route or rule of a. */
  readonly tear: (path: Path) => void;
  /** What is on an interface of a, told by somebody else than the kernel under test. */
  readonly addressesOfA: (iface: string) => readonly string[];
  /** Lets time pass until the condition holds; fails, naming it, when it does not within a few seconds. */
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
  readonly close: () => void;
};

/** An address that the test itself wrote down. */
export function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
}

export const GROUP: Readonly<Record<Family, IpAddress>> = { ipv4: ip("224.0.0.18"), ipv6: ip("ff02::12") };

/** Eight bytes in the place of an advertisement; the last one tells them apart. */
export const payload = (mark: number): Uint8Array => Uint8Array.of(0x31, 0x33, 0x64, 0x00, 0x00, 0x64, 0x00, mark);

/** A whole IP packet of protocol 112. IPv4: 20 + 8 = 28 bytes, checksum for the kernel. IPv6: 40 bytes before the 8. */
export function packet(
  family: Family,
  source: IpAddress,
  mark: number,
  ttl = 255,
  destination = GROUP[family],
): Uint8Array {
  const header = family === "ipv4" ? [0x45, 0xc0, 0, 28, 0, 0, 0, 0, ttl, 112, 0, 0] : [0x6c, 0, 0, 0, 0, 8, 112, ttl];
  return Uint8Array.from([...header, ...bytesOf(source), ...bytesOf(destination), ...payload(mark)]);
}

/** Datagrams as they come, with their bytes kept: they are valid only until the callback returns. */
export function collect(): { readonly heard: Datagram[]; readonly listener: (datagram: Datagram) => void } {
  const heard: Datagram[] = [];
  return { heard, listener: (datagram) => void heard.push({ ...datagram, bytes: datagram.bytes.slice() }) };
}

export const SOURCES: Readonly<Record<Family, IpAddress>> = { ipv4: ip("10.9.0.77"), ipv6: ip("fe80::77") };
