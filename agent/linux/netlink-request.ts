// What is asked of rtnetlink about addresses, and for lists, from values to bytes. Pure.

import { bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import {
  AF_INET,
  AF_INET6,
  begin,
  finish,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  type Numbered,
  number,
  putAttribute,
  putNumber,
  putText,
  putUint32,
  putWord,
  type RequestBuffer,
} from "./netlink-write.ts";

const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

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
  readonly peer: { readonly address: IpAddress; readonly prefixLength: number } | null;
  /** IFA_F_*, beside the one that says to skip DAD. */
  readonly flags: number;
  readonly dad: boolean;
  readonly preferredLifetime: number | null;
};

/**
 * No address request is longer: headers 16 + 8, three IPv6 addresses 3 * 20, label of 15 bytes and its
 * zero 20, flags 8, lifetimes 20, protocol 8, together 140.
 */
export const LONGEST_REQUEST = 140;

/** With a peer, the prefix and IFA_ADDRESS are the peer's. */
function beginAddress(to: RequestBuffer, index: number, request: AddressRequest, flags: number): void {
  const address = bytesOf(request.address);
  const family = address.length === 4 ? AF_INET : AF_INET6;
  const length = request.peer?.prefixLength ?? request.prefixLength;
  // The header has room for eight flags.
  putWord(to, family | (length << 8) | ((flags & 0xff) << 16) | (request.scope << 24));
  putWord(to, index);
  putAttribute(to, IFA_LOCAL, address);
  putAttribute(to, IFA_ADDRESS, request.peer === null ? address : bytesOf(request.peer.address));
}

/** Writes RTM_NEWADDR, refused when the address is there already. */
export function writeAddAddress(
  to: RequestBuffer,
  request: AddressRequest,
  { index, seq, flags, protocol }: Numbered & { readonly index: number; readonly protocol: number },
): void {
  const start = begin(to, RTM_NEWADDR, flags | NLM_F_CREATE | NLM_F_EXCL, seq);
  const ipv6 = familyOf(request.address) === "ipv6";
  const wanted = request.flags | (ipv6 && !request.dad ? IFA_F_NODAD : 0);
  beginAddress(to, index, request, wanted);
  if (request.broadcast !== null) putAttribute(to, IFA_BROADCAST, bytesOf(request.broadcast));
  if (request.label !== "") putText(to, IFA_LABEL, request.label);
  if (wanted !== 0) putNumber(to, IFA_FLAGS, wanted);
  // ifa_cacheinfo: preferred, valid, and two stamps that the kernel sets.
  if (request.preferredLifetime !== null)
    putUint32(to, 20 | (IFA_CACHEINFO << 16), request.preferredLifetime, FOREVER, 0, 0);
  // One byte, and three zeros behind it.
  putWord(to, 5 | (IFA_PROTO << 16));
  putWord(to, protocol);
  finish(to, start);
}

const sameForm = (a: AddressRequest, b: AddressRequest): boolean =>
  a.prefixLength === b.prefixLength &&
  a.broadcast === b.broadcast &&
  a.label === b.label &&
  a.scope === b.scope &&
  a.peer === null &&
  b.peer === null &&
  a.flags === b.flags &&
  a.dad === b.dad &&
  a.preferredLifetime === b.preferredLifetime;

/** Where IFA_LOCAL has its value, behind both headers and its own; IFA_ADDRESS follows it. */
const LOCAL_AT = 28;

/**
 * Writes RTM_NEWADDR again and again. Addresses come by the thousand and differ in nothing but their bytes: then the
 * request before is copied, and only those are written.
 */
export function createAddressWriter(): typeof writeAddAddress {
  let last: { readonly request: AddressRequest; readonly index: number; readonly start: number } | null = null;
  return (to, request, how) => {
    const start = to.length;
    const known = start === 0 || last?.index !== how.index || !sameForm(last.request, request) ? null : last;
    const bytes = known === null ? null : bytesOf(request.address);
    if (known === null || bytes === null || !isAsLong(to, known.start, bytes)) {
      writeAddAddress(to, request, how);
      last = { request, index: how.index, start };
      return;
    }
    to.bytes.copyWithin(start, known.start, known.start + to.view.getUint32(known.start, true));
    to.length = start + to.view.getUint32(start, true);
    number(to, start, NLM_F_CREATE | NLM_F_EXCL | how.flags, how.seq);
    to.bytes.set(bytes, start + LOCAL_AT);
    to.bytes.set(bytes, start + LOCAL_AT + bytes.length + 4);
  };
}

/** Whether the address in a request that was written has as many bytes. */
const isAsLong = ({ view }: RequestBuffer, start: number, { length }: Uint8Array): boolean =>
  view.getUint16(start + LOCAL_AT - 4, true) === length + 4;

/** Writes RTM_DELADDR. The label is not asked about: an address under another label is the same address. */
export function writeRemoveAddress(
  to: RequestBuffer,
  request: AddressRequest,
  { index, seq, flags }: Numbered & { readonly index: number },
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
