// VRRP advertisements, as they stand behind the IP header.
//
// VRRPv2 over IPv4 (RFC 3768 §5.1; the authentication of RFC 2338 §5.3.6):
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Auth Type   | Adver Int (s) |          Checksum             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                 IP Addresses (4 bytes each)                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |              Authentication Data (8 bytes, always)            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// VRRPv3 over IPv4 or IPv6 (RFC 5798 §5.1, RFC 9568 §5.1):
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Type  | Virtual Rtr ID|   Priority    |Count IPvX Addr|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |(rsvd) |  Max Adver Int (cs)   |          Checksum             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |               IPvX Addresses (4 or 16 bytes each)             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The checksum covers all of it. Over IPv6 the pseudo-header goes in front; in VRRPv3 over IPv4 it
// does for those who read RFC 5798 §5.2.8 as Keepalived does, and does not under RFC 9568 §5.2.8.

import { addressFromBytes, bytesOf, type Family, familyOf, type IpAddress } from "../core/address.ts";
import type { Authentication, RouterConfig } from "../core/config.ts";
import type { Advertisement } from "../core/event.ts";
import { centiseconds, type Duration, inSeconds, seconds } from "../core/time.ts";
import { addRange, adjustChecksum, checksumOf, fold, pseudoHeaderSum, putWord, wordAt } from "./checksum.ts";

/** The IP protocol, or next header, of VRRP. RFC 5798 §5.1.1.4. */
export const VRRP_PROTOCOL = 112;

/** 224.0.0.18 and ff02::12: where every VRRP router listens. RFC 5798 §5.1.1.2, §5.1.2.2. */
export const VRRP_GROUP: Readonly<Record<Family, IpAddress>> = {
  ipv4: addressFromBytes(Uint8Array.of(224, 0, 0, 18)),
  ipv6: addressFromBytes(Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12)),
};

/** What comes before the addresses, in both versions. */
export const VRRP_HEADER_LENGTH = 8;
export const ADVERTISEMENT = 1;

const AUTH_DATA_LENGTH = 8;
const CHECKSUM = 6;
const AUTH_TYPES = { none: 0, pass: 1, ah: 2 } as const;

/** Which form a checksum takes. */
export type ChecksumForm = Advertisement["checksum"];

/** Everything an advertisement is encoded from. */
export type AdvertFields = {
  readonly version: 2 | 3;
  readonly family: Family;
  /** 1..255 */
  readonly vrid: number;
  /** 0..255 */
  readonly priority: number;
  /** v2: 1..255 whole seconds; v3: 1..4095 whole centiseconds. */
  readonly adverInterval: Duration;
  /** At most 255, of the one family. */
  readonly addresses: readonly IpAddress[];
  /** On the wire in v2 only. */
  readonly authentication: Authentication;
  /** Decides only where there are two forms: v3 over IPv4. */
  readonly checksum: ChecksumForm;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit, 0..255; 255 when it is left out. */
  readonly ttl?: number;
};

/** What a router advertises from one of its addresses, to its group or to a peer. */
export const advertFieldsOf = (
  config: RouterConfig,
  priority: number,
  source: IpAddress,
  destination = firstDestination(config),
): AdvertFields => ({
  version: config.version,
  family: config.family,
  vrid: config.vrid,
  priority,
  adverInterval: config.adverInterval,
  addresses: config.virtualAddresses.map(({ address }) => address),
  authentication: config.authentication,
  checksum: config.v3Checksum,
  source,
  destination,
  ttl: config.transport.to.type === "unicast" ? config.transport.to.ttl : 255,
});

const firstDestination = ({ family, transport: { to } }: RouterConfig): IpAddress =>
  to.type === "multicast" ? to.group : (to.peers[0]?.address ?? VRRP_GROUP[family]);

/** How long an advertisement of `count` addresses is, in bytes, without what may follow it. */
export const advertLength = (version: 2 | 3, family: Family, count: number): number =>
  VRRP_HEADER_LENGTH + count * addressLength(family) + (version === 2 ? AUTH_DATA_LENGTH : 0);

const addressLength = (family: Family): number => (family === "ipv4" ? 4 : 16);

// ---------------------------------------------------------------- values to bytes

/** The bytes of an advertisement, checksum included. Throws RangeError for what no advertisement can say. */
export function encodeAdvert(fields: AdvertFields): Uint8Array {
  const { version, family, vrid, priority, addresses, authentication } = fields;
  if (version === 2 && family === "ipv6") throw new RangeError("VRRPv2 has no IPv6 layout");
  requireOctet("VRID", vrid, 1);
  requireOctet("priority", priority, 0);
  requireOctet("number of addresses", addresses.length, 0);
  const pdu = new Uint8Array(advertLength(version, family, addresses.length));
  pdu[0] = (version << 4) | ADVERTISEMENT;
  pdu[1] = vrid;
  pdu[2] = priority;
  pdu[3] = addresses.length;
  putWord(
    pdu,
    4,
    version === 2 ? (AUTH_TYPES[authentication.type] << 8) | wholeSeconds(fields) : wholeCentiseconds(fields),
  );
  for (const [i, address] of addresses.entries()) {
    if (familyOf(address) !== family) throw new RangeError(`${address} in an ${family} advertisement`);
    pdu.set(bytesOf(address), VRRP_HEADER_LENGTH + i * addressLength(family));
  }
  if (version === 2 && authentication.type === "pass")
    pdu.set(passwordBytes(authentication.password), pdu.length - AUTH_DATA_LENGTH);
  putWord(pdu, CHECKSUM, checksumOf(coveredSum(pdu, pdu.length, formsOf(version, family, fields.checksum)[0], fields)));
  return pdu;
}

/**
 * Changes the priority of an encoded advertisement in place, checksum included, in either form of
 * it. So the Master encodes once, and its last word, priority 0, costs no more than the others.
 */
export function setPriority(pdu: Uint8Array, priority: number): void {
  requireOctet("priority", priority, 0);
  const before = wordAt(pdu, 2);
  pdu[2] = priority;
  putWord(pdu, CHECKSUM, adjustChecksum(wordAt(pdu, CHECKSUM), before, wordAt(pdu, 2)));
}

/** RFC 2338 §5.3.10: a password fills 8 bytes, cut or padded with zeros. */
export function passwordBytes(password: string): Uint8Array {
  const field = new Uint8Array(AUTH_DATA_LENGTH);
  field.set(new TextEncoder().encode(password).subarray(0, AUTH_DATA_LENGTH));
  return field;
}

function requireOctet(what: string, value: number, least: 0 | 1): void {
  if (!(Number.isInteger(value) && value >= least && value <= 255))
    throw new RangeError(`${what} ${value} is outside ${least}..255`);
}

const wholeSeconds = ({ adverInterval }: AdvertFields): number => ticks(adverInterval, 1_000_000, 255);
const wholeCentiseconds = ({ adverInterval }: AdvertFields): number => ticks(adverInterval, 10_000, 4095);

function ticks(interval: Duration, tick: number, most: number): number {
  const count = interval / tick;
  if (!(Number.isInteger(count) && count >= 1 && count <= most))
    throw new RangeError(`an interval of ${inSeconds(interval)} does not fit an advertisement`);
  return count;
}

// ---------------------------------------------------------------- bytes to values

/** The version a header claims, 0..15. */
export const versionOf = (bytes: Uint8Array): number => (bytes[0] ?? 0) >> 4;
/** The packet type, 0..15; 1 is the only one there is. */
export const typeOf = (bytes: Uint8Array): number => (bytes[0] ?? 0) & 0x0f;
export const vridOf = (bytes: Uint8Array): number => bytes[1] ?? 0;
export const countOf = (bytes: Uint8Array): number => bytes[3] ?? 0;
/** v2: 0 none, 1 simple text password, 2 IP Authentication Header. RFC 2338 §5.3.6. */
export const authTypeOf = (bytes: Uint8Array): number => bytes[4] ?? 0;
/** The number that stands for an authentication in v2. */
export const authTypeNumber = (authentication: Authentication): number => AUTH_TYPES[authentication.type];
export const checksumAt = (bytes: Uint8Array): number => wordAt(bytes, CHECKSUM);

/** How often the sender advertises; in v3 the four reserved bits are ignored (RFC 5798 §5.2.6). */
export const adverIntervalOf = (bytes: Uint8Array, version: 2 | 3): Duration =>
  version === 2 ? seconds(bytes[5] ?? 0) : centiseconds(wordAt(bytes, 4) & 0x0fff);

/** A view of the authentication data of a v2 advertisement. */
export function authDataOf(bytes: Uint8Array): Uint8Array {
  const end = advertLength(2, "ipv4", countOf(bytes));
  return bytes.subarray(end - AUTH_DATA_LENGTH, end);
}

/**
 * Which form the checksum takes; undefined when it is wrong in every form there is. Where both fit
 * (the pseudo-header can add up to nothing) it is the expected one.
 */
export function checksumFormOf(
  bytes: Uint8Array,
  version: 2 | 3,
  family: Family,
  between: Between,
  expected: ChecksumForm,
): ChecksumForm | undefined {
  const length = advertLength(version, family, countOf(bytes));
  return formsOf(version, family, expected).find((form) => fold(coveredSum(bytes, length, form, between)) === 0xffff);
}

/** Whom a datagram goes between. */
type Between = { readonly source: IpAddress; readonly destination: IpAddress };

const PLAIN = ["plain"] as const;
const PSEUDO_HEADER = ["pseudoHeader"] as const;
const PLAIN_FIRST = ["plain", "pseudoHeader"] as const;
const PSEUDO_HEADER_FIRST = ["pseudoHeader", "plain"] as const;

/** The forms that count as right, the expected one first. */
function formsOf(version: 2 | 3, family: Family, expected: ChecksumForm): readonly [ChecksumForm, ...ChecksumForm[]] {
  if (version === 2) return PLAIN;
  if (family === "ipv6") return PSEUDO_HEADER;
  return expected === "plain" ? PLAIN_FIRST : PSEUDO_HEADER_FIRST;
}

function coveredSum(bytes: Uint8Array, length: number, form: ChecksumForm, { source, destination }: Between): number {
  const sum = addRange(0, bytes, 0, length);
  if (form === "plain") return sum;
  return sum + pseudoHeaderSum(bytesOf(source), bytesOf(destination), VRRP_PROTOCOL, length);
}

/** The value of an advertisement whose version, length and checksum have been looked at. */
export function decodeAdvert(
  bytes: Uint8Array,
  version: 2 | 3,
  family: Family,
  source: IpAddress,
  checksum: ChecksumForm,
): Advertisement {
  const size = addressLength(family);
  const addresses: IpAddress[] = [];
  for (let i = 0; i < countOf(bytes); i++) addresses.push(addressFromBytes(bytes, VRRP_HEADER_LENGTH + i * size, size));
  return {
    version,
    vrid: vridOf(bytes),
    priority: bytes[2] ?? 0,
    maxAdverInterval: adverIntervalOf(bytes, version),
    source,
    addresses,
    checksum,
  };
}
