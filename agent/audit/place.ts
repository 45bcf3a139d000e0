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

/**
 * Goes through the streams of an epoch to the one that this log continues, or may begin. Where what a stream ends
 * with cannot be asked of the log any more, the last of them is taken: each is begun because those before are another's.
 */
export async function locate(
  session: Session,
  outbox: Outbox,
  { cluster, node }: { readonly cluster: string; readonly node: string },
  epoch: string,
): Promise<Place> {
  let old: Place | null = null;
  for (let fork = 0; ; fork++) {
    const key = logKey(cluster, { node, epoch, fork });
    const tip = await session.tip(key);
    if (tip === null) return old ?? { epoch, key, forks: fork, after: null, seq: -1 };
    const end = endOf(outbox, tip, epoch);
    if (end === null) continue;
    const place = { epoch, key, forks: fork, after: tip.id, seq: end.seq };
    if (end.isSure) return place;
    old = place;
  }
}

/** The line that is the last entry of a stream, and whether the log still has it; null when it is none of this log. */
function endOf(
  outbox: Outbox,
  { id, hash }: Tip,
  epoch: string,
): { readonly seq: number; readonly isSure: boolean } | null {
  const at = placeIn(id);
  // What bears no hash is the end that closes a broken stream, or somebody else's.
  if (at === undefined || hash === "") return null;
  const own = outbox.hashOf(at.seq, epoch);
  if (own !== null)
    return own.hlc === at.hlc && (hash === null || own.hash === hash) ? { seq: at.seq, isSure: true } : null;
  // Before our first line it was deleted here, and cannot be asked any more. Behind our last one it is
  // what this log has lost, and another log by now.
  const first = outbox.first(epoch);
  return at.seq < first.seq && at.hlc <= first.hlc ? { seq: at.seq, isSure: false } : null;
}
