// Lines that wait for the disk, as bytes in a few buffers that are used again and again: a line leaves
// nothing behind for the garbage collector, and a batch is written as it lies there.

/** Lines of one segment that lie one after the other. */
export type Chunk = { readonly segment: number; readonly buffer: Buffer; used: number; last: number };

export type Queue = {
  /** Puts a line at the end; gives the chunk it went into, of which it is the last `length` bytes. */
  readonly add: (segment: number, text: string, seq: number) => { readonly chunk: Chunk; readonly length: number };
  readonly bytes: () => number;
  /** All that waits, in order; valid until the next call. */
  readonly waiting: () => readonly Chunk[];
  /** What stands at the front, for one segment; nothing is added to these any more. */
  readonly front: () => readonly Chunk[];
  /** The chunks at the front were written. */
  readonly drop: (written: readonly Chunk[]) => void;
};

/** What a buffer has room for; a longer line has one of its own. */
const ROOM = 64 * 1024;
/** How many buffers are kept for the next lines. */
const SPARE = 8;
/** Chunks that are written and synced together. */
const BATCH = 16;

export function createQueue(): Queue {
  const chunks: Chunk[] = [];
  const spare: Buffer[] = [];
  let open: Chunk | null = null;
  let bytes = 0;

  const begin = (segment: number, length: number): Chunk => {
    const buffer = length > ROOM ? Buffer.allocUnsafeSlow(length) : (spare.pop() ?? Buffer.allocUnsafeSlow(ROOM));
    const chunk = { segment, buffer, used: 0, last: 0 };
    chunks.push(chunk);
    return chunk;
  };

  return {
    add: (segment, text, seq) => {
      const length = Buffer.byteLength(text);
      if (open === null || open.segment !== segment || open.buffer.length - open.used < length)
        open = begin(segment, length);
      open.buffer.write(text, open.used);
      open.used += length;
      open.last = seq;
      bytes += length;
      return { chunk: open, length };
    },
    bytes: () => bytes,
    waiting: () => chunks,
    front: () => {
      const other = chunks.findIndex(({ segment }) => segment !== chunks[0]?.segment);
      const batch = chunks.slice(0, Math.min(BATCH, other < 0 ? chunks.length : other));
      if (open !== null && batch.includes(open)) open = null;
      return batch;
    },
    drop: (written) => {
      for (const { buffer, used } of chunks.splice(0, written.length)) {
        bytes -= used;
        if (buffer.length === ROOM && spare.length < SPARE) spare.push(buffer);
      }
    },
  };
}
