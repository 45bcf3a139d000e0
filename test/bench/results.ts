// What was measured, kept: a run adds to the scenarios it had, and leaves the others as they were.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { dirname } from "node:path";
import type { Name } from "./contestant.ts";
import type { Sample } from "./figure.ts";

export type Measured = Readonly<Record<Name | "floor", readonly Sample[]>>;

export type Results = {
  /** Where it was measured, as a sentence. */
  readonly machine: string;
  /** By the name of the scenario; `on` is the day. */
  readonly scenarios: Readonly<Record<string, { readonly on: string; readonly samples: Measured }>>;
};

export const NOTHING: Measured = { heird: [], keepalived: [], floor: [] };

/** This machine and what runs on it, in a sentence. */
export function machine(): string {
  const model = (cpus()[0]?.model ?? "unknown processor").replace(/\s+/g, " ").trim();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} x ${model}`,
    `${memory} GiB`,
    `Linux ${release()}`,
    `Node.js ${process.versions.node}`,
    `Keepalived ${keepalivedVersion()}`,
  ].join(", ");
}

function keepalivedVersion(): string {
  try {
    const said = execFileSync("sh", ["-c", "keepalived --version 2>&1"], { encoding: "utf8" });
    return /v(\d[\d.]*)/.exec(said)?.[1] ?? "of an unknown version";
  } catch {
    return "missing";
  }
}

export function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Results;
  } catch {
    return { machine: machine(), scenarios: {} };
  }
}

/** The results with what a scenario gave now, in place of what it gave before or beside it. */
export function merged(before: Results, name: string, now: Measured, beside: boolean): Results {
  const old = beside ? (before.scenarios[name]?.samples ?? NOTHING) : NOTHING;
  const samples: Measured = {
    heird: [...old.heird, ...now.heird],
    keepalived: [...old.keepalived, ...now.keepalived],
    floor: [...old.floor, ...now.floor],
  };
  const on = new Date().toISOString().slice(0, 10);
  return { machine: machine(), scenarios: { ...before.scenarios, [name]: { on, samples } } };
}

export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** A microsecond is as fine as anything here was measured. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
