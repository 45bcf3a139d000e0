// The rungs of RFC 5798 §7.1, RFC 9568 §7.1 and RFC 3768 §7.1: what a datagram may have against it.
//
// They stand in the order of DROP_REASONS, cheap before expensive, the VRID before the checksum, so
// that other routers' traffic costs next to nothing. One reason has no rung, "owner": RFC 5798 has an
// owner drop every advertisement; Keepalived's neighbours count on two owners sorting it out between
// them. A list of addresses that differs from ours is no reason either: the RFC leaves it open, and
// dropping makes two Masters of one difference in configuration.

import type { Family, IpAddress } from "../core/address.ts";
import type { Peer, RouterConfig, RouterKey } from "../core/config.ts";
import type { DropReason } from "../core/event.ts";
import { type Duration, type Instant, inSeconds, microseconds, seconds } from "../core/time.ts";
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
  passwordBytes,
  typeOf,
  VRRP_HEADER_LENGTH,
  versionOf,
  vridOf,
} from "./advert.ts";
import { AH_PROTOCOL, forged, type Numbered, type Sequences, sequenceOf } from "./ah.ts";

/** What the ladder looks at; the kernel's datagram has it and more. */
export type ReceivedDatagram = {
  /** VRRP header onwards; behind an Authentication Header, that first. */
  readonly bytes: Uint8Array;
  /** The whole packet from the IP header on; of IPv6 the kernel shows none, and this is empty. */
  readonly packet: Uint8Array;
  readonly protocol: 112 | 51;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit as received. */
  readonly ttl: number;
  /** Whether the IP header's own lengths agreed with what arrived. */
  readonly complete: boolean;
  readonly at: Instant;
};

export type Refused = {
  readonly ok: false;
  /** The router it was for, as far as its VRID tells; null when that is none of ours. */
  readonly router: RouterKey | null;
  readonly reason: DropReason;
  /** What was seen and what was expected; never a password. */
  readonly detail: string;
};

/** Why a datagram is refused; null for no reason. */
export function refusalOf(
  datagram: ReceivedDatagram,
  family: Family,
  config: RouterConfig | undefined,
  sequences: Sequences,
): Refused | null {
  const broken = firstFault(ANY_ROUTER, datagram, family, config, sequences, config?.key ?? null);
  if (broken !== null) return broken;
  // 5. MUST verify that the VRID is configured on the receiving interface.
  if (config === undefined)
    return { ok: false, router: null, reason: "vrid", detail: `VRID ${vridOf(datagram.bytes)}, not configured here` };
  return firstFault(OUR_ROUTER, datagram, family, config, sequences, config.key);
}

// ---------------------------------------------------------------- who may speak

const isGroup = (address: IpAddress, family: Family): boolean =>
  family === "ipv4" ? GROUPS_IPV4.test(address) : address.startsWith("ff");
/** 224.0.0.0/4. */
const GROUPS_IPV4 = /^2(2[4-9]|3\d)\./;

function peerOf(peers: readonly Peer[], source: IpAddress): Peer | undefined {
  for (let i = 0; i < peers.length; i++) if (peers[i]?.address === source) return peers[i];
  return undefined;
}

/** Whether TTL, destination and sender are what the router's transport wants. Allocates nothing. */
export function reaches({ transport: { to }, family }: RouterConfig, datagram: ReceivedDatagram): boolean {
  if (to.type === "multicast") return datagram.ttl === 255 && datagram.destination === to.group;
  const peer = peerOf(to.peers, datagram.source);
  if (peer === undefined) return !to.checkSource && !isGroup(datagram.destination, family);
  return datagram.ttl >= peer.minTtl && datagram.ttl <= peer.maxTtl && !isGroup(datagram.destination, family);
}

function ttlFault({ ttl, source, destination }: ReceivedDatagram, family: Family, config: RouterConfig | undefined) {
  const to = config?.transport.to;
  if (to?.type === "unicast") {
    const peer = peerOf(to.peers, source);
    if (peer === undefined || (ttl >= peer.minTtl && ttl <= peer.maxTtl)) return null;
    return `TTL ${ttl}, expected ${peer.minTtl}..${peer.maxTtl} of ${source}`;
  }
  // Who may speak unicast to somebody else's router, from how far away, is his business.
  if (ttl === 255 || (config === undefined && !isGroup(destination, family))) return null;
  return `TTL ${ttl}, expected 255`;
}

// ---------------------------------------------------------------- the ladder

/** One check: what is wrong, in a few words, or null. */
type Rung<Config> = {
  readonly reason: DropReason;
  readonly fault: (datagram: ReceivedDatagram, family: Family, config: Config, sequences: Sequences) => string | null;
};

function firstFault<Config>(
  ladder: readonly Rung<Config>[],
  datagram: ReceivedDatagram,
  family: Family,
  config: Config,
  sequences: Sequences,
  router: RouterKey | null,
): Refused | null {
  for (const { reason, fault } of ladder) {
    const detail = fault(datagram, family, config, sequences);
    if (detail !== null) return { ok: false, router, reason, detail };
  }
  return null;
}

/** 1 to 4: what can be said of any router; 5, whether it is one of ours, stands above. */
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
    // 2. MUST verify that the TTL or hop limit is 255: proof that it was sent on this link. A peer may
    // be several routers away; of it Keepalived asks what min_ttl and max_ttl say, and nothing else.
    reason: "ttl",
    fault: ttlFault,
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

/** 6 to 13: what is measured against the router's configuration. */
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
    // 7. RFC 2338 §7.1: the authentication type must be the one configured, and what it says to be.
    reason: "authType",
    fault: ({ bytes, protocol }, _family, { version, authentication }) => {
      const header = protocol === AH_PROTOCOL;
      if (version === 3) return header ? "an Authentication Header, which VRRPv3 has not" : null;
      const ours = authTypeNumber(authentication);
      const theirs = authTypeOf(bytes);
      if (theirs !== ours) return `authentication ${authName(theirs)}, ours ${authName(ours)}`;
      if (header === (authentication.type === "ah")) return null;
      return header ? "an Authentication Header that is not wanted" : "authentication AH without its header";
    },
  },
  {
    // 8. And so must the secret. RFC 3768 §5.3.10: without one the field is ignored.
    reason: "authMismatch",
    fault: ({ bytes, packet }, _family, { version, authentication }) => {
      if (version === 3 || authentication.type === "none") return null;
      if (authentication.type === "ah") return forged(packet, authentication.password);
      return sameBytes(authDataOf(bytes), passwordBytes(authentication.password), 8)
        ? null
        : "the password is not ours";
    },
  },
  {
    // 9. RFC 2402 §3.4.3: what was accepted once is not accepted again.
    reason: "replay",
    fault: (datagram, _family, config, sequences) =>
      config.authentication.type === "ah" ? sequences.replayed(numbered(datagram, config), patienceOf(config)) : null,
  },
  {
    // 10. v2 MUST agree on the interval. v3 learns it, but no Master advertises every 0 seconds.
    reason: "interval",
    fault: ({ bytes }, _family, { version, adverInterval }) => {
      const theirs = adverIntervalOf(bytes, version);
      if (version === 2 ? theirs === adverInterval : theirs > 0) return null;
      return version === 2 ? `interval ${inSeconds(theirs)}, ours ${inSeconds(adverInterval)}` : "interval 0";
    },
  },
  {
    // 11. MUST verify the checksum; v3 over IPv4 may come in either form, unless only one is wanted.
    reason: "checksum",
    fault: (datagram, family, { version, v3Checksum, conduct }) => {
      const form = checksumFormOf(datagram.bytes, version, family, datagram, v3Checksum);
      // What would be right is not said: with a password it would tell of that.
      if (form === undefined) return `checksum 0x${checksumAt(datagram.bytes).toString(16).padStart(4, "0")} is wrong`;
      if (!conduct.strictChecksum || version === 2 || family === "ipv6" || form === v3Checksum) return null;
      return `checksum ${FORMS[form]}, ours ${FORMS[v3Checksum]}`;
    },
  },
  {
    // 12. RFC 5798 §5.1.1.2, §5.1.2.2: to the group and nobody else; or to us alone.
    reason: "destination",
    fault: ({ destination }, family, { transport: { to } }) => {
      if (to.type === "multicast")
        return destination === to.group ? null : `sent to ${destination}, expected ${to.group}`;
      return isGroup(destination, family) ? `sent to the group ${destination}, expected unicast` : null;
    },
  },
  {
    // 13. In multicast every sender on the link is a candidate; in unicast those that are listed.
    reason: "source",
    fault: ({ source }, _family, { transport: { to } }) => {
      if (to.type === "multicast" || !to.checkSource || peerOf(to.peers, source) !== undefined) return null;
      return `sent by ${source}, which is no unicast_peer`;
    },
  },
];

const FORMS = { plain: "without pseudo-header", pseudoHeader: "with pseudo-header" } as const;

export const numbered = ({ packet, source, at }: ReceivedDatagram, { key }: RouterConfig): Numbered => ({
  router: key,
  source,
  sequence: sequenceOf(packet),
  at,
});

/** The longest Master_Down_Interval of RFC 3768 §6.1: the greatest Skew_Time is below a second. */
export const patienceOf = ({ adverInterval, downTimerAdverts }: RouterConfig): Duration =>
  microseconds(downTimerAdverts * adverInterval + seconds(1));

/** Compares `length` bytes, always all of them: how long it takes does not tell where a guess went wrong. */
export function sameBytes(a: Uint8Array, b: Uint8Array, length: number): boolean {
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
