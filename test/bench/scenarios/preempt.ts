// A stronger router comes back and takes over from a living Master: how long both hold the address, and what a
// client that asks it every ten milliseconds loses.

import { watchAddresses } from "../../netns/monitor.ts";
import { claimFrom } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { type Ground, holds, onGround } from "../ground.ts";
import type { Scenario } from "../scenario.ts";
import { addressOf, microseconds, type Shape, textOf } from "../text.ts";
import { pause } from "./death.ts";

const FIGURES: readonly Figure[] = [
  { key: "both", title: "both hold the address, or neither", unit: "ms", limit: 0, ratio: 1.5 },
  { key: "lost", title: "probes of a client lost, one every 10 ms", unit: "", limit: 0, cap: 0 },
];
const PROBE_EVERY = 10;
/** Both moments are a fraction of a millisecond apart, and whoever watches would otherwise be told milliseconds late. */
const FIRST = true;

export function preempt(interval: string, version: 2 | 3, runs: number, family: Family = "ipv4"): Scenario {
  const ipv6 = family === "ipv6" ? ", IPv6" : "";
  return {
    name: `preempt-v${version}-${microseconds(interval) / 1_000}ms${ipv6 === "" ? "" : "-ipv6"}`,
    title: `preemption of a living Master, v${version} ${interval} s${ipv6}`,
    figures: FIGURES,
    runs,
    play: (who) => onGround(who, (ground) => comeBack(ground, { instances: 1, interval, version, family })),
  };
}

type Family = NonNullable<Shape["family"]>;
type Kind = Omit<Shape, "priority"> & { readonly family: Family };

async function comeBack(ground: Ground, kind: Kind): Promise<readonly Sample[]> {
  const { lan, rt1, rt2, client, start } = ground;
  const vip = addressOf(1, 1, kind.family);
  const [at, source] = kind.family === "ipv6" ? [`${vip}%eth0`, rt1.linkLocal] : [vip, "192.168.1.11"];
  await client.run(["ip", "route", "add", "10.0.0.0/8", "dev", "eth0"]);
  const seen = await lan.capture("ip proto 112 or ip6 proto 112");
  const [one, two] = [await watchAddresses(rt1, FIRST), await watchAddresses(rt2, FIRST)];
  await Promise.all([rt1.startResponder(), rt2.startResponder()]);
  await start(rt2, textOf({ ...kind, priority: 100 }));
  await holds(rt2, 1);
  await pause(1_000);
  const probe = await client.startProbe(at, PROBE_EVERY);
  await start(rt1, textOf({ ...kind, priority: 200 }));
  await seen.next("rt1 takes over", claimFrom(source), { within: 30_000 });
  await holds(rt1, 1);
  await pause(1_000);
  const answers = await probe.stop();
  await seen.stop();
  const came = (await one.stop()).find(({ address, gone }) => address === vip && !gone)?.at ?? Number.NaN;
  const went = (await two.stop()).find(({ address, gone }) => address === vip && gone)?.at ?? Number.NaN;
  // The first questions ask for the neighbour, the last ones are cut off with the probe.
  const lost = answers.slice(5, -5).filter(({ by }) => by === null).length;
  return [{ both: Math.abs(went - came) / 1_000, lost }];
}
