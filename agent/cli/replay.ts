// heird replay: folds a log again, and answers what one asks of that: the story, a state, a
// difference, whether the record is true, and what another configuration would have made of it.

import { createInterface } from "node:readline";
import { isAbout } from "../explain/chronicle.ts";
import { differences, PORTRAIT_HEADING, portrait } from "../explain/portrait.ts";
import { type Scene, scenes } from "../explain/story.ts";
import { type Place, snapshotOf } from "../log/line.ts";
import { type Told, told } from "../log/replay.ts";
import { lastBegun } from "../log/seek.ts";
import type { Values } from "./commands.ts";
import { noting, refuseUnknown } from "./known.ts";
import { despite, despiteSoon, type LogRead, linesFrom, linesSince, logIn, warnOf } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { verify } from "./replay-verify.ts";
import { whatIf } from "./replay-what-if.ts";
import { table } from "./table.ts";
import { atWall, whenOf } from "./when.ts";

export type ReplayOptions = Pick<
  Values,
  "vr" | "since" | "at" | "to" | "step" | "diff" | "verify" | "what-if" | "what-if-config" | "json"
>;

/** Does the one thing that is asked; without a question it tells the story. */
export async function replay(path: string, options: ReplayOptions): Promise<number> {
  if (options.verify) return verify(path, options.json);
  const from = options.since === undefined ? null : whenOf("since", options.since, Date.now());
  if (options.diff !== undefined) return diff(path, options.diff, options.json);
  const end = endOf(options);
  if (end !== null && !options.step) return stateAt(path, end, options.json);
  const read = linesSince(path, from);
  const code = await despiteSoon(read.flaws, async () =>
    options["what-if"] !== undefined || options["what-if-config"] !== undefined
      ? whatIf(read, options)
      : await (options.step ? walk(read, options) : story(read, options)),
  );
  warnOf(read.flaws);
  return code;
}

/** A point in a log: a line's number, or a time. */
type Point = { readonly seq: number } | { readonly wall: number };

const pointOf = (option: string, text: string): Point =>
  /^#?\d+$/.test(text) ? { seq: Number(text.replace("#", "")) } : { wall: whenOf(option, text, Date.now()) };

const isPast = (point: Point, line: Place): boolean => ("seq" in point ? line.seq > point.seq : line.hlc > point.wall);

/** The last step at or before a point. The segment that it stands in begins with a state, and no other is read. */
function stepAt(path: string, point: Point): Told {
  const files = logIn(path);
  const index = lastBegun(files, ({ seq, hlc }) => ("seq" in point ? seq > point.seq : hlc > point.wall));
  const read = linesFrom(files.slice(index, index + 1));
  let last: Told | null = null;
  despite(read.flaws, () => {
    for (const step of told(read.lines())) {
      if (isPast(point, step.line)) break;
      last = step;
    }
  });
  warnOf(read.flaws);
  if (last === null) throw new Refusal(EXIT.usage, "the log begins later than that");
  return last;
}

/** Up to where, as --to or --at says. */
function endOf({ at, to }: ReplayOptions): Point | null {
  if (to !== undefined) return pointOf("to", to);
  return at === undefined ? null : pointOf("at", at);
}

function stateAt(path: string, point: Point, json: boolean): number {
  const { line, state } = stepAt(path, point);
  if (json) print(JSON.stringify({ schema: 1, seq: line.seq, at: line.at, hlc: line.hlc, state: snapshotOf(state) }));
  else print(`after #${line.seq}, ${atWall(line.hlc)}\n\n${table(PORTRAIT_HEADING, portrait(state, line.at))}`);
  return EXIT.ok;
}

function diff(path: string, points: readonly string[], json: boolean): number {
  const [a, b] = points;
  if (a === undefined || b === undefined || points.length > 2)
    throw new Refusal(EXIT.usage, "--diff is given twice: --diff A --diff B, each a line's number or a time");
  const [was, is] = [stepAt(path, pointOf("diff", a)), stepAt(path, pointOf("diff", b))];
  const found = differences(byName(was), byName(is));
  if (json) print(JSON.stringify({ schema: 1, from: was.line.seq, to: is.line.seq, differences: found }));
  else {
    const rows = found.map(({ path, was: old, is: now }) => [path, old, now]);
    print(`from #${was.line.seq} to #${is.line.seq}: ${found.length} difference(s)`);
    if (rows.length > 0) print(table(["What", "Was", "Is"], rows));
  }
  return EXIT.ok;
}

/** The state as a document in which routers are found by their names, not by their places. */
const byName = ({ state: { running, links, routers } }: Told): unknown => ({
  running,
  links,
  routers: Object.fromEntries(routers.map(({ config, ...rest }) => [config.name, { ...rest, config }])),
});

function story(read: LogRead, { vr, json }: ReplayOptions): number {
  const names = new Map<string, string>();
  let shown = false;
  for (const scene of scenes(told(noting(read.lines(), names)))) {
    if (vr !== undefined && !concerns(scene, vr)) continue;
    print(json ? JSON.stringify(asDocument(scene)) : lines(scene).join("\n"));
    shown = true;
  }
  if (!shown) refuseUnknown(vr, names);
  return EXIT.ok;
}

function concerns({ subject, changes, step }: Scene, vr: string): boolean {
  const key = step.state.routers.find(({ config }) => config.name === vr || config.key === vr)?.config.key;
  return subject === vr || subject === key || changes.some((change) => isAbout(vr, change));
}

const asDocument = ({ seq, wall, subject, says, changes, wants }: Scene) => ({
  seq,
  wall,
  subject,
  says,
  wants,
  changes: changes.map(({ router, name, from, to, because }) => ({ router, name, from, to, because })),
});

const lines = ({ seq, wall, subject, says, changes, wants }: Scene): string[] => [
  [atWall(wall), `#${seq}`, subject, says].filter((part) => part !== "").join("  "),
  ...changes.map(({ name, from, to, because }) => `    ${name}: ${from} -> ${to} (${because})`),
  ...wants.map((wanted) => `      ${wanted}`),
];

/** One event at a time, with the state after it; on a terminal the next one comes with Enter. */
async function walk(read: LogRead, options: ReplayOptions): Promise<number> {
  const { vr } = options;
  const end = endOf(options);
  const terminal = process.stdin.isTTY === true;
  const input = terminal ? createInterface({ input: process.stdin }) : null;
  const next = input?.[Symbol.asyncIterator]();
  for (const scene of scenes(told(read.lines()))) {
    if (end !== null && isPast(end, scene.step.line)) break;
    if (vr !== undefined && !concerns(scene, vr)) continue;
    print(lines(scene).join("\n"));
    print(`${table(PORTRAIT_HEADING, portrait(scene.step.state, scene.step.line.at))}\n`);
    if (next !== undefined && (await next.next()).done === true) break;
  }
  input?.close();
  return EXIT.ok;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
