// A LAN in one process: whoever is plugged in hears what the others send, as late as the test wants,
// or not at all.

import { after, type Duration, type Instant } from "../core/time.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What goes over the wire: an IP packet or an Ethernet frame. */
export type Carried = { readonly kind: "packet" | "frame"; readonly bytes: Uint8Array };

/** One end of a cable. */
export type Plug = {
  readonly name: string;
  readonly receive: (carried: Carried, at: Instant) => void;
};

export type Lan = {
  readonly plug: (end: Plug) => void;
  readonly unplug: (end: Plug) => void;
  /** To everybody but the sender. */
  readonly send: (from: Plug, carried: Carried) => void;
};

/** How long something takes from one end to another; null when it is lost. */
export type Delay = (from: string, to: string) => Duration | null;

export function fakeLan(time: VirtualTime, delay: Delay = () => 0 as Duration): Lan {
  const plugs = new Set<Plug>();
  return {
    plug: (end) => void plugs.add(end),
    unplug: (end) => void plugs.delete(end),
    send: (from, { kind, bytes }) => {
      // The sender uses its buffer again.
      const carried = { kind, bytes: bytes.slice() };
      for (const to of plugs) {
        const span = to === from ? null : delay(from.name, to.name);
        if (span === null) continue;
        if (span === 0) to.receive(carried, time.now());
        else time.at(after(time.now(), span), () => plugs.has(to) && to.receive(carried, time.now()));
      }
    },
  };
}
