// From the start of the process to the first advertisement of an owner, and what it weighs then.

import { claimFrom } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { greatest } from "../figure.ts";
import { now, onGround } from "../ground.ts";
import { byVrid, record } from "../observer.ts";
import { memoryOf } from "../processes.ts";
import type { Scenario } from "../scenario.ts";
import { textOf } from "../text.ts";
import { pause } from "./death.ts";

const SOURCE = "192.168.1.11";

type Goals = { readonly first: number; readonly rss: number };

export const begin = (instances: number, runs: number, goals: Goals | null): Scenario => {
  const goal = (ratio: number | undefined): { readonly ratio?: number } => (ratio === undefined ? {} : { ratio });
  const figures: readonly Figure[] = [
    { key: "first", title: "start to first advert, owner", unit: "ms", limit: "floor", ...goal(goals?.first) },
    { key: "all", title: "start to the first advert of the last instance", unit: "ms", limit: "floor" },
    { key: "rss", title: "RSS some seconds after the start", unit: "MB", limit: "floor", ...goal(goals?.rss) },
    { key: "pss", title: "PSS some seconds after the start", unit: "MB", limit: "floor" },
  ];
  return {
    name: `start-${instances}`,
    title: `start, ${instances} instance(s) at v3 1 s`,
    figures,
    runs,
    play: (who) =>
      onGround(who, async ({ lan, rt1, launch }): Promise<readonly Sample[]> => {
        const wire = await record(lan, "ip proto 112");
        const began = now();
        // Keepalived waits for Master_Down_Interval, though it owns the addresses, unless its state is MASTER.
        const text = textOf({ instances, priority: 255, state: "MASTER", interval: "1" });
        const running = await launch(rt1, text);
        await pause(4_000 + 10 * instances);
        const { rss, pss } = memoryOf(running.pid);
        const firsts = [...byVrid(await wire.stop(), claimFrom(SOURCE)).values()].map(([claim]) => claim?.at ?? 0);
        if (firsts.length < instances) throw new Error(`only ${firsts.length} of ${instances} advertise`);
        return [{ first: (Math.min(...firsts) - began) / 1_000, all: (greatest(firsts) - began) / 1_000, rss, pss }];
      }),
    floor: bareNode,
  };
};

/** A Node that does nothing, started the same way. */
export const bareNode = (): Promise<readonly Sample[]> =>
  onGround("heird", async ({ rt1 }): Promise<readonly Sample[]> => {
    const began = now();
    const words = "process.stdout.write('here\\n'); setInterval(() => {}, 1000)";
    const idle = await rt1.start("bare Node", [process.execPath, "-e", words]);
    await new Promise<void>((resolve) => idle.onStdout(() => resolve()));
    const first = (now() - began) / 1_000;
    await pause(1_000);
    const { rss, pss } = memoryOf(idle.pid);
    await idle.stop();
    return [{ first, all: first, rss, pss }];
  });
