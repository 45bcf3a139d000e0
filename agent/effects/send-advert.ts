// Sends advertisements, synchronously and without encoding them twice: a packet is built once per
// configuration, source and destination, and only its priority is written anew.

import type { IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import { type Sequences, sign } from "../wire/ah.ts";
import { ETHERNET_HEADER_LENGTH, multicastFrame } from "../wire/ethernet.ts";
import { parseMac } from "../wire/mac.ts";
import { type Addressed, advertPackets, setPacketPriority } from "../wire/packet.ts";

/** A packet, and the Ethernet frame that it stands in where the kernel would not make one. */
type Sendable = Addressed & { readonly frame: Uint8Array | null };

type Prepared = {
  readonly config: RouterConfig;
  readonly source: IpAddress;
  readonly packets: readonly Sendable[];
  priority: number;
};

const SENT: Outcome = { ok: true };
const NOTHING = new Uint8Array();

/** Sends one advertisement of a router: one packet to its group, or one to each peer. */
export type SendAdvert = (config: RouterConfig, priority: number, source: IpAddress) => Outcome;

export type Adverts = {
  readonly send: SendAdvert;
  /**
   * Builds what a router will send; its priority is written into it then. And goes the whole way with nothing in hand: a
   * packet without a header is refused by the kernel when it has looked up where it would go (raw(7): EINVAL).
   */
  readonly prepare: (config: RouterConfig, source: IpAddress) => void;
};

export const sendAdvert = (...to: Parameters<typeof createAdverts>): SendAdvert => createAdverts(...to).send;

export function createAdverts(
  kernel: Pick<Kernel, "sendPacket" | "sendFrame">,
  sequences: Pick<Sequences, "next">,
): Adverts {
  const prepared = new Map<RouterKey, Prepared>();
  const readyFor = (config: RouterConfig, priority: number, source: IpAddress): Prepared => {
    const known = prepared.get(config.key);
    if (known !== undefined && known.config === config && known.source === source) return known;
    const packets = sendables(config, advertPackets(config, priority, source));
    const ready = { config, source, priority, packets };
    prepared.set(config.key, ready);
    return ready;
  };
  const send: SendAdvert = (config, priority, source) => {
    const ready = readyFor(config, priority, source);
    const changed = ready.priority !== priority;
    ready.priority = priority;
    const { authentication, key } = config;
    const signing =
      authentication.type === "ah" ? { password: authentication.password, sequence: sequences.next(key) } : null;
    return toEach(kernel, config, ready.packets, changed ? priority : null, signing);
  };
  const prepare: Adverts["prepare"] = (config, source) => {
    const iface = outOf(config);
    for (const { destination, frame } of readyFor(config, config.basePriority, source).packets)
      if (frame === null) kernel.sendPacket(iface, config.family, NOTHING, destination);
      else kernel.sendFrame(iface, NOTHING);
  };
  return { send, prepare };
}

type Signing = { readonly password: string; readonly sequence: number };

/** A peer that cannot be reached keeps nothing from the others; the first failure is the one that is told. */
function toEach(
  kernel: Pick<Kernel, "sendPacket" | "sendFrame">,
  config: RouterConfig,
  packets: readonly Sendable[],
  priority: number | null,
  signing: Signing | null,
): Outcome {
  const { family } = config;
  const iface = outOf(config);
  let outcome = SENT;
  for (const { packet, destination, frame } of packets) {
    if (priority !== null) setPacketPriority(packet, family, priority);
    if (signing !== null) sign(packet, signing.sequence, signing.password);
    const sent =
      frame === null ? kernel.sendPacket(iface, family, packet, destination) : kernel.sendFrame(iface, frame);
    if (outcome.ok) outcome = sent;
  }
  return outcome;
}

/** RFC 9568 §7.2: the source MAC address of an advertisement is the virtual one, where there is one. */
const outOf = ({ interface: iface, vmac }: RouterConfig): string =>
  vmac === null || vmac.xmitBase ? iface : vmac.name;

/**
 * The interface of a virtual MAC has no link-local address, and the kernel sends no IPv6 packet from such
 * a one: a copy of the parent's would be answered for by either MAC address.
 */
function sendables(config: RouterConfig, packets: readonly Addressed[]): readonly Sendable[] {
  const iface = outOf(config);
  const mac = parseMac(config.virtualInterfaces.find(({ name }) => name === iface)?.mac ?? "");
  return packets.map(({ packet, destination }) => {
    if (config.family === "ipv4" || mac === undefined) return { packet, destination, frame: null };
    const frame = multicastFrame(mac, destination, packet);
    return { packet: frame.subarray(ETHERNET_HEADER_LENGTH), destination, frame };
  });
}
