// What is in a Redis, for whoever reads: nothing is written, and nothing is left behind.

import { timeOf } from "./accounts.ts";
import type { Entry } from "./entry.ts";
import { entryIn, isEnd, isLater } from "./entry.ts";
import { logKey, logPattern, markKey, markPattern, nodeIn, placeIn, streamIn } from "./keys.ts";
import { type Client, connector, type Server, within } from "./redis.ts";
import { apart, type Item, itemOf, type Lasting, type Mark, nameOf, type Source, type Stream } from "./source.ts";

export type Library = Source & {
  /** Deletes what lies before an entry; gives how many entries went. */
  readonly trim: (stream: Stream, before: { readonly hlc: number; readonly seq: number }) => Promise<number>;
  /** What comes behind these ids, by key; waits for a second at most. */
  readonly news: (
    after: ReadonlyMap<string, string>,
  ) => Promise<readonly { readonly key: string; readonly id: string; readonly item: Item | null }[]>;
  readonly keyOf: (stream: Stream) => string;
};

const PAGE = 500;
const PATIENCE = 30_000;
const BLOCK = 1_000;

type Row = [id: string, fields: string[]];

/** Connects, or rejects with a sentence. */
export async function openLibrary(server: Server, cluster: string): Promise<Library> {
  const probe = logKey(cluster, { node: "none", epoch: "none", fork: 0 });
  const { redis, close } = await connector(server, "heird-reader", probe)();
  const key = (stream: Stream): string => logKey(cluster, { ...stream, node: nameOf(stream) });
  const later = new Map<string, number>();
  const damaged = new Map<string, readonly string[]>();
  const strange = new Map<string, string>();
  const odd = new Map<string, string>();
  return {
    name: `cluster ${cluster}`,
    streams: async () => {
      const keys = await scanned(redis, logPattern(cluster));
      const streams: Lasting[] = [];
      strange.clear();
      for (let i = 0; i < keys.length; i += PAGE)
        streams.push(...(await described(redis, keys.slice(i, i + PAGE), (own, says) => strange.set(own, says))));
      return apart(streams);
    },
    read: (stream, from) => {
      const own = key(stream);
      later.set(own, 0);
      const no: string[] = [];
      damaged.set(own, no);
      return pages(redis, own, stream, from, (id, fields) => {
        if (isLater(fields)) later.set(own, (later.get(own) ?? 0) + 1);
        else if (!isEnd(fields)) no.push(`${id}: is no line of a log`);
      });
    },
    later: (stream) => later.get(key(stream)) ?? 0,
    damaged: (stream) => damaged.get(key(stream)) ?? [],
    mark: async (node) => markOf(redis, markKey(cluster, node)),
    marks: async () => {
      const marks = new Map<string, Mark>();
      for (const own of await scanned(redis, markPattern(cluster))) {
        const [node, mark] = [nodeIn(own), await markOf(redis, own)];
        if (node !== undefined && mark !== null) marks.set(node, mark);
        else odd.set(own, "is no mark that can be read");
      }
      return marks;
    },
    cluster,
    strange: async () => [...strange, ...odd].map(([own, says]) => `${own} ${says}`),
    trim: (stream, { hlc, seq }) => within(PATIENCE, redis.xtrim(key(stream), "MINID", "=", `${hlc}-${seq}`)),
    news: (after) => newsOf(redis, after),
    keyOf: key,
    close,
  };
}

type Redis = Client["redis"];

async function scanned(redis: Redis, pattern: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...found].sort();
}

/** Where streams begin and end: an entry of each end, and nothing in between. */
async function described(
  redis: Redis,
  keys: readonly string[],
  passOver: (key: string, says: string) => void,
): Promise<readonly Lasting[]> {
  const all = redis.pipeline();
  for (const key of keys) {
    all.xrange(key, "-", "+", "COUNT", 1);
    all.xrevrange(key, "+", "-", "COUNT", 2);
  }
  const replies = (await within(PATIENCE, all.exec())) ?? [];
  return keys.flatMap((key, i) => {
    const name = streamIn(key);
    const refused = replies[2 * i]?.[0] ?? null;
    if (refused !== null && !/^WRONGTYPE/.test(refused.message)) throw refused;
    if (name === undefined) return [];
    if (refused !== null) {
      passOver(key, "is no stream");
      return [];
    }
    const [first, last] = [endsIn(replies[2 * i]?.[1])[0], endsIn(replies[2 * i + 1]?.[1])[0]];
    const trimmed = first === undefined || first.place.seq > 0;
    const stream: Stream = { ...name, first: first?.place ?? null, last: last?.place ?? null, trimmed };
    return [{ stream, from: first?.at ?? Number.POSITIVE_INFINITY, to: last?.at ?? Number.NEGATIVE_INFINITY }];
  });
}

/** The places of entries that are lines, and when these were written; the end that closes a broken stream is none. */
const endsIn = (rows: unknown) =>
  (Array.isArray(rows) ? (rows as Row[]) : []).flatMap(([id, fields]) => {
    const [entry, place] = [entryIn(id, fields), placeIn(id)];
    return entry === undefined || place === undefined ? [] : [{ place, at: timeOf(entry) }];
  });

/** One that somebody has spoilt says nothing. */
async function markOf(redis: Redis, key: string): Promise<Mark | null> {
  try {
    const mark = JSON.parse((await redis.get(key)) ?? "null") as Mark | null;
    return typeof mark?.seq === "number" && typeof mark.forks === "number" ? mark : null;
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause instanceof Error && /^WRONGTYPE/.test(cause.message))) return null;
    throw cause;
  }
}

/** The header that a reading from a time on begins with. */
async function headerBefore(redis: Redis, key: string, from: number): Promise<string> {
  let end = String(Math.floor(from));
  for (;;) {
    const rows = (await redis.xrevrange(key, end, "-", "COUNT", PAGE)) as Row[];
    const header = rows.find(([id, fields]) => entryIn(id, fields)?.kind === "lifecycle");
    if (header !== undefined) return header[0];
    const last = rows.at(-1)?.[0];
    if (last === undefined) return "-";
    end = `(${last}`;
  }
}

async function* pages(
  redis: Redis,
  key: string,
  stream: Stream,
  from: number | null,
  passOver: (id: string, fields: readonly string[]) => void,
): AsyncGenerator<Item> {
  let start = from === null ? "-" : await headerBefore(redis, key, from);
  for (;;) {
    const rows = (await within(PATIENCE, redis.xrange(key, start, "+", "COUNT", PAGE))) as Row[];
    for (const [id, fields] of rows) {
      const entry: Entry | undefined = entryIn(id, fields);
      if (entry !== undefined) yield itemOf(stream, entry);
      else passOver(id, fields);
    }
    const last = rows.at(-1)?.[0];
    if (rows.length < PAGE || last === undefined) return;
    start = `(${last}`;
  }
}

async function newsOf(redis: Redis, after: ReadonlyMap<string, string>) {
  const keys = [...after.keys()];
  if (keys.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, BLOCK));
    return [];
  }
  const found = await redis.xread("COUNT", PAGE, "BLOCK", BLOCK, "STREAMS", ...keys, ...after.values());
  return (found ?? []).flatMap(([key, rows]) =>
    (rows as Row[]).map(([id, fields]) => {
      const [entry, name] = [entryIn(id, fields), streamIn(key)];
      return { key, id, item: entry === undefined || name === undefined ? null : itemOf(name, entry) };
    }),
  );
}
