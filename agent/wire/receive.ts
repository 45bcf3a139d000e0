// The ladder of RFC 5798 §7.1, RFC 9568 §7.1 and RFC 3768 §7.1: an advertisement, or the reason for
// dropping the datagram. What comes from the wire never throws.
//
// The rungs stand in the order of DROP_REASONS, cheap before expensive, the VRID before the
// checksum, so that other routers' traffic costs next to nothing. Two reasons have no rung:
//   - "owner": RFC 5798 has an owner drop every advertisement; Keepalived's neighbours count on two
//     owners sorting it out between them;
//   - "source": in multicast every sender on the link is a candidate.
// A list of addresses that differs from ours is no reason either: the RFC leaves it open, and
// dropping makes two Masters of one difference in configuration.

import type { Family, IpAddress } from "../core/address.ts";
import type { RouterConfig, RouterKey } from "../core/config.ts";
import type { Advertisement, DropReason } from "../core/event.ts";
import { inSeconds } from "../core/time.ts";
import {
  ADVERTISEMENT,
  adverIntervalOf,
  advertLength,
  authDataOf,
  authTypeNumber,
  authTypeOf,
  checksumAt,
  checksumFormOf,
  countOf,
  decodeAdvert,
  passwordBytes,
  typeOf,
  VRRP_GROUP,
  VRRP_HEADER_LENGTH,
  versionOf,
  vridOf,
} from "./advert.ts";

/** What the ladder looks at; the kernel's datagram has it and more. */
export type ReceivedDatagram = {
  /** VRRP header onwards. */
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit as received. */
  readonly ttl: number;
  /** Whether the IP header's own lengths agreed with what arrived. */
  readonly complete: boolean;
};

export type Received =
  | { readonly ok: true; readonly router: RouterKey; readonly advert: Advertisement }
  | {
      readonly ok: false;
      /** The router it was for, as far as its VRID tells; null when that is none of ours. */
      readonly router: RouterKey | null;
      readonly reason: DropReason;
      /** What was seen and what was expected; never a password. */
      readonly detail: string;
    };

/** Finds the router of a VRID among those of the interface and family the datagram came in on. */
export type Lookup = (vrid: number) => RouterConfig | undefined;

export type Receiver = (datagram: ReceivedDatagram, family: Family, lookup: Lookup) => Received;

/**
 * A receiver with a memory: a peer that repeats its last valid bytes gets the very same answer, for
 * a comparison and without allocating. What is remembered belongs to the RouterConfig object it was
 * judged by, so that a new configuration judges anew and the memory of an old one goes with it.
 */
export function createReceiver(): Receiver {
  const memories = new WeakMap<RouterConfig, Memory>();
  return (datagram, family, lookup) => {
    const config = lookup(vridOf(datagram.bytes));
    const memory = config && memories.get(config);
    const known = memory && recall(memory, datagram, family);
    if (known !== undefined) return known;
    const received = judge(datagram, family, config);
    if (config === undefined || !received.ok) return received;
    memories.set(
      config,
      remember(memory, datagram, advertLength(config.version, family, countOf(datagram.bytes)), received),
    );
    return received;
  };
}

function judge(datagram: ReceivedDatagram, family: Family, config: RouterConfig | undefined): Received {
  const { bytes, source } = datagram;
  const broken = firstFault(ANY_ROUTER, datagram, family, config, config?.key ?? null);
  if (broken !== null) return broken;
  // 5. MUST verify that the VRID is configured on the receiving interface.
  if (config === undefined)
    return { ok: false, router: null, reason: "vrid", detail: `VRID ${vridOf(bytes)}, not configured here` };
  const unfit = firstFault(OUR_ROUTER, datagram, family, config, config.key);
  if (unfit !== null) return unfit;
  const { version, v3Checksum } = config;
  const form = checksumFormOf(bytes, version, family, datagram, v3Checksum) ?? v3Checksum;
  return { ok: true, router: config.key, advert: decodeAdvert(bytes, version, family, source, form) };
}

// ---------------------------------------------------------------- the ladder

/** One check: what is wrong, in a few words, or null. */
type Rung<Config> = {
  readonly reason: DropReason;
  readonly fault: (datagram: ReceivedDatagram, family: Family, config: Config) => string | null;
};

function firstFault<Config>(
  ladder: readonly Rung<Config>[],
  datagram: ReceivedDatagram,
  family: Family,
  config: Config,
  router: RouterKey | null,
): Extract<Received, { ok: false }> | null {
  for (const { reason, fault } of ladder) {
    const detail = fault(datagram, family, config);
    if (detail !== null) return { ok: false, router, reason, detail };
  }
  return null;
}

/** 1 to 4: what can be said of any router; 5, whether it is one of ours, stands in `judge`. */
const ANY_ROUTER: readonly Rung<RouterConfig | undefined>[] = [
  {
    // 1. The fixed part has to be there before it can be read.
    reason: "truncated",
    fault: ({ bytes, complete }) => {
      if (bytes.length < VRRP_HEADER_LENGTH) return `${bytes.length} bytes, a VRRP header has ${VRRP_HEADER_LENGTH}`;
      return complete ? null : "the IP header promises more than arrived";
    },
  },
  {
    // 2. MUST verify that the TTL or hop limit is 255: proof that it was sent on this link.
    reason: "ttl",
    fault: ({ ttl }) => (ttl === 255 ? null : `TTL ${ttl}, expected 255`),
  },
  {
    // 3. Of a router that is ours the version must be its own; of others any that exists.
    reason: "version",
    fault: ({ bytes }, family, config) => {
      const version = versionOf(bytes);
      if (config !== undefined && version !== config.version) return `version ${version}, ours ${config.version}`;
      if (version === 2 && family === "ipv6") return "version 2 over IPv6, which has no such layout";
      return version === 2 || version === 3 ? null : `version ${version}, known are 2 and 3`;
    },
  },
  {
    // 4. RFC 5798 §5.2.2: a packet with unknown type MUST be discarded.
    reason: "type",
    fault: ({ bytes }) => (typeOf(bytes) === ADVERTISEMENT ? null : `type ${typeOf(bytes)}, only 1 is known`),
  },
];

const AUTH_NAMES: readonly string[] = ["none", "PASS", "AH"];
const authName = (type: number): string => AUTH_NAMES[type] ?? `type ${type}`;

/** 6 to 11: what is measured against the router's configuration. */
const OUR_ROUTER: readonly Rung<RouterConfig>[] = [
  {
    // 6. MUST verify that the packet is complete; padding after it is tolerated.
    reason: "length",
    fault: ({ bytes }, family, { version }) => {
      const count = countOf(bytes);
      const needed = advertLength(version, family, count);
      return bytes.length >= needed ? null : `${bytes.length} bytes, ${count} addresses need ${needed}`;
    },
  },
  {
    // 7. RFC 2338 §7.1: the authentication type must be the one configured.
    reason: "authType",
    fault: ({ bytes }, _family, { version, authentication }) => {
      if (version === 3) return null;
      const ours = authTypeNumber(authentication);
      const theirs = authTypeOf(bytes);
      return theirs === ours ? null : `authentication ${authName(theirs)}, ours ${authName(ours)}`;
    },
  },
  {
    // 8. And so must the password. RFC 3768 §5.3.10: without one the field is ignored.
    reason: "authMismatch",
    fault: ({ bytes }, _family, { version, authentication }) => {
      if (version === 3 || authentication.type === "none") return null;
      return sameBytes(authDataOf(bytes), passwordBytes(authentication.password), 8)
        ? null
        : "the password is not ours";
    },
  },
  {
    // 9. v2 MUST agree on the interval. v3 learns it, but no Master advertises every 0 seconds.
    reason: "interval",
    fault: ({ bytes }, _family, { version, adverInterval }) => {
      const theirs = adverIntervalOf(bytes, version);
      if (version === 2 ? theirs === adverInterval : theirs > 0) return null;
      return version === 2 ? `interval ${inSeconds(theirs)}, ours ${inSeconds(adverInterval)}` : "interval 0";
    },
  },
  {
    // 10. MUST verify the checksum; v3 over IPv4 may come in either form.
    reason: "checksum",
    fault: (datagram, family, { version, v3Checksum }) => {
      const form = checksumFormOf(datagram.bytes, version, family, datagram, v3Checksum);
      // What would be right is not said: with a password it would tell of that.
      return form === undefined
        ? `checksum 0x${checksumAt(datagram.bytes).toString(16).padStart(4, "0")} is wrong`
        : null;
    },
  },
  {
    // 11. RFC 5798 §5.1.1.2, §5.1.2.2: to the group and nobody else.
    reason: "destination",
    fault: ({ destination }, family) =>
      destination === VRRP_GROUP[family] ? null : `sent to ${destination}, expected ${VRRP_GROUP[family]}`,
  },
];

/** Compares `length` bytes, always all of them: how long it takes does not tell where a guess went wrong. */
function sameBytes(a: Uint8Array, b: Uint8Array, length: number): boolean {
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

// ---------------------------------------------------------------- the memory

/** One peer's last valid advertisement, without what was padded to it, and the answer to it. */
type Peer = { readonly source: IpAddress; readonly pdu: Uint8Array; readonly received: Received };

/** At most PEERS_REMEMBERED of them; `next` is the place of the one to forget first. */
type Memory = { readonly peers: Peer[]; next: number };

/** A VRRP router has one Master, and two or three while they sort it out. More only cost a decoding. */
const PEERS_REMEMBERED = 4;

/**
 * The remembered answer; undefined when the ladder has to be climbed. Equal bytes up to the
 * remembered length are enough, because the count among them fixes the length; what is not in the
 * bytes (TTL, destination, completeness) is looked at anew.
 */
function recall({ peers }: Memory, datagram: ReceivedDatagram, family: Family): Received | undefined {
  const { bytes, source } = datagram;
  if (datagram.ttl !== 255 || !datagram.complete || datagram.destination !== VRRP_GROUP[family]) return undefined;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i];
    if (peer === undefined || peer.source !== source) continue;
    const same = bytes.length >= peer.pdu.length && sameBytes(bytes, peer.pdu, peer.pdu.length);
    return same ? peer.received : undefined;
  }
  return undefined;
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
