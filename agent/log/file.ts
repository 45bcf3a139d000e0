// The log on disk, written so that no disk can hold anything up.
//
// A line is first handed to the kernel in a small file in memory (the write-ahead copy), which
// survives the death of this process but not of the machine, and whose write never waits; a
// background writer then puts lines into the segments and syncs them in batches. When the disk is
// full or hangs, lines wait in a bounded queue, and beyond that they are dropped and counted.

import { join } from "node:path";
import { openAhead } from "./ahead.ts";
import { createSpell, within } from "./patience.ts";
import { type Chunk, createQueue } from "./queue.ts";
import {
  createFile,
  createSegments,
  type DiskWatch,
  type Segments,
  type SegmentsOptions,
  segmentName,
} from "./segments.ts";

export type StoreStatus = {
  /** Number of the last line handed over, and of the last one known to be on the disk. */
  readonly head: number;
  readonly durable: number;
  readonly queuedBytes: number;
  /** Lines dropped since the start because the disk stood still. */
  readonly lost: number;
  /** What the disk last answered, when that was an error. */
  readonly error: string | null;
};

/** Where the last line before this daemon stands. */
export type Last = { readonly seq: number; readonly hash: string; readonly hlc: number; readonly segment: number };

export type Store = {
  readonly epoch: string;
  readonly last: Last;
  /** Never waits. */
  readonly append: (text: string, seq: number, lines?: number) => void;
  /** What is appended from here on goes into that segment; gives how many lines were lost before it. */
  readonly beginSegment: (segment: number) => number;
  /** Lines lost since the last segment began. */
  readonly lostLines: () => number;
  /** Whether there is room again after lines were lost. */
  readonly ready: () => boolean;
  readonly status: () => StoreStatus;
  /** Waits until everything is on the disk, at most `patience` ms. */
  readonly close: (patience: number) => Promise<void>;
};

export type StoreOptions = SegmentsOptions & {
  /** The write-ahead copy; null for none. */
  readonly ahead: string | null;
  readonly epoch: string;
  readonly last: Last;
  /** How much may wait for the disk. */
  readonly queueLimit: number;
  /** Lines that are missing after `last`: found by the recovery, and not to be had. */
  readonly lost?: number;
};

/** Between attempts when the disk refused, in ms. */
const RETRY_MS = 1_000;
/** What follows a batch waits for so many ms, or until there is so much of it: a line that is synced alone costs ten. */
const TOGETHER_MS = 10;
const TOGETHER_BYTES = 64 * 1024;

export function createStore(options: StoreOptions): Store {
  const { directory, queueLimit, watch } = options;
  const ahead = options.ahead === null ? null : openAhead(options.ahead);
  if (options.last.seq < 0) createFile(join(directory, segmentName(options.last.segment + 1)));
  const segments = createSegments(options);
  const writer = createWriter(segments, options.last.seq, (waiting) => ahead?.durable(waiting), watch);
  let segment = options.last.segment;
  let head = options.last.seq;
  let lost = options.lost ?? 0;
  let lostInAll = lost;
  let begun = false;

  return {
    epoch: options.epoch,
    last: options.last,
    append: (text, seq, lines = 1) => {
      head = seq;
      // The header of a segment is always taken: without it, nothing that follows could be read.
      if (!begun && (lost > 0 || writer.queuedBytes() + text.length > queueLimit)) {
        lost += lines;
        lostInAll += lines;
        return;
      }
      begun = false;
      const began = performance.now();
      const { chunk, length } = writer.add(segment, text, seq);
      ahead?.write(chunk.buffer, chunk.used - length, length);
      writer.kick();
      if (watch === undefined) return;
      const each = ((performance.now() - began) * 1_000) / lines;
      for (let i = 0; i < lines; i++) watch.appended(each);
    },
    beginSegment: (next) => {
      segment = next;
      begun = true;
      const before = lost;
      lost = 0;
      return before;
    },
    lostLines: () => lost,
    ready: () => writer.queuedBytes() <= queueLimit / 2,
    status: () => ({ head, queuedBytes: writer.queuedBytes(), lost: lostInAll, ...writer.status() }),
    close: async (patience) => {
      // A hung disk keeps its handle; the write-ahead copy keeps what it did not take.
      await within(
        patience,
        writer.finish().then(async (everything) => {
          if (!everything) return;
          await segments.close();
          ahead?.remove();
        }),
      );
      ahead?.close();
    },
  };
}

/** Takes lines from a queue to the disk in the background, in order, and again when the disk refuses. */
function createWriter(
  segments: Segments,
  last: number,
  written: (waiting: readonly Chunk[]) => void,
  watch: DiskWatch | undefined,
) {
  const queue = createQueue();
  let durable = last;
  let error: string | null = null;
  let writing: Promise<void> | null = null;
  let finishing = false;
  const spell = createSpell();
  /** Writes what stands at the front of the queue for one segment; leaves it there when that fails. */
  const writeBatch = async (): Promise<void> => {
    const batch = queue.front();
    const [first] = batch;
    if (first === undefined) return;
    await segments.write(
      first.segment,
      batch.map(({ buffer, used }) => buffer.subarray(0, used)),
    );
    durable = batch.at(-1)?.last ?? durable;
    queue.drop(batch);
    written(queue.waiting());
  };
  /** Whether the disk took the next batch. */
  const taken = async (): Promise<boolean> => {
    try {
      await writeBatch();
      error = null;
    } catch (cause) {
      watch?.refused();
      error = cause instanceof Error ? cause.message : String(cause);
    }
    return error === null;
  };

  const drain = async (): Promise<void> => {
    // Not in the turn that put the first line there: asking the disk costs more than the line did.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.bytes() > 0) {
      const went = await taken();
      if (finishing && !went) return;
      if (!went) await pause(RETRY_MS);
      else if (!finishing && queue.bytes() < TOGETHER_BYTES) await spell.rest(TOGETHER_MS);
    }
  };

  const kick = once(() => {
    if (finishing) return;
    writing ??= drain().finally(() => {
      writing = null;
      if (queue.bytes() > 0) kick();
    });
  });

  return {
    add: queue.add,
    kick,
    queuedBytes: queue.bytes,
    status: () => ({ durable, error }),
    /** Writes what is left, without trying again; tells whether that was everything. */
    finish: async (): Promise<boolean> => {
      finishing = true;
      spell.end();
      await (writing ?? drain());
      return queue.bytes() === 0;
    },
  };
}

/** Is done when whoever wrote a line has acted upon it, however often it is called: to begin takes longer than that. */
function once(act: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    void RETURNED.then(() => {
      isDue = false;
      act();
    });
  };
}

/** What is hung on it is done when everything that is being called has returned. */
const RETURNED = Promise.resolve();

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
