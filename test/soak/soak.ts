// npm run soak -- --minutes 30: two routers with many instances, one fault after the other, for as long
// as asked; and at the end what memory, descriptors, deadlines and log came to, as a table and a plot.
// Exits with 0 when all stayed flat and right, 1 when something did not, 2 when it does not understand.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { addressOf, textOf } from "../bench/text.ts";
import { eventually } from "../netns/eventually.ts";
import { type Heird, lastLines, makeHome, runHeird, startHeird } from "../netns/heird.ts";
import { createLan, exitOnSignals } from "../netns/lan.ts";
import { FAULTS, type Site } from "./faults.ts";
import { plotOf } from "./plot.ts";
import { MEASURES, type Sample, type Series, settledPart, slopeOf } from "./series.ts";

/** Between two looks, in ms. */
const EVERY = 5_000;
/** A slope of the memory needs this many minutes to mean something; then it may be so many KiB an hour. */
const JUDGED = { minutes: 20, slope: 8_192 } as const;
/** Segments small enough that some are dropped within the half hour. */
const LOG = ["event_log {", "  retention_size 16", "  segment_size 1", "}"];

const say = (words: string): void => void process.stdout.write(`${words}\n`);

type Wish = { readonly minutes: number; readonly instances: number; readonly interval: string; readonly out: string };

function wishOf(): Wish | string {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      instances: { type: "string", default: "50" },
      interval: { type: "string", default: "0.1" },
      out: { type: "string", default: "." },
    },
  });
  const [minutes, instances] = [Number(values.minutes), Number(values.instances)];
  if (!(minutes > 0)) return `--minutes ${values.minutes}: more than 0`;
  if (!Number.isInteger(instances) || instances < 1 || instances > 255)
    return `--instances ${values.instances}: 1 to 255`;
  if (!(Number(values.interval) >= 0.01)) return `--interval ${values.interval}: at least 0.01 s`;
  return { minutes, instances, interval: values.interval, out: resolve(values.out) };
}

const sizeOf = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );

async function look(node: Heird, at: number): Promise<Sample> {
  const { waits, instances } = await node.status();
  const status = readFileSync(`/proc/${node.pid}/status`, "latin1");
  return {
    at,
    rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
    descriptors: readdirSync(`/proc/${node.pid}/fd`).length,
    deadlines: waits.length + instances.length,
    log: Math.round(sizeOf(node.home.stateDirectory) / 1_024),
  };
}

/** The stronger one is Master of all and has every address, the other has none. */
async function settled(site: Site, instances: number): Promise<void> {
  const held = async (name: string): Promise<number> =>
    (await site.lan.host(name).addresses()).filter(({ address }) => address.startsWith("10.")).length;
  await site.strong.reach("master", undefined, 30_000);
  await site.weak.reach("backup", undefined, 30_000);
  await eventually(
    "the addresses are with the Master alone",
    async () => (await held("rt1")) === instances && (await held("rt2")) === 0,
    { within: 30_000, every: 100 },
  );
}

type Told = { readonly series: readonly Series[]; readonly faults: number; readonly wrong: readonly string[] };

async function soak({ minutes, instances, interval }: Wish): Promise<Told> {
  const lan = await createLan("soak", [
    { name: "rt1", addresses: ["192.168.1.11/24"] },
    { name: "rt2", addresses: ["192.168.1.12/24"] },
  ]);
  const config = (priority: number, addresses = 1): string =>
    textOf({ instances, priority, interval, addresses, head: LOG });
  const homes = [makeHome(lan.host("rt1"), config(200)), makeHome(lan.host("rt2"), config(100))] as const;
  try {
    const strong = await startHeird(lan.host("rt1"), homes[0], "info");
    await strong.reach("master");
    const weak = await startHeird(lan.host("rt2"), homes[1], "info");
    const site: Site = { lan, strong, weak, config: (more) => config(200, more ? 2 : 1), address: addressOf(1, 1) };
    await settled(site, instances);
    const told = await through(site, minutes * 60_000, instances);
    return { ...told, wrong: [...told.wrong, ...(await verified([strong, weak]))] };
  } finally {
    await lan.remove();
    for (const home of homes) home.remove();
  }
}

/** One fault after the other until the time is over, with looks in between. */
async function through(site: Site, span: number, instances: number): Promise<Told> {
  const begin = performance.now();
  const passed = (): number => performance.now() - begin;
  const nodes = [site.strong, site.weak];
  const series: { name: string; samples: Sample[] }[] = [
    { name: "rt1", samples: [] },
    { name: "rt2", samples: [] },
  ];
  const wrong: string[] = [];
  let faults = 0;
  let due = 0;
  while (passed() < span && wrong.length === 0) {
    const fault = FAULTS[faults % FAULTS.length];
    await fault?.happens(site);
    faults += 1;
    await settled(site, instances).catch((error: Error) => {
      wrong.push(`after "${fault?.name}": ${error.message}`);
      for (const node of nodes) say(lastLines(node.output(), 30));
    });
    if (passed() < due) continue;
    due = passed() + EVERY;
    for (const [i, node] of nodes.entries()) series[i]?.samples.push(await look(node, Math.round(passed() / 1_000)));
    say(lineOf(series, faults));
  }
  return { series, faults, wrong };
}

const lineOf = (series: readonly Series[], faults: number): string => {
  const now = series.map(({ name, samples }) => {
    const last = samples.at(-1);
    return `${name} ${last?.rss} KiB, ${last?.descriptors} descriptors, ${last?.deadlines} deadlines, log ${last?.log} KiB`;
  });
  return `${String(series[0]?.samples.at(-1)?.at).padStart(5)} s, ${faults} faults: ${now.join("; ")}`;
};

/** What the logs say against themselves when it is over. */
async function verified(nodes: readonly Heird[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const node of nodes) {
    const { code } = await node.stop(30_000);
    if (code !== 0) wrong.push(`heird ended with code ${code}`);
    const replayed = await runHeird("replay", "--verify", "--state-dir", node.home.stateDirectory);
    if (replayed.code !== 0) wrong.push(`replay --verify: ${replayed.stdout}${replayed.stderr}`);
  }
  return wrong;
}

function judge({ series, wrong }: Told, minutes: number): readonly string[] {
  const steep = series.flatMap(({ name, samples }) => {
    const slope = slopeOf(settledPart(samples), "rss");
    say(
      `${name}: ${MEASURES.map((measure) => {
        const values = samples.map((sample) => sample[measure]);
        return `${measure} ${Math.min(...values)} to ${Math.max(...values)}`;
      }).join(", ")}; memory ${slope.toFixed(0)} KiB an hour in the second half`,
    );
    return minutes >= JUDGED.minutes && slope > JUDGED.slope
      ? [`${name}: memory rises by ${slope.toFixed(0)} KiB an hour`]
      : [];
  });
  return [...wrong, ...steep];
}

async function main(): Promise<number> {
  exitOnSignals();
  const wish = wishOf();
  if (typeof wish === "string") {
    process.stderr.write(`soak: ${wish}\n`);
    return 2;
  }
  const told = await soak(wish);
  mkdirSync(wish.out, { recursive: true });
  writeFileSync(join(wish.out, "soak.json"), `${JSON.stringify(told)}\n`);
  writeFileSync(join(wish.out, "soak.svg"), plotOf(told.series));
  const wrong = judge(told, wish.minutes);
  for (const words of wrong) say(`wrong: ${words}`);
  say(`${told.faults} faults in ${wish.minutes} min; ${join(wish.out, "soak.svg")}`);
  return wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main();
