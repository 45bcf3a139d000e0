// Sends advertisements, synchronously and without encoding them twice: a packet is built once per
// configuration and source, and only its priority is written anew.

import type { IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import { VRRP_GROUP } from "../wire/advert.ts";
import { advertPacket, setPacketPriority } from "../wire/packet.ts";

type Prepared = {
  readonly config: RouterConfig;
  readonly source: IpAddress;
  readonly packet: Uint8Array;
  priority: number;
};

/** Sends one advertisement of a router. */
export type SendAdvert = (config: RouterConfig, priority: number, source: IpAddress) => Outcome;

export function sendAdvert(kernel: Pick<Kernel, "sendPacket">): SendAdvert {
  const prepared = new Map<RouterKey, Prepared>();
  return (config, priority, source) => {
    let ready = prepared.get(config.key);
    if (ready === undefined || ready.config !== config || ready.source !== source) {
      ready = { config, source, priority, packet: advertPacket(config, priority, source) };
      prepared.set(config.key, ready);
    }
    if (ready.priority !== priority) {
      setPacketPriority(ready.packet, config.family, priority);
      ready.priority = priority;
    }
    return kernel.sendPacket(config.interface, config.family, ready.packet, VRRP_GROUP[config.family]);
  };
}
