// A stronger router comes back and takes over from a living Master: how long both hold the address, and what a
// client that asks it every ten milliseconds loses.

import { watchAddresses } from "../../netns/monitor.ts";
import { claimFrom } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { type Ground, holds, onGround } from "../ground.ts";
import type { Scenario } from "../scenario.ts";
import { addressOf, microseconds, textOf } from "../text.ts";
import { pause } from "./death.ts";

const FIGURES: readonly Figure[] = [
  { key: "both", title: "both hold the address", unit: "ms", limit: 0, ratio: 1.5 },
  { key: "lost", title: "probes of a client lost, one every 10 ms", unit: "", limit: 0, cap: 0 },
];
const PROBE_EVERY = 10;

export const preempt = (interval: string, version: 2 | 3, runs: number): Scenario => ({
  name: `preempt-v${version}-${microseconds(interval) / 1_000}ms`,
  title: `preemption of a living Master, v${version} ${interval} s`,
  figures: FIGURES,
  runs,
  play: (who) => onGround(who, (ground) => comeBack(ground, interval, version)),
});

async function comeBack(ground: Ground, interval: string, version: 2 | 3): Promise<readonly Sample[]> {
  const { lan, rt1, rt2, client, start } = ground;
  const vip = addressOf(1, 1);
  await client.run(["ip", "route", "add", "10.0.0.0/8", "dev", "eth0"]);
  const seen = await lan.capture("ip proto 112");
  const [one, two] = [await watchAddresses(rt1), await watchAddresses(rt2)];
  await Promise.all([rt1.startResponder(), rt2.startResponder()]);
  await start(rt2, textOf({ instances: 1, priority: 100, interval, version }));
  await holds(rt2, 1);
  await pause(1_000);
  const probe = await client.startProbe(vip, PROBE_EVERY);
  await start(rt1, textOf({ instances: 1, priority: 200, interval, version }));
  await seen.next("rt1 takes over", claimFrom("192.168.1.11"), { within: 30_000 });
  await holds(rt1, 1);
  await pause(1_000);
  const answers = await probe.stop();
  await seen.stop();
  const came = (await one.stop()).find(({ address, gone }) => address === vip && !gone)?.at ?? Number.NaN;
  const went = (await two.stop()).find(({ address, gone }) => address === vip && gone)?.at ?? Number.NaN;
  // The first questions ask for the neighbour, the last ones are cut off with the probe.
  const lost = answers.slice(5, -5).filter(({ by }) => by === null).length;
  return [{ both: (went - came) / 1_000, lost }];
}
