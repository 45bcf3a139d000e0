// heird events: the log like a journal, and on with it as it grows.

import { createReadStream, statSync, watch } from "node:fs";
import { createInterface } from "node:readline";
import { wallClock } from "../explain/chronicle.ts";
import { kindOf, sentenceOf, subjectOf } from "../explain/narrate.ts";
import { type Line, parseLine } from "../log/line.ts";
import type { Values } from "./commands.ts";
import { requireKind } from "./kinds.ts";
import { configIn, noting, refuseUnknown } from "./known.ts";
import { despite, linesSince, logIn, warnOf } from "./log-files.ts";
import { recordedAt } from "./recorded.ts";
import { EXIT } from "./refusal.ts";
import { atWall, whenOf } from "./when.ts";

export type EventOptions = Pick<Values, "follow" | "vr" | "type" | "since" | "json" | "recorder">;

/** Prints what is there; with `follow` it goes on until it is interrupted. */
export async function events(path: string, options: EventOptions): Promise<number> {
  requireKind(options.type);
  if (options.recorder !== undefined) return recordedAt(path, options.recorder, options);
  const from = options.since === undefined ? null : whenOf("since", options.since, Date.now());
  const read = linesSince(path, from);
  const printer = createPrinter(options, from ?? Number.NEGATIVE_INFINITY);
  const names = new Map<string, string>();
  let shown = false;
  despite(read.flaws, () => {
    for (const line of noting(read.lines(), names)) shown = printer(line) || shown;
  });
  warnOf(read.flaws);
  if (options.follow) await follow(path, printer);
  else if (!shown) refuseUnknown(options.vr, names);
  return EXIT.ok;
}

/** Tells whether it printed the line. */
function createPrinter(options: EventOptions, from: number): (line: Line) => boolean {
  const clock = wallClock();
  const isWanted = createSelection(options);
  return (line) => {
    clock.look(line);
    if (!isWanted(line) || line.hlc < from) return false;
    process.stdout.write(options.json ? `${JSON.stringify(line)}\n` : `${told(line, clock.wallOf(line.at))}\n`);
    return true;
  };
}

/** A name stands for its key, as the log has told; so it has to be shown every line. */
function createSelection({ vr, type }: EventOptions): (line: Line) => boolean {
  let key: string | undefined;
  return (line) => {
    key = configIn(line)?.routers.find(({ name }) => name === vr)?.key ?? key;
    if (type !== undefined && kindOf(line) !== type) return false;
    return vr === undefined || [vr, key].includes(subjectOf(line));
  };
}

const told = (line: Line, wall: number): string =>
  [atWall(wall), `#${line.seq}`, kindOf(line).padEnd(16), subjectOf(line), sentenceOf(line)]
    .filter((part) => part !== "")
    .join("  ");

/** Prints whole lines as they appear in the newest segment, and goes on to the next one. */
async function follow(path: string, printer: (line: Line) => void): Promise<void> {
  let file = logIn(path).at(-1);
  let position = file === undefined ? 0 : statSync(file).size;
  for (;;) {
    const newest = logIn(path).at(-1);
    if (file !== undefined) position = await printFrom(file, position, printer);
    if (newest !== file) {
      file = newest;
      position = 0;
      continue;
    }
    if (file === undefined) return;
    await changed(file);
  }
}

/** Prints the whole lines behind a position; gives the position behind the last of them. */
async function printFrom(file: string, position: number, printer: (line: Line) => void): Promise<number> {
  const { size } = statSync(file);
  if (size <= position) return position;
  let end = position;
  const reader = createInterface({ input: createReadStream(file, { start: position, end: size - 1 }) });
  for await (const text of reader) {
    const length = Buffer.byteLength(text) + 1;
    // A line that has no end yet is read again when it has.
    if (end + length > size) break;
    end += length;
    const line = parseLine(text);
    if (typeof line !== "string") printer(line);
  }
  return end;
}

/** A second is how long a new segment, which no watch tells of, may go unnoticed. */
const LOOK_AGAIN = 1_000;

const changed = (file: string): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      watcher.close();
      resolve();
    };
    const timer = setTimeout(done, LOOK_AGAIN);
    const watcher = watch(file, done);
    watcher.on("error", done);
  });
