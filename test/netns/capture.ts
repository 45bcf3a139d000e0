// What went over a wire, with the times at which the kernel saw it.

import { start } from "./command.ts";
import { eventually, type Patience } from "./eventually.ts";
import { type Packet, readFrame } from "./packet.ts";
import { pcapReader } from "./pcap.ts";

export type Capture = {
  /** The packets so far, in the order of the wire. Packets of the last moments may still be on their way. */
  readonly packets: () => readonly Packet[];
  /** Waits for a packet that `wanted` accepts, among those there are and those to come. */
  readonly next: (what: string, wanted: (packet: Packet) => boolean, patience?: Patience) => Promise<Packet>;
  /** Ends the capture and gives everything it saw; rejects when packets were lost. */
  readonly stop: () => Promise<readonly Packet[]>;
};

/**
 * Listens on an interface of a namespace; settles when it does. Immediate mode, because the default
 * buffers for up to a second and would make the last packets look as if they had never been sent.
 */
export async function startCapture(namespace: string, device: string, filter: readonly string[]): Promise<Capture> {
  const tcpdump = ["tcpdump", "--immediate-mode", "--time-stamp-precision=nano", "-n", "-U", "-s", "0", "-B", "8192"];
  const argv = ["ip", "netns", "exec", namespace, ...tcpdump, "-Z", "root", "-i", device, "-w", "-", ...filter];
  const daemon = await start("tcpdump", argv, { keepStdout: false });
  const packets: Packet[] = [];
  const damage: unknown[] = [];
  const feed = pcapReader(({ at, bytes }) => packets.push(readFrame(at, bytes)));
  daemon.onStdout((chunk) => {
    try {
      feed(chunk);
    } catch (error) {
      damage.push(error);
    }
  });
  const assertWhole = () => {
    if (damage.length > 0) throw damage[0];
  };
  const ready = () => {
    if (!daemon.running()) throw new Error(`tcpdump ended: ${daemon.stderr()}`);
    return daemon.stderr().includes("listening on");
  };
  await eventually("tcpdump listens", ready, { otherwise: daemon.stderr });
  return {
    packets: () => {
      assertWhole();
      return packets;
    },
    next: (what, wanted, patience = {}) =>
      eventually(what, () => packets.find(wanted), { otherwise: () => tellPackets(packets), ...patience }),
    stop: async () => {
      daemon.signal("SIGINT");
      await daemon.ended;
      assertWhole();
      const dropped = Number(/(\d+) packets? dropped by kernel/.exec(daemon.stderr())?.[1] ?? 0);
      if (dropped > 0) throw new Error(`the capture lost ${dropped} packets`);
      return packets;
    },
  };
}

/** The last packets, one a line, for the message of a test that failed. */
export function tellPackets(packets: readonly Packet[], howMany = 30): string {
  const first = packets[0]?.at ?? 0;
  return packets
    .slice(-howMany)
    .map((packet) => `${((packet.at - first) / 1_000_000).toFixed(6).padStart(12)}  ${tellPacket(packet)}`)
    .join("\n");
}

function tellPacket(packet: Packet): string {
  const { vrrp, arp, na, ip } = packet;
  if (vrrp !== null) {
    const kind = `v${vrrp.version} vrid ${vrrp.vrid} priority ${vrrp.priority}`;
    return `${ip?.source} advert ${kind} ${vrrp.addresses.join(" ")}`;
  }
  if (arp !== null) return `${packet.source} arp ${arp.operation} ${arp.senderIp} -> ${arp.targetIp}`;
  if (na !== null) return `${ip?.source} neighbour advertisement ${na.target}`;
  if (ip !== null) return `${ip.source} -> ${ip.destination} protocol ${ip.protocol}`;
  return `${packet.source} -> ${packet.destination} type 0x${packet.etherType.toString(16)}`;
}
