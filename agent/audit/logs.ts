// The logs of several nodes, from their directories: what a reader has without a Redis.

import { basename, dirname } from "node:path";
import type { AgentConfig, AuditConfig } from "../core/config.ts";
import { type Header, type Line, parseLine, unseal } from "../log/line.ts";
import { type SegmentHead, segmentHeads } from "../log/seek.ts";
import { tailOf } from "../log/tail.ts";
import { type ClockNote, type Entry, UNKNOWN_CLOCK } from "./entry.ts";
import { openLines } from "./outbox.ts";
import { pastIn } from "./past.ts";
import { createRecorder } from "./recorder.ts";
import { type Item, itemOf, type Source, type Stream } from "./source.ts";

type Log = { readonly stream: Stream; readonly heads: readonly SegmentHead[]; readonly directory: string };

/** Reads the logs below these directories. Throws what the file system says when there is none. */
export function logsSource(directories: readonly string[]): Source {
  const logs = tellApart(directories.flatMap(logsIn));
  const damaged = new Map<Stream, readonly string[]>();
  return {
    name: directories.join(", "),
    streams: async () => logs.map(({ stream }) => stream),
    read: (stream, from) => {
      const log = logs.find((one) => one.stream === stream);
      const no: string[] = [];
      damaged.set(stream, no);
      return log === undefined ? nothing() : itemsOf(log, from, (where) => no.push(`${where}: cannot be read`));
    },
    later: () => 0,
    damaged: (stream) => damaged.get(stream) ?? [],
    mark: async () => null,
    marks: async () => new Map(),
    cluster: null,
    strange: async () => [],
    close: () => undefined,
  };
}

async function* nothing(): AsyncGenerator<Item> {}

/** One for each epoch that a directory has. */
function logsIn(directory: string): readonly Log[] {
  const heads = segmentHeads(directory);
  const epochs = new Map<string, SegmentHead[]>();
  // A segment that does not tell is of the epoch of the one before it; the first one, of that behind it.
  let epoch = heads.find(({ header }) => header !== null)?.header?.epoch ?? "";
  for (const head of heads) {
    epoch = head.header?.epoch ?? epoch;
    epochs.set(epoch, [...(epochs.get(epoch) ?? []), head]);
  }
  return [...epochs].flatMap(([name, own]) => {
    const last = own.at(-1);
    const header = own.find((one) => one.header !== null)?.header ?? null;
    if (header === null || last === undefined) return [];
    const end = tailOf(last.file)?.line;
    const { node, audit } = namedIn(own, header);
    const stream: Stream = {
      node,
      ...(audit !== null && { cluster: audit.cluster }),
      epoch: name,
      fork: 0,
      first: { seq: header.seq, hlc: header.hlc },
      last: end === undefined ? null : { seq: end.seq, hlc: end.hlc },
      trimmed: header.seq > 0,
    };
    return [{ stream, heads: own, directory }];
  });
}

/** As it is shipped; else as it calls itself. A daemon's first line comes before its configuration. */
function namedIn(
  heads: readonly SegmentHead[],
  { node }: Header,
): { readonly node: string; readonly audit: AuditConfig | null } {
  const known = heads.findLast(({ header }) => header !== null && header.config.routerId !== "")?.header?.config;
  const config = known ?? configuredIn(heads[0]?.file ?? "");
  return { node: config?.audit?.node ?? config?.routerId ?? node, audit: config?.audit ?? null };
}

function configuredIn(file: string): AgentConfig | null {
  for (const { line } of lettersIn(file))
    if (line.type === "event" && line.seen.type === "configured") return line.seen.config;
  return null;
}

/** Two logs of one name at the same time are of two nodes that call themselves the same. */
function tellApart(logs: readonly Log[]): readonly Log[] {
  return logs.map((log) => {
    const twin = logs.some(
      (other) => other.directory !== log.directory && other.stream.node === log.stream.node && overlap(log, other),
    );
    return twin ? { ...log, stream: { ...log.stream, node: `${log.stream.node}(${placeOf(log)})` } } : log;
  });
}

const overlap = ({ stream: a }: Log, { stream: b }: Log): boolean =>
  (a.first?.hlc ?? 0) < (b.last?.hlc ?? 0) && (b.first?.hlc ?? 0) < (a.last?.hlc ?? 0);

function placeOf({ directory }: Log): string {
  const own = basename(directory);
  return own === "log" ? basename(dirname(directory)) : own;
}

async function* itemsOf(
  { stream, heads }: Log,
  from: number | null,
  onDamage: (where: string) => void,
): AsyncGenerator<Item> {
  const later = from === null ? -1 : heads.findIndex(({ header }) => header !== null && header.hlc > from);
  const first = from === null ? 0 : Math.max(0, (later < 0 ? heads.length : later) - 1);
  // One more, for causes that lie a little further back.
  const begin = Math.max(0, first - 1);
  const earlier = heads.slice(0, begin).map(({ file }) => file);
  const recorder = createRecorder("", stream.node, () => pastIn(earlier, stream.first?.seq ?? 0));
  for (const [i, { file }] of heads.slice(begin).entries()) {
    const shown = first === 0 || i > 0;
    for (const { line, hash, prev, body } of lettersIn(file, onDamage)) {
      const { kind, record } = recorder.look(line);
      if (!shown) continue;
      const entry: Entry = { seq: line.seq, hlc: line.hlc, prev, hash, kind, body, record: null, clock: noteOf(line) };
      yield { ...itemOf(stream, entry), record: () => record, line: () => line };
    }
  }
}

/** Without a Redis all that is known of a clock is that it was set back. */
const noteOf = ({ hlc, wall }: Line): ClockNote =>
  wall === undefined ? UNKNOWN_CLOCK : { ...UNKNOWN_CLOCK, offsetUs: (hlc - wall) * 1_000 };

/** The lines of a segment with their place in the chain; a line that is not whole yet is none. */
function* lettersIn(file: string, onDamage: (where: string) => void = () => undefined) {
  const lines = openLines(file);
  let prev = "";
  let number = 0;
  try {
    for (let text = lines.next(); text !== null; text = lines.next()) {
      const line = parseLine(text);
      const sealed = unseal(text);
      number += 1;
      if (typeof line === "string" || sealed === undefined) {
        onDamage(`${basename(file)}:${number}`);
        continue;
      }
      yield { line, ...sealed, prev: line.type === "header" ? line.prev : prev };
      prev = sealed.hash;
    }
  } finally {
    lines.close();
  }
}
