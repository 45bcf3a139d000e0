// heird replay --what-if: the same inputs under another configuration, beside what they led to.

import { loadConfig } from "../../config/load.ts";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import type { Duration, Instant } from "../core/time.ts";
import { type Transition, wallClock } from "../explain/chronicle.ts";
import { type Edit, edited, editOf, forbidden } from "../explain/edit.ts";
import { inputsOf, resampled } from "../explain/inputs.ts";
import { type Beginning, refold } from "../explain/refold.ts";
import type { Line } from "../log/line.ts";
import { told } from "../log/replay.ts";
import type { Values } from "./commands.ts";
import type { LogRead } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { table } from "./table.ts";
import { atWall } from "./when.ts";

export type WhatIfOptions = Pick<Values, "vr" | "what-if" | "what-if-config" | "json">;

/** Prints the transitions as they were, and as they would have been. */
export function whatIf(read: LogRead, options: WhatIfOptions): number {
  const edits = (options["what-if"] ?? []).map(readEdit);
  const whole = options["what-if-config"] === undefined ? null : loadOther(options["what-if-config"]);
  const lines = [...read.lines()];
  const start = beginningOf(lines);
  for (const edit of edits) {
    const says = forbidden(start.state.config, edit, options.vr);
    if (says !== null) throw new Refusal(EXIT.usage, `--what-if '${edit.text}': ${says}`);
  }
  const clock = wallClock();
  for (const line of lines) clock.look(line);
  const inputs = inputsOf(lines).filter(({ at }) => at >= start.at);
  const until = (lines.at(-1)?.at ?? start.at) as Instant;
  const change = (config: AgentConfig): AgentConfig =>
    edits.reduce(
      (so, edit) => edited(so, edit, options.vr),
      whole === null ? config : { ...config, routers: whole.routers },
    );
  const intervals = intervalsOf(start.state.config, change(start.state.config));
  const was = refold(start, inputs, (config) => config, clock.wallOf, until);
  const would = refold(start, resampled(inputs, intervals), change, clock.wallOf, until);
  print(was, would, options, edits);
  return EXIT.ok;
}

function readEdit(text: string): Edit {
  const edit = editOf(text);
  if (typeof edit === "string") throw new Refusal(EXIT.usage, `--what-if '${text}': ${edit}`);
  return edit;
}

function loadOther(file: string): AgentConfig {
  const { config } = loadConfig(file);
  if (config === null) throw new Refusal(EXIT.config, `${file} cannot be used; heird check ${file} says why`);
  return config;
}

/** The first state from which the rest can be folded. */
function beginningOf(lines: readonly Line[]): Beginning {
  for (const { line, state } of told(lines))
    if (state.config.routers.length > 0 && state.running) return { state, at: line.at };
  throw new Refusal(EXIT.usage, "the log tells of no configuration that ran");
}

/** Whose interval changes, so that the neighbours' advertisements have to come at another one, too. */
function intervalsOf(was: AgentConfig, is: AgentConfig): ReadonlyMap<RouterKey, Duration> {
  const old = new Map(was.routers.map(({ key, adverInterval }) => [key, adverInterval]));
  return new Map(
    is.routers
      .filter(({ key, adverInterval }) => old.get(key) !== adverInterval)
      .map(({ key, adverInterval }) => [key, adverInterval]),
  );
}

function print(
  was: readonly Transition[],
  would: readonly Transition[],
  { vr, json }: WhatIfOptions,
  edits: readonly Edit[],
): void {
  const about = (all: readonly Transition[]) =>
    all.filter(({ name, router }) => vr === undefined || vr === name || vr === router);
  const [a, b] = [about(was), about(would)];
  if (json) {
    process.stdout.write(`${JSON.stringify({ schema: 1, was: a.map(brief), would: b.map(brief) })}\n`);
    return;
  }
  const rows = beside(a, b).map(([left, right]) => [cell(left), cell(right), shift(left, right)]);
  const what = edits.map(({ text }) => text).join(", ");
  process.stdout.write(
    `${table(["As it was", `With ${what === "" ? "the other file" : what}`, "Earlier by"], rows)}\n`,
  );
  process.stdout.write(
    "The inputs are those that were recorded: how the neighbours would have answered is not in them.\n",
  );
}

const brief = ({ wall, router, name, from, to, because }: Transition) => ({ wall, router, name, from, to, because });

/** The first, the second, … change of one router into one phase stand beside each other. */
function beside(a: readonly Transition[], b: readonly Transition[]) {
  const kind = ({ router, from, to }: Transition): string => `${router} ${from} ${to}`;
  const left = [...b];
  const pairs: [Transition | undefined, Transition | undefined][] = a.map((one) => {
    const i = left.findIndex((other) => kind(other) === kind(one));
    return [one, i < 0 ? undefined : left.splice(i, 1)[0]];
  });
  for (const rest of left) pairs.push([undefined, rest]);
  return pairs.sort(([a1, b1], [a2, b2]) => (a1 ?? b1 ?? NEVER).wall - (a2 ?? b2 ?? NEVER).wall);
}

const NEVER = { wall: Number.POSITIVE_INFINITY };

const cell = (one: Transition | undefined): string =>
  one === undefined ? "-" : `${atWall(one.wall)} ${one.name} ${one.from} -> ${one.to} (${one.because})`;

const shift = (a: Transition | undefined, b: Transition | undefined): string =>
  a === undefined || b === undefined ? "" : `${((a.wall - b.wall) / 1_000).toFixed(3)} s`;
