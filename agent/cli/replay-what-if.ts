// heird replay --what-if: the same inputs under another configuration, beside what they led to.

import { loadConfig } from "../../config/load.ts";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import type { Event } from "../core/event.ts";
import { type Duration, type Instant, seconds } from "../core/time.ts";
import { beside } from "../explain/beside.ts";
import { type Transition, wallClock } from "../explain/chronicle.ts";
import { type Edit, edited, editOf, forbidden } from "../explain/edit.ts";
import { inOrder, inputsIn, resampledIn } from "../explain/inputs.ts";
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
  const start = beginningOf(read.lines());
  for (const edit of edits) {
    const says = forbidden(start.state.config, edit, options.vr);
    if (says !== null && !allowedLater(read.lines(), edit, options.vr))
      throw new Refusal(EXIT.usage, `--what-if '${edit.text}': ${says}`);
  }
  const change = (config: AgentConfig): AgentConfig =>
    edits.reduce(
      (so, edit) => edited(so, edit, options.vr),
      whole === null ? config : { ...whole, routerId: config.routerId },
    );
  const intervals = intervalsOf(start.state.config, change(start.state.config));
  const was = foldedFrom(start, read, new Map(), (config) => config);
  const would = foldedFrom(start, read, intervals, change);
  print(was, would, options, edits);
  return EXIT.ok;
}

/** What a reload brought may be what the edit is about. */
function allowedLater(lines: Iterable<Line>, edit: Edit, vr: string | undefined): boolean {
  for (const line of lines)
    if (line.type === "event" && line.seen.type === "configured" && forbidden(line.seen.config, edit, vr) === null)
      return true;
  return false;
}

/** Windows close within so long of what they tell, four intervals of the slowest router on top; nothing older is in memory. */
const LATE = seconds(30);

/** The inputs of a log are read as they are folded: it may be larger than the memory. */
function foldedFrom(
  start: Beginning & { readonly seq: number },
  read: LogRead,
  intervals: ReadonlyMap<RouterKey, Duration>,
  change: (config: AgentConfig) => AgentConfig,
): readonly Transition[] {
  const clock = wallClock();
  let last = start.at;
  const lines = function* (): Generator<Line> {
    for (const line of read.lines()) {
      clock.look(line);
      last = line.at;
      if (line.seq >= start.seq) yield line;
    }
  };
  const slowest = Math.max(0, ...start.state.config.routers.map(({ adverInterval }) => adverInterval));
  const late = (LATE + 4 * slowest) as Duration;
  const inputs = within(start.at, inOrder(inputsIn(lines()), late));
  const wanted = intervals.size === 0 ? inputs : inOrder(resampledIn(inputs, intervals), late);
  return refold(start, wanted, change, clock.wallOf, () => last);
}

function* within(from: Instant, events: Iterable<Event>): Generator<Event> {
  for (const event of events) if (event.at >= from) yield event;
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
function beginningOf(lines: Iterable<Line>): Beginning & { readonly seq: number } {
  for (const { line, state } of told(lines))
    if (state.config.routers.length > 0 && state.running) return { state, at: line.at, seq: line.seq };
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

const cell = (one: Transition | undefined): string =>
  one === undefined ? "-" : `${atWall(one.wall)} ${one.name} ${one.from} -> ${one.to} (${one.because})`;

const shift = (a: Transition | undefined, b: Transition | undefined): string =>
  a === undefined || b === undefined ? "" : `${((a.wall - b.wall) / 1_000).toFixed(3)} s`;
