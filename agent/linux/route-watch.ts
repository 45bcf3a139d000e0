// Routes as they come and go. What is wanted is picked out as it is read, a few messages a turn: a full
// table of the Internet is read beside the adverts, not in front of them.

import { addressFromBytes, type IpAddress } from "../core/address.ts";
import type { RouteSeen } from "../kernel.ts";
import { ENOBUFS } from "./errno.ts";
import { close, receive, send, whenReadable } from "./ffi.ts";
import { openNetlink } from "./netlink-socket.ts";

const NETLINK_ROUTE = 0;
/** Links, addresses and routes of either family: the kernel does not tell of every route that goes with a link. */
const GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const NLMSG_DONE = 3;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTN_UNICAST = 1;
/** RTNH_F_DEAD, RTNH_F_LINKDOWN: it stands there and carries nothing. */
const USELESS = 0x1 | 0x10;

/** Messages of the kernel in one turn of the loop. */
const A_TURN = 8;

const buffer = new Uint8Array(new ArrayBuffer(65_536), 0, 65_536);
const view = new DataView(buffer.buffer);

type Names = (index: number) => string;
type Wanted = { readonly prefix: string; readonly table: number };

/** Tells all routes to a prefix in a table, when they are known and whenever something changed. */
export function watchRoutes(
  wanted: Wanted,
  nameOf: Names,
  listener: (routes: readonly RouteSeen[]) => void,
): () => void {
  const fd = openNetlink(NETLINK_ROUTE, GROUPS);
  if (fd < 0) return () => {};
  let reading: RouteSeen[] | null = null;
  let stale = false;
  const ask = (): void => {
    if (reading !== null) {
      stale = true;
      return;
    }
    stale = false;
    reading = [];
    const request = new DataView(new ArrayBuffer(28));
    request.setUint32(0, 28, true);
    request.setUint16(4, RTM_GETROUTE, true);
    request.setUint16(6, 0x301, true); // REQUEST | ROOT | MATCH
    send(fd, new Uint8Array(request.buffer), 28);
  };
  const done = (): void => {
    const found = reading ?? [];
    reading = null;
    if (stale) ask();
    else listener(found);
  };
  const take = (type: number, flags: number, at: number, end: number): void => {
    const isOfDump = (flags & 2) !== 0;
    if (type === NLMSG_DONE) done();
    else if (type !== RTM_NEWROUTE && type !== RTM_DELROUTE) ask();
    else {
      const seen = routeAt(at, end, nameOf);
      if (seen === null || seen.table !== wanted.table || seen.prefix !== wanted.prefix) return;
      if (isOfDump) reading?.push(seen);
      else ask();
    }
  };
  const unwatch = whenReadable(fd, () => {
    for (let n = 0; n < A_TURN; n++) {
      const length = receive(fd, buffer);
      if (length === -ENOBUFS) ask();
      else if (length < 0) return;
      else each(Math.min(length, buffer.length), take);
    }
  });
  ask();
  return () => {
    unwatch();
    close(fd);
  };
}

function each(length: number, take: (type: number, flags: number, at: number, end: number) => void): void {
  for (let at = 0; at + 16 <= length; ) {
    const size = view.getUint32(at, true);
    if (size < 16 || at + size > length) return;
    take(view.getUint16(at + 4, true), view.getUint16(at + 6, true), at + 16, at + size);
    at += (size + 3) & ~3;
  }
}

/** rtmsg: family, lengths, tos, table, protocol, scope, type, flags; then attributes. Null for what carries nothing. */
function routeAt(at: number, end: number, nameOf: Names): RouteSeen | null {
  if (at + 12 > end || view.getUint8(at + 7) !== RTN_UNICAST) return null;
  const size = view.getUint8(at) === 2 ? 4 : 16;
  const found = attributesIn(at + 12, end);
  const dst = found.get(RTA_DST);
  const address = dst === undefined ? addressFromBytes(new Uint8Array(size)) : addressFromBytes(buffer, dst.at, size);
  const table = found.get(RTA_TABLE);
  const multipath = found.get(RTA_MULTIPATH);
  const flags = view.getUint32(at + 8, true);
  return {
    prefix: `${address}/${view.getUint8(at + 1)}`,
    table: table === undefined ? view.getUint8(at + 4) : view.getUint32(table.at, true),
    metric: numberAt(found.get(RTA_PRIORITY)),
    hops:
      multipath === undefined
        ? hop(flags, numberAt(found.get(RTA_OIF)), found.get(RTA_GATEWAY), size, nameOf)
        : hopsIn(multipath, size, nameOf),
  };
}

type Piece = { readonly at: number; readonly end: number };
type Hop = RouteSeen["hops"][number];

const numberAt = (piece: Piece | undefined): number => (piece === undefined ? 0 : view.getUint32(piece.at, true));

function attributesIn(from: number, end: number): Map<number, Piece> {
  const found = new Map<number, Piece>();
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) break;
    found.set(view.getUint16(at + 2, true) & 0x3fff, { at: at + 4, end: at + length });
    at += (length + 3) & ~3;
  }
  return found;
}

function hop(flags: number, index: number, gateway: Piece | undefined, size: number, nameOf: Names): readonly Hop[] {
  if ((flags & USELESS) !== 0) return [];
  const via: IpAddress | null = gateway === undefined ? null : addressFromBytes(buffer, gateway.at, size);
  return [{ via, device: nameOf(index) }];
}

/** rtnexthop: length, flags, hops, interface; then attributes of its own. */
function hopsIn({ at: from, end }: Piece, size: number, nameOf: Names): readonly Hop[] {
  const hops: Hop[] = [];
  for (let at = from; at + 8 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 8 || at + length > end) break;
    const found = attributesIn(at + 8, at + length);
    hops.push(...hop(view.getUint8(at + 2), view.getInt32(at + 4, true), found.get(RTA_GATEWAY), size, nameOf));
    at += (length + 3) & ~3;
  }
  return hops;
}
