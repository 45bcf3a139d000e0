// Tells the LAN where the addresses are now: gratuitous ARP for IPv4, unsolicited neighbour
// advertisement for IPv6.

import { bytesOf, familyOf } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import { gratuitousArp, setArpAddress } from "../wire/arp.ts";
import { ALL_NODES, setNaAddress, unsolicitedNa } from "../wire/ndp.ts";
import type { Applied, Work } from "./lane.ts";

/** Packets per step. */
const BURST = 50;

type AnnounceKernel = Pick<Kernel, "interfaces" | "sendFrame" | "sendPacket" | "forwardsIpv6">;

/** Each round covers every address once before the next begins, as Keepalived does. */
export function* announce(kernel: AnnounceKernel, addresses: readonly VirtualAddress[], rounds: number): Work<Applied> {
  const errors = new Set<string>();
  const tellers = addresses.map((own) => ({ own, tell: tellerOf(kernel, own) }));
  let sent = 0;
  let tried = 0;
  for (let round = 0; round < rounds; round++)
    for (const { own, tell } of tellers) {
      const outcome = tell();
      if (outcome.ok) sent += 1;
      else errors.add(`${own.interface}: ${outcome.error}`);
      tried += 1;
      if (tried % BURST === 0 && tried < rounds * addresses.length) yield;
    }
  return { detail: `${sent} sent`, foreign: [], errors: [...errors] };
}

/** What announces one address, its packet prepared; the interface is looked up now because its MAC is in the packet. */
function tellerOf(kernel: AnnounceKernel, own: VirtualAddress): () => Outcome {
  const iface = kernel.interfaces.get(own.interface);
  if (iface === undefined) return () => ({ ok: false, errno: 19, error: "ENODEV: no such interface" });
  const address = bytesOf(own.address);
  if (familyOf(own.address) === "ipv4") {
    const frame = gratuitousArp(iface.mac);
    setArpAddress(frame, address);
    return () => kernel.sendFrame(own.interface, frame);
  }
  const packet = unsolicitedNa(iface.mac, kernel.forwardsIpv6(own.interface));
  setNaAddress(packet, address);
  return () => kernel.sendPacket(own.interface, "ipv6", packet, ALL_NODES);
}
