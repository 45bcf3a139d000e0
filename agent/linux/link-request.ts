// Links that are made and unmade by rtnetlink, from values to bytes: macvlans, and up and down.

import { type LinkRequest, VEPA_MODE } from "../kernel.ts";
import {
  begin,
  finish,
  NLM_F_CREATE,
  NLM_F_EXCL,
  putAttribute,
  putUint32,
  type RequestBuffer,
} from "./netlink-write.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;

const IFF_UP = 0x1;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_LINKINFO = 18;
const IFLA_GROUP = 27;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_MACVLAN_MODE = 1;

/**
 * No link request is longer: headers 16 + 16, name of 15 bytes and its zero 20, parent 8, MAC address 12,
 * group 8, and the kind 4 + 12 + 12, together 108.
 */
export const LONGEST_LINK_REQUEST = 108;

/** A link upon another one, which goes by its number here. */
export type UponRequest = Omit<LinkRequest, "parent"> & { readonly parent: number };

const encoder = new TextEncoder();

/** Begins an attribute that holds others; what is called ends it. */
function nest(to: RequestBuffer, type: number): () => void {
  const start = to.length;
  putUint32(to, 0);
  return () => to.view.setUint32(start, (to.length - start) | (type << 16), true);
}

/** Writes RTM_NEWLINK for a link that is down, a macvlan in VEPA mode; refused when there is a link of that name. */
export function writeAddLink(
  to: RequestBuffer,
  { kind, name, parent, mac, group }: UponRequest,
  { seq, flags }: { seq: number; flags: number },
): void {
  const start = begin(to, RTM_NEWLINK, flags | NLM_F_CREATE | NLM_F_EXCL, seq);
  putUint32(to, 0, 0, 0, 0);
  putAttribute(to, IFLA_IFNAME, encoder.encode(`${name}\0`));
  putUint32(to, 8 | (IFLA_LINK << 16), parent);
  if (kind === "macvlan") putAttribute(to, IFLA_ADDRESS, mac);
  if (group !== 0) putUint32(to, 8 | (IFLA_GROUP << 16), group);
  const info = nest(to, IFLA_LINKINFO);
  putAttribute(to, IFLA_INFO_KIND, encoder.encode(kind));
  if (kind === "macvlan") {
    const data = nest(to, IFLA_INFO_DATA);
    putUint32(to, 8 | (IFLA_MACVLAN_MODE << 16), VEPA_MODE);
    data();
  }
  info();
  finish(to, start);
}

/** Writes RTM_NEWLINK that sets a link administratively up. */
export function writeLinkUp(to: RequestBuffer, index: number, { seq, flags }: { seq: number; flags: number }): void {
  const start = begin(to, RTM_NEWLINK, flags, seq);
  putUint32(to, 0, index, IFF_UP, IFF_UP);
  finish(to, start);
}

/** Writes RTM_DELLINK. */
export function writeRemoveLink(
  to: RequestBuffer,
  index: number,
  { seq, flags }: { seq: number; flags: number },
): void {
  const start = begin(to, RTM_DELLINK, flags, seq);
  putUint32(to, 0, index, 0, 0);
  finish(to, start);
}
