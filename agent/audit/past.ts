// What a record tells of the whole epoch, and a reading that begins in the middle of a log has not seen:
// how often each router became Master. The marks of the segments before are looked for, not read.

import { readFileSync } from "node:fs";
import type { RouterKey } from "../core/config.ts";

export type Past = {
  /** The line that the counting begins with. */
  readonly since: number;
  readonly count: (router: RouterKey) => void;
  readonly of: (router: RouterKey) => number;
};

export function pastOf(since: number, counts: ReadonlyMap<RouterKey, number> = new Map()): Past {
  const all = new Map(counts);
  return {
    since,
    count: (router) => void all.set(router, (all.get(router) ?? 0) + 1),
    of: (router) => all.get(router) ?? 0,
  };
}

export const nothingBefore = (): Past => pastOf(0);

/** As `event-log.ts` begins a mark, behind its place. */
const MARK = Buffer.from('"mark":1,"router":"');
const NEWLINE = 0x0a;

/** The past by the files of the segments before, of which the first begins with line `since`. A gigabyte takes about a second. */
export function pastIn(files: readonly string[], since: number): Past {
  const past = pastOf(since);
  for (const file of files) {
    const bytes = bytesOf(file);
    for (let i = bytes.indexOf(MARK); i >= 0; i = bytes.indexOf(MARK, i + 1)) {
      const end = bytes.indexOf(NEWLINE, i);
      // Before a mark stand numbers alone; what says otherwise is a text in a text.
      const begin = bytes.lastIndexOf(NEWLINE, i) + 1;
      if (end < 0 || !PLACE.test(bytes.toString("latin1", begin, i))) continue;
      const [, router, phase] = ROUTER.exec(bytes.toString("utf8", i, end)) ?? [];
      if (router !== undefined && phase === "master") past.count(router as RouterKey);
    }
  }
  return past;
}

const PLACE = /^\{(?:"(?:seq|at|hlc)":\d+,)+$/;
const ROUTER = /"router":"((?:[^"\\]|\\.)*)".*?,"phase":"([a-z]+)"/;

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // retention was faster
  }
}
