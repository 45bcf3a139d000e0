// Many addresses on one instance: when they are there and announced, and whether an advertisement waits for them.

import { addressFromBytes } from "../../../agent/core/address.ts";
import { watchAddresses } from "../../netns/monitor.ts";
import { isGratuitousArp, type Packet } from "../../netns/packet.ts";
import { advertFrom, claimFrom, largestGap } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { type Ground, onGround } from "../ground.ts";
import { additionsAlone } from "../kernel-alone.ts";
import { record } from "../observer.ts";
import type { Scenario } from "../scenario.ts";
import { textOf } from "../text.ts";
import { pause } from "./death.ts";

const SOURCE = "192.168.1.11";
const INTERVAL = "0.1";
/** As long as that Keepalived sends the second block of announcements, five seconds after the first. */
const LONG_ENOUGH = 6_500;

const figuresOf = (count: number): readonly Figure[] => {
  const goal = (ratio: number): { readonly ratio?: number } => (count === 1_000 ? { ratio } : {});
  return [
    { key: "firstArp", title: "first gratuitous ARP after the first advert", unit: "ms", limit: 0, ...goal(0.1) },
    { key: "lastArp", title: "every address announced once", unit: "ms", limit: "floor", ...goal(0.6) },
    { key: "lastAddress", title: "last address there", unit: "ms", limit: "floor", ...goal(0.6) },
    { key: "gap", title: "longest extra gap between adverts at 100 ms", unit: "ms", limit: 0, ...goal(0.05) },
  ];
};

export const addresses = (count: number, runs: number): Scenario => ({
  name: `addresses-${count}`,
  title: `${count} addresses on one instance, from the first advert of a new Master`,
  figures: figuresOf(count),
  runs,
  play: (who) => onGround(who, (ground) => takeUp(ground, count)),
  floor: () => onGround("heird", (ground) => byTheKernel(ground, count)),
});

async function takeUp({ lan, rt1, start }: Ground, count: number): Promise<readonly Sample[]> {
  const wire = await record(lan, "ip proto 112 or arp");
  const monitor = await watchAddresses(rt1);
  // The delay lets a daemon that has just started come to rest before it has to take over.
  const head = ["global_defs {", "  vrrp_startup_delay 2", "}"];
  await start(rt1, textOf({ instances: 1, priority: 100, interval: INTERVAL, addresses: count, head }));
  await pause(LONG_ENOUGH);
  const packets = await wire.stop();
  const events = (await monitor.stop()).filter(({ address, gone }) => address.startsWith("10.") && !gone);
  if (events.length < count) throw new Error(`only ${events.length} of ${count} addresses came`);
  const first = packets.find(claimFrom(SOURCE))?.at ?? Number.NaN;
  const arps = firstArps(packets);
  if (arps.size < count) throw new Error(`only ${arps.size} of ${count} addresses were announced`);
  const times = [...arps.values()];
  return [
    {
      firstArp: (Math.min(...times) - first) / 1_000,
      lastArp: (Math.max(...times) - first) / 1_000,
      lastAddress: ((events.at(-1)?.at ?? Number.NaN) - first) / 1_000,
      gap: Math.max(0, largestGap(packets.filter(advertFrom(SOURCE))) / 1_000 - 100),
    },
  ];
}

function firstArps(packets: readonly Packet[]): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const packet of packets) {
    const address = isGratuitousArp(packet) ? (packet.arp?.senderIp ?? "") : "";
    if (address.startsWith("10.") && !firsts.has(address)) firsts.set(address, packet.at);
  }
  return firsts;
}

/** Nobody can be quicker than the additions; to announce takes time besides. */
function byTheKernel({ rt1 }: Ground, count: number): Promise<readonly Sample[]> {
  const took = additionsAlone(
    rt1,
    Array.from({ length: count }, (_, i) => addressFromBytes(Uint8Array.of(10, 1, (i + 1) >> 8, (i + 1) & 255))),
  );
  return Promise.resolve([{ lastArp: took, lastAddress: took }]);
}
