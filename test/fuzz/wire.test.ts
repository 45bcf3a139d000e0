// Real packets, mutated: whatever comes, the ladder gives a value and never throws, and what it lets pass
// has a right checksum, our version and our VRID. HEIRD_FUZZ=10000000 plays ten million, the same ones each time.

import { describe, expect, it } from "vitest";
import { parseAddress } from "../../agent/core/address.ts";
import { DROP_REASONS } from "../../agent/core/event.ts";
import { type NetlinkMessage, readMessages } from "../../agent/linux/netlink.ts";
import { type Random, randomFrom } from "../../agent/rehearse/random.ts";
import { gratuitousArp } from "../../agent/wire/arp.ts";
import { claimIn } from "../../agent/wire/claim.ts";
import { parseIpv4Packet } from "../../agent/wire/ipv4.ts";
import { parseIpv6Packet } from "../../agent/wire/ipv6.ts";
import { createReceiver } from "../../agent/wire/receive.ts";
import { goldenPackets } from "../wire/golden.ts";
import { datagram, router } from "../wire/routers.ts";

const ROUNDS = Number(process.env["HEIRD_FUZZ"] ?? 100_000);
const SEED = 20_261_125;
const PATIENCE = 3_600_000;

/** Bits flipped, bytes set, cut off, doubled or put in from elsewhere. */
function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let torn = bytes.slice();
  for (let i = random.between(1, 4); i > 0; i--) {
    const place = random.below(Math.max(1, torn.length));
    const kind = random.below(5);
    if (kind === 0) torn[place] = (torn[place] ?? 0) ^ (1 << random.below(8));
    else if (kind === 1) torn[place] = random.pick([0, 1, 4, 127, 128, 255]);
    else if (kind === 2) torn = torn.slice(0, place);
    else if (kind === 3) torn = Uint8Array.of(...torn, ...torn.subarray(place));
    else torn.set(torn.subarray(0, Math.min(8, torn.length - place)), place);
  }
  return torn;
}

// Each begins with nlmsghdr: length, type, flags, sequence, port.
const MESSAGES = [
  // RTM_NEWLINK (16): ifinfomsg, index 2, flags 0x11043; IFLA_IFNAME (3) "eth0", 4 + 4 bytes.
  [
    ...[40, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[0, 0, 1, 0, 2, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0],
    ...[8, 0, 3, 0, 101, 116, 104, 48],
  ],
  // RTM_NEWADDR (20): ifaddrmsg, AF_INET (2), /24, permanent, index 2; IFA_LOCAL (2) 10.0.0.1; IFA_FLAGS (8).
  [
    ...[40, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[2, 24, 128, 0, 2, 0, 0, 0],
    ...[8, 0, 2, 0, 10, 0, 0, 1, 8, 0, 8, 0, 128, 0, 0, 0],
  ],
  // RTM_DELADDR (21): ifaddrmsg, AF_INET6 (10), /64, link scope, index 2; IFA_ADDRESS (1) fe80::1.
  [
    ...[44, 0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[10, 64, 0, 253, 2, 0, 0, 0],
    ...[20, 0, 1, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ],
  // NLMSG_ERROR (2): -17, EEXIST, and the header of the request it answers, with sequence 7.
  [
    ...[36, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0],
    ...[0xef, 0xff, 0xff, 0xff, 24, 0, 0, 0, 20, 0, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0],
  ],
].map((bytes) => Uint8Array.from(bytes));

/** What a message must be, however it came about. */
function isWhole(message: NetlinkMessage): boolean {
  if (message.type === "address") return parseAddress(message.address) === message.address;
  return message.type !== "link" || message.name !== "";
}

describe("mutated packets", () => {
  const packets = [...goldenPackets().values()];
  const configs = [
    router({ version: 2 }),
    router({ version: 2, authentication: { type: "pass", password: "secret" } }),
    router({ version: 3 }),
    router({ version: 3, family: "ipv6", addresses: ["fe80::100"] }),
  ];

  it("are judged, and never more", { timeout: PATIENCE }, () => {
    const random = randomFrom(SEED);
    const receiver = createReceiver();
    const reasons = new Map<string, number>();
    for (let i = 0; i < ROUNDS; i++) {
      const packet = mutated(random.pick(packets), random);
      const config = random.pick(configs);
      const four = parseIpv4Packet(packet);
      const six = parseIpv6Packet(packet);
      const payload = four?.payload ?? six?.payload ?? packet;
      const source = four?.source ?? six?.source ?? parseAddress("192.0.2.1");
      if (source === undefined) throw new Error("no source");
      const seen = { ...datagram(payload, source), family: config.family };
      const received = receiver(seen, config.family, (vrid) => (vrid === config.vrid ? config : undefined));
      const reason = received.ok ? "passed" : received.reason;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (received.ok) expect([received.advert.vrid, received.advert.version]).toEqual([config.vrid, config.version]);
    }
    expect(
      [...reasons.keys()].filter((reason) => reason !== "passed" && !DROP_REASONS.some((one) => one === reason)),
    ).toEqual([]);
    // A fuzzer that meets one rung only has proved nothing of the others.
    expect(reasons.size).toBeGreaterThan(6);
  });

  it("of netlink are read or passed over", { timeout: PATIENCE }, () => {
    const random = randomFrom(SEED);
    expect(MESSAGES.map((message) => readMessages(message).map(({ type }) => type))).toEqual(
      ["link", "address", "address", "ack"].map((type) => [type]),
    );
    const read = new Map<string, number>();
    for (let i = 0; i < ROUNDS / 5; i++) {
      for (const message of readMessages(mutated(random.pick(MESSAGES), random))) {
        read.set(message.type, (read.get(message.type) ?? 0) + 1);
        if (!isWhole(message)) throw new Error(JSON.stringify(message));
      }
    }
    // Some of each kind have survived what was done to them.
    expect([...read.keys()]).toEqual(expect.arrayContaining(["link", "address", "ack"]));
  });

  it("of ARP and of neighbours claim an address, or nothing", { timeout: PATIENCE }, () => {
    const random = randomFrom(SEED);
    const arp = gratuitousArp(Uint8Array.of(2, 0, 0, 0, 0, 1));
    const neighbour = Uint8Array.of(
      ...[0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd],
      ...[0x60, 0, 0, 0, 0, 32, 58, 255, 0xfe, 0x80, ...new Array(13).fill(0), 1],
      ...[0xff, 2, ...new Array(13).fill(0), 1, 136, 0, 0, 0, 0x20, 0, 0, 0],
      ...[0x20, 1, 0x0d, 0xb8, ...new Array(11).fill(0), 1, 2, 1, 2, 0, 0, 0, 0, 1],
    );
    let claims = 0;
    for (let i = 0; i < ROUNDS / 5; i++) {
      const claim = claimIn(mutated(random.pick([arp, neighbour]), random));
      if (claim === undefined) continue;
      claims += 1;
      if (parseAddress(claim.address) !== claim.address) throw new Error(`no address: ${claim.address}`);
    }
    // Most flips are somewhere that does not matter; when nothing passed, nothing was asked.
    expect(claims).toBeGreaterThan(0);
  });
});
