// A day like any other: what it costs, how regular the adverts are, and that nobody takes over for no reason.

import type { Packet } from "../../netns/packet.ts";
import { claimFrom } from "../../netns/wire.ts";
import { type Figure, greatest, median, quantile, type Sample } from "../figure.ts";
import { type Ground, holds, now, onGround, whileBusy } from "../ground.ts";
import { kernelAlone } from "../kernel-alone.ts";
import { byVrid, record } from "../observer.ts";
import { memoryOf, processorTime } from "../processes.ts";
import type { Scenario } from "../scenario.ts";
import { microseconds, type Shape, textOf } from "../text.ts";
import { pause } from "./death.ts";
import { bareNode } from "./start.ts";

export type Steady = {
  readonly instances: number;
  readonly interval: string;
  readonly busy?: boolean;
  /** Lines for the whole. */
  readonly head?: readonly string[];
  readonly runs: number;
  /** Ratios, by the key of the figure. */
  readonly goals?: Readonly<Record<string, number>>;
};

/** How long is looked, in ms. */
const SPAN = 15_000;
const [MASTER, BACKUP] = ["192.168.1.11", "192.168.1.12"];

const FIGURES: readonly Figure[] = [
  { key: "cpuMaster", title: "Master, of one core", unit: "%", limit: "floor" },
  { key: "cpuBackup", title: "Backup, of one core", unit: "%", limit: "floor" },
  { key: "pss", title: "Master, PSS", unit: "MB", limit: "floor" },
  { key: "jitter", title: "adverts off their period, p99", unit: "ms", limit: 0 },
  { key: "jitterMax", title: "adverts off their period, max", unit: "ms", limit: 0 },
  { key: "drift", title: "drift of the period", unit: "ppm", limit: 0 },
  { key: "missing", title: "adverts missing in 15 s", unit: "", limit: 0 },
  { key: "false", title: "false failovers", unit: "", limit: 0, cap: 0 },
];

export function steady({ instances, interval, busy = false, head = [], runs, goals = {} }: Steady): Scenario {
  const figures = FIGURES.map((figure) => {
    const ratio = goals[figure.key];
    const capped = figure.key === "missing" && goals["drift"] !== undefined ? { cap: 0 } : {};
    return { ...figure, ...capped, ...(ratio === undefined ? {} : { ratio }) };
  });
  return {
    name: `steady-${instances}-${microseconds(interval) / 1_000}ms${busy ? "-busy" : ""}${head.length > 0 ? "-rt" : ""}`,
    title: `steady, ${instances} instance(s) at v3 ${interval} s${busy ? ", every core busy" : ""}${head.length > 0 ? ", both real-time" : ""}`,
    figures,
    runs,
    play: (who) => onGround(who, (ground) => look(ground, { instances, interval, head }, busy)),
    floor: () => floorOf(instances / Number(interval)),
  };
}

/** What the kernel takes for so many adverts a second, and what a Node that does nothing weighs. */
async function floorOf(rate: number): Promise<readonly Sample[]> {
  const kernel = await onGround("heird", async (ground) => kernelAlone(ground, rate));
  const [bare] = await bareNode();
  return [{ ...kernel, ...(bare?.["pss"] === undefined ? {} : { pss: bare["pss"] }) }];
}

async function look(ground: Ground, shape: Omit<Shape, "priority">, busy: boolean): Promise<readonly Sample[]> {
  const { lan, rt1, rt2, start } = ground;
  const { instances, interval } = shape;
  const master = await start(rt1, textOf({ ...shape, priority: 200 }));
  await holds(rt1, instances);
  const backup = await start(rt2, textOf({ ...shape, priority: 100 }));
  await pause(2_500);
  return whileBusy(busy, async () => {
    await pause(500);
    const wire = await record(lan, "ip proto 112");
    const before = [processorTime(master.pid), processorTime(backup.pid), now()] as const;
    await pause(SPAN);
    const after = [processorTime(master.pid), processorTime(backup.pid), now()] as const;
    const { pss } = memoryOf(master.pid);
    const packets = await wire.stop();
    const span = after[2] - before[2];
    const share = (i: 0 | 1): number => ((after[i] - before[i]) / 1_000 / span) * 100;
    const rhythm = rhythmOf(byVrid(packets, claimFrom(MASTER)), microseconds(interval));
    const wrong = byVrid(packets, claimFrom(BACKUP)).size;
    return [{ cpuMaster: share(0), cpuBackup: share(1), pss, ...rhythm, false: wrong }];
  });
}

function rhythmOf(adverts: ReadonlyMap<number, readonly Packet[]>, interval: number): Sample {
  const all = [...adverts.values()];
  // What was seen begins with the first of all and ends with the last: a recording is cut off somewhere.
  const from = Math.min(...all.map((those) => those[0]?.at ?? Number.POSITIVE_INFINITY));
  const to = greatest(all.map((those) => those.at(-1)?.at ?? 0));
  const off: number[] = [];
  const drifts: number[] = [];
  let missing = 0;
  for (const those of all) {
    const [first, last] = [those[0]?.at ?? 0, those.at(-1)?.at ?? 0];
    drifts.push((last - first) / (those.length - 1) / interval - 1);
    missing += Math.max(0, Math.floor((to - from) / interval) - those.length);
    those.forEach(({ at }, i) => {
      if (i > 0) off.push(Math.abs(at - (those[i - 1]?.at ?? at) - interval));
    });
  }
  return {
    jitter: quantile(off, 0.99) / 1_000,
    jitterMax: greatest(off) / 1_000,
    drift: median(drifts) * 1_000_000,
    missing,
  };
}
