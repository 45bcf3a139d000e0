// SIGHUP with one address more on every instance.

import { isGratuitousArp } from "../../netns/packet.ts";
import { advertFrom, largestGap } from "../../netns/wire.ts";
import { type Figure, greatest, median, type Sample } from "../figure.ts";
import { type Ground, holds, now, onGround } from "../ground.ts";
import { byVrid, record } from "../observer.ts";
import type { Scenario } from "../scenario.ts";
import { addressOf, type Shape, textOf } from "../text.ts";
import { pause } from "./death.ts";

const SOURCE = "192.168.1.11";

export type Grown = {
  readonly instances: number;
  readonly addresses: number;
  readonly runs: number;
  readonly ratios?: { readonly announced: number; readonly gap: number };
};

export function reload({ instances, addresses, runs, ratios }: Grown): Scenario {
  const goal = (key: "announced" | "gap"): { readonly ratio?: number } =>
    ratios === undefined ? {} : { ratio: ratios[key] };
  const figures: readonly Figure[] = [
    { key: "announced", title: "until its gratuitous ARP, median", unit: "ms", limit: 0, ...goal("announced") },
    { key: "last", title: "until the last of them", unit: "ms", limit: 0 },
    { key: "gap", title: "longest extra gap between adverts at 1 s", unit: "ms", limit: 0, ...goal("gap") },
  ];
  return {
    name: `reload-${instances}x${addresses}`,
    title: `reload, one address more on each of ${instances} instance(s) with ${addresses}`,
    figures,
    runs,
    play: (who) => onGround(who, (ground) => grow(ground, instances, addresses)),
  };
}

async function grow({ lan, rt1, start }: Ground, instances: number, count: number): Promise<readonly Sample[]> {
  const shape: Shape = { instances, priority: 254, interval: "1", addresses: count };
  const running = await start(rt1, textOf(shape));
  await holds(rt1, instances * count);
  // Keepalived's second block of announcements comes after five seconds.
  await pause(6_500);
  const wire = await record(lan, "ip proto 112 or arp");
  await pause(1_500);
  const asked = now();
  running.reload(textOf({ ...shape, addresses: count + 1 }));
  await pause(3_500);
  const packets = await wire.stop();
  const wanted = new Set(Array.from({ length: instances }, (_, i) => addressOf(i + 1, count + 1)));
  const times: number[] = [];
  for (const packet of packets)
    if (isGratuitousArp(packet) && wanted.delete(packet.arp?.senderIp ?? "")) times.push(packet.at - asked);
  if (wanted.size > 0) throw new Error(`${wanted.size} of ${instances} new addresses were not announced`);
  const gaps = [...byVrid(packets, advertFrom(SOURCE)).values()].map(largestGap);
  return [
    {
      announced: median(times) / 1_000,
      last: greatest(times) / 1_000,
      gap: Math.max(0, greatest(gaps) - 1_000_000) / 1_000,
    },
  ];
}
