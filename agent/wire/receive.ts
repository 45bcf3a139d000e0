// A datagram becomes an advertisement, or the reason for dropping it. What comes from the wire never
// throws.

import type { Family, IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Advertisement } from "../core/event.ts";
import { advertLength, checksumFormOf, countOf, decodeAdvert, vridOf } from "./advert.ts";
import { AH_LENGTH, AH_PROTOCOL, createSequences, forged, protectsVrrp, type Sequences } from "./ah.ts";
import { numbered, patienceOf, type ReceivedDatagram, type Refused, reaches, refusalOf, sameBytes } from "./ladder.ts";

export type Received = { readonly ok: true; readonly router: RouterKey; readonly advert: Advertisement } | Refused;

/** Finds the router of a VRID among those of the interface and family the datagram came in on. */
export type Lookup = (vrid: number, datagram: ReceivedDatagram) => RouterConfig | undefined;

export type Receiver = (datagram: ReceivedDatagram, family: Family, lookup: Lookup) => Received;

/**
 * A receiver with a memory: a peer that repeats its last valid bytes gets the very same answer, for
 * a comparison and without allocating. What is remembered belongs to the RouterConfig object it was
 * judged by, so that a new configuration judges anew and the memory of an old one goes with it.
 */
export function createReceiver(sequences: Sequences = createSequences(() => 0)): Receiver {
  const memories = new WeakMap<RouterConfig, Memory>();
  return (outer, family, lookup) => {
    const datagram = outer.protocol === AH_PROTOCOL ? unwrapped(outer) : outer;
    if (datagram === null) return NOT_VRRP;
    const config = lookup(vridOf(datagram.bytes), datagram);
    const memory = config && memories.get(config);
    const known = config && memory && recall(config, memory, datagram, sequences);
    const received = known ?? judge(datagram, family, config, sequences);
    if (config === undefined || !received.ok) return received;
    if (config.authentication.type === "ah") sequences.accept(numbered(datagram, config));
    if (known !== undefined) return known;
    memories.set(
      config,
      remember(memory, datagram, advertLength(config.version, family, countOf(datagram.bytes)), received),
    );
    return received;
  };
}

/** Somebody's IPsec: as little our business as another VRID. */
const NOT_VRRP: Refused = { ok: false, router: null, reason: "vrid", detail: "an Authentication Header of others" };

/** The advertisement behind an Authentication Header; null when there is none behind an IP header of usual length. */
function unwrapped(datagram: ReceivedDatagram): ReceivedDatagram | null {
  if (datagram.packet[0] !== 0x45 || !protectsVrrp(datagram.bytes)) return null;
  return { ...datagram, bytes: datagram.bytes.subarray(AH_LENGTH) };
}

function judge(
  datagram: ReceivedDatagram,
  family: Family,
  config: RouterConfig | undefined,
  sequences: Sequences,
): Received {
  const refused = refusalOf(datagram, family, config, sequences);
  if (refused !== null) return refused;
  if (config === undefined) throw new Error("an advertisement without a router passed the ladder");
  const { version, v3Checksum } = config;
  const { bytes, source } = datagram;
  const form = checksumFormOf(bytes, version, family, datagram, v3Checksum) ?? v3Checksum;
  return { ok: true, router: config.key, advert: decodeAdvert(bytes, version, family, source, form) };
}

// ---------------------------------------------------------------- the memory

/** One peer's last valid advertisement, without what was padded to it, and the answer to it. */
type Remembered = { readonly source: IpAddress; readonly pdu: Uint8Array; readonly received: Received };

/** At most PEERS_REMEMBERED of them; `next` is the place of the one to forget first. */
type Memory = { readonly peers: Remembered[]; next: number };

/** A VRRP router has one Master, and two or three while they sort it out. More only cost a decoding. */
const PEERS_REMEMBERED = 4;

/**
 * The remembered answer; undefined when the ladder has to be climbed. Equal bytes up to the
 * remembered length are enough, because the count among them fixes the length; what is not in the
 * bytes (TTL, destination, completeness, an Authentication Header) is looked at anew.
 */
function recall(
  config: RouterConfig,
  { peers }: Memory,
  datagram: ReceivedDatagram,
  sequences: Sequences,
): Received | undefined {
  const { bytes, source } = datagram;
  if (!datagram.complete || !reaches(config, datagram) || !genuine(config, datagram, sequences)) return undefined;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i];
    if (peer === undefined || peer.source !== source) continue;
    const same = bytes.length >= peer.pdu.length && sameBytes(bytes, peer.pdu, peer.pdu.length);
    return same ? peer.received : undefined;
  }
  return undefined;
}

/** Whether the header around it is as it should be: none, or one that nobody forged or sent again. */
function genuine(config: RouterConfig, datagram: ReceivedDatagram, sequences: Sequences): boolean {
  const { authentication } = config;
  if (authentication.type !== "ah") return datagram.protocol !== AH_PROTOCOL;
  return (
    datagram.protocol === AH_PROTOCOL &&
    forged(datagram.packet, authentication.password) === null &&
    sequences.replayed(numbered(datagram, config), patienceOf(config)) === null
  );
}

function remember(
  memory: Memory = { peers: [], next: 0 },
  datagram: ReceivedDatagram,
  length: number,
  received: Received,
): Memory {
  const { bytes, source } = datagram;
  const known = memory.peers.findIndex((peer) => peer.source === source);
  const place = known >= 0 ? known : memory.next;
  memory.peers[place] = { source, pdu: bytes.slice(0, length), received };
  if (known < 0) memory.next = (memory.next + 1) % PEERS_REMEMBERED;
  return memory;
}
