// Datagrams, as observations: advertisements that passed the ladder, and what was refused and why.

import { Observable } from "rxjs";
import type { Family, IpAddress } from "../core/address.ts";
import { type AgentConfig, PRIORITY_OWNER, type RouterConfig, type RouterKey } from "../core/config.ts";
import type { Advertisement, DropReason, Observation } from "../core/event.ts";
import { routerOf, type Turn } from "../core/state.ts";
import { type Duration, type Instant, instantAt, seconds, since } from "../core/time.ts";
import { skewTime } from "../core/timers.ts";
import type { Datagram, Ear, Kernel, VrrpProtocol } from "../kernel.ts";
import type { Driver, Sighting } from "../run.ts";
import type { Sequences } from "../wire/ah.ts";
import { type ReceivedDatagram, reaches } from "../wire/ladder.ts";
import { createReceiver, type Lookup } from "../wire/receive.ts";

/** The same complaint about the same peer is told at most this often; in between it is counted. */
const TELL_EVERY: Duration = seconds(60);
/** Complaints that are remembered; a flood from invented senders may not fill the memory. */
const COMPLAINTS = 1024;

type Counted = { told: Instant; count: number; readonly router: RouterKey | null; readonly anew: boolean };
type Lookups = Readonly<Record<Family, ReadonlyMap<string, Lookup>>>;
type Where = { readonly name: string; readonly family: Family; readonly ear: Ear };

/** Told of every refused datagram; the log hears of them once a minute. */
export type CountDrop = (iface: string, reason: DropReason) => void;

/** Told of every datagram that was read, before anything is made of it. */
export type Tap = {
  readonly advert: (at: Instant, read: Instant, router: RouterKey, advert: Advertisement) => void;
  readonly refused: (at: Instant, read: Instant, iface: string, source: IpAddress, reason: DropReason) => void;
};

const NO_TAP: () => Tap = () => ({ advert: () => undefined, refused: () => undefined });

/** Listens wherever the configuration has a router; follows it when it changes. */
export const adverts =
  (
    kernel: Pick<Kernel, "listen" | "unlisten" | "now">,
    sequences: Sequences,
    countDrop: CountDrop = () => {},
    tap: () => Tap = NO_TAP,
  ): Driver =>
  (turns$) =>
    new Observable<Sighting>((subscriber) => {
      const receiver = createReceiver(sequences);
      const complaints = createComplaints();
      let config: AgentConfig | null = null;
      let byVrid: Lookups = { ipv4: new Map(), ipv6: new Map() };

      const hear = (datagram: Datagram): void => {
        const { family } = datagram;
        const received = receiver(datagram, family, byVrid[family].get(datagram.interface) ?? NOBODY);
        if (received.ok) {
          const { router, advert } = received;
          tap().advert(datagram.at, kernel.now(), router, advert);
          subscriber.next({ at: datagram.at, seen: { type: "advertReceived", router, advert } });
          return;
        }
        countDrop(datagram.interface, received.reason);
        tap().refused(datagram.at, kernel.now(), datagram.interface, datagram.source, received.reason);
        // Other people's routers on the same LAN are nobody's mistake, unless somebody wants to know.
        if (received.reason === "vrid" && config?.logUnknownVrids !== true) return;
        const seen = complaints.about(datagram, received);
        if (seen !== null) subscriber.next(seen);
      };
      const ears = createEars(kernel, hear, (sentence) => subscriber.error(new Error(sentence)));
      const turns = turns$.subscribe((turn) => {
        for (const router of newMasters(turn)) complaints.beginAnew(router);
        if (turn.state.config === config) return;
        config = turn.state.config;
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
    const outcome = kernel.listen(where.name, where.family, hear, where.ear);
    if (outcome.ok) listening.set(place, where);
    // A router that cannot hear its neighbours must not become Master beside them.
    else deaf(`cannot listen for VRRP on ${where.name || "any interface"} (${where.family}): ${outcome.error}`);
  };
  const shut = (place: string, { name, family, ear }: Where): void => {
    kernel.unlisten(name, family, ear.protocol);
    listening.delete(place);
  };
  return {
    listenAt: (wanted: ReadonlyMap<string, Where>): void => {
      for (const [place, where] of [...listening]) if (!wanted.has(place)) shut(place, where);
      for (const [place, where] of wanted) if (!isSame(listening.get(place)?.ear, where.ear)) open(place, where);
    },
  };
}

const isSame = (known: Ear | undefined, wanted: Ear): boolean =>
  known !== undefined && known.patience === wanted.patience && known.groups.join() === wanted.groups.join();

/**
 * A twentieth of its interval is little to anybody: a router counts from when the kernel had an advertisement. After a
 * resignation it waits for its Skew_Time only, and half of that is early enough.
 */
function patienceOf({ adverInterval, basePriority, version }: RouterConfig): Duration {
  const twentieth = adverInterval / 20;
  if (basePriority === PRIORITY_OWNER) return twentieth as Duration;
  return Math.min(twentieth, skewTime(version, basePriority, adverInterval) / 2) as Duration;
}

const NOBODY = (): undefined => undefined;
const placeOf = (name: string, family: Family): string => `${name}/${family}`;

/** RFC 2402: protocol 51. A router that wants it listens to 112 all the same, to hear who has none. */
const protocolsOf = ({ version, authentication }: RouterConfig): readonly VrrpProtocol[] =>
  version === 2 && authentication.type === "ah" ? [112, 51] : [112];

/** For each interface, family and protocol, the groups of its routers. */
function placesOf({ routers }: AgentConfig): Map<string, Where> {
  const places = new Map<string, Where>();
  for (const router of routers) {
    const { interface: name, family, transport } = router;
    for (const protocol of protocolsOf(router)) {
      const place = `${placeOf(name, family)}/${protocol}`;
      const known = places.get(place)?.ear;
      const before = known?.groups ?? [];
      const patience = Math.min(known?.patience ?? Number.POSITIVE_INFINITY, patienceOf(router)) as Duration;
      const joins = transport.to.type === "multicast" && !before.includes(transport.to.group);
      const groups = joins && transport.to.type === "multicast" ? [...before, transport.to.group].sort() : before;
      places.set(place, { name, family, ear: { protocol, groups, patience } });
    }
  }
  return places;
}

/** For each interface and family, which router a datagram of a VRID is for. */
const lookups = ({ routers }: AgentConfig): Lookups => ({
  ipv4: lookupsOf("ipv4", routers),
  ipv6: lookupsOf("ipv6", routers),
});

function lookupsOf(family: Family, routers: readonly RouterConfig[]): ReadonlyMap<string, Lookup> {
  const tables = new Map<string, Map<number, RouterConfig[]>>();
  const sharing = new Map<number, RouterConfig[]>();
  for (const router of routers) {
    if (router.family !== family) continue;
    sharing.set(router.vrid, [...(sharing.get(router.vrid) ?? []), router]);
    const table = tables.get(router.interface) ?? new Map<number, RouterConfig[]>();
    tables.set(router.interface, table.set(router.vrid, [...(table.get(router.vrid) ?? []), router]));
  }
  return new Map(
    [...tables].map(([iface, table]): [string, Lookup] => {
      const choices = new Map(
        [...table].map(([vrid, own]) => [vrid, { own, others: othersOf(own, sharing.get(vrid) ?? []) }]),
      );
      return [
        iface,
        (vrid, datagram) => {
          const choice = choices.get(vrid);
          return choice === undefined ? undefined : chosen(choice.own, choice.others, datagram);
        },
      ];
    }),
  );
}

/** Those of the same VRID elsewhere: a socket of all interfaces hears what the one of a single interface hears, too. */
function othersOf([first]: readonly RouterConfig[], sharing: readonly RouterConfig[]): readonly RouterConfig[] {
  if (first === undefined || sharing.length === 1) return NOBODY_ELSE;
  const everywhere = first.interface === "";
  return sharing.filter((one) => (one.interface === "") !== everywhere);
}

const NOBODY_ELSE: readonly RouterConfig[] = [];

/** Of several routers with one VRID that whose group or peer it is; the first, when it is nobody's. */
function chosen(
  own: readonly RouterConfig[],
  others: readonly RouterConfig[],
  datagram: ReceivedDatagram,
): RouterConfig | undefined {
  if (own.length === 1 && others.length === 0) return own[0];
  for (const one of own) if (reaches(one, datagram)) return one;
  for (const one of others) if (reaches(one, datagram)) return undefined;
  return own[0];
}

/** Those that this turn made Master. */
function newMasters({ event: { seen }, before, state }: Turn): readonly RouterKey[] {
  if (before.routers === state.routers) return [];
  const isNew = (key: RouterKey): boolean =>
    routerOf(state, key)?.phase.name === "master" && routerOf(before, key)?.phase.name !== "master";
  if (seen.type === "deadlineReached" || seen.type === "advertReceived") return isNew(seen.router) ? [seen.router] : [];
  return state.routers.map(({ config }) => config.key).filter(isNew);
}

type Refused = { readonly router: RouterConfig["key"] | null; readonly reason: DropReason; readonly detail: string };

/**
 * Turns refusals into observations: the first of each kind at once, then one a minute with the count.
 * About a router that has just become Master the next one is the first again, since it means more now.
 */
function createComplaints() {
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
  const beginAnew = (router: RouterKey): void => {
    for (const [kind, entry] of counted) if (entry.router === router) counted.set(kind, { ...entry, anew: true });
  };
  const about = (
    { interface: iface, source, at }: Datagram,
    { router, reason, detail }: Refused,
  ): Observation | null => {
    const coarse = `${iface} ${reason}`;
    const kind = kindOf(`${coarse} ${router ?? ""} ${source}`, coarse, at);
    const entry = counted.get(kind);
    if (entry !== undefined && !entry.anew && since(entry.told, at) < TELL_EVERY) {
      entry.count += 1;
      return null;
    }
    const count = (entry?.count ?? 0) + 1;
    counted.set(kind, { told: at, count: 0, router, anew: false });
    return { type: "advertDropped", router, interface: iface, source, reason, detail, count };
  };
  return { about, beginAnew };
}
