// What went over the bridge, with the kernel's times, at as little cost as can be: thousands of packets a
// second would keep whoever reads them as they come busier than the daemons that are measured.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";
import type { Lan } from "../netns/lan.ts";
import { type Packet, readFrame } from "../netns/packet.ts";
import { pcapReader } from "../netns/pcap.ts";

export type Recording = {
  /** Ends it and gives everything; rejects when packets were lost. */
  readonly stop: () => Promise<readonly Packet[]>;
};

/** Records into a file, which is read when it is over. */
export async function record(lan: Lan, ...filter: readonly string[]): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "heird-bench-wire-"));
  const file = join(folder, "wire.pcap");
  const tcpdump = ["tcpdump", "--time-stamp-precision=nano", "-n", "-s", "128", "-B", "16384", "-Z", "root"];
  const argv = ["ip", "netns", "exec", lan.bridge, ...tcpdump, "-i", "br0", "-w", file, ...filter];
  const daemon = await start("tcpdump", argv);
  await eventually("tcpdump listens", () => daemon.stderr().includes("listening on"), { otherwise: daemon.stderr });
  return {
    stop: async () => {
      daemon.signal("SIGINT");
      await daemon.ended;
      const dropped = Number(/(\d+) packets? dropped by kernel/.exec(daemon.stderr())?.[1] ?? 0);
      if (dropped > 0) throw new Error(`the recording lost ${dropped} packets`);
      const packets: Packet[] = [];
      pcapReader(({ at, bytes }) => packets.push(readFrame(at, bytes)))(readFileSync(file));
      rmSync(folder, { recursive: true, force: true });
      return packets;
    },
  };
}

/** The packets that pass, by VRID, in the order of the wire. */
export function byVrid(
  packets: readonly Packet[],
  wanted: (packet: Packet) => boolean,
): ReadonlyMap<number, readonly Packet[]> {
  const found = new Map<number, Packet[]>();
  for (const packet of packets) {
    if (packet.vrrp === null || !wanted(packet)) continue;
    const those = found.get(packet.vrrp.vrid);
    if (those === undefined) found.set(packet.vrrp.vrid, [packet]);
    else those.push(packet);
  }
  return found;
}
