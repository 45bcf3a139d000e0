// What an entry says beside its line, its kind and its record, is read by every report and covered by no hash. But it
// follows from the lines, which the chain does cover: they are folded once more, and what comes out is compared.

import { FOLD_VERSION, type Line } from "../log/line.ts";
import { createRecorder, type Recorder, type Told } from "./recorder.ts";
import { type Item, nameOf, type Stream } from "./source.ts";

/** Says what in an entry is not what its line gives; `follows` tells whether the line comes right behind the one before. */
export type Beside = (item: Item, follows: boolean) => readonly string[];

/** What reports go by. Other kinds are for whoever filters, and may become more. */
const READ: ReadonlySet<string> = new Set(["transition", "lifecycle", "command", "dual_master", "vip", "notify"]);

/**
 * What depends on how far back the shipper had read: causes and evidence, what is counted, what a death ended. And how
 * a cluster and its configuration are called is not in the lines.
 */
const APART: ReadonlySet<string> = new Set(
  "cluster config cause evidence of startedMs adverts tenure tenureSince died".split(" "),
);

export function openBeside(stream: Stream): Beside {
  /** Null until a header tells the state to fold from. */
  let recorder: Recorder | null = null;
  let foreign = false;
  /** What the fold makes of a line; null where it has nothing to begin with. */
  const fold = (line: Line | null, follows: boolean): Told | null => {
    if (!follows || line === null) recorder = null;
    if (line?.type === "header") {
      foreign = line.foldVersion !== FOLD_VERSION;
      recorder ??= createRecorder("", nameOf(stream));
    }
    return line === null ? null : (recorder?.look(line) ?? null);
  };
  return (item, follows) => {
    const line = item.line();
    const own = fold(line, follows);
    // Another fold decides otherwise; but a mark is a mark.
    if (own === null || (foreign && line?.type !== "header" && line?.type !== "mark")) return [];
    const says = kindFlaw(item, own.kind) ?? (foreign ? null : recordFlaw(item, own));
    return says === null ? [] : [`#${item.seq}: ${says}`];
  };
}

const kindFlaw = ({ kind }: Item, own: string): string | null =>
  kind !== own && (READ.has(own) || READ.has(kind)) ? `is filed as ${kind}, and its line is a ${own}` : null;

function recordFlaw(item: Item, own: Told): string | null {
  if (own.record === null || !READ.has(own.kind)) return null;
  const record = item.record();
  if (record === null) return "has no record that can be read";
  const where = difference(record, JSON.parse(JSON.stringify(own.record)), "");
  return where === null ? null : `its record says another ${where} than its line`;
}

/** The first place where two things differ that both have; null when there is none. */
function difference(one: unknown, other: unknown, path: string): string | null {
  if (!isObject(one) || !isObject(other)) return one === other ? null : path;
  if (Array.isArray(one) && Array.isArray(other) && one.length !== other.length) return path;
  for (const [name, value] of Object.entries(one)) {
    if (APART.has(name) || !(name in other)) continue;
    const found = difference(value, other[name], path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
