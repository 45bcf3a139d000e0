// Frames of any kind, well-formed or not, for a hostile neighbour. Written apart from agent/wire on
// purpose: what is built here and understood there was built and understood by two.

import { MAIN } from "./heird.ts";
import type { Host } from "./lan.ts";

const bytesOf = (text: string): number[] =>
  text.includes(":") ? groupsOf(text).flatMap((group) => [group >> 8, group & 255]) : text.split(".").map(Number);

function groupsOf(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [front, back] = [groups(head), tail === undefined ? [] : groups(tail)];
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];

/** RFC 1071: the complement of the ones' complement sum of 16-bit words. */
export function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export type Advert = {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly priority: number;
  readonly addresses: readonly string[];
  /** v2: seconds; v3: centiseconds. */
  readonly interval: number;
  readonly type?: number;
  readonly count?: number;
  /** v2: 0 unless told. */
  readonly authType?: number;
  readonly password?: string;
  /** v3 over IPv4: RFC 9568 §5.2.8 sums no pseudo-header; with one unless told. */
  readonly pseudoHeader?: boolean;
  /** Of the IP header: v3 sums them, too. */
  readonly source: string;
  readonly destination: string;
};

/** A VRRP advertisement with the right checksum: RFC 3768 §5.1, RFC 5798 §5.1 with the pseudo-header. */
export function advert(what: Advert): number[] {
  const { version, vrid, priority, addresses, interval, type = 1, count = addresses.length } = what;
  const head = [(version << 4) | type, vrid, priority, count];
  const middle = version === 2 ? [what.authType ?? 0, interval] : u16(interval);
  const password = [...Buffer.from((what.password ?? "").padEnd(8, "\0"), "latin1")];
  const rest = [...addresses.flatMap(bytesOf), ...(version === 2 ? password : [])];
  const length = head.length + middle.length + 2 + rest.length;
  const pseudo =
    version === 2 || what.pseudoHeader === false
      ? []
      : [...bytesOf(what.source), ...bytesOf(what.destination), ...pseudoEnd(what.source, length)];
  return [...head, ...middle, ...u16(checksum([...pseudo, ...head, ...middle, 0, 0, ...rest])), ...rest];
}

/** RFC 2460 §8.1 and its shorter IPv4 form: length and protocol. */
const pseudoEnd = (source: string, length: number): number[] =>
  source.includes(":") ? [0, 0, ...u16(length), 0, 0, 0, 112] : [0, 112, ...u16(length)];

export type IpPacket = {
  readonly source: string;
  readonly destination: string;
  readonly payload: readonly number[];
  /** 255 unless told. */
  readonly ttl?: number;
  /** 112 unless told. */
  readonly protocol?: number;
  /** IPv4: identification, offset in octets and whether more follow. */
  readonly fragment?: { readonly id: number; readonly offset: number; readonly more: boolean };
  /** What the header says, when that is to be a lie. */
  readonly length?: number;
};

/** An IPv4 or IPv6 packet, by the family of its source. */
export function packet(what: IpPacket): number[] {
  const { source, destination, payload, ttl = 255, protocol = 112 } = what;
  if (source.includes(":")) {
    const head = [0x6c, 0, 0, 0, ...u16(what.length ?? payload.length), protocol, ttl];
    return [...head, ...bytesOf(source), ...bytesOf(destination), ...payload];
  }
  const { id, offset, more } = what.fragment ?? { id: 1, offset: 0, more: false };
  const start = [0x45, 0xc0, ...u16(what.length ?? 20 + payload.length), ...u16(id)];
  const middle = [...u16((more ? 0x2000 : 0) | (offset >> 3)), ttl, protocol];
  const addresses = [...bytesOf(source), ...bytesOf(destination)];
  return [...start, ...middle, ...u16(checksum([...start, ...middle, 0, 0, ...addresses])), ...addresses, ...payload];
}

/** One IPv4 packet as fragments of at most `size` octets of payload, a multiple of 8. */
export function fragments(what: IpPacket, id: number, size = 1480): readonly number[][] {
  const { payload } = what;
  const offsets = Array.from({ length: Math.ceil(payload.length / size) }, (_, i) => i * size);
  return offsets.map((offset) => {
    const more = offset + size < payload.length;
    return packet({ ...what, payload: payload.slice(offset, offset + size), fragment: { id, offset, more } });
  });
}

/** An Ethernet frame around an IP packet, to the MAC of the VRRP group unless told. */
export function frame(ip: readonly number[], destination?: string): string {
  const six = (ip[0] ?? 0) >> 4 === 6;
  const to = destination ?? (six ? "33:33:00:00:00:12" : "01:00:5e:00:00:12");
  const hex = (bytes: readonly number[]): string => Buffer.from(bytes).toString("hex");
  return `${to.replaceAll(":", "")}020000000066${six ? "86dd" : "0800"}${hex(ip)}`;
}

const octets = (mac: string): number[] => mac.split(":").map((octet) => Number.parseInt(octet, 16));
const hexOf = (bytes: readonly number[]): string => Buffer.from(bytes).toString("hex");

/** What a station says when it takes an IPv4 address for its own: RFC 5227 §1.2, gratuitous ARP as a request. */
export function arpClaim(address: string, mac: string): string {
  const head = [...octets("ff:ff:ff:ff:ff:ff"), ...octets(mac), 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1];
  return hexOf([...head, ...octets(mac), ...bytesOf(address), 0, 0, 0, 0, 0, 0, ...bytesOf(address)]);
}

/** The same of an IPv6 address: RFC 4861 §7.2.6, an unsolicited neighbour advertisement with Override, to all nodes. */
export function naClaim(address: string, mac: string): string {
  const [source, destination] = [bytesOf(address), bytesOf("ff02::1")];
  const tail = [0x20, 0, 0, 0, ...source, 2, 1, ...octets(mac)];
  const pseudo = [...source, ...destination, 0, 0, ...u16(4 + tail.length), 0, 0, 0, 58];
  const payload = [136, 0, ...u16(checksum([...pseudo, 136, 0, 0, 0, ...tail])), ...tail];
  const ip = packet({ source: address, destination: "ff02::1", payload, protocol: 58 });
  return hexOf([...octets("33:33:00:00:00:01"), ...octets(mac), 0x86, 0xdd, ...ip]);
}

// Sent to another process as text: it must use nothing from outside.
const PROGRAM = `
import { readFileSync } from "node:fs";
const { openFrameSender } = await import(process.argv[1]);
const opened = openFrameSender();
if (!opened.ok) throw new Error(opened.error);
const index = Number(readFileSync("/sys/class/net/eth0/ifindex", "latin1"));
let refused = 0;
for (const line of readFileSync(0, "latin1").split("\\n"))
  if (line !== "" && !opened.frames.send(index, "eth0", Buffer.from(line, "hex")).ok) refused += 1;
process.stdout.write(String(refused));
`;

/** Sends frames out of a host's eth0, as fast as they go. Throws when the kernel refuses one of them. */
export async function inject(host: Host, frames: readonly string[]): Promise<void> {
  const sender = MAIN.replace(/heird\/main\.js$/, "agent/linux/packet-socket.js");
  const argv = [process.execPath, "--input-type=module", "-e", PROGRAM, sender];
  const refused = await host.run(argv, { input: frames.join("\n"), timeout: 60_000 });
  if (refused !== "0") throw new Error(`the kernel refused ${refused} of ${frames.length} frames`);
}

const FLOOD = `
import { readFileSync } from "node:fs";
const { openFrameSender } = await import(process.argv[1]);
const opened = openFrameSender();
if (!opened.ok) throw new Error(opened.error);
const index = Number(readFileSync("/sys/class/net/eth0/ifindex", "latin1"));
const frames = readFileSync(0, "latin1").split("\\n").map((line) => Buffer.from(line, "hex"));
const [rate, end] = [Number(process.argv[2]) / 1e3, performance.now() + Number(process.argv[3])];
const begin = performance.now();
let sent = 0;
for (let now = begin; now < end; now = performance.now())
  while (sent < (now - begin) * rate) {
    opened.frames.send(index, "eth0", frames[sent % frames.length]);
    sent += 1;
  }
process.stdout.write(String(sent));
`;

/** Sends the frames again and again, `rate` of them a second for `span` ms; gives how many there were. */
export async function flood(host: Host, frames: readonly string[], rate: number, span: number): Promise<number> {
  const sender = MAIN.replace(/heird\/main\.js$/, "agent/linux/packet-socket.js");
  const argv = [process.execPath, "--input-type=module", "-e", FLOOD, sender, String(rate), String(span)];
  return Number(await host.run(argv, { input: frames.join("\n"), timeout: span + 30_000 }));
}
