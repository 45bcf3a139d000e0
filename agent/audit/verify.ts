// Whether what is read is what was written: the chain from its genesis on, its numbers, and the log of a
// node where that is at hand.

import { chain, genesis } from "../log/line.ts";
import { current, type Item, type Source, type Stream } from "./source.ts";

export type StreamVerdict = {
  readonly node: string;
  readonly epoch: string;
  readonly fork: number;
  readonly lines: number;
  /** What is wrong, as sentences; the first twenty. */
  readonly flaws: readonly string[];
  /** Lines that are missing in the middle, and how many of these the log owns up to. */
  readonly missing: number;
  readonly owned: number;
  readonly trimmed: boolean;
  /** Lines that were compared with the log of the node, and agree; null where there is none. */
  readonly compared: number | null;
  /** Lines of that log which are not in the stream though they are older than a minute; null where there is none. */
  readonly behind: number | null;
  /** Entries that a later heird wrote, in a way that this one cannot verify. */
  readonly later: number;
};

export type Verdict = {
  readonly schema: 1;
  readonly streams: readonly StreamVerdict[];
  readonly forks: readonly string[];
};

const MOST_FLAWS = 20;

/** What is younger than this, ms, is on its way. */
const ON_ITS_WAY = 60_000;

/** Verifies every stream of a source; `logs` are of nodes whose streams are compared with them. `now` is ms since 1970. */
export async function verify(source: Source, logs: Source | null, now: number): Promise<Verdict> {
  const own = logs === null ? [] : await logs.streams();
  const streams = await source.streams();
  const verdicts: StreamVerdict[] = [];
  const newest = new Set(current(streams));
  for (const stream of streams) {
    const log = own.find(({ epoch }) => epoch === stream.epoch);
    const twin = log === undefined || logs === null ? null : logs.read(log, null);
    const compared = twin === null ? null : comparison(twin, newest.has(stream) ? now - ON_ITS_WAY : 0);
    const verdict = await verifyOne(source.read(stream, null), stream, compared);
    verdicts.push({ ...verdict, later: source.later(stream) });
  }
  const forks = streams.filter(({ fork }) => fork > 0).map(({ node, epoch, fork }) => `${node} ${epoch}.${fork}`);
  return { schema: 1, streams: verdicts, forks };
}

async function verifyOne(
  items: AsyncIterable<Item>,
  stream: Stream,
  twin: Comparison | null,
): Promise<Omit<StreamVerdict, "later">> {
  const { node, epoch, fork, trimmed } = stream;
  const flaws: string[] = [];
  let [lines, missing, owned] = [0, 0, 0];
  let last: Item | null = null;
  let compared = 0;
  for await (const item of items) {
    lines += 1;
    const lost = item.kind === "lifecycle" ? lostIn(item.body) : 0;
    const gap = last === null ? 0 : item.seq - last.seq - 1;
    missing += Math.max(0, gap);
    owned += Math.min(Math.max(0, gap), lost);
    const said = [...flawsOf(item, last, gap, epoch), ...((await twin?.look(item)) ?? [])];
    if (twin !== null && said.length === 0) compared += 1;
    flaws.push(...said.slice(0, MOST_FLAWS - flaws.length));
    last = item;
  }
  const behind = twin === null ? null : await twin.rest();
  return { node, epoch, fork, lines, flaws, missing, owned, trimmed, compared: twin && compared, behind };
}

const lostIn = (body: string): number => Number(/"lost":(\d+)/.exec(body)?.[1] ?? 0);

function flawsOf({ seq, prev, hash, body }: Item, last: Item | null, gap: number, epoch: string): readonly string[] {
  const says: string[] = [];
  if (chain(prev, body) !== hash) says.push(`#${seq}: the line is not the one its hash was taken of`);
  if (last !== null && gap === 0 && prev !== last.hash) says.push(`#${seq}: does not follow from #${last.seq}`);
  if (last !== null && gap < 0) says.push(`#${seq}: comes after #${last.seq}`);
  if (last === null && seq === 0 && prev !== genesis(epoch)) says.push("#0: does not begin its epoch");
  if (!body.startsWith(`{"seq":${seq},`)) says.push(`#${seq}: stands under another number than its own`);
  return says;
}

type Comparison = {
  readonly look: (item: Item) => Promise<readonly string[]>;
  /** How many lines the log has behind the last that was shown, and had before that time. */
  readonly rest: () => Promise<number>;
};

/** Compares with the log of the node, line by line, both in the order of their numbers. */
function comparison(log: AsyncIterable<Item>, before: number): Comparison {
  const lines = log[Symbol.asyncIterator]();
  let next: Item | null | undefined;
  let shown = -1;
  const advance = async (): Promise<void> => {
    next = await following(lines);
  };
  return {
    look: async (item) => {
      shown = item.seq;
      if (next === undefined) await advance();
      while (next !== null && next !== undefined && next.seq < item.seq) await advance();
      if (next === null || next === undefined || next.seq !== item.seq || next.hash === item.hash) return [];
      return [`#${item.seq}: the log of the node has another line there`];
    },
    rest: async () => {
      let behind = 0;
      if (next === undefined) await advance();
      for (; next !== null && next !== undefined; await advance())
        if (next.seq > shown && next.hlc < before) behind += 1;
      return behind;
    },
  };
}

async function following(lines: AsyncIterator<Item>): Promise<Item | null> {
  const { done, value } = await lines.next();
  return done === true ? null : value;
}
