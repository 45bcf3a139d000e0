// What every `Kernel` does, as one function that takes one and tests it: two routers on one wire.
//
// Whoever implements the port runs this, so that none of them drifts from the others. Nothing in here
// knows which kernel it is given.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualAddress } from "../../agent/core/config.ts";
import { after, instantAt, milliseconds } from "../../agent/core/time.ts";
import { usualAddress } from "../../agent/core/usual.ts";
import type { InterfaceChange, Outcome } from "../../agent/kernel.ts";
import { claims } from "./claims.ts";
import { ears } from "./ears.ts";
import { collect, GROUP, ip, type Pair, packet, payload, SOURCES } from "./given.ts";
import { paths } from "./paths.ts";

const ENODEV = 19;
const EEXIST = 17;
const EINVAL = 22;
const EBADF = 9;
const EADDRNOTAVAIL = 99;
const OK: Outcome = { ok: true };

/** A virtual address with nothing special about it. */
export const virtual = (text: string, iface: string, prefixLength = text.includes(":") ? 128 : 32): VirtualAddress => ({
  address: ip(text),
  prefixLength,
  interface: iface,
  ...usualAddress,
});

const errnoOf = (outcome: Outcome | undefined): number | undefined => (outcome?.ok === false ? outcome.errno : 0);

/** Tests a kernel. */
export function kernelContract(name: string, open: () => Promise<Pair>): void {
  describe(`${name} keeps the contract of Kernel`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await open();
      await pair.ready();
    });
    afterAll(() => pair?.close());
    const given = (): Pair => pair;

    lists(given);
    datagrams(given);
    ears(given);
    listening(given);
    claims(given, ip);
    addresses(given);
    paths(given);
    links(given);
    alarms(given);
    ending(given);
  });
}

function lists(pair: () => Pair): void {
  it("lists its interfaces, and a time that never goes back", () => {
    const { a, wire } = pair();
    const state = a.interfaces.get(wire);
    expect(state).toMatchObject({ name: wire, up: true, mtu: 1500 });
    expect(state?.index).toBeGreaterThan(0);
    expect(state?.mac).toHaveLength(6);
    expect(a.interfaces.has("nowhere0")).toBe(false);
    let last = a.now();
    for (let i = 0; i < 1_000; i++) {
      const now = a.now();
      expect(Number.isInteger(now)).toBe(true);
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
}

function datagrams(pair: () => Pair): void {
  it.each(["ipv4", "ipv6"] as const)("carries %s both ways, with its header told", async (family) => {
    const { a, b, wire, atB, until } = pair();
    const inA = collect();
    const inB = collect();
    expect(a.listen(wire, family, inA.listener)).toEqual(OK);
    expect(atB(() => b.listen(wire, family, inB.listener))).toEqual(OK);
    const before = a.now();
    expect(a.sendPacket(wire, family, packet(family, SOURCES[family], 1), GROUP[family])).toEqual(OK);
    expect(atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], 2, 254), GROUP[family]))).toEqual(OK);
    await until("both heard the other", () => inA.heard.length > 0 && inB.heard.length > 0);

    const common = { interface: wire, family, source: SOURCES[family], destination: GROUP[family], complete: true };
    // Each heard the other, once, and nobody heard himself.
    expect(inA.heard).toHaveLength(1);
    expect(inB.heard).toHaveLength(1);
    expect(inB.heard[0]).toMatchObject({ ...common, bytes: payload(1), ttl: 255 });
    expect(inA.heard[0]).toMatchObject({ ...common, bytes: payload(2), ttl: 254 });
    for (const { at } of [...inA.heard, ...inB.heard]) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(a.now());
    }
    a.unlisten(wire, family);
    atB(() => b.unlisten(wire, family));
  });

  it.each(["ipv4", "ipv6"] as const)("tells %s only to who listens on its interface", async (family) => {
    const { a, b, wire, other, atB, until } = pair();
    const onWire = collect();
    const onOther = collect();
    a.listen(wire, family, onWire.listener);
    a.listen(other, family, onOther.listener);
    for (const mark of [1, 2, 3])
      atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], mark), GROUP[family]));
    await until("three datagrams came", () => onWire.heard.length === 3);
    expect(onWire.heard.map(({ bytes }) => bytes[7])).toEqual([1, 2, 3]);
    expect(onOther.heard).toEqual([]);

    // After unlisten nothing is told; another listener, on the same socket's place, is the measure of when.
    a.unlisten(wire, family);
    const later = collect();
    atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], 4), GROUP[family]));
    a.listen(wire, family, later.listener);
    atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], 5), GROUP[family]));
    await until("the fifth came", () => later.heard.length > 0);
    expect(later.heard.map(({ bytes }) => bytes[7])).toEqual([5]);
    expect(onWire.heard).toHaveLength(3);
    a.unlisten(wire, family);
    a.unlisten(other, family);
  });
}

function listening(pair: () => Pair): void {
  it("reads what waits when it is told to drain, before the loop turns", () => {
    const { a, b, wire, atB } = pair();
    const { heard, listener } = collect();
    a.listen(wire, "ipv4", listener);
    for (let mark = 1; mark <= 20; mark++)
      atB(() => b.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, mark), GROUP.ipv4));
    // No await: whatever is heard here was heard by drain. The wire itself may take a moment.
    const deadline = after(a.now(), milliseconds(200));
    while (heard.length < 20 && a.now() < deadline) a.drain();
    expect(heard.map(({ bytes }) => bytes[7])).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    for (const [i, { at }] of heard.entries()) expect(at).toBeGreaterThanOrEqual(heard[i - 1]?.at ?? 0);
    a.unlisten(wire, "ipv4");
  });

  it("refuses a packet without a header, when it has looked where it would go", () => {
    const { a, b, wire, atB } = pair();
    const { heard, listener } = collect();
    atB(() => b.listen(wire, "ipv4", listener));
    expect(errnoOf(a.sendPacket(wire, "ipv4", new Uint8Array(), GROUP.ipv4))).toBe(22);
    a.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 7), GROUP.ipv4);
    const deadline = after(a.now(), milliseconds(200));
    while (heard.length < 1 && a.now() < deadline) atB(() => b.drain());
    expect(heard.map(({ bytes }) => bytes[7])).toEqual([7]);
    atB(() => b.unlisten(wire, "ipv4"));
  });

  it("goes on hearing while it rests", () => {
    const { a, b, wire, atB } = pair();
    const { heard, listener } = collect();
    a.listen(wire, "ipv4", listener);
    atB(() => b.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 1), GROUP.ipv4));
    a.rest(milliseconds(20));
    a.drain();
    expect(heard).toHaveLength(1);
    a.unlisten(wire, "ipv4");
  });

  it("lets a listener stop listening, and drain, while it is told something", () => {
    const { a, b, wire, atB } = pair();
    let told = 0;
    a.listen(wire, "ipv4", () => {
      told++;
      a.drain();
      a.unlisten(wire, "ipv4");
    });
    for (const mark of [1, 2, 3]) atB(() => b.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, mark), GROUP.ipv4));
    const deadline = after(a.now(), milliseconds(200));
    while (told === 0 && a.now() < deadline) a.drain();
    a.drain();
    expect(told).toBe(1);
  });

  it("says ENODEV for an interface that is not there, and remembers who wants to listen there", () => {
    const { a } = pair();
    expect(errnoOf(a.sendPacket("nowhere0", "ipv4", packet("ipv4", SOURCES.ipv4, 1), GROUP.ipv4))).toBe(ENODEV);
    expect(errnoOf(a.sendFrame("nowhere0", new Uint8Array(60)))).toBe(ENODEV);
    expect(a.sendFrames("nowhere0", new Uint8Array(84), 42).map(errnoOf)).toEqual([ENODEV, ENODEV]);
    expect(a.listen("nowhere0", "ipv4", () => {})).toEqual(OK);
    a.unlisten("nowhere0", "ipv4");
  });

  it("refuses to send one family to an address of the other", () => {
    const { a, wire } = pair();
    expect(errnoOf(a.sendPacket(wire, "ipv6", packet("ipv6", SOURCES.ipv6, 1), GROUP.ipv4))).toBe(EINVAL);
    expect(errnoOf(a.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 1), GROUP.ipv6))).toBe(EINVAL);
  });
}

function addresses(pair: () => Pair): void {
  it("adds and removes addresses, with an outcome for each", async () => {
    const { a, wire, addressesOfA, until } = pair();
    const changes: InterfaceChange[] = [];
    const stop = a.watch((change) => changes.push(change));
    const wanted = [virtual("10.8.0.1", wire), virtual("10.8.0.2", wire, 24), virtual("fd00:8::1", wire)];
    expect(a.addAddresses(wanted)).toEqual([OK, OK, OK]);
    expect(addressesOfA(wire)).toEqual(expect.arrayContaining(["10.8.0.1/32", "10.8.0.2/24", "fd00:8::1/128"]));

    const again = a.addAddresses([
      virtual("10.8.0.1", wire),
      virtual("10.8.0.3", wire),
      virtual("10.8.0.4", "nowhere0"),
    ]);
    expect(again.map(errnoOf)).toEqual([EEXIST, 0, ENODEV]);
    expect(again[0]).toMatchObject({ ok: false, error: expect.stringMatching(/^EEXIST: /) });
    await until("the additions are told", () => told(changes, "added").length >= 4);
    expect(told(changes, "added")).toEqual(expect.arrayContaining(["10.8.0.1", "10.8.0.2", "fd00:8::1", "10.8.0.3"]));
    const held = a.interfaces.get(wire)?.addresses ?? [];
    expect(held.find(({ address }) => address === "10.8.0.2")).toMatchObject({ prefixLength: 24, usable: true });

    expect(a.removeAddresses(wanted)).toEqual([OK, OK, OK]);
    const missing = a.removeAddresses([
      virtual("10.8.0.1", wire),
      virtual("10.8.0.3", wire),
      virtual("fd00:8::9", wire),
    ]);
    expect(missing.map(errnoOf)).toEqual([EADDRNOTAVAIL, 0, EADDRNOTAVAIL]);
    expect(errnoOf(a.removeAddresses([virtual("10.8.0.3", "nowhere0")])[0])).toBe(ENODEV);
    await until("the removals are told", () => told(changes, "removed").length >= 4);
    expect(told(changes, "removed").sort()).toEqual(["10.8.0.1", "10.8.0.2", "10.8.0.3", "fd00:8::1"]);
    expect(addressesOfA(wire).filter((text) => text.startsWith("10.8.") || text.startsWith("fd00:8"))).toEqual([]);
    stop();
  });

  it("refuses an address with a prefix longer than there are, and a frame without a header", () => {
    const { a, wire, addressesOfA } = pair();
    const before = addressesOfA(wire);
    const wanted = [virtual("10.8.0.9", wire, 255), virtual("fd00:8::9", wire, 255)];
    expect(a.addAddresses(wanted).map(errnoOf)).toEqual([EINVAL, EINVAL]);
    expect(errnoOf(a.sendFrame(wire, new Uint8Array()))).toBe(EINVAL);
    expect(addressesOfA(wire)).toEqual(before);
  });

  it("keeps up with a thousand addresses in chunks of fifty", async () => {
    const { a, wire, until } = pair();
    // 10.10.0.1 .. 10.10.3.250, 250 in each of four.
    const thousand = Array.from({ length: 1_000 }, (_, i) =>
      virtual(`10.10.${Math.floor(i / 250)}.${(i % 250) + 1}`, wire),
    );
    const chunks = Array.from({ length: 20 }, (_, i) => thousand.slice(i * 50, i * 50 + 50));
    const mine = (): number =>
      a.interfaces.get(wire)?.addresses.filter(({ address }) => address.startsWith("10.10.")).length ?? 0;
    for (const chunk of chunks) expect(a.addAddresses(chunk)).toEqual(chunk.map(() => OK));
    await until("all are known", () => mine() === 1_000);
    for (const chunk of chunks) expect(a.removeAddresses(chunk)).toEqual(chunk.map(() => OK));
    await until("none is known", () => mine() === 0);
  });
}

/** All addresses that the changes told, of one kind. */
const told = (changes: readonly InterfaceChange[], what: "added" | "removed"): string[] =>
  changes.flatMap((change) => (change.type === "addresses" ? change[what] : []));

function links(pair: () => Pair): void {
  it("tells when a link goes down and comes up, and hears again what it listened to", async () => {
    const { a, b, wire, atB, setUp, ready, until } = pair();
    const changes: InterfaceChange[] = [];
    const stop = a.watch((change) => changes.push(change));
    const { heard, listener } = collect();
    for (const family of ["ipv4", "ipv6"] as const) expect(a.listen(wire, family, listener)).toEqual(OK);
    const lastUp = (): boolean | undefined =>
      changes.flatMap((change) => (change.type === "link" && change.name === wire ? [change.up] : [])).at(-1);
    setUp(wire, false);
    await until("down is told", () => lastUp() === false);
    expect(a.interfaces.get(wire)?.up).toBe(false);
    expect(a.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 1), GROUP.ipv4).ok).toBe(false);
    setUp(wire, true);
    await until("up is told", () => lastUp() === true);
    expect(a.interfaces.get(wire)?.up).toBe(true);
    await ready();
    for (const family of ["ipv4", "ipv6"] as const) {
      expect(atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], 7), GROUP[family]))).toEqual(OK);
      await until(`${family} is heard again`, () => heard.some((datagram) => datagram.family === family));
      a.unlisten(wire, family);
    }
    // Who has stopped watching is told nothing of the next change.
    stop();
    setUp(wire, false);
    await until("down is known", () => a.interfaces.get(wire)?.up === false);
    expect(lastUp()).toBe(true);
    setUp(wire, true);
    await ready();
  });

  it.each(["ipv4", "ipv6"] as const)(
    "hears and sends %s again when its link was deleted and is back",
    async (family) => {
      const { a, b, wire, atB, cutWire, layWire, ready, until } = pair();
      const { heard, listener } = collect();
      expect(a.listen(wire, family, listener)).toEqual(OK);
      a.sendPacket(wire, family, packet(family, SOURCES[family], 0), GROUP[family]);
      const formerIndex = a.interfaces.get(wire)?.index;
      const links: InterfaceChange[] = [];
      const stop = a.watch((change) => change.type === "link" && change.name === wire && links.push(change));
      cutWire();
      await until("it is gone", () => !a.interfaces.has(wire));
      expect(links.at(-1)).toEqual({ type: "link", name: wire, index: 0, up: false });
      expect(errnoOf(a.sendPacket(wire, family, packet(family, SOURCES[family], 1), GROUP[family]))).toBe(ENODEV);
      expect(errnoOf(a.addAddresses([virtual("10.8.0.1", wire)])[0])).toBe(ENODEV);
      layWire();
      await ready();
      expect(a.interfaces.get(wire)?.index).not.toBe(formerIndex);
      expect(atB(() => b.sendPacket(wire, family, packet(family, SOURCES[family], 2), GROUP[family]))).toEqual(OK);
      await until("it is heard again", () => heard.length > 0);
      expect(heard.map(({ bytes }) => bytes[7])).toEqual([2]);
      expect(a.sendPacket(wire, family, packet(family, SOURCES[family], 3), GROUP[family])).toEqual(OK);
      a.unlisten(wire, family);
      stop();
    },
  );
}

function alarms(pair: () => Pair): void {
  it("rings once, never early, and the last setting counts", async () => {
    const { a, until } = pair();
    const rung: string[] = [];
    for (let i = 0; i < 20; i++) {
      const at = after(a.now(), milliseconds(1 + i / 7));
      let rungAt = 0;
      a.setAlarm(at, () => {
        rungAt = a.now();
      });
      await until("it rings", () => rungAt > 0);
      expect(rungAt).toBeGreaterThanOrEqual(at);
    }
    a.setAlarm(after(a.now(), milliseconds(5)), () => rung.push("replaced"));
    a.setAlarm(after(a.now(), milliseconds(1)), () => rung.push("cleared"));
    a.setAlarm(null, () => rung.push("null"));
    a.setAlarm(after(a.now(), milliseconds(20)), () => rung.push("20 ms"));
    await until("the last rings", () => rung.length > 0);
    a.setAlarm(instantAt(a.now() - 50_000), () => rung.push("now"));
    await until("an instant that has passed rings at once", () => rung.length > 1);
    // Long enough for a ring that should not be: every instant above has passed.
    let enough = false;
    a.setAlarm(after(a.now(), milliseconds(10)), () => {
      enough = true;
    });
    await until("ten more milliseconds", () => enough);
    expect(rung).toEqual(["20 ms", "now"]);
  });
}

function ending(pair: () => Pair): void {
  it("refuses everything once it is closed, and harms nobody", () => {
    const { a, wire } = pair();
    a.close();
    a.close();
    expect(errnoOf(a.listen(wire, "ipv4", () => {}))).toBe(EBADF);
    expect(errnoOf(a.sendPacket(wire, "ipv4", packet("ipv4", SOURCES.ipv4, 1), GROUP.ipv4))).toBe(EBADF);
    expect(errnoOf(a.sendFrame(wire, new Uint8Array(60)))).toBe(EBADF);
    expect(a.sendFrames(wire, new Uint8Array(84), 42).map(errnoOf)).toEqual([EBADF, EBADF]);
    expect(a.addAddresses([virtual("10.8.0.1", wire)]).map(errnoOf)).toEqual([EBADF]);
    expect(a.removeAddresses([virtual("10.8.0.1", wire)]).map(errnoOf)).toEqual([EBADF]);
    a.unlisten(wire, "ipv4");
    a.setAlarm(a.now(), () => expect.unreachable("a closed kernel rang"));
    a.drain();
  });
}
