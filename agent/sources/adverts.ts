// Datagrams, as observations: advertisements that passed the ladder, and what was refused and why.

import { Observable } from "rxjs";
import type { Family } from "../core/address.ts";
import type { AgentConfig, RouterConfig } from "../core/config.ts";
import type { DropReason, Observation } from "../core/event.ts";
import { type Duration, type Instant, instantAt, seconds, since } from "../core/time.ts";
import type { Datagram, Kernel } from "../kernel.ts";
import type { Driver, Sighting } from "../run.ts";
import { createReceiver } from "../wire/receive.ts";

/** The same complaint about the same peer is told at most this often; in between it is counted. */
const TELL_EVERY: Duration = seconds(60);
/** Complaints that are remembered; a flood from invented senders may not fill the memory. */
const COMPLAINTS = 1024;

type Counted = { told: Instant; count: number };
type Lookups = ReadonlyMap<string, (vrid: number) => RouterConfig | undefined>;
type Where = { readonly name: string; readonly family: Family };

/** Told of every refused datagram; the log hears of them once a minute. */
export type CountDrop = (iface: string, reason: DropReason) => void;

/** Listens wherever the configuration has a router; follows it when it changes. */
export const adverts =
  (kernel: Pick<Kernel, "listen" | "unlisten">, countDrop: CountDrop = () => {}): Driver =>
  (turns$) =>
    new Observable<Sighting>((subscriber) => {
      const receiver = createReceiver();
      const complaints = createComplaints();
      let config: AgentConfig | null = null;
      let byVrid: Lookups = new Map();

      const hear = (datagram: Datagram): void => {
        const place = placeOf(datagram.interface, datagram.family);
        const received = receiver(datagram, datagram.family, byVrid.get(place) ?? NOBODY);
        if (received.ok) {
          const { router, advert } = received;
          subscriber.next({ at: datagram.at, seen: { type: "advertReceived", router, advert } });
          return;
        }
        countDrop(datagram.interface, received.reason);
        // Other people's routers on the same LAN are nobody's mistake.
        if (received.reason === "vrid") return;
        const seen = complaints(datagram, received);
        if (seen !== null) subscriber.next(seen);
      };
      const ears = createEars(kernel, hear, (sentence) => subscriber.error(new Error(sentence)));
      const turns = turns$.subscribe(({ state }) => {
        if (state.config === config) return;
        config = state.config;
        byVrid = lookups(config);
        ears.listenAt(placesOf(config));
      });
      return () => {
        turns.unsubscribe();
        ears.listenAt(new Map());
      };
    });

/** Keeps one socket open for each place that is wanted, and no other. */
function createEars(
  kernel: Pick<Kernel, "listen" | "unlisten">,
  hear: (datagram: Datagram) => void,
  deaf: (sentence: string) => void,
) {
  const listening = new Map<string, Where>();
  const open = (place: string, where: Where): void => {
    const outcome = kernel.listen(where.name, where.family, hear);
    if (outcome.ok) listening.set(place, where);
    // A router that cannot hear its neighbours must not become Master beside them.
    else deaf(`cannot listen for VRRP on ${where.name} (${where.family}): ${outcome.error}`);
  };
  const shut = (place: string, { name, family }: Where): void => {
    kernel.unlisten(name, family);
    listening.delete(place);
  };
  return {
    listenAt: (wanted: ReadonlyMap<string, Where>): void => {
      for (const [place, where] of [...listening]) if (!wanted.has(place)) shut(place, where);
      for (const [place, where] of wanted) if (!listening.has(place)) open(place, where);
    },
  };
}

const NOBODY = (): undefined => undefined;
const placeOf = (name: string, family: Family): string => `${name}/${family}`;

const placesOf = (config: AgentConfig): Map<string, Where> =>
  new Map(config.routers.map(({ interface: name, family }) => [placeOf(name, family), { name, family }]));

/** For each interface and family, which router has a VRID. */
function lookups(config: AgentConfig): Lookups {
  const tables = new Map<string, Map<number, RouterConfig>>();
  for (const router of config.routers) {
    const place = placeOf(router.interface, router.family);
    const table = tables.get(place) ?? new Map<number, RouterConfig>();
    tables.set(place, table.set(router.vrid, router));
  }
  return new Map([...tables].map(([place, table]) => [place, (vrid: number) => table.get(vrid)]));
}

type Refused = { readonly router: RouterConfig["key"] | null; readonly reason: DropReason; readonly detail: string };

/** Turns refusals into observations: the first of each kind at once, then one a minute with the count. */
function createComplaints(): (datagram: Datagram, refused: Refused) => Observation | null {
  const counted = new Map<string, Counted>();
  let swept = instantAt(0);
  /** Senders beyond what is remembered are one kind for each reason; room is made once a minute. */
  const kindOf = (exact: string, coarse: string, at: Instant): string => {
    if (counted.size < COMPLAINTS || counted.has(exact)) return exact;
    if (since(swept, at) >= TELL_EVERY) {
      swept = at;
      for (const [kind, { told }] of counted) if (since(told, at) >= TELL_EVERY) counted.delete(kind);
    }
    return counted.size < COMPLAINTS ? exact : coarse;
  };
  return ({ interface: iface, source, at }, { router, reason, detail }) => {
    const coarse = `${iface} ${reason}`;
    const kind = kindOf(`${coarse} ${router ?? ""} ${source}`, coarse, at);
    const entry = counted.get(kind);
    if (entry !== undefined && since(entry.told, at) < TELL_EVERY) {
      entry.count += 1;
      return null;
    }
    const count = (entry?.count ?? 0) + 1;
    counted.set(kind, { told: at, count: 0 });
    return { type: "advertDropped", router, interface: iface, source, reason, detail, count };
  };
}
