// What is asked of rtnetlink, from values to bytes, RFC 3549 §2. Pure: bytes in a buffer, to be sent
// in one piece. The picture of a message stands in netlink.ts.

import { bytesOf, familyOf, type IpAddress } from "../core/address.ts";

const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

const NLM_F_REQUEST = 0x1;
/** Asks for an answer also when all is well. */
export const NLM_F_ACK = 0x4;
const NLM_F_EXCL = 0x200;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE = 0x400;

const AF_INET = 2;
const AF_INET6 = 10;

const IFLA_EXT_MASK = 29;
/** Without it each link brings some 800 bytes of counters. */
const RTEXT_FILTER_SKIP_STATS = 8;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;

/** Skip duplicate address detection: a virtual address is meant to be on two routers, one at a time. */
const IFA_F_NODAD = 0x02;
const FOREVER = 0xffffffff;

/** An address as a request carries it. */
export type AddressRequest = {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly broadcast: IpAddress | null;
  readonly label: string;
  readonly scope: number;
};

const encoder = new TextEncoder();

/** Where requests are written, one after the other, to be sent in one piece. */
export type RequestBuffer = { readonly bytes: Uint8Array; readonly view: DataView; length: number };

/**
 * No address request is longer: headers 16 + 8, three IPv6 addresses 3 * 20, label of 15 bytes and its
 * zero 20, flags 8, lifetimes 20, protocol 8, together 140.
 */
export const LONGEST_REQUEST = 140;

/** A buffer for so many bytes of requests. */
export function requestBuffer(capacity: number): RequestBuffer {
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(capacity, 128)));
  return { bytes, view: new DataView(bytes.buffer), length: 0 };
}

function begin(to: RequestBuffer, type: number, flags: number, seq: number): number {
  const start = to.length;
  to.view.setUint16(start + 4, type, true);
  to.view.setUint16(start + 6, flags | NLM_F_REQUEST, true);
  to.view.setUint32(start + 8, seq, true);
  to.view.setUint32(start + 12, 0, true);
  to.length = start + 16;
  return start;
}

const finish = (to: RequestBuffer, start: number): void => to.view.setUint32(start, to.length - start, true);

function putUint32(to: RequestBuffer, ...words: number[]): void {
  for (const word of words) {
    to.view.setUint32(to.length, word, true);
    to.length += 4;
  }
}

/** An attribute: length with its own four bytes, type, value, zeros up to four bytes. */
function putAttribute(to: RequestBuffer, type: number, value: Uint8Array): void {
  putUint32(to, (value.length + 4) | (type << 16));
  to.bytes.set(value, to.length);
  const end = to.length + value.length;
  to.length = (end + 3) & ~3;
  to.bytes.fill(0, end, to.length);
}

function beginAddress(to: RequestBuffer, index: number, request: AddressRequest, flags: number): void {
  const address = bytesOf(request.address);
  const family = address.length === 4 ? AF_INET : AF_INET6;
  putUint32(to, family | (request.prefixLength << 8) | (flags << 16) | (request.scope << 24), index);
  putAttribute(to, IFA_LOCAL, address);
  putAttribute(to, IFA_ADDRESS, address);
}

/**
 * Writes RTM_NEWADDR, refused when the address is there already. IPv6 goes without DAD. A /128 has
 * a preferred lifetime of 0, as Keepalived gives it: it answers, and is not chosen as a source.
 */
export function writeAddAddress(
  to: RequestBuffer,
  request: AddressRequest,
  { index, seq, flags, protocol }: { index: number; seq: number; flags: number; protocol: number },
): void {
  const start = begin(to, RTM_NEWADDR, flags | NLM_F_CREATE | NLM_F_EXCL, seq);
  const ipv6 = familyOf(request.address) === "ipv6";
  beginAddress(to, index, request, ipv6 ? IFA_F_NODAD : 0);
  if (request.broadcast !== null) putAttribute(to, IFA_BROADCAST, bytesOf(request.broadcast));
  if (request.label !== "") putAttribute(to, IFA_LABEL, encoder.encode(`${request.label}\0`));
  if (ipv6) putUint32(to, 8 | (IFA_FLAGS << 16), IFA_F_NODAD);
  // ifa_cacheinfo: preferred, valid, and two stamps that the kernel sets.
  if (ipv6 && request.prefixLength === 128) putUint32(to, 20 | (IFA_CACHEINFO << 16), 0, FOREVER, 0, 0);
  putAttribute(to, IFA_PROTO, Uint8Array.of(protocol));
  finish(to, start);
}

/** Writes RTM_DELADDR. The label is not asked about: an address under another label is the same address. */
export function writeRemoveAddress(
  to: RequestBuffer,
  request: AddressRequest,
  { index, seq, flags }: { index: number; seq: number; flags: number },
): void {
  const start = begin(to, RTM_DELADDR, flags, seq);
  beginAddress(to, index, request, 0);
  finish(to, start);
}

/** Writes the request for all links, or for all addresses of both families. */
export function writeDump(to: RequestBuffer, what: "links" | "addresses", seq: number): void {
  const start = begin(to, what === "links" ? RTM_GETLINK : RTM_GETADDR, NLM_F_DUMP, seq);
  if (what === "links") putUint32(to, 0, 0, 0, 0, 8 | (IFLA_EXT_MASK << 16), RTEXT_FILTER_SKIP_STATS);
  else putUint32(to, 0, 0);
  finish(to, start);
}
