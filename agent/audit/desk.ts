// Between the log and a connection: the next entries, made of lines once and kept until a Redis has
// them. It never holds more than one batch.

import type { ClockNote, Entry } from "./entry.ts";
import type { Stamp } from "./offset.ts";
import type { Letter, Outbox, Reader } from "./outbox.ts";
import { createRecorder, type Recorder } from "./recorder.ts";

export type Desk = {
  /** The entries behind that line of an epoch; none when the log has no more. */
  readonly take: (shipped: number, epoch: string) => readonly Entry[];
  readonly close: () => void;
};

/** A batch has at most so many lines, and so many bytes unless it is one line. */
export const BATCH = 256;
const BATCH_BYTES = 256 * 1024;

type Open = {
  readonly epoch: string;
  readonly reader: Reader;
  readonly recorder: Recorder;
  /** The boot that the times of its lines are of. */
  boot: string;
  ahead: readonly Entry[];
  /** Every line up to this one was in what was taken, or lies before it. */
  given: number;
};

export function openDesk(
  outbox: Outbox,
  { cluster, node }: { readonly cluster: string; readonly node: string },
  clock: (line: Stamp, boot: string) => ClockNote,
): Desk {
  let open: Open | null = null;

  /** Goes on where it stands; a server that has less than it had is told again from a segment before that. */
  const standing = (shipped: number, epoch: string): Open => {
    if (open !== null && open.epoch === epoch && shipped >= open.given) return open;
    open?.reader.close();
    const reader = outbox.open(shipped + 1, epoch);
    const recorder = createRecorder(cluster, node, reader.past);
    open = { epoch, reader, recorder, boot: "", ahead: [], given: shipped };
    return open;
  };
  const entry = (into: Open, { seq, hlc, prev, hash, body, line }: Letter): Entry => {
    const { kind, record } = into.recorder.look(line);
    if (line.type === "header") into.boot = line.boot;
    return {
      seq,
      hlc,
      prev,
      hash,
      kind,
      body,
      record: record === null ? null : JSON.stringify(record),
      clock: clock(line, into.boot),
    };
  };
  return {
    take: (shipped, epoch) => {
      const now = standing(shipped, epoch);
      now.given = shipped;
      now.ahead = now.ahead.filter(({ seq }) => seq > shipped);
      while (now.ahead.length === 0) {
        const letters = now.reader.next(BATCH, BATCH_BYTES);
        if (letters.length === 0) break;
        // What lies before the cursor is only shown to the fold.
        now.ahead = letters.map((letter) => entry(now, letter)).filter(({ seq }) => seq > shipped);
      }
      return now.ahead;
    },
    close: () => open?.reader.close(),
  };
}
