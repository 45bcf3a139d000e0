// Routers and datagrams for tests of the wire.

import { familyOf, type IpAddress, parseAddress } from "../../agent/core/address.ts";
import { type RouterConfig, routerKeyOf, type VirtualAddress } from "../../agent/core/config.ts";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAddress, usualRouter } from "../../agent/core/usual.ts";
import { type AdvertFields, VRRP_GROUP } from "../../agent/wire/advert.ts";
import type { ReceivedDatagram } from "../../agent/wire/ladder.ts";

/** An address that must be one. */
export function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

const virtual = (address: IpAddress): VirtualAddress => ({
  address,
  prefixLength: familyOf(address) === "ipv4" ? 24 : 64,
  interface: "eth0",
  ...usualAddress,
});

/** VRRPv2, VRID 51, priority 150, 1 s, 192.0.2.100, without authentication; and what the test wants otherwise. */
export function router(wanted: Partial<RouterConfig> & { readonly addresses?: readonly string[] } = {}): RouterConfig {
  const { addresses = ["192.0.2.100"], ...rest } = wanted;
  const family = rest.family ?? "ipv4";
  const vrid = rest.vrid ?? 51;
  return {
    ...usualRouter(family),
    key: routerKeyOf("eth0", family, vrid),
    name: "VI_1",
    interface: "eth0",
    family,
    vrid,
    version: 2,
    basePriority: 150,
    adverInterval: seconds(1),
    downTimerAdverts: 3,
    preempt: true,
    preemptDelay: milliseconds(0),
    authentication: { type: "none" },
    v3Checksum: "pseudoHeader",
    virtualAddresses: addresses.map((address) => virtual(ip(address))),
    announce: {
      masterRepeat: 5,
      masterDelay: seconds(5),
      refresh: seconds(0),
      refreshRepeat: 1,
      lowerPriorityRepeat: 5,
      lowerPriorityDelay: seconds(5),
    },
    ...rest,
  };
}

/** The router that would have sent these fields. */
export const routerOf = (fields: AdvertFields): RouterConfig =>
  router({
    version: fields.version,
    family: fields.family,
    vrid: fields.vrid,
    adverInterval: fields.adverInterval,
    authentication: fields.authentication,
    v3Checksum: fields.checksum,
    addresses: fields.addresses,
  });

/** A datagram as a good kernel tells it: whole, from this link, to the group. */
export const datagram = (
  bytes: Uint8Array,
  source: IpAddress,
  more: Partial<ReceivedDatagram> = {},
): ReceivedDatagram => ({
  bytes,
  packet: new Uint8Array(),
  protocol: 112,
  at: instantAt(0),
  source,
  destination: VRRP_GROUP[familyOf(source)],
  ttl: 255,
  complete: true,
  ...more,
});
