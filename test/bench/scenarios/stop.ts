// SIGTERM: when its priority 0 is on the wire, and when it has ended.

import { claimFrom, resignationFrom } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { type Ground, now, onGround } from "../ground.ts";
import type { Scenario } from "../scenario.ts";
import { microseconds, type Shape, textOf } from "../text.ts";
import { pause } from "./death.ts";

const FIGURES: readonly Figure[] = [
  { key: "resigned", title: "priority 0 on the wire", unit: "ms", limit: 0, ratio: 2 },
  { key: "ended", title: "exit", unit: "ms", limit: 0, ratio: 0.1 },
];

/** An instance that is Master, asked to end. */
export function stop(interval: string, version: 2 | 3, runs: number, family: Shape["family"] = "ipv4"): Scenario {
  const ipv6 = family === "ipv6" ? ", IPv6" : "";
  return {
    name: `stop-v${version}-${microseconds(interval) / 1_000}ms${ipv6 === "" ? "" : "-ipv6"}`,
    title: `SIGTERM, one instance, v${version} ${interval} s${ipv6}`,
    figures: FIGURES,
    runs,
    play: (who) => onGround(who, (ground) => end(ground, { instances: 1, priority: 255, interval, version, family })),
  };
}

async function end({ lan, rt1, start }: Ground, shape: Shape): Promise<readonly Sample[]> {
  const source = shape.family === "ipv6" ? rt1.linkLocal : "192.168.1.11";
  const seen = await lan.capture("ip proto 112 or ip6 proto 112");
  const running = await start(rt1, textOf(shape));
  await seen.next("it is Master", claimFrom(source), { within: 30_000 });
  await pause(1_500);
  const asked = now();
  running.signal("SIGTERM");
  await running.ended;
  const ended = now();
  const resigned = await seen.next("it resigns", resignationFrom(source));
  await seen.stop();
  return [{ resigned: (resigned.at - asked) / 1_000, ended: (ended - asked) / 1_000 }];
}
