// What rtnetlink says, from bytes to messages, RFC 3549 §2. Pure. Malformed bytes end the reading and
// never throw: the kernel of next year may say things that nobody here has heard of.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                            Length                             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |             Type              |             Flags             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                        Sequence Number                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          Process ID                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Everything is in the machine's order, little-endian here, and padded to four bytes.

import { addressFromBytes, type IpAddress } from "../core/address.ts";

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;

/** In an answer: the dump is not of one moment, and must be asked for again. */
const NLM_F_DUMP_INTR = 0x10;
/** In an error: the request is not repeated; attributes follow. */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_MACVLAN_MODE = 1;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;

export const IFA_F_SECONDARY = 0x01;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_TENTATIVE = 0x40;

/** What the kernel said, as far as heird listens. */
export type NetlinkMessage =
  | LinkMessage
  | AddressMessage
  /** The answer to one request; errno 0 is success. */
  | { readonly type: "ack"; readonly seq: number; readonly errno: number; readonly text: string }
  /** The end of a dump. */
  | { readonly type: "done"; readonly seq: number; readonly interrupted: boolean };

export type LinkMessage = {
  readonly type: "link";
  readonly gone: boolean;
  readonly index: number;
  readonly name: string;
  readonly flags: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** What kind of software link it is, `macvlan`; empty for a device. */
  readonly kind: string;
  /** The number of the link that it lies on; 0 for none. */
  readonly parent: number;
  /** MACVLAN_MODE_*; 0 for anything but a macvlan. */
  readonly mode: number;
  /** Part of a dump that somebody changed meanwhile. */
  readonly interrupted: boolean;
};

export type AddressMessage = {
  readonly type: "address";
  readonly gone: boolean;
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly flags: number;
  /** RT_SCOPE_*: the larger the narrower. */
  readonly scope: number;
  /** Of who asked for it; 0 for the kernel itself, which is all that is told of IPv6. */
  readonly port: number;
  /** IFA_PROTO; 0 when the kernel does not tell. */
  readonly protocol: number;
  readonly interrupted: boolean;
};

/** Everything in one piece that the kernel sent, in its order. */
export function readMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    const message = readMessage({ view, bytes, at, end: at + length });
    if (message !== undefined) messages.push(message);
    at += (length + 3) & ~3;
  }
  return messages;
}

/** One message, from its header at `at` to `end`. */
export type Span = { readonly view: DataView; readonly bytes: Uint8Array; readonly at: number; readonly end: number };

function readMessage(span: Span): NetlinkMessage | undefined {
  const { view, at } = span;
  const interrupted = (view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0;
  switch (view.getUint16(at + 4, true)) {
    case NLMSG_ERROR:
      return readAck(span);
    case NLMSG_DONE:
      return { type: "done", seq: view.getUint32(at + 8, true), interrupted };
    case RTM_NEWLINK:
      return readLink(span, false, interrupted);
    case RTM_DELLINK:
      return readLink(span, true, interrupted);
    case RTM_NEWADDR:
      return readAddress(span, false, interrupted);
    case RTM_DELADDR:
      return readAddress(span, true, interrupted);
    default:
      return undefined;
  }
}

/** Values by type; a view that begins where the value does and is as long. */
export type Attributes = Map<number, Uint8Array>;

/** The attributes from `from` on. The two upper bits of a type are marks: nested, network order. */
export function readAttributes({ view, bytes, end }: Span, from: number): Attributes {
  const attributes: Attributes = new Map();
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) break;
    attributes.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
}

const decoder = new TextDecoder();

export function textOf(value: Uint8Array | undefined): string {
  if (value === undefined) return "";
  const zero = value.indexOf(0);
  return decoder.decode(zero < 0 ? value : value.subarray(0, zero));
}

/** An unsigned number of 32 bits, or `otherwise` when the attribute is missing or too short. */
export function numberOf(value: Uint8Array | undefined, otherwise: number): number {
  const [a = 0, b = 0, c = 0, d] = value ?? [];
  return d === undefined ? otherwise : a + b * 0x100 + c * 0x1_0000 + d * 0x100_0000;
}

/** nlmsgerr: the errno, negative, and the header of the request it answers. */
function readAck(span: Span): NetlinkMessage | undefined {
  const { view, at, end } = span;
  if (at + 36 > end) return undefined;
  const flags = view.getUint16(at + 6, true);
  const requestLength = flags & NLM_F_CAPPED ? 16 : view.getUint32(at + 20, true);
  // Not with bits: a length beyond 2^31 would point before the message.
  const behind = at + 20 + Math.ceil(requestLength / 4) * 4;
  const attributes = flags & NLM_F_ACK_TLVS ? readAttributes(span, behind) : undefined;
  return {
    type: "ack",
    seq: view.getUint32(at + 28, true),
    errno: -view.getInt32(at + 16, true),
    text: textOf(attributes?.get(NLMSGERR_ATTR_MSG)),
  };
}

/** ifinfomsg: family, type, index, flags, change. Any other family tells of a bridge port, not of a link. */
function readLink(span: Span, gone: boolean, interrupted: boolean): LinkMessage | undefined {
  const { view, at, end } = span;
  if (at + 32 > end || view.getUint8(at + 16) !== AF_UNSPEC) return undefined;
  const attributes = readAttributes(span, at + 32);
  const name = textOf(attributes.get(IFLA_IFNAME));
  if (name === "") return undefined;
  return {
    type: "link",
    gone,
    index: view.getInt32(at + 20, true),
    name,
    flags: view.getUint32(at + 24, true),
    mac: attributes.get(IFLA_ADDRESS)?.slice() ?? new Uint8Array(),
    mtu: numberOf(attributes.get(IFLA_MTU), 0),
    parent: numberOf(attributes.get(IFLA_LINK), 0),
    ...readLinkInfo(attributes.get(IFLA_LINKINFO)),
    interrupted,
  };
}

/** IFLA_LINKINFO: the kind, and what only that kind has. */
function readLinkInfo(value: Uint8Array | undefined): { readonly kind: string; readonly mode: number } {
  if (value === undefined) return { kind: "", mode: 0 };
  const info = attributesOf(value);
  const kind = textOf(info.get(IFLA_INFO_KIND));
  const data = info.get(IFLA_INFO_DATA);
  const mode = kind === "macvlan" && data !== undefined ? attributesOf(data).get(IFLA_MACVLAN_MODE) : undefined;
  return { kind, mode: numberOf(mode, 0) };
}

/** The attributes inside of one. */
const attributesOf = (bytes: Uint8Array): Attributes =>
  readAttributes(
    { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes, at: 0, end: bytes.length },
    0,
  );

/** ifaddrmsg: family, prefix length, flags, scope, index. On a point-to-point link IFA_ADDRESS is the peer's. */
function readAddress(span: Span, gone: boolean, interrupted: boolean): AddressMessage | undefined {
  const { view, bytes, at, end } = span;
  if (at + 24 > end) return undefined;
  const place = { local: 0, address: 0, flags: 0, protocol: 0 };
  locate(span, place);
  const value = place.local || place.address;
  const family = view.getUint8(at + 16);
  const size = family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0;
  if (value === 0 || size === 0 || view.getUint16(value, true) !== size + 4) return undefined;
  return {
    type: "address",
    gone,
    index: view.getUint32(at + 20, true),
    address: addressFromBytes(bytes, value + 4, size),
    prefixLength: view.getUint8(at + 17),
    // The header has room for eight flags; the attribute, where there is one, has them all.
    flags: place.flags === 0 ? view.getUint8(at + 18) : view.getUint32(place.flags + 4, true),
    scope: view.getUint8(at + 19),
    port: view.getUint32(at + 12, true),
    protocol: place.protocol === 0 ? 0 : view.getUint8(place.protocol + 4),
    interrupted,
  };
}

/** Where the attributes of an address begin; 0 for one that is missing, or too short. */
type AddressPlaces = { local: number; address: number; flags: number; protocol: number };

/** Without a map of attributes: these messages come by the thousand. */
function locate({ view, at: start, end }: Span, place: AddressPlaces): void {
  for (let at = start + 24; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) return;
    const type = view.getUint16(at + 2, true) & 0x3fff;
    if (type === IFA_LOCAL) place.local = at;
    else if (type === IFA_ADDRESS) place.address = at;
    else if (type === IFA_FLAGS && length >= 8) place.flags = at;
    else if (type === IFA_PROTO && length >= 5) place.protocol = at;
    at += (length + 3) & ~3;
  }
}
