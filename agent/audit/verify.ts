// Whether what is read is what was written: the chain from its genesis on, its numbers, and the log of a
// node where that is at hand.

import { chain, genesis } from "../log/line.ts";
import { openBeside } from "./beside.ts";
import { current, type Item, type Mark, nameOf, type Source, type Stream } from "./source.ts";

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
  /** Lines that are missing at the end: the node has said that it shipped them. Among `missing`, too. */
  readonly short: number;
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
  /** What stands among the streams and marks and is none of them. */
  readonly strange: readonly string[];
};

const MOST_FLAWS = 20;

/** What is younger than this, ms, is on its way. */
const ON_ITS_WAY = 60_000;

/** Verifies every stream of a source; `logs` are of nodes whose streams are compared with them. `now` is ms since 1970. */
export async function verify(source: Source, logs: Source | null, now: number): Promise<Verdict> {
  const own = logs === null ? [] : await logs.streams();
  // Before the streams, which grow meanwhile: what a mark says is there by then.
  const marks = await source.marks();
  const streams = await source.streams();
  const strange = await source.strange();
  const verdicts: StreamVerdict[] = [];
  const newest = new Set(current(streams));
  for (const stream of streams) {
    const log = own.find(({ epoch }) => epoch === stream.epoch);
    const twin = log === undefined || logs === null ? null : logs.read(log, null);
    const compared = twin === null ? null : comparison(twin, newest.has(stream) ? now - ON_ITS_WAY : 0);
    const verdict = await verifyOne(source.read(stream, null), stream, compared);
    const flaws = [...verdict.flaws, ...source.damaged(stream)].slice(0, MOST_FLAWS);
    const later = source.later(stream);
    // What a later heird has written behind it cannot be counted here.
    const short = later > 0 ? 0 : shortOf(stream, marks.get(nameOf(stream)));
    verdicts.push({ ...verdict, flaws, later, short, missing: verdict.missing + short });
  }
  verdicts.push(...goneWith(marks, streams));
  if (logs !== null) verdicts.push(...(await unshipped(source.cluster, logs, own, verdicts, now - ON_ITS_WAY)));
  const forks = streams.filter(({ fork }) => fork > 0).map(({ node, epoch, fork }) => `${node} ${epoch}.${fork}`);
  return { schema: 1, streams: verdicts, forks, strange };
}

/** How many lines its mark knows behind the last one of a stream. */
const shortOf = ({ epoch, fork, last }: Stream, mark: Mark | undefined): number =>
  mark === undefined || mark.epoch !== epoch || mark.forks !== fork ? 0 : Math.max(0, mark.seq - (last?.seq ?? -1));

const NOTHING = { lines: 0, flaws: [], missing: 0, owned: 0, short: 0, trimmed: false, compared: null, later: 0 };

/** Streams that a mark tells of, and that are not there. */
function goneWith(marks: ReadonlyMap<string, Mark>, streams: readonly Stream[]): readonly StreamVerdict[] {
  return [...marks].flatMap(([node, { epoch, forks: fork, seq }]) => {
    const isThere = streams.some((one) => nameOf(one) === node && one.epoch === epoch && one.fork === fork);
    if (isThere || epoch === null || seq < 0) return [];
    return [{ ...NOTHING, node, epoch, fork, missing: seq + 1, short: seq + 1, behind: null }];
  });
}

/** The log here is shipped to this cluster, and nothing of it is there. */
async function unshipped(
  cluster: string | null,
  logs: Source,
  own: readonly Stream[],
  verdicts: readonly StreamVerdict[],
  before: number,
): Promise<readonly StreamVerdict[]> {
  const log = own.at(-1);
  if (log === undefined || cluster === null || log.cluster !== cluster) return [];
  if (verdicts.some(({ epoch }) => epoch === log.epoch)) return [];
  const behind = await comparison(logs.read(log, null), before).rest();
  return behind === 0 ? [] : [{ ...NOTHING, node: log.node, epoch: log.epoch, fork: 0, compared: 0, behind }];
}

async function verifyOne(
  items: AsyncIterable<Item>,
  stream: Stream,
  twin: Comparison | null,
): Promise<Omit<StreamVerdict, "later" | "short">> {
  const { node, epoch, fork, trimmed } = stream;
  const flaws: string[] = [];
  const beside = openBeside(stream);
  let [lines, missing, owned] = [0, 0, 0];
  let last: Item | null = null;
  let compared = 0;
  for await (const item of items) {
    lines += 1;
    const lost = item.kind === "lifecycle" ? lostIn(item.body) : 0;
    const gap = last === null ? 0 : item.seq - last.seq - 1;
    missing += Math.max(0, gap);
    owned += Math.min(Math.max(0, gap), lost);
    const wrong = flawsOf(item, last, gap, epoch);
    const follows = wrong.length === 0 && gap === 0;
    const said = [...wrong, ...beside(item, follows), ...((await twin?.look(item)) ?? [])];
    if (twin !== null && said.length === 0) compared += 1;
    flaws.push(...said.slice(0, MOST_FLAWS - flaws.length));
    last = item;
  }
  const behind = twin === null ? null : await twin.rest();
  return { node, epoch, fork, lines, flaws, missing, owned, trimmed, compared: twin && compared, behind };
}

const lostIn = (body: string): number => Number(/"lost":(\d+)/.exec(body)?.[1] ?? 0);

function flawsOf(
  { seq, hlc, prev, hash, body }: Item,
  last: Item | null,
  gap: number,
  epoch: string,
): readonly string[] {
  const says: string[] = [];
  if (chain(prev, body) !== hash) says.push(`#${seq}: the line is not the one its hash was taken of`);
  if (last !== null && gap === 0 && prev !== last.hash) says.push(`#${seq}: does not follow from #${last.seq}`);
  if (last !== null && gap < 0) says.push(`#${seq}: comes after #${last.seq}`);
  if (last === null && seq === 0 && prev !== genesis(epoch)) says.push("#0: does not begin its epoch");
  if (!body.startsWith(`{"seq":${seq},`)) says.push(`#${seq}: stands under another number than its own`);
  else if (Number(HLC.exec(body)?.[1] ?? hlc) !== hlc) says.push(`#${seq}: stands under another time than its own`);
  return says;
}

const HLC = /^\{"seq":\d+,"at":\d+,"hlc":(\d+)/;

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
