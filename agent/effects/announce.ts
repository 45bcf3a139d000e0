// Tells the LAN where the addresses are now: gratuitous ARP for IPv4, unsolicited neighbour
// advertisement for IPv6. Where a pace is set the packets leave the lane for a queue of their own,
// so that nothing else waits for them.

import { bytesOf, type Family, familyOf } from "../core/address.ts";
import type { Pacing, RouterKey, VirtualAddress } from "../core/config.ts";
import { type Duration, inSeconds } from "../core/time.ts";
import type { InterfaceState, Kernel, Outcome } from "../kernel.ts";
import { gratuitousArp, setArpAddress } from "../wire/arp.ts";
import { MAC_LENGTH } from "../wire/mac.ts";
import { ALL_NODES, setNaAddress, unsolicitedNa } from "../wire/ndp.ts";
import type { Applied, Work } from "./lane.ts";
import { type Afterwards, createSpread } from "./pace.ts";

/** Packets per step. */
const BURST = 50;
const NOT_PACED = 0;

type AnnounceKernel = Pick<Kernel, "now" | "interfaces" | "sendFrame" | "sendPacket" | "forwardsIpv6">;

const placeOf = ({ interface: iface, address }: VirtualAddress): string => `${iface} ${address}`;

/** What is to be announced; what was let go meanwhile is not in `wanted` any more. */
export type Announcement = {
  readonly router: RouterKey;
  readonly addresses: readonly VirtualAddress[];
  readonly rounds: number;
  readonly wanted: Set<string>;
  readonly isComing: IsComing;
};

export type Announcer = {
  readonly announcement: (router: RouterKey, addresses: readonly VirtualAddress[], rounds: number) => Announcement;
  /** The work, for the lane: what is not paced is done in it, the rest begins with its first step. `done` is told of each part. */
  readonly work: (announcement: Announcement, pacing: Pacing, done: (applied: Applied) => void) => Work<void>;
  /** Nothing of these addresses is announced any more, and work that was about nothing else is forgotten. */
  readonly letGo: (router: RouterKey, addresses: readonly VirtualAddress[]) => void;
};

/** Whether nothing of it is left to announce. */
export const isDone = ({ wanted }: Announcement): boolean => wanted.size === 0;

/** Whether a place is still to get its address. */
type IsComing = (place: string) => boolean;

/** Told of every announcement that was sent. */
export type CountAnnounced = (router: RouterKey, family: Family) => void;

export function announce(
  kernel: AnnounceKernel,
  later: Afterwards,
  soFar: (router: RouterKey) => IsComing = () => () => false,
  count: CountAnnounced = () => {},
): Announcer {
  const spread = createSpread<Announcement>(kernel.now, later);
  const open = new Set<Announcement>();
  return {
    announcement(router, addresses, rounds) {
      const announcement = {
        router,
        addresses,
        rounds,
        wanted: new Set(addresses.map(placeOf)),
        isComing: soFar(router),
      };
      open.add(announcement);
      return announcement;
    },
    *work(announcement, pacing, done) {
      const { loose, paced } = byPace(announcement.addresses, pacing);
      let left = paced.length + (loose.length > 0 ? 1 : 0);
      const ended = (applied: Applied): void => {
        left -= 1;
        if (left === 0) open.delete(announcement);
        done(applied);
      };
      // Whoever has to keep a distance begins when all are there: a step that sent nothing would cost a whole gap.
      while (paced.some((part) => part.addresses.some((own) => announcement.isComing(placeOf(own))))) yield;
      for (const { queue, addresses } of paced)
        spread.add(announcement, queue, rounds(kernel, { ...announcement, addresses }, 1, count), (applied) =>
          ended({ ...applied, detail: `${applied.detail}, ${inSeconds(queue.gap)} apart` }),
        );
      if (loose.length > 0) ended(yield* rounds(kernel, { ...announcement, addresses: loose }, BURST, count));
    },
    letGo(router, addresses) {
      const leaving = addresses.map(placeOf);
      for (const announcement of open) {
        if (announcement.router === router) for (const place of leaving) announcement.wanted.delete(place);
        if (isDone(announcement)) open.delete(announcement);
      }
      spread.forget(isDone);
    },
  };
}

type Queue = { readonly name: string; readonly gap: Duration };
type Part = { readonly queue: Queue; readonly addresses: VirtualAddress[] };

/** What may leave at once, and what has to wait its turn in which queue. */
function byPace(addresses: readonly VirtualAddress[], pacing: Pacing) {
  if (!isPaced(pacing)) return { loose: addresses, paced: [] };
  const loose: VirtualAddress[] = [];
  const paced = new Map<string, Part>();
  for (const own of addresses) {
    const queue = queueOf(pacing, own.interface, familyOf(own.address));
    const part = paced.get(queue.name);
    if (queue.gap === NOT_PACED) loose.push(own);
    else if (part === undefined) paced.set(queue.name, { queue, addresses: [own] });
    else part.addresses.push(own);
  }
  return { loose, paced: [...paced.values()] };
}

const isPaced = ({ each, groups }: Pacing): boolean => [each, ...groups].some(({ arp, na }) => arp + na > NOT_PACED);

function queueOf({ each, groups }: Pacing, iface: string, family: Family): Queue {
  const i = groups.findIndex(({ interfaces }) => interfaces.includes(iface));
  const { arp, na } = groups[i] ?? each;
  return { name: `${i < 0 ? iface : `group ${i}`} ${family}`, gap: family === "ipv4" ? arp : na };
}

type Teller = { readonly own: VirtualAddress; readonly place: string; readonly tell: () => Outcome };

/** Each round covers every address once before the next begins, as Keepalived does. A step sends at most `burst` packets. */
function* rounds(
  kernel: AnnounceKernel,
  { router, addresses, rounds: times, wanted, isComing }: Announcement,
  burst: number,
  count: CountAnnounced,
): Work<Applied> {
  const errors = new Set<string>();
  const forms = createForms(kernel);
  const tellers: Teller[] = [];
  const tellerAt = (i: number, own: VirtualAddress): Teller => {
    const known = tellers[i];
    if (known !== undefined) return known;
    const tell = tellerOf(kernel, own, forms, (family) => count(router, family));
    const teller = { own, place: placeOf(own), tell };
    tellers[i] = teller;
    return teller;
  };
  const sent = { all: 0, inStep: 0 };
  const send = ({ own, tell }: Teller): void => {
    sent.inStep += 1;
    const outcome = tell();
    if (outcome.ok) sent.all += 1;
    else errors.add(`${own.interface}: ${outcome.error}`);
  };
  for (let round = 0; round < times; round++)
    for (const [i, own] of addresses.entries()) {
      const teller = tellerAt(i, own);
      // The first is told of before the last one is there.
      while (round === 0 && wanted.has(teller.place) && isComing(teller.place)) {
        yield;
        sent.inStep = 0;
      }
      if (sent.inStep === burst && wanted.has(teller.place)) {
        yield;
        sent.inStep = 0;
      }
      if (wanted.has(teller.place)) send(teller);
    }
  return { detail: `${sent.all} sent`, foreign: [], errors: [...errors] };
}

const NO_SUCH: Outcome = { ok: false, errno: 19, error: "ENODEV: no such interface" };
const DONE: Outcome = { ok: true };

/** What announces the addresses of one interface, as long as that has this MAC. */
type Form = { readonly mac: Uint8Array; readonly tell: (address: Uint8Array) => Outcome };
type Forms = (iface: InterfaceState, family: Family) => Form;

/**
 * One packet for all addresses of an interface, prepared anew only when that has another MAC: a bond may
 * take its other member's at any time.
 */
function createForms(kernel: AnnounceKernel): Forms {
  const forms = { ipv4: new Map<string, Form>(), ipv6: new Map<string, Form>() };
  return ({ name, mac }, family) => {
    const known = forms[family].get(name);
    if (known?.mac === mac) return known;
    const tell = family === "ipv4" ? arpTeller(kernel, name, mac) : naTeller(kernel, name, mac);
    const form = { mac, tell };
    forms[family].set(name, form);
    return form;
  };
}

/** What announces one address. A link without Ethernet has nobody to tell. */
function tellerOf(
  kernel: AnnounceKernel,
  own: VirtualAddress,
  forms: Forms,
  sent: (family: Family) => void,
): () => Outcome {
  const family = familyOf(own.address);
  const address = bytesOf(own.address);
  return () => {
    const iface = kernel.interfaces.get(own.interface);
    if (iface === undefined) return NO_SUCH;
    if (iface.mac.length !== MAC_LENGTH) return DONE;
    const outcome = forms(iface, family).tell(address);
    if (outcome.ok) sent(family);
    return outcome;
  };
}

const NOTHING = new Uint8Array();

/** Goes the way of an announcement, and announces nothing: what has no header is refused. */
export function sayNothing(
  kernel: Pick<Kernel, "sendFrame" | "sendPacket">,
  { interface: iface, address }: VirtualAddress,
) {
  if (familyOf(address) === "ipv4") kernel.sendFrame(iface, NOTHING);
  else kernel.sendPacket(iface, "ipv6", NOTHING, ALL_NODES);
}

function arpTeller(kernel: AnnounceKernel, iface: string, mac: Uint8Array): Form["tell"] {
  const frame = gratuitousArp(mac);
  return (address) => {
    setArpAddress(frame, address);
    return kernel.sendFrame(iface, frame);
  };
}

function naTeller(kernel: AnnounceKernel, iface: string, mac: Uint8Array): Form["tell"] {
  const packet = unsolicitedNa(mac, kernel.forwardsIpv6(iface));
  return (address) => {
    setNaAddress(packet, address);
    return kernel.sendPacket(iface, "ipv6", packet, ALL_NODES);
  };
}
