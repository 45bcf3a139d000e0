// Where a reader finds what was shipped: in a Redis, or in the logs of several nodes side by side. Both
// give the same items, so that every question has the same answer with a Redis and without.

import { type Line, parseLine } from "../log/line.ts";
import type { ClockNote, Entry, Kind } from "./entry.ts";
import type { StreamName } from "./keys.ts";
import type { AuditRecord } from "./record.ts";

/** One line of one node. */
export type Item = {
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
  readonly hlc: number;
  readonly prev: string;
  readonly hash: string;
  readonly kind: Kind;
  readonly body: string;
  readonly clock: ClockNote;
  /** Both are read when they are asked for; null where there is none. */
  readonly record: () => AuditRecord | null;
  readonly line: () => Line | null;
};

/** What a node last said about being alive. */
export type Mark = {
  readonly epoch: string | null;
  /** The last line that was shipped, into the stream of `epoch` with so many forks; -1 before the first. */
  readonly seq: number;
  /** Until when nothing else had happened, ms since 1970 by the node. */
  readonly until: number;
  /** Whether everything up to then is there; older marks do not say. */
  readonly whole?: boolean;
  readonly clock?: ClockNote;
  readonly forks: number;
  readonly missed: number;
};

/** The stream, or the log, of one epoch of one node. */
export type Stream = StreamName & {
  /** Its name, where several nodes have the same by mistake, and `node` tells which of them this is. */
  readonly called?: string;
  /** Number and time of the first and the last line that are there; null when it is empty. */
  readonly first: { readonly seq: number; readonly hlc: number } | null;
  readonly last: { readonly seq: number; readonly hlc: number } | null;
  /** Whether lines before the first were there once. */
  readonly trimmed: boolean;
  /** The heird cluster that a log is shipped to; of a log that is, on the node. */
  readonly cluster?: string;
};

export type Source = {
  /** For people: where it all comes from. */
  readonly name: string;
  /** By node, and in the order in which their epochs began. */
  readonly streams: () => Promise<readonly Stream[]>;
  /** From the last header at or before that time on (ms since 1970; null: everything). */
  readonly read: (stream: Stream, from: number | null) => AsyncIterable<Item>;
  /** Entries in a later format than this heird reads, which the last reading of a stream passed over. */
  readonly later: (stream: Stream) => number;
  /** What the last reading of a stream could not read, and nobody will, as sentences: no lines any more. */
  readonly damaged: (stream: Stream) => readonly string[];
  /** Null where there is none that can be read. */
  readonly mark: (node: string) => Promise<Mark | null>;
  /** Those of all nodes. */
  readonly marks: () => Promise<ReadonlyMap<string, Mark>>;
  /** The heird cluster whose streams these are; null of logs. */
  readonly cluster: string | null;
  /** What stands where a stream or a mark should, and is none, with what is wrong; readers pass it over. */
  readonly strange: () => Promise<readonly string[]>;
  readonly close: () => void;
};

export const itemOf = ({ node, epoch }: StreamName, entry: Entry): Item => ({
  node,
  epoch,
  ...entry,
  record: () => recordIn(entry.record),
  line: () => lineIn(entry),
});

/** One that somebody has spoilt is none. */
function recordIn(text: string | null): AuditRecord | null {
  try {
    return text === null ? null : (JSON.parse(text) as AuditRecord | null);
  } catch {
    return null;
  }
}

function lineIn({ body, hash }: Pick<Entry, "body" | "hash">): Line | null {
  const line = parseLine(`${body.slice(0, -1)},"hash":"${hash}"}`);
  return typeof line === "string" ? null : line;
}

/**
 * Of streams of one epoch the one that goes furthest: the others are what a Redis kept of a history
 * that the node has lost. Those of one node follow each other.
 */
export function current(streams: readonly Stream[]): readonly Stream[] {
  const best = new Map<string, Stream>();
  for (const stream of streams) {
    const key = `${stream.node} ${stream.epoch}`;
    const other = best.get(key);
    if (other === undefined || reach(stream) > reach(other)) best.set(key, stream);
  }
  return [...best.values()].toSorted((a, b) => a.node.localeCompare(b.node) || begin(a) - begin(b));
}

export const nameOf = ({ called, node }: Stream): string => called ?? node;

/** When the first and the last line of a stream were written, by a clock that all have, ms since 1970. */
export type Lasting = { readonly stream: Stream; readonly from: number; readonly to: number };

/** One node has one epoch after the other. Two at the same time are of two nodes that call themselves the same. */
export function apart(all: readonly Lasting[]): readonly Stream[] {
  const byNode = new Map<string, Lasting[]>();
  for (const one of all) byNode.set(one.stream.node, [...(byNode.get(one.stream.node) ?? []), one]);
  return all.map(({ stream, from, to }) => {
    const twin = (byNode.get(stream.node) ?? []).some(
      (other) => other.stream.epoch !== stream.epoch && from < other.to && other.from < to,
    );
    return twin ? { ...stream, called: stream.node, node: `${stream.node}(${stream.epoch.slice(-6)})` } : stream;
  });
}

const reach = ({ last }: Stream): number => last?.seq ?? -1;
const begin = ({ first }: Stream): number => first?.hlc ?? 0;
