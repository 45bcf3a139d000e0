// Tells the LAN where the addresses are now: gratuitous ARP for IPv4, unsolicited neighbour
// advertisement for IPv6. Where a pace is set the packets leave the lane for a queue of their own,
// so that nothing else waits for them.

import { bytesOf, type Family, familyOf } from "../core/address.ts";
import type { Pacing, RouterKey, VirtualAddress } from "../core/config.ts";
import { placeOf } from "../core/holdings.ts";
import { type Duration, inSeconds } from "../core/time.ts";
import type { InterfaceState, Kernel, Outcome } from "../kernel.ts";
import { ARP_FRAME_LENGTH, gratuitousArp, setArpAddress } from "../wire/arp.ts";
import { MAC_LENGTH } from "../wire/mac.ts";
import { ALL_NODES, setNaAddress, unsolicitedNa } from "../wire/ndp.ts";
import type { Coming } from "./additions.ts";
import type { Applied, Work } from "./lane.ts";
import { type Afterwards, createSpread } from "./pace.ts";

/** Packets per step. */
const BURST = 50;
const NOT_PACED = 0;

type AnnounceKernel = Pick<Kernel, "now" | "interfaces" | "sendFrames" | "sendPacket" | "forwardsIpv6">;

/** What is to be announced, but for what is `gone` meanwhile. */
export type Announcement = {
  readonly router: RouterKey;
  readonly addresses: readonly VirtualAddress[];
  readonly rounds: number;
  readonly gone: Set<string>;
  readonly coming: Coming;
};

export type Announcer = {
  readonly announcement: (router: RouterKey, addresses: readonly VirtualAddress[], rounds: number) => Announcement;
  /** The work, for the lane: what is not paced is done in it, the rest begins with its first step. `done` is told of each part. */
  readonly work: (announcement: Announcement, pacing: Pacing, done: (applied: Applied) => void) => Work<void>;
  /** Nothing of these addresses is announced any more, and work that was about nothing else is forgotten. */
  readonly letGo: (router: RouterKey, addresses: readonly VirtualAddress[]) => void;
};

/** Mostly nothing is gone, and no place has to be put into words. */
const isWanted = (gone: ReadonlySet<string>, own: VirtualAddress): boolean =>
  gone.size === 0 || !gone.has(placeOf(own));

/** Whether nothing of it is left to announce. */
export const isDone = ({ addresses, gone }: Announcement): boolean =>
  gone.size > 0 && addresses.every((own) => gone.has(placeOf(own)));

/** Told how many announcements were sent. */
export type CountAnnounced = (router: RouterKey, family: Family, count: number) => void;

export function announce(
  kernel: AnnounceKernel,
  later: Afterwards,
  soFar: (router: RouterKey) => Coming = () => () => () => false,
  count: CountAnnounced = () => {},
): Announcer {
  const spread = createSpread<Announcement>(kernel.now, later);
  const voice: Voice = { kernel, count, frames: openFrames(BURST) };
  const open = new Set<Announcement>();
  return {
    announcement(router, addresses, rounds) {
      const announcement = {
        router,
        addresses,
        rounds,
        gone: new Set<string>(),
        coming: soFar(router),
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
      const pacedComing = paced.map(({ addresses }) => comingAmong(addresses, announcement.coming));
      while (pacedComing.some((isComing) => isComing())) yield;
      for (const { queue, addresses } of paced)
        spread.add(announcement, queue, rounds(voice, { ...announcement, addresses }, 1), (applied) =>
          ended({ ...applied, detail: `${applied.detail}, ${inSeconds(queue.gap)} apart` }),
        );
      if (loose.length > 0) ended(yield* rounds(voice, { ...announcement, addresses: loose }, BURST));
    },
    letGo(router, addresses) {
      for (const announcement of open) {
        if (announcement.router === router) for (const own of addresses) announcement.gone.add(placeOf(own));
        if (isDone(announcement)) open.delete(announcement);
      }
      spread.forget(isDone);
    },
  };
}

/** Whether any of them is still to come. */
function comingAmong(addresses: readonly VirtualAddress[], coming: Coming): () => boolean {
  const isComing = coming(addresses);
  return () => addresses.some((_, place) => isComing(place));
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

/** Each round covers every address once before the next begins, as Keepalived does. A step sends at most `burst` packets. */
function* rounds(
  voice: Voice,
  { router, addresses, rounds: times, gone, coming }: Announcement,
  burst: number,
): Work<Applied> {
  const isComing = coming(addresses);
  const bytes = addresses.map(() => NOT_READ);
  const step = openStep(voice, router, burst);
  /** The first is told of before the last one is there. */
  const isToWait = (round: number, i: number, own: VirtualAddress): boolean =>
    (step.isFull() || (round === 0 && isComing(i))) && isWanted(gone, own);
  for (let round = 0; round < times; round++)
    for (const [i, own] of addresses.entries()) {
      while (isToWait(round, i, own)) {
        step.end();
        yield;
      }
      if (!isWanted(gone, own)) continue;
      if (bytes[i] === NOT_READ) bytes[i] = bytesOf(own.address);
      step.tell(own, bytes[i] ?? NOT_READ);
    }
  step.end();
  return { detail: `${step.sent()} sent`, foreign: [], errors: step.errors() };
}

const NOT_READ: Uint8Array = new Uint8Array();

/** What announces IPv6 addresses of one interface, as long as that has this MAC. */
type Form = { readonly mac: Uint8Array; readonly tell: (address: Uint8Array) => Outcome };

/** What all announce with. A step leaves no frame behind, so that one room serves hundreds of routers, one after the other. */
type Voice = {
  readonly kernel: AnnounceKernel;
  readonly count: CountAnnounced;
  readonly frames: ReturnType<typeof openFrames>;
};

/** What a step sends. Frames of one interface are gathered, and leave together. */
function openStep({ kernel, count, frames: arps }: Voice, router: RouterKey, burst: number) {
  const errors = new Set<string>();
  const forms = new Map<string, Form>();
  let [sent, inStep] = [0, 0];
  const note = (iface: string, outcome: Outcome): void => {
    if (outcome.ok) sent += 1;
    else errors.add(`${iface}: ${outcome.error}`);
  };
  const flush = (): void => {
    const { name, count: told } = arps;
    if (told === 0) return;
    const outcomes = kernel.sendFrames(name, arps.take(), ARP_FRAME_LENGTH);
    const before = sent;
    for (const outcome of outcomes) note(name, outcome);
    if (sent > before) count(router, "ipv4", sent - before);
  };
  const tellIpv6 = ({ name, mac }: InterfaceState, address: Uint8Array): void => {
    const known = forms.get(name);
    // A bond may take its other member's MAC at any time.
    const form = known?.mac === mac ? known : { mac, tell: naTeller(kernel, name, mac) };
    forms.set(name, form);
    const outcome = form.tell(address);
    note(name, outcome);
    if (outcome.ok) count(router, "ipv6", 1);
  };
  return {
    isFull: (): boolean => inStep === burst,
    end: (): void => {
      flush();
      inStep = 0;
    },
    tell: ({ interface: iface }: VirtualAddress, address: Uint8Array): void => {
      inStep += 1;
      const link = kernel.interfaces.get(iface);
      if (link === undefined) note(iface, NO_SUCH);
      // A link without Ethernet has nobody to tell.
      else if (link.mac.length !== MAC_LENGTH) note(iface, DONE);
      else if (address.length !== 4) tellIpv6(link, address);
      else {
        if (!arps.isFor(link)) flush();
        arps.add(link, address);
      }
    },
    sent: (): number => sent,
    errors: (): readonly string[] => [...errors],
  };
}

/** Room for so many frames about one interface. They are written anew only when that has another MAC. */
function openFrames(most: number) {
  const bytes = new Uint8Array(most * ARP_FRAME_LENGTH);
  const each = Array.from({ length: most }, (_, i) => bytes.subarray(i * ARP_FRAME_LENGTH, (i + 1) * ARP_FRAME_LENGTH));
  let [name, mac, count, written] = ["", NOT_READ, 0, 0];
  const isFor = (link: InterfaceState): boolean => link.name === name && link.mac === mac;
  return {
    get name() {
      return name;
    },
    get count() {
      return count;
    },
    isFor,
    /** What was gathered for another one has been taken. */
    add: (link: InterfaceState, address: Uint8Array): void => {
      if (!isFor(link)) [name, mac, written] = [link.name, link.mac, 0];
      const frame = each[count];
      if (frame === undefined) return;
      if (count === written) {
        frame.set(gratuitousArp(mac));
        written += 1;
      }
      setArpAddress(frame, address);
      count += 1;
    },
    take: (): Uint8Array => {
      const taken = bytes.subarray(0, count * ARP_FRAME_LENGTH);
      count = 0;
      return taken;
    },
  };
}

const NO_SUCH: Outcome = { ok: false, errno: 19, error: "ENODEV: no such interface" };
const DONE: Outcome = { ok: true };

/** Shorter than an Ethernet header. */
const TOO_SHORT = new Uint8Array(ARP_FRAME_LENGTH).subarray(0, 13);

/** Goes the way of an announcement, and announces nothing: what has no header is refused. */
export function sayNothing(
  kernel: Pick<Kernel, "sendFrames" | "sendPacket">,
  { interface: iface, address }: VirtualAddress,
) {
  if (familyOf(address) === "ipv4") kernel.sendFrames(iface, TOO_SHORT, TOO_SHORT.length);
  else kernel.sendPacket(iface, "ipv6", TOO_SHORT.subarray(0, 0), ALL_NODES);
}

function naTeller(kernel: AnnounceKernel, iface: string, mac: Uint8Array): Form["tell"] {
  const packet = unsolicitedNa(mac, kernel.forwardsIpv6(iface));
  return (address) => {
    setNaAddress(packet, address);
    return kernel.sendPacket(iface, "ipv6", packet, ALL_NODES);
  };
}
