// A store that keeps its lines in memory, segment by segment.

import type { Last, Store } from "../../agent/log/file.ts";
import { genesis, type Line, parseLine } from "../../agent/log/line.ts";

export const EPOCH = "01TESTTESTTESTTESTTESTTEST";

export type MemoryStore = Store & {
  readonly lines: readonly { readonly text: string; readonly line: Line }[];
  /** The lines since the last header, that one included. */
  readonly lastSegment: () => readonly Line[];
};

export function memoryStore(last: Last = { seq: -1, hash: genesis(EPOCH), hlc: 0, segment: 0 }): MemoryStore {
  const lines: { text: string; line: Line }[] = [];
  return {
    epoch: EPOCH,
    last,
    lines,
    lastSegment: () => {
      const all = lines.map(({ line }) => line);
      return all.slice(all.findLastIndex(({ type }) => type === "header"));
    },
    append: (all) => {
      for (const text of all.split(/(?<=\n)/)) {
        const line = parseLine(text.trimEnd());
        if (typeof line === "string") throw new Error(`a line ${line}`);
        lines.push({ text, line });
      }
    },
    beginSegment: () => 0,
    lostLines: () => 0,
    ready: () => true,
    status: () => ({ head: lines.length - 1, durable: lines.length - 1, queuedBytes: 0, lost: 0, error: null }),
    close: () => Promise.resolve(),
  };
}
