// heird audit tail: the changes of all nodes as they are shipped, until it is interrupted.

import { type Change, timeOf } from "../audit/accounts.ts";
import { idOf } from "../audit/keys.ts";
import type { Library } from "../audit/library.ts";
import type { Item } from "../audit/source.ts";
import { openRedis, type SourceOptions } from "./audit-source.ts";
import { changeLine } from "./audit-text.ts";
import { EXIT, Refusal } from "./refusal.ts";

export type TailOptions = SourceOptions & { readonly json: boolean };

/** Between attempts to come back, in ms: doubled from the first to the last. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** New nodes and new epochs are looked for so often, in looks of a second. */
const LEARN_EVERY = 10;

/** Ends what waits when the process is told to. */
type Interruption = { happened: boolean; close: () => void };

function interruption(): Interruption {
  const state: Interruption = { happened: false, close: () => undefined };
  const interrupt = (): void => {
    state.happened = true;
    state.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  return state;
}

/** A Redis that is not there at the beginning is a mistake; one that goes away later is waited for. */
export async function tail(options: TailOptions, wanted: (change: Change) => boolean): Promise<number> {
  const over = interruption();
  /** Where each stream was read up to. It outlives the connection, so that nothing is missed or told twice. */
  const after = new Map<string, string>();
  let first = true;
  for (let failures = 0; !over.happened; ) {
    try {
      const library = await openRedis(options);
      over.close = library.close;
      await learn(library, after, first);
      if (failures > 0) process.stderr.write(`heird: ${library.name}: reading again\n`);
      [first, failures] = [false, 0];
      await follow(library, after, over, (item) => show(item, options, wanted));
    } catch (cause) {
      over.close();
      if (first && !over.happened) throw refusalOf(cause);
      if (failures === 0 && !over.happened) process.stderr.write(`heird: ${wordsOf(cause)}; it is tried again\n`);
      await pause(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(20, failures)), over);
      failures += 1;
    }
  }
  return EXIT.ok;
}

const refusalOf = (cause: unknown): Refusal =>
  cause instanceof Refusal ? cause : new Refusal(EXIT.redis, wordsOf(cause));
const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

async function follow(
  library: Library,
  after: Map<string, string>,
  over: Interruption,
  tell: (item: Item | null) => void,
): Promise<void> {
  for (let look = 1; !over.happened; look++) {
    if (look % LEARN_EVERY === 0) await learn(library, after, false);
    for (const { key, id, item } of await library.news(after)) {
      after.set(key, id);
      tell(item);
    }
  }
  library.close();
}

function show(item: Item | null, { json }: TailOptions, wanted: (change: Change) => boolean): void {
  const record = item?.kind === "transition" ? item.record() : null;
  if (item === null || record?.kind !== "transition") return;
  const change: Change = {
    at: timeOf(item),
    err: null,
    node: item.node,
    vr: record.vr.router,
    record,
    proof: item,
    deeds: [],
  };
  const line = json ? JSON.stringify(record) : changeLine({ ...change, contradictedBy: 0 });
  if (wanted(change)) process.stdout.write(`${line}\n`);
}

/** At first what is there is passed over; a stream that appears later is told from its beginning. */
async function learn(library: Library, after: Map<string, string>, first: boolean): Promise<void> {
  for (const stream of await library.streams()) {
    const key = library.keyOf(stream);
    if (!after.has(key)) after.set(key, first && stream.last !== null ? idOf(stream.last) : "0-0");
  }
}

function pause(ms: number, over: Interruption): Promise<void> {
  if (over.happened) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.close = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
