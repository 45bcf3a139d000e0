// A Redis that is made of a map, and of the faults that a test wants: it does what redis.ts says of the
// port, and loses, forgets and delays as the real ones do.

import type { Entry } from "../../agent/audit/entry.ts";
import { idOf, precedes } from "../../agent/audit/keys.ts";
import type { Appended, Connect, Session, Tip } from "../../agent/audit/port.ts";

export type Stored = {
  readonly id: string;
  readonly hash: string;
  readonly prev: string;
  readonly body: string;
  readonly entry: Entry | null;
};
type Stream = { last: string; entries: Stored[] };

export type FakeRedis = {
  readonly connect: Connect;
  readonly streams: Map<string, Stream>;
  readonly marks: Map<string, string>;
  /** The next call comes to nothing, or is done and not answered, and the connection is gone. */
  readonly breakNext: (how: "before" | "after") => void;
  /** Every connection ends. */
  readonly kill: () => void;
  /** Nobody can connect. */
  readonly down: (is: boolean) => void;
  readonly full: (is: boolean) => void;
  /** What it has now, to go back to. */
  readonly copy: () => Map<string, Stream>;
  readonly goBackTo: (copy: ReadonlyMap<string, Stream>) => void;
  readonly connections: () => number;
};

const clone = (streams: ReadonlyMap<string, Stream>): Map<string, Stream> =>
  new Map([...streams].map(([key, { last, entries }]) => [key, { last, entries: [...entries] }]));

/** Whether the id was greater than the last one. */
function put(stream: Stream, entry: Entry): boolean {
  const id = idOf(entry);
  if (!precedes(stream.last, id)) return false;
  stream.last = id;
  stream.entries.push({ id, hash: entry.hash, prev: entry.prev, body: entry.body, entry });
  return true;
}

type World = {
  readonly streams: Map<string, Stream>;
  readonly marks: Map<string, string>;
  broken: "before" | "after" | null;
  isDown: boolean;
  isFull: boolean;
  generation: number;
  connections: number;
};

function append({ streams, isFull }: World, key: string, after: string | null, entries: readonly Entry[]): Appended {
  if (isFull) return { result: "full", says: "OOM command not allowed when used memory > 'maxmemory'." };
  const stream = streams.get(key) ?? (after === null ? { last: "0-0", entries: [] } : undefined);
  if (stream === undefined) return { result: "missing" };
  const before = stream.entries.at(-1)?.id;
  streams.set(key, stream);
  const taken = entries.filter((entry) => put(stream, entry));
  if (taken.length < entries.length) return { result: "there" };
  return { result: before === undefined || before === after ? "taken" : "broken" };
}

function tip({ streams }: World, key: string): Tip | null {
  const stream = streams.get(key);
  if (stream === undefined) return null;
  const last = stream.entries.at(-1);
  return { id: stream.last, hash: last?.id === stream.last ? last.hash : null };
}

function holes({ streams }: World, key: string, most: number): readonly number[] {
  const seqs = (streams.get(key)?.entries ?? []).slice(-most).map(({ id }) => Number(id.split("-")[1]));
  return seqs.filter((seq, i) => seq + 1 < (seqs[i + 1] ?? 0));
}

function bury({ streams }: World, key: string, after: string): void {
  const stream = streams.get(key);
  const id = `${Number(after.split("-")[0]) + 1}-0`;
  if (stream === undefined) return;
  stream.last = id;
  stream.entries.push({ id, hash: "", prev: "", body: "", entry: null });
}

function sessionIn(world: World, wall: () => number): Session {
  const born = world.generation;
  const call = async <T>(act: () => T): Promise<T> => {
    await Promise.resolve();
    if (born !== world.generation || world.isDown) throw new Error("Connection is closed.");
    const how = world.broken;
    world.broken = null;
    if (how === "before") throw new Error("Connection is closed.");
    const value = act();
    if (how === "after") throw new Error("Command timed out");
    return value;
  };
  return {
    tip: (key) => call(() => tip(world, key)),
    append: (key, after, entries) => call(() => append(world, key, after, entries)),
    holes: (key, most) => call(() => holes(world, key, most)),
    bury: (key, after) => call(() => bury(world, key, after)),
    mark: (key, text) => call(() => void world.marks.set(key, text)),
    time: () => call(() => wall() * 1_000),
    confirm: () => call(() => ({ kind: "memory", count: 0 }) as const),
    close: () => undefined,
  };
}

export function fakeRedis(wall: () => number = () => 0): FakeRedis {
  const world: World = {
    streams: new Map(),
    marks: new Map(),
    broken: null,
    isDown: false,
    isFull: false,
    generation: 0,
    connections: 0,
  };
  const { streams, marks } = world;
  return {
    connect: async () => {
      if (world.isDown) throw new Error("connect ECONNREFUSED 127.0.0.1:6379");
      world.connections += 1;
      return sessionIn(world, wall);
    },
    streams,
    marks,
    breakNext: (how) => {
      world.broken = how;
    },
    kill: () => {
      world.generation += 1;
    },
    down: (is) => {
      world.isDown = is;
    },
    full: (is) => {
      world.isFull = is;
    },
    copy: () => clone(streams),
    goBackTo: (copy) => {
      streams.clear();
      for (const [key, stream] of clone(copy)) streams.set(key, stream);
    },
    connections: () => world.connections,
  };
}
