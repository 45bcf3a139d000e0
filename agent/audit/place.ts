// Where the stream of this log stands on a server: asked at every connection, compared by hash, and
// never overwritten.

import { logKey, placeIn } from "./keys.ts";
import type { Outbox } from "./outbox.ts";
import type { Session, Tip } from "./port.ts";

export type Place = {
  readonly epoch: string;
  readonly key: string;
  /** Streams of this epoch that have another history, and stay as they are. */
  readonly forks: number;
  /** The last id there; null when the stream has to be begun. */
  readonly after: string | null;
  /** The number of the last line there; -1 for none. */
  readonly seq: number;
};

/** Goes through the streams of an epoch to the first one that this log continues, or may begin. */
export async function locate(
  session: Session,
  outbox: Outbox,
  { cluster, node }: { readonly cluster: string; readonly node: string },
  epoch: string,
): Promise<Place> {
  for (let fork = 0; ; fork++) {
    const key = logKey(cluster, { node, epoch, fork });
    const tip = await session.tip(key);
    if (tip === null) return { epoch, key, forks: fork, after: null, seq: -1 };
    const seq = seqOf(outbox, tip, epoch);
    if (seq !== null) return { epoch, key, forks: fork, after: tip.id, seq };
  }
}

/** The number of the line that is the last entry of a stream; null when it is none of this log. */
function seqOf(outbox: Outbox, { id, hash }: Tip, epoch: string): number | null {
  const at = placeIn(id);
  if (at === undefined) return null;
  const own = outbox.hashOf(at.seq, epoch);
  if (own !== null) return own.hlc === at.hlc && (hash === null || own.hash === hash) ? at.seq : null;
  // Before our first line it was deleted here, and cannot be asked any more. Behind our last one it is
  // what this log has lost, and another log by now.
  return at.seq < outbox.first(epoch) ? at.seq : null;
}
