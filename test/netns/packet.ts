// Frames as a capture shows them. Written apart from agent/wire on purpose: a test that read heird's
// packets with heird's own codec would find every mistake of that codec in order.

export type Arp = {
  readonly operation: "request" | "reply" | number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
};

export type Vrrp = {
  readonly version: number;
  readonly type: number;
  readonly vrid: number;
  readonly priority: number;
  readonly addresses: readonly string[];
  /** v2 only: 0 none, 1 password, 2 AH. */
  readonly authType: number | null;
  /** v2 only, as text without the padding. */
  readonly password: string | null;
  /** Milliseconds, whichever unit the version has. */
  readonly interval: number;
  readonly checksum: number;
};

/** An ICMPv6 neighbour advertisement: RFC 4861 §4.4. */
export type NeighborAdvertisement = {
  readonly target: string;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
};

export type Ip = {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** TOS or traffic class. */
  readonly trafficClass: number;
  readonly payload: Uint8Array;
};

export type Packet = {
  /** When the kernel saw it on the bridge: microseconds since 1970. */
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly etherType: number;
  readonly bytes: Uint8Array;
  readonly ip: Ip | null;
  readonly arp: Arp | null;
  readonly vrrp: Vrrp | null;
  readonly na: NeighborAdvertisement | null;
};

const hex = (bytes: Uint8Array, separator: string): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);

const mac = (bytes: Uint8Array): string => hex(bytes, ":");
const ipv4 = (bytes: Uint8Array): string => Array.from(bytes).join(".");

/** RFC 5952 §4: no leading zeros, the longest run of at least two zero groups as `::`, the first of equal ones. */
function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, 2 * i).toString(16));
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?:\b0(?::|$)){2,}/g)];
  if (runs.length === 0) return text;
  const { index, 0: zeros } = runs.reduce((a, b) => (b[0].length > a[0].length ? b : a));
  return `${text.slice(0, index).replace(/:$/, "")}::${text.slice(index + zeros.length)}`;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Reads an Ethernet frame as far as it is understood; what is not stays null. */
export function readFrame(at: number, bytes: Uint8Array): Packet {
  const etherType = u16(bytes, 12);
  const body = bytes.subarray(14);
  const ip = etherType === 0x0800 ? readIpv4(body) : etherType === 0x86dd ? readIpv6(body) : null;
  return {
    at,
    destination: mac(bytes.subarray(0, 6)),
    source: mac(bytes.subarray(6, 12)),
    etherType,
    bytes,
    ip,
    arp: etherType === 0x0806 && body.length >= 28 ? readArp(body) : null,
    vrrp: ip === null ? null : readVrrp(ip),
    na: ip?.version === 6 && ip.protocol === 58 && ip.payload[0] === 136 ? readNeighborAdvertisement(ip.payload) : null,
  };
}

function readIpv4(bytes: Uint8Array): Ip | null {
  const header = ((bytes[0] ?? 0) & 15) * 4;
  if (bytes.length < 20 || header < 20) return null;
  return {
    version: 4,
    trafficClass: bytes[1] ?? 0,
    ttl: bytes[8] ?? 0,
    protocol: bytes[9] ?? 0,
    source: ipv4(bytes.subarray(12, 16)),
    destination: ipv4(bytes.subarray(16, 20)),
    payload: bytes.subarray(header, u16(bytes, 2)),
  };
}

function readIpv6(bytes: Uint8Array): Ip | null {
  if (bytes.length < 40) return null;
  return {
    version: 6,
    trafficClass: (u16(bytes, 0) >> 4) & 255,
    protocol: bytes[6] ?? 0,
    ttl: bytes[7] ?? 0,
    source: ipv6(bytes.subarray(8, 24)),
    destination: ipv6(bytes.subarray(24, 40)),
    payload: bytes.subarray(40, 40 + u16(bytes, 4)),
  };
}

function readArp(bytes: Uint8Array): Arp {
  const operation = u16(bytes, 6);
  return {
    operation: operation === 1 ? "request" : operation === 2 ? "reply" : operation,
    senderMac: mac(bytes.subarray(8, 14)),
    senderIp: ipv4(bytes.subarray(14, 18)),
    targetMac: mac(bytes.subarray(18, 24)),
    targetIp: ipv4(bytes.subarray(24, 28)),
  };
}

/** RFC 2402 §2: an Authentication Header names what follows it; the one of RFC 2338 has 24 octets. */
const behindHeader = ({ protocol, payload }: Ip): Uint8Array | null =>
  protocol === 112 ? payload : protocol === 51 && payload[0] === 112 ? payload.subarray(24) : null;

function readVrrp(ip: Ip): Vrrp | null {
  const { version: family } = ip;
  const payload = behindHeader(ip);
  if (payload === null || payload.length < 8) return null;
  const version = (payload[0] ?? 0) >> 4;
  const width = family === 4 ? 4 : 16;
  const text = family === 4 ? ipv4 : ipv6;
  const count = payload[3] ?? 0;
  const end = 8 + count * width;
  const addresses = Array.from({ length: count }, (_, i) => payload.subarray(8 + i * width, 8 + (i + 1) * width));
  const password = new TextDecoder().decode(payload.subarray(end, end + 8)).replace(/\0+$/, "");
  return {
    version,
    type: (payload[0] ?? 0) & 15,
    vrid: payload[1] ?? 0,
    priority: payload[2] ?? 0,
    addresses: addresses.filter((address) => address.length === width).map(text),
    authType: version === 2 ? (payload[4] ?? 0) : null,
    password: version === 2 ? password : null,
    // RFC 3768 §5.3.7: seconds; RFC 5798 §5.2.7: twelve bits of centiseconds.
    interval: version === 2 ? (payload[5] ?? 0) * 1_000 : (u16(payload, 4) & 0x0fff) * 10,
    checksum: u16(payload, 6),
  };
}

function readNeighborAdvertisement(payload: Uint8Array): NeighborAdvertisement | null {
  if (payload.length < 24) return null;
  const flags = payload[4] ?? 0;
  return {
    target: ipv6(payload.subarray(8, 24)),
    router: (flags & 0x80) !== 0,
    solicited: (flags & 0x40) !== 0,
    override: (flags & 0x20) !== 0,
  };
}

/** Whether it is an ARP packet about its own sender: RFC 5227 §1.2, what a new Master sends for each address. */
export const isGratuitousArp = ({ arp }: Packet): boolean => arp !== null && arp.senderIp === arp.targetIp;
