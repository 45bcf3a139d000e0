// npm run sim -- SEED tells one life; npm run sim -- --for 10m plays new seeds on every core as long as
// asked, and ends with what they came to. Seeds that fail are told small.

import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { smallFailure } from "./lives.ts";
import { type Life, play } from "./play.ts";
import { tellLife } from "./report.ts";
import type { Situation } from "./sometimes.ts";
import { count, hoursOf, noLives, tellTally } from "./tally.ts";

/** Between lines of progress, in ms. */
const PROGRESS = 5_000;

type Told = Pick<Life, "seed" | "turns" | "failovers" | "failures"> & {
  readonly sometimes: readonly (readonly [Situation, number])[];
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function spanOf(text: string): number {
  const [, number = "", unit = "s"] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const scale = { s: 1_000, m: 60_000, h: 3_600_000 }[unit === "" ? "s" : unit];
  if (number === "" || scale === undefined) throw new Error(`"${text}" is no time: write 30s, 10m or 2h`);
  return Number(number) * scale;
}

/** Every child plays the seeds that are its own: first, first + step, and so on. */
async function child(first: number, step: number): Promise<void> {
  for (let seed = first; process.connected; seed += step) {
    await new Promise((resolve) => setImmediate(resolve));
    const { turns, failovers, failures, sometimes } = play(seed);
    process.send?.({ seed, turns, failovers, failures, sometimes: [...sometimes] } satisfies Told);
  }
}

async function playFor(span: number, first: number): Promise<number> {
  const cores = availableParallelism();
  const tally = noLives();
  const started = Date.now();
  const children: ChildProcess[] = [];
  for (let i = 0; i < cores; i++) {
    const one = fork(fileURLToPath(import.meta.url), ["--child", String(first + i), "--step", String(cores)]);
    one.on("message", (told: Told) => {
      count(tally, { ...told, sometimes: new Map(told.sometimes) });
      if (told.failures.length > 0) say(`seed ${told.seed}: ${told.failures[0]}`);
    });
    children.push(one);
  }
  const progress = setInterval(
    () => say(`${tally.seeds} seeds, ${hoursOf(tally).toFixed(1)} hours of LAN, ${tally.failed.length} failed`),
    PROGRESS,
  );
  await new Promise((resolve) => setTimeout(resolve, span));
  clearInterval(progress);
  for (const one of children) one.kill();
  say(tellTally(tally, (Date.now() - started) / 1_000));
  for (const seed of tally.failed.slice(0, 3)) say(`\n${smallFailure(seed)}`);
  return tally.failed.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      for: { type: "string" },
      from: { type: "string" },
      child: { type: "string" },
      step: { type: "string", default: "1" },
    },
  });
  if (values.child !== undefined) {
    await child(Number(values.child), Number(values.step));
    return 0;
  }
  if (values.for !== undefined) {
    const first = values.from === undefined ? Date.now() % 0x7fff_ffff : Number(values.from);
    say(`from seed ${first}`);
    return playFor(spanOf(values.for), first);
  }
  const seed = Number(positionals[0]);
  if (!Number.isInteger(seed)) throw new Error("npm run sim -- SEED, or npm run sim -- --for 10m");
  const life = play(seed);
  say(tellLife(life));
  if (life.failures.length > 0) say(`\n${smallFailure(seed)}`);
  return life.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
