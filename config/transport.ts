// Whom an instance talks to, from where, and about which addresses.

import { type Family, familyOf } from "../agent/core/address.ts";
import { addressLine } from "./addresses.ts";
import type { DeclaredAddress, DeclaredGlobals, DeclaredInstance } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { peerLine } from "./peers.ts";
import { addressIn, boolIn, entryOf, has, linesIn, numberIn, readLines, type Section } from "./section.ts";

/** RFC 5798 §5.2.5: the count is one octet. */
const MOST_COUNTED = 255;
/** Of interfaces that nobody was asked about. */
const USUAL_MTU = 1500;
/** What links of each family have at least (RFC 791, RFC 8200 §5): fewer addresses than fit there fit everywhere. */
const LEAST_MTU: Readonly<Record<Family, number>> = { ipv4: 68, ipv6: 1280 };

export type MtuOf = (name: string) => number | undefined;

/** What an instance sends, as far as the length of its packets goes. */
export type Packets = {
  readonly version: 2 | 3;
  readonly authentication: DeclaredInstance["authentication"];
  readonly interface: string | null;
};

/** Any of them means unicast. */
const UNICAST = ["unicast_peer", "unicast_src_ip", "check_unicast_src", "unicast_ttl", "unicast_fault_no_peer"];

export type Transport = Pick<
  DeclaredInstance,
  "source" | "trackSource" | "unicast" | "peers" | "unicastTtl" | "checkSource" | "multicastGroup"
>;

/** Source, and group or peers. */
export function transportOf(section: Section, globals: DeclaredGlobals, report: Report): Transport {
  const peers = readLines(section, "unicast_peer", peerLine, report);
  const word = UNICAST.find((name) => has(section, name));
  const keyword = word === undefined ? undefined : entryOf(section, word);
  if (keyword !== undefined && peers.length === 0 && linesIn(section, "unicast_peer").length === 0)
    report(
      problem(
        "H0405",
        keyword.place,
        `${keyword.keyword.name} without any unicast_peer: the instance stays in FAULT, where Keepalived would speak to the group`,
        "list the other routers in unicast_peer { }, or write mcast_src_ip",
      ),
    );
  checkedAgainstKeepalived(section, report);
  return {
    source: addressIn(section, "unicast_src_ip") ?? addressIn(section, "mcast_src_ip") ?? null,
    trackSource: has(section, "track_src_ip"),
    unicast: keyword !== undefined,
    peers,
    unicastTtl: numberIn(section, "unicast_ttl") ?? 255,
    checkSource: boolIn(section, "check_unicast_src") ?? globals.checkUnicastSource,
    multicastGroup: addressIn(section, "mcast_dst_ip") ?? null,
  };
}

function checkedAgainstKeepalived(section: Section, report: Report): void {
  const check = entryOf(section, "check_unicast_src");
  if (check?.value === false)
    report(
      problem(
        "H0406",
        check.place,
        "check_unicast_src off: Keepalived takes it for on whatever stands behind it; heird takes it for off",
        "remove the line to mean off with Keepalived and on with heird",
      ),
    );
}

type Advertised = {
  readonly family: Family;
  readonly advertised: readonly DeclaredAddress[];
  readonly excluded: readonly DeclaredAddress[];
};

/** The addresses: one family in the advertisement. */
export function advertised(section: Section, transport: Transport, report: Report): Advertised {
  const read = readLines(section, "virtual_ipaddress", addressLine, report);
  const first = read[0];
  const decided = first?.address ?? transport.peers[0]?.address ?? transport.source;
  const family = decided === null || decided === undefined ? "ipv4" : familyOf(decided);
  const own = read.filter((one) => {
    if (familyOf(one.address) === family) return true;
    report(
      problem(
        "H0111",
        one.place,
        `${one.address} is of the other family than ${first?.address ?? family}`,
        "move it to virtual_ipaddress_excluded, or make a second vrrp_instance for it",
        first === undefined ? [] : [noteAt(first.place, "this address decides the family")],
      ),
    );
    return false;
  });
  familyOfTransport(section, transport, family, report);
  return { family, advertised: own, excluded: readLines(section, "virtual_ipaddress_excluded", addressLine, report) };
}

/** As many of the addresses as one packet has room for; the rest excluded. More is not sent at all, and then both are Master. */
export function withinPacket(all: Advertised, packets: Packets, mtuOf: MtuOf, report: Report): Advertised {
  const { family, advertised: own, excluded } = all;
  if (own.length <= roomIn(LEAST_MTU[family], family, packets)) return all;
  const mtu = (packets.interface === null ? undefined : mtuOf(packets.interface)) ?? USUAL_MTU;
  const most = roomIn(mtu, family, packets);
  const more = own[most];
  if (more === undefined) return all;
  report(
    problem(
      "H0117",
      more.place,
      `an advertisement has room for ${most} ${family === "ipv4" ? "IPv4" : "IPv6"} addresses; the ${own.length - most} from here on are held and not advertised`,
      "write them into virtual_ipaddress_excluded",
    ),
  );
  return { family, advertised: own.slice(0, most), excluded: [...own.slice(most), ...excluded] };
}

/**
 * The header of IP, those of B2, B3 and B5, and 14 octets that Keepalived keeps free as if Ethernet counted: a
 * Keepalived before 2.3.3 drops what has more addresses than it would send.
 */
function roomIn(mtu: number, family: Family, { version, authentication }: Packets): number {
  const [ip, size] = family === "ipv4" ? [20, 4] : [40, 16];
  const data = version === 2 ? 8 : 0;
  const ah = authentication?.type === "AH" ? 24 : 0;
  return Math.min(MOST_COUNTED, Math.max(1, Math.floor((mtu - ip - ah - 8 - data - 14) / size)));
}

function familyOfTransport(section: Section, { peers }: Transport, family: Family, report: Report): void {
  for (const peer of peers) {
    if (familyOf(peer.address) !== family)
      report(
        problem(
          "H0111",
          peer.place,
          `peer ${peer.address} is of the other family than the addresses`,
          "peers and addresses are of one family",
          [],
          `family of ${section.label}`,
        ),
      );
  }
  for (const name of ["unicast_src_ip", "mcast_src_ip", "mcast_dst_ip"]) {
    const at = entryOf(section, name);
    const source = addressIn(section, name);
    if (at !== undefined && source !== undefined && familyOf(source) !== family)
      report(
        problem(
          "H0111",
          at.place,
          `${name} ${source} is of the other family than the addresses`,
          "write an address of the same family",
          [],
          `family of ${section.label}`,
        ),
      );
  }
}
