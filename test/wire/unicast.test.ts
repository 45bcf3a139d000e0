// Transports other than the usual one: peers, other groups, strict checksums, and the numbers of the
// Authentication Header.

import { describe, expect, it } from "vitest";
import { type Peer, type RouterConfig, routerKeyOf, type Transport } from "../../agent/core/config.ts";
import { instantAt, milliseconds, seconds, after as shifted } from "../../agent/core/time.ts";
import { usualRouter } from "../../agent/core/usual.ts";
import { advertFieldsOf, encodeAdvert } from "../../agent/wire/advert.ts";
import { createSequences } from "../../agent/wire/ah.ts";
import type { ReceivedDatagram } from "../../agent/wire/ladder.ts";
import { advertPackets, setPacketPriority } from "../../agent/wire/packet.ts";
import { createReceiver, type Received } from "../../agent/wire/receive.ts";
import { goldenPacket, hexOf } from "./golden.ts";
import { datagram, ip, router } from "./routers.ts";

const PEER = ip("192.0.2.1");
const US = ip("192.0.2.2");
const peer = (address: string, minTtl = 0, maxTtl = 255): Peer => ({ address: ip(address), minTtl, maxTtl });
const unicast = (peers: readonly Peer[], checkSource = true, ttl = 255): Transport => ({
  source: null,
  trackSource: false,
  to: { type: "unicast", peers, ttl, checkSource },
});
const to = (group: string): Transport => ({
  source: null,
  trackSource: false,
  to: { type: "multicast", group: ip(group) },
});

const heard = (config: RouterConfig, more: Partial<ReceivedDatagram> = {}): Received => {
  const { source = PEER, destination = US } = more;
  const bytes = encodeAdvert({ ...advertFieldsOf(config, 100, source, destination) });
  return createReceiver()(datagram(bytes, source, { destination, ...more }), config.family, () => config);
};

describe("unicast", () => {
  const config = router({
    vrid: 56,
    addresses: ["192.0.2.105"],
    transport: unicast([peer("192.0.2.1"), peer("10.0.0.9", 62, 64)]),
  });

  it("is believed of a peer, from any distance unless that is bounded", () => {
    expect(heard(config)).toMatchObject({ ok: true, advert: { source: PEER } });
    expect(heard(config, { ttl: 3 })).toMatchObject({ ok: true });
    for (const [ttl, ok] of [
      [61, false],
      [62, true],
      [64, true],
      [65, false],
    ] as const)
      expect([ttl, heard(config, { source: ip("10.0.0.9"), ttl }).ok]).toEqual([ttl, ok]);
    expect(heard(config, { source: ip("10.0.0.9"), ttl: 65 })).toMatchObject({
      reason: "ttl",
      detail: "TTL 65, expected 62..64 of 10.0.0.9",
    });
  });

  it("is refused of anybody else, unless that is switched off", () => {
    expect(heard(config, { source: ip("192.0.2.66") })).toMatchObject({
      router: config.key,
      reason: "source",
      detail: "sent by 192.0.2.66, which is no unicast_peer",
    });
    const open = { ...config, transport: unicast([peer("192.0.2.1")], false) };
    expect(heard(open, { source: ip("192.0.2.66"), ttl: 1 })).toMatchObject({ ok: true });
  });

  it("is not to come by the group, and what belongs to the group is not to come by unicast", () => {
    expect(heard(config, { destination: ip("224.0.0.18") })).toMatchObject({
      reason: "destination",
      detail: "sent to the group 224.0.0.18, expected unicast",
    });
    expect(heard(router())).toMatchObject({ reason: "destination", detail: "sent to 192.0.2.2, expected 224.0.0.18" });
    const six = router({
      version: 3,
      family: "ipv6",
      addresses: ["fe80::100"],
      transport: unicast([peer("2001:db8::1")]),
    });
    const from = { source: ip("2001:db8::1") };
    expect(heard(six, { ...from, destination: ip("2001:db8::2") })).toMatchObject({ ok: true });
    expect(heard(six, { ...from, destination: ip("ff02::12") })).toMatchObject({ reason: "destination" });
  });

  it("is remembered as multicast is, and looked at anew outside its bytes", () => {
    const receive = createReceiver();
    const bytes = encodeAdvert(advertFieldsOf(config, 100, PEER, US));
    const seen = (more: Partial<ReceivedDatagram> = {}) =>
      receive(datagram(bytes, PEER, { destination: US, ...more }), "ipv4", () => config);
    const first = seen();
    expect(seen()).toBe(first);
    expect(seen({ destination: ip("224.0.0.18") })).toMatchObject({ reason: "destination" });
    expect(seen({ source: ip("192.0.2.66") })).toMatchObject({ reason: "source" });
    expect(seen({ protocol: 51, packet: Uint8Array.of(0x45) }).ok).toBe(false);
    expect(seen()).toBe(first);
  });

  it("is sent to each peer as the golden packet says, with the TTL asked for", () => {
    const [first, second] = advertPackets(
      { ...config, transport: unicast([peer("192.0.2.2"), peer("192.0.2.3")]) },
      150,
      PEER,
    );
    // Identification 0 instead of 1: the header checksum is one more, 36a2 for 36a1.
    const golden = hexOf(goldenPacket("v2-unicast")).replace("00010000ff7036a1", "00000000ff7036a2");
    expect(hexOf(first?.packet ?? new Uint8Array())).toBe(golden);
    expect([first?.destination, second?.destination]).toEqual(["192.0.2.2", "192.0.2.3"]);
    const [near] = advertPackets({ ...config, transport: unicast([peer("192.0.2.2")], true, 7) }, 150, PEER);
    expect(near?.packet[8]).toBe(7);
    const six = router({
      version: 3,
      family: "ipv6",
      addresses: ["fe80::100"],
      transport: unicast([peer("2001:db8::2")], true, 9),
    });
    const [packet] = advertPackets(six, 150, ip("2001:db8::1"));
    expect([packet?.packet[7], hexOf(packet?.packet.subarray(24, 40) ?? new Uint8Array())]).toEqual([
      9,
      "20010db8000000000000000000000002",
    ]);
  });
});

describe("another group", () => {
  it("is where it is sent, and the only one where it is heard", () => {
    const config = router({ version: 3, transport: to("239.1.2.3") });
    const [sent] = advertPackets(config, 150, PEER);
    expect([sent?.destination, hexOf(sent?.packet.subarray(16, 20) ?? new Uint8Array())]).toEqual([
      "239.1.2.3",
      "ef010203",
    ]);
    expect(heard(config, { destination: ip("239.1.2.3") })).toMatchObject({ ok: true });
    expect(heard(config, { destination: ip("224.0.0.18") })).toMatchObject({
      detail: "sent to 224.0.0.18, expected 239.1.2.3",
    });
    expect(heard(config, { destination: ip("239.1.2.3"), ttl: 254 })).toMatchObject({ reason: "ttl" });
  });
});

describe("strict_checksum", () => {
  const strict = { conduct: { ...usualRouter("ipv4").conduct, strictChecksum: true } } as const;

  it.each([
    ["plain", "pseudoHeader", "checksum with pseudo-header, ours without pseudo-header"],
    ["pseudoHeader", "plain", "checksum without pseudo-header, ours with pseudo-header"],
  ] as const)("%s refuses %s, and says so", (ours, theirs, detail) => {
    const config = router({ ...strict, version: 3, v3Checksum: ours });
    const said = (form: typeof ours): Received => {
      const bytes = encodeAdvert(advertFieldsOf({ ...config, v3Checksum: form }, 100, PEER));
      return createReceiver()(datagram(bytes, PEER), "ipv4", () => config);
    };
    expect(said(theirs)).toMatchObject({ reason: "checksum", detail });
    expect(said(ours)).toMatchObject({ ok: true });
  });
});

describe("sequence numbers", () => {
  const KEY = routerKeyOf("eth0", "ipv4", 1);
  const AT = instantAt(0);
  const heardAt = (sequence: number, source = PEER, at = AT) => ({ router: KEY, source, sequence, at });
  const PATIENCE = seconds(4);

  it("follow the clock at four a second, so that a restart does not set them back", () => {
    // 2020-01-01 is 1577836800; ten seconds later the first is 40, and each of one instant is one more.
    let now = 1_577_836_810;
    const before = createSequences(() => now);
    expect([before.next(KEY), before.next(KEY), before.next(KEY)]).toEqual([40, 41, 42]);
    now += 1;
    expect(createSequences(() => now).next(KEY)).toBe(44);
  });

  it("jump over what was heard: Keepalived counts sender and receiver alike", () => {
    const ours = createSequences(() => 1_577_836_810);
    ours.accept(heardAt(1_000));
    expect(ours.next(KEY)).toBe(1_001);
  });

  it("begin again behind the last, and the circle has no cliff", () => {
    const ours = createSequences(() => 1_577_836_810);
    ours.accept(heardAt(2 ** 32 - 2));
    expect([ours.next(KEY), ours.next(KEY)]).toEqual([2 ** 32 - 1, 40]);
    expect(ours.replayed(heardAt(1), PATIENCE)).toBeNull();
  });

  it("are kept for each sender: nobody locks out another", () => {
    const ours = createSequences(() => 0);
    ours.accept(heardAt(1_000_000));
    expect(ours.replayed(heardAt(1, ip("192.0.2.9")), PATIENCE)).toBeNull();
    expect(ours.replayed(heardAt(1_000_000), PATIENCE)).toBe("sequence number 1000000 after 1000000");
    expect(ours.replayed(heardAt(999_999), PATIENCE)).toBe("sequence number 999999 after 1000000");
    expect(ours.replayed(heardAt(1_000_001), PATIENCE)).toBeNull();
  });

  it("may begin anew after the silence of a whole Master_Down_Interval, which a restart keeps", () => {
    const ours = createSequences(() => 0);
    ours.accept(heardAt(1_000));
    const early = shifted(AT, milliseconds(3_999));
    expect(ours.replayed(heardAt(1, PEER, early), PATIENCE)).not.toBeNull();
    expect(ours.replayed(heardAt(1, PEER, shifted(AT, PATIENCE)), PATIENCE)).toBeNull();
  });

  it("are looked at with the packet, and a packet that was accepted is not accepted again", () => {
    const config = router({
      vrid: 53,
      addresses: ["192.0.2.103"],
      authentication: { type: "ah", password: "12345678" },
    });
    const packet = goldenPacket("v2-authentication-header");
    const receive = createReceiver();
    const seen = (seconds: number): Received => {
      const at = instantAt(seconds * 1_000_000);
      return receive(datagram(packet.subarray(20), PEER, { protocol: 51, packet, at }), "ipv4", () => config);
    };
    const first = seen(0);
    expect(first).toMatchObject({ ok: true });
    // 3 * 1 s + 1 s: before that it is a replay, whether the bytes are remembered or not.
    expect(seen(3)).toMatchObject({ reason: "replay", detail: "sequence number 1 after 1" });
    expect(seen(4)).toBe(first);
  });
});

it("the priority of a packet is found behind an Authentication Header", () => {
  const config = router({ authentication: { type: "ah", password: "k" } });
  const [packet] = advertPackets(config, 150, PEER);
  const [other] = advertPackets(config, 0, PEER);
  if (packet !== undefined) setPacketPriority(packet.packet, "ipv4", 0);
  expect(hexOf(packet?.packet ?? new Uint8Array())).toBe(hexOf(other?.packet ?? new Uint8Array()));
});
