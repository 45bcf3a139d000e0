// What Linux's kernel port does beyond the contract: how addresses look to other tools, what other
// people do to the links, and what happens when the kernel says more than can be kept.

import { writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { familyOf } from "../../agent/core/address.ts";
import { ADDRESS_PROTOCOL, type InterfaceAddress, type InterfaceChange, type Kernel } from "../../agent/kernel.ts";
import { close, receive, SOCK_CLOEXEC, SOCK_NONBLOCK, socket } from "../../agent/linux/ffi.ts";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { mustSkip } from "../netns/requirements.ts";
import { GROUP, ip, packet } from "./given.ts";
import { virtual } from "./kernel.ts";
import { ipCommand, type Namespaces, OTHER, openNamespaces, until, WIRE } from "./namespaces.ts";

/** The wire's addresses: IPv4 in order; IPv6 sorted, because kernels differ in the order of equal scopes. */
function inKernelOrder(kernel: Kernel): readonly InterfaceAddress[] {
  const all = kernel.interfaces.get(WIRE)?.addresses ?? [];
  const ipv6 = all.filter(({ address }) => familyOf(address) === "ipv6");
  ipv6.sort((a, b) => (a.address === b.address ? a.prefixLength - b.prefixLength : a.address < b.address ? -1 : 1));
  return [...all.filter(({ address }) => familyOf(address) === "ipv4"), ...ipv6];
}

/** The same, as somebody sees it who has just asked. */
function freshly(): readonly InterfaceAddress[] {
  const reader = openLinuxKernel();
  const seen = inKernelOrder(reader);
  reader.close();
  return seen;
}

/** Waits until both say the same; shows the difference when they do not after a second. */
async function untilEqual<T>(known: () => T, truth: () => T): Promise<void> {
  const deadline = Date.now() + 1_000;
  while (!isDeepStrictEqual(known(), truth()) && Date.now() < deadline) await new Promise((r) => setTimeout(r, 1));
  expect(known()).toEqual(truth());
}

describe.skipIf(mustSkip("the Linux kernel", ["ip"]))("the Linux kernel", () => {
  let namespaces: Namespaces;
  let kernel: Kernel;
  const changes: InterfaceChange[] = [];
  beforeAll(async () => {
    namespaces = openNamespaces("lxn");
    kernel = openLinuxKernel();
    kernel.watch((change) => changes.push(change));
    await until("the wire is up", () => kernel.interfaces.get(WIRE)?.up === true);
  });
  beforeEach(() => void changes.splice(0));
  afterAll(() => {
    kernel?.close();
    namespaces?.close();
  });
  const inA = (...words: string[]): string => ipCommand("-n", namespaces.a, ...words);

  /** One address of the wire, as ip tells it. */
  const shown = (local: string): Record<string, unknown> | undefined => {
    const [link] = JSON.parse(inA("-d", "-j", "address", "show", "dev", WIRE));
    return link.addr_info.find((info: { local: string }) => info.local === local);
  };

  it("adds addresses as ip sees them: protocol, label, broadcast, scope, no DAD", async () => {
    const plain = virtual("10.8.1.1", WIRE, 24);
    kernel.addAddresses([
      { ...plain, broadcast: ip("10.8.1.255"), label: `${WIRE}:vip`, scope: 253 },
      { ...virtual("fd00:8::1", WIRE, 128), preferredLifetime: 0 },
      virtual("fd00:8::2", WIRE, 64),
    ]);
    // 18 is RTPROT_KEEPALIVED in /etc/iproute2/rt_protos.
    expect(ADDRESS_PROTOCOL).toBe(18);
    expect(shown("10.8.1.1")).toMatchObject({
      prefixlen: 24,
      broadcast: "10.8.1.255",
      label: `${WIRE}:vip`,
      scope: "link",
    });
    // iproute2 6.1 does not print IFA_PROTO; another reader of the same kernel does.
    const reader = openLinuxKernel();
    const read = reader.interfaces.get(WIRE)?.addresses.filter(({ protocol }) => protocol === ADDRESS_PROTOCOL);
    reader.close();
    expect(read?.map(({ address }) => address).sort()).toEqual(["10.8.1.1", "fd00:8::1", "fd00:8::2"]);
    expect(shown("fd00:8::1")).toMatchObject({ prefixlen: 128, nodad: true, deprecated: true, preferred_life_time: 0 });
    expect(shown("fd00:8::2")).toMatchObject({ prefixlen: 64, nodad: true, valid_life_time: 0xffffffff });
    expect(shown("fd00:8::2")).not.toHaveProperty("deprecated");
    expect(shown("fd00:8::2")).not.toHaveProperty("tentative");
    await until("they are known", () => held().includes("fd00:8::2"));
    const known = kernel.interfaces.get(WIRE)?.addresses.find(({ address }) => address === "10.8.1.1");
    expect(known).toMatchObject({ protocol: ADDRESS_PROTOCOL, usable: true });
    kernel.removeAddresses([plain, virtual("fd00:8::1", WIRE, 128), virtual("fd00:8::2", WIRE, 64)]);
    expect(shown("10.8.1.1")).toBeUndefined();
  });

  const held = (): string[] => (kernel.interfaces.get(WIRE)?.addresses ?? []).map(({ address }) => address);

  it("lists addresses in the kernel's order, whatever came and went", async () => {
    writeFileSync("/proc/sys/net/ipv4/conf/all/promote_secondaries", "1");
    const address = fc.oneof(
      fc.integer({ min: 1, max: 6 }).map((host) => ({ text: `10.8.2.${host}`, prefixLength: 24 })),
      fc.integer({ min: 1, max: 3 }).map((host) => ({ text: `10.8.3.${host}`, prefixLength: 32 })),
      fc.integer({ min: 1, max: 4 }).map((host) => ({ text: `fd00:8::${host}`, prefixLength: 64 })),
      fc.integer({ min: 1, max: 3 }).map((host) => ({ text: `fe80::${host}`, prefixLength: 64 })),
    );
    const step = fc.record({ add: fc.boolean(), address, scope: fc.constantFrom(0, 253) });
    const used = new Map<string, ReturnType<typeof virtual>>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        for (const { add, address, scope } of steps) {
          const wanted = { ...virtual(address.text, WIRE, address.prefixLength), scope };
          used.set(address.text, wanted);
          if (add) kernel.addAddresses([wanted]);
          else kernel.removeAddresses([wanted]);
        }
        // An IPv6 address is told only when the kernel has got round to skipping its DAD.
        await untilEqual(() => inKernelOrder(kernel), freshly);
        kernel.removeAddresses([...used.values()]);
        await untilEqual(() => inKernelOrder(kernel), freshly);
      }),
      { numRuns: 40 },
    );
  });

  it("takes a new name for another interface: the old one is gone, and its addresses with it", async () => {
    inA("link", "add", "old0", "type", "veth", "peer", "name", "old1");
    for (const end of ["old0", "old1"]) inA("link", "set", end, "up");
    inA("address", "add", "10.8.4.1/24", "dev", "old0");
    await until(
      "it is known",
      () => kernel.interfaces.get("old0")?.addresses.some(({ address }) => address === "10.8.4.1") === true,
    );
    const ours = virtual("10.8.4.2", "old0", 24);
    expect(kernel.addAddresses([ours])).toEqual([{ ok: true }]);
    await until(
      "ours is known",
      () => kernel.interfaces.get("old0")?.addresses.some(({ address }) => address === "10.8.4.2") === true,
    );
    kernel.listen("new0", "ipv4", () => {});
    changes.splice(0);
    inA("link", "set", "old0", "name", "new0");
    await until("the new name is known", () => kernel.interfaces.has("new0"));
    expect(kernel.interfaces.has("old0")).toBe(false);
    expect(kernel.interfaces.get("new0")?.addresses.map(({ address }) => address)).toContain("10.8.4.1");
    expect(changes).toEqual([
      expect.objectContaining({
        type: "addresses",
        name: "old0",
        added: [],
        removed: expect.arrayContaining(["10.8.4.1"]),
      }),
      { type: "link", name: "old0", index: 0, up: false },
      expect.objectContaining({ type: "link", name: "new0", up: true }),
      expect.objectContaining({
        type: "addresses",
        name: "new0",
        added: expect.arrayContaining(["10.8.4.1"]),
        removed: [],
      }),
    ]);
    // What was put there is there still, and goes by the name it came by; nothing more comes.
    expect(kernel.removeAddresses([ours])).toEqual([{ ok: true }]);
    expect(inA("address", "show", "dev", "new0")).not.toContain("10.8.4.2");
    expect(kernel.addAddresses([ours])).toEqual([expect.objectContaining({ ok: false, errno: 19 })]);
    kernel.unlisten("new0", "ipv4");
    inA("link", "del", "new0");
    await until("it is gone", () => !kernel.interfaces.has("new0"));
  });

  it("does not take a port that leaves its bridge for a link that was deleted", async () => {
    inA("link", "add", "bridge0", "type", "bridge");
    inA("link", "add", "port0", "type", "veth", "peer", "name", "port1");
    inA("link", "set", "port0", "master", "bridge0");
    await until("both are known", () => kernel.interfaces.has("bridge0") && kernel.interfaces.has("port0"));
    changes.splice(0);
    inA("link", "set", "port0", "nomaster");
    // What comes after it on the same socket shows that it was read.
    inA("link", "set", "port0", "mtu", "1400");
    await until("the new MTU is known", () => kernel.interfaces.get("port0")?.mtu === 1400);
    expect(changes).not.toContainEqual({ type: "link", name: "port0", index: 0, up: false });
    inA("link", "del", "port0");
    inA("link", "del", "bridge0");
    await until("both are gone", () => !kernel.interfaces.has("bridge0") && !kernel.interfaces.has("port0"));
  });

  it("finds out what happened when the kernel had more to say than could be kept", async () => {
    const many = Array.from({ length: 50 }, (_, i) => virtual(`10.8.5.${i + 1}`, OTHER));
    const indexBefore = kernel.interfaces.get(WIRE)?.index;
    // 16 MiB of kernel memory at more than 500 bytes a message last for less than 32 000 messages.
    for (let i = 0; i < 400; i++) {
      kernel.addAddresses(many);
      kernel.removeAddresses(many);
    }
    kernel.addAddresses(many.slice(0, 3));
    inA("link", "add", "late0", "type", "veth", "peer", "name", "late1");
    await until("what came last is known", () => kernel.interfaces.has("late0"));
    const there = kernel.interfaces.get(OTHER)?.addresses.map(({ address }) => address) ?? [];
    expect(there.filter((address) => address.startsWith("10.8.5.")).sort()).toEqual([
      "10.8.5.1",
      "10.8.5.2",
      "10.8.5.3",
    ]);
    expect(kernel.interfaces.get(WIRE)?.index).toBe(indexBefore);
    // Far fewer than 40 000 were told: some of them were indeed lost.
    const told = changes.flatMap((change) => (change.type === "addresses" ? [...change.added, ...change.removed] : []));
    expect(told.length).toBeLessThan(40_000);
    // And the socket has not fallen silent over it.
    inA("link", "del", "late0");
    await until("the next thing is heard too", () => !kernel.interfaces.has("late0"));
    kernel.removeAddresses(many.slice(0, 3));
  });

  it("sends frames that arrive as they were", async () => {
    // Gratuitous ARP: broadcast, from 00:00:5e:00:01:33, type 0x0806, 28 bytes of ARP for 10.9.0.100.
    const frame = Buffer.from(
      "ffffffffffff00005e0001330806" + "0001080006040001" + "00005e0001330a090064" + "ffffffffffff0a090064",
      "hex",
    );
    // ETH_P_ARP in network order.
    const sniffer = namespaces.atB(() => socket(17, 3 | SOCK_CLOEXEC | SOCK_NONBLOCK, 0x0608));
    expect(sniffer).toBeGreaterThan(0);
    // The same about 10.9.0.101 to 10.9.0.164, as many as leave by one call: the last byte of the sender's and the target's.
    const more = Array.from({ length: 64 }, (_, i) => {
      const other = Buffer.from(frame);
      other[31] = other[41] = 101 + i;
      return other;
    });
    expect(kernel.sendFrame(WIRE, frame)).toEqual({ ok: true });
    expect(kernel.sendFrames(WIRE, Buffer.concat(more), 42)).toEqual(more.map(() => ({ ok: true })));
    const got = new Uint8Array(2_048);
    const seen: string[] = [];
    await until("the frame arrives", () => {
      for (let length = receive(sniffer, got); length > 0; length = receive(sniffer, got))
        seen.push(Buffer.from(got.subarray(0, length)).toString("hex"));
      return [frame, ...more].every((one) => seen.includes(one.toString("hex")));
    });
    close(sniffer);
  });

  it("knows whether IPv6 is forwarded", async () => {
    expect(kernel.forwardsIpv6(OTHER)).toBe(false);
    expect(kernel.forwardsIpv6("nowhere0")).toBe(false);
    writeFileSync(`/proc/sys/net/ipv6/conf/${OTHER}/forwarding`, "1");
    await until("it is read again", () => kernel.forwardsIpv6(OTHER));
  });

  it("names the errno in what it says", () => {
    const [outcome] = kernel.removeAddresses([virtual("10.8.9.9", WIRE)]);
    expect(outcome).toMatchObject({
      ok: false,
      errno: 99,
      error: expect.stringMatching(/^EADDRNOTAVAIL: .*10\.8\.9\.9 on wire0/),
    });
    const tooLong = new Uint8Array(2_000);
    tooLong.set(packet("ipv4", ip("10.9.0.1"), 1));
    expect(kernel.sendPacket(WIRE, "ipv4", tooLong, GROUP.ipv4)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^EMSGSIZE: /),
    });
  });
});
