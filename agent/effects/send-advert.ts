// Sends advertisements, synchronously and without encoding them twice: a packet is built once per
// configuration, source and destination, and only its priority is written anew.

import type { IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import { type Sequences, sign } from "../wire/ah.ts";
import { type Addressed, advertPackets, setPacketPriority } from "../wire/packet.ts";

type Prepared = {
  readonly config: RouterConfig;
  readonly source: IpAddress;
  readonly packets: readonly Addressed[];
  priority: number;
};

const SENT: Outcome = { ok: true };

/** Sends one advertisement of a router: one packet to its group, or one to each peer. */
export type SendAdvert = (config: RouterConfig, priority: number, source: IpAddress) => Outcome;

export function sendAdvert(kernel: Pick<Kernel, "sendPacket">, sequences: Pick<Sequences, "next">): SendAdvert {
  const prepared = new Map<RouterKey, Prepared>();
  return (config, priority, source) => {
    let ready = prepared.get(config.key);
    if (ready === undefined || ready.config !== config || ready.source !== source) {
      ready = { config, source, priority, packets: advertPackets(config, priority, source) };
      prepared.set(config.key, ready);
    }
    const changed = ready.priority !== priority;
    ready.priority = priority;
    const { authentication, key } = config;
    const signing =
      authentication.type === "ah" ? { password: authentication.password, sequence: sequences.next(key) } : null;
    return toEach(kernel, config, ready.packets, changed ? priority : null, signing);
  };
}

type Signing = { readonly password: string; readonly sequence: number };

/** A peer that cannot be reached keeps nothing from the others; the first failure is the one that is told. */
function toEach(
  kernel: Pick<Kernel, "sendPacket">,
  { interface: iface, family }: RouterConfig,
  packets: readonly Addressed[],
  priority: number | null,
  signing: Signing | null,
): Outcome {
  let outcome = SENT;
  for (const { packet, destination } of packets) {
    if (priority !== null) setPacketPriority(packet, family, priority);
    if (signing !== null) sign(packet, signing.sequence, signing.password);
    const sent = kernel.sendPacket(iface, family, packet, destination);
    if (outcome.ok) outcome = sent;
  }
  return outcome;
}
