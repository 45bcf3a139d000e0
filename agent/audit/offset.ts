// How far this node's clock is from that of the Redis: a common axis for nodes that have no other.

import type { ClockNote } from "./entry.ts";
import type { Session } from "./port.ts";

/** Asked so often; the quickest answer says it best. */
const ASKED = 3;

/** Half the round trip is what it may be off by: the answer was made at any time within it. */
export async function measureOffset(
  session: Pick<Session, "time">,
  wall: () => number,
  now: () => number,
): Promise<Pick<ClockNote, "offsetUs" | "offsetErrUs">> {
  let best: { readonly offsetUs: number; readonly offsetErrUs: number } | null = null;
  for (let i = 0; i < ASKED; i++) {
    const [begun, wallBegun] = [now(), wall()];
    const theirs = await session.time();
    const half = (now() - begun) / 2;
    const offsetErrUs = Math.ceil(half * 1_000);
    const offsetUs = Math.round((wallBegun + half) * 1_000 - theirs);
    if (best === null || offsetErrUs < best.offsetErrUs) best = { offsetUs, offsetErrUs };
  }
  return best ?? { offsetUs: null, offsetErrUs: null };
}
