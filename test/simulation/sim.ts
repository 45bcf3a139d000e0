// npm run sim -- SEED tells one life; npm run sim -- --for 10m plays new seeds on every core as long as
// asked, or until Ctrl-C, and ends with what they came to. Seeds that fail are told small. Exits with 0
// when nothing was violated, 1 when something was or nothing was played, 2 when it does not understand what is asked.

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

/** What cannot be understood, in a sentence. */
const refuse = (sentence: string): number => {
  process.stderr.write(`sim: ${sentence}\n`);
  return 2;
};

/** In ms; null when it is no time. */
function spanOf(text: string): number | null {
  const [, number = "", unit = ""] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const scale = { s: 1_000, m: 60_000, h: 3_600_000 }[unit === "" ? "s" : unit];
  return number === "" || scale === undefined ? null : Number(number) * scale;
}

/** 0 to 2^31 - 1: what every draw begins with. */
const isSeed = (seed: number): boolean => Number.isInteger(seed) && seed >= 0 && seed <= 0x7fff_ffff;

/** Every child plays the seeds that are its own: first, first + step, and so on. */
async function child(first: number, step: number): Promise<void> {
  // Ctrl-C at a terminal is for the parent, which lets us finish nothing and tells what there is.
  process.on("SIGINT", () => {});
  for (let seed = first; process.connected; seed += step) {
    await new Promise((resolve) => setImmediate(resolve));
    const { turns, failovers, failures, sometimes } = play(seed);
    process.send?.({ seed, turns, failovers, failures, sometimes: [...sometimes] } satisfies Told);
  }
}

/** Waits so long, or until somebody has seen enough. */
function patience(span: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, span);
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        clearTimeout(timer);
        resolve();
      });
  });
}

async function playFor(span: number, first: number): Promise<number> {
  const cores = availableParallelism();
  const tally = noLives();
  const started = Date.now();
  const children: ChildProcess[] = [];
  let lost = 0;
  for (let i = 0; i < cores; i++) {
    const one = fork(fileURLToPath(import.meta.url), ["--child", String(first + i), "--step", String(cores)]);
    one.on("message", (told: Told) => {
      count(tally, { ...told, sometimes: new Map(told.sometimes) });
      if (told.failures.length > 0) say(`seed ${told.seed}: ${told.failures[0]}`);
    });
    one.on("exit", (code) => {
      if (code !== null && code !== 0) lost += 1;
    });
    children.push(one);
  }
  const progress = setInterval(
    () => say(`${tally.seeds} seeds, ${hoursOf(tally).toFixed(1)} hours of LAN, ${tally.failed.length} failed`),
    PROGRESS,
  );
  await patience(span);
  clearInterval(progress);
  for (const one of children) one.kill();
  // Nothing was violated in nothing, which proves nothing.
  if (tally.seeds === 0) {
    say("no seed was played to its end: take longer");
    return 1;
  }
  say(tellTally(tally, (Date.now() - started) / 1_000));
  for (const seed of tally.failed.slice(0, 3)) say(`\n${smallFailure(seed)}`);
  if (lost > 0) say(`${lost} of ${cores} processes ended by themselves: what they played is not counted`);
  return tally.failed.length === 0 && lost === 0 ? 0 : 1;
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
    const span = spanOf(values.for);
    const first = values.from === undefined ? Date.now() % 0x3fff_ffff : Number(values.from);
    if (span === null) return refuse(`"${values.for}" is no time: write 30s, 10m or 2h`);
    if (!isSeed(first)) return refuse(`"${values.from}" is no seed: write a whole number`);
    say(`from seed ${first}`);
    return playFor(span, first);
  }
  const seed = positionals[0] === undefined ? Number.NaN : Number(positionals[0]);
  if (positionals.length !== 1 || !isSeed(seed))
    return refuse("write npm run sim -- SEED, a whole number, or npm run sim -- --for 10m [--from SEED]");
  const life = play(seed);
  say(tellLife(life));
  if (life.failures.length > 0) say(`\n${smallFailure(seed)}`);
  return life.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((cause: unknown) => {
  // What parseArgs does not know is a mistake of whoever asks; anything else is ours.
  if (cause instanceof TypeError && "code" in cause && String(cause.code).startsWith("ERR_PARSE_ARGS"))
    return refuse(cause.message);
  throw cause;
});
