// The rtnetlink codec and the table of interfaces that it feeds.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressFromBytes, type IpAddress } from "../../agent/core/address.ts";
import { usualAddress } from "../../agent/core/usual.ts";
import type { InterfaceChange } from "../../agent/kernel.ts";
import { applyMessages, emptyTable, reconcile } from "../../agent/linux/interface-table.ts";
import { LONGEST_LINK_REQUEST, writeAddLink, writeLinkUp, writeRemoveLink } from "../../agent/linux/link-request.ts";
import { type AddressMessage, type LinkMessage, type NetlinkMessage, readMessages } from "../../agent/linux/netlink.ts";
import {
  createAddressWriter,
  LONGEST_REQUEST,
  writeAddAddress,
  writeDump,
  writeRemoveAddress,
} from "../../agent/linux/netlink-request.ts";
import { requestBuffer } from "../../agent/linux/netlink-write.ts";

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const ipv4 = octets(4).map((bytes) => addressFromBytes(bytes));
const ipv6 = octets(16).map((bytes) => addressFromBytes(bytes));
const label = fc.stringMatching(/^[a-z0-9:.]{0,15}$/);

/** What an address may be asked for beside what it is: no flag that the kernel or DAD sets. */
const options = fc.record({
  flags: fc.constantFrom(0, 0x10, 0x100, 0x200, 0x400, 0x710),
  dad: fc.boolean(),
  preferredLifetime: fc.option(fc.integer({ min: 0, max: 0xffffffff })),
});
const withOptions = <T extends object>(plain: fc.Arbitrary<T>, address: fc.Arbitrary<IpAddress>, longest: number) =>
  fc
    .tuple(plain, options, fc.option(address))
    .map(([one, more, peer]) => ({ ...one, ...more, peer: peer && { address: peer, prefixLength: longest } }));
const request = fc.oneof(
  withOptions(
    fc.record({
      address: ipv4,
      prefixLength: fc.integer({ min: 0, max: 32 }),
      broadcast: fc.option(ipv4),
      label,
      scope: fc.constantFrom(0, 200, 253, 254, 255),
    }),
    ipv4,
    32,
  ),
  withOptions(
    fc.record({
      address: ipv6,
      prefixLength: fc.integer({ min: 0, max: 128 }),
      broadcast: fc.constant(null),
      label,
      scope: fc.constantFrom(0, 200, 253, 254),
    }),
    ipv6,
    128,
  ),
);
const index = fc.integer({ min: 1, max: 0x7fffffff });

const usualRequest = { ...usualAddress, address: "10.0.0.1" as IpAddress, prefixLength: 24 };

describe("the rtnetlink codec", () => {
  it("reads back what it wrote: a request looks as the kernel's own telling of it", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ request, index, gone: fc.boolean() }), { maxLength: 50 }), (all) => {
        const to = requestBuffer(50 * LONGEST_REQUEST);
        for (const [i, { request, index, gone }] of all.entries()) {
          const before = to.length;
          if (gone) writeRemoveAddress(to, request, { index, seq: i, flags: 0 });
          else writeAddAddress(to, request, { index, seq: i, flags: 0, protocol: 18 });
          expect(to.length - before).toBeLessThanOrEqual(LONGEST_REQUEST);
          expect(to.length % 4).toBe(0);
        }
        const read = readMessages(to.bytes.subarray(0, to.length));
        expect(read).toEqual(
          all.map(({ request: { address, prefixLength, scope, peer, flags, dad }, index, gone }) => ({
            type: "address",
            gone,
            index,
            address,
            // With a peer, the network is the peer's.
            prefixLength: peer?.prefixLength ?? prefixLength,
            scope,
            port: 0,
            // IFA_F_NODAD, 2, with an IPv6 address that is added and may not do DAD.
            flags: gone ? 0 : flags | (address.includes(":") && !dad ? 2 : 0),
            protocol: gone ? 0 : 18,
            interrupted: false,
          })),
        );
      }),
    );
  });

  it("writes an address by the one before it as it would by itself, whatever came between", () => {
    const few = fc.array(fc.record({ request, index }), { minLength: 1, maxLength: 3 });
    const asked = fc.record({ form: fc.nat(2), address: fc.oneof(ipv4, ipv6), fresh: fc.boolean() });
    fc.assert(
      fc.property(few, fc.array(asked, { maxLength: 50 }), (forms, all) => {
        const [copied, written] = [requestBuffer(50 * LONGEST_REQUEST), requestBuffer(50 * LONGEST_REQUEST)];
        const write = createAddressWriter();
        for (const [seq, { form, address, fresh }] of all.entries()) {
          const { request, index } = forms[form % forms.length] ?? { request: usualRequest, index: 1 };
          // Another burst begins.
          if (fresh) copied.length = written.length = 0;
          write(copied, { ...request, address }, { index, seq, flags: seq & 4, protocol: 18 });
          writeAddAddress(written, { ...request, address }, { index, seq, flags: seq & 4, protocol: 18 });
          expect(copied.bytes.subarray(0, copied.length)).toEqual(written.bytes.subarray(0, written.length));
        }
      }),
    );
  });

  it("writes RTM_NEWADDR as the kernel wants it, byte for byte", () => {
    const to = requestBuffer(256);
    const address = "10.0.0.100" as IpAddress;
    writeAddAddress(to, { ...usualAddress, address, prefixLength: 24 }, { index: 7, seq: 9, flags: 4, protocol: 18 });
    // nlmsghdr: 16 + 8 + 8 + 8 + 8 = 48 = 0x30 bytes, type 20, flags REQUEST 1 + ACK 4 + EXCL 0x200 + CREATE 0x400.
    // ifaddrmsg: AF_INET 2, /24, no flags, global, interface 7.
    // IFA_LOCAL 2, IFA_ADDRESS 1: eight bytes each. IFA_PROTO 11: five bytes, padded to eight.
    expect(Buffer.from(to.bytes.subarray(0, to.length)).toString("hex")).toBe(
      "30000000" +
        "1400" +
        "0506" +
        "09000000" +
        "00000000" +
        "02180000" +
        "07000000" +
        "08000200" +
        "0a000064" +
        "08000100" +
        "0a000064" +
        "05000b00" +
        "12000000",
    );
  });

  it("reads back a link that it asks for, as the kernel will tell of it", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9.]{0,14}$/),
        index,
        octets(6),
        fc.nat(1_000),
        (name, parent, mac, group) => {
          const to = requestBuffer(512);
          writeAddLink(to, { kind: "macvlan", name, parent, mac, group }, { seq: 1, flags: 0 });
          expect(to.length).toBeLessThanOrEqual(LONGEST_LINK_REQUEST);
          writeAddLink(to, { kind: "ipvlan", name, parent, mac, group: 0 }, { seq: 2, flags: 0 });
          writeLinkUp(to, 7, { seq: 3, flags: 0 });
          writeRemoveLink(to, 7, { seq: 4, flags: 0 });
          const common = { type: "link", gone: false, index: 0, name, parent, flags: 0, mtu: 0, interrupted: false };
          // The last two have no name; the kernel never says anything like it.
          expect(readMessages(to.bytes.subarray(0, to.length))).toEqual([
            { ...common, kind: "macvlan", mode: 2, mac },
            { ...common, kind: "ipvlan", mode: 0, mac: new Uint8Array() },
          ]);
        },
      ),
    );
  });

  it("writes a dump that asks for links without their counters, and for addresses of every family", () => {
    const to = requestBuffer(256);
    writeDump(to, "links", 1);
    writeDump(to, "addresses", 2);
    // 16 + 16 + 8 = 40 = 0x28 bytes, type 18, flags REQUEST 1 + DUMP 0x300; IFLA_EXT_MASK 29 with SKIP_STATS 8.
    // 16 + 8 = 24 = 0x18 bytes, type 22.
    expect(Buffer.from(to.bytes.subarray(0, to.length)).toString("hex")).toBe(
      "28000000" +
        "1200" +
        "0103" +
        "01000000" +
        "00000000" +
        "00".repeat(16) +
        "08001d00" +
        "08000000" +
        "18000000" +
        "1600" +
        "0103" +
        "02000000" +
        "00000000" +
        "00".repeat(8),
    );
  });

  it("reads an error with the kernel's own words", () => {
    // nlmsghdr: 36 + 12 = 48 bytes, type 2, flags CAPPED 0x100 + ACK_TLVS 0x200. nlmsgerr: -17 and the request's
    // header, number 5. NLMSGERR_ATTR_MSG 1: 4 + 7 + zero = 12 bytes.
    const bytes = Buffer.from(
      "30000000" +
        "0200" +
        "0003" +
        "05000000" +
        "00000000" +
        "efffffff" +
        "30000000" +
        "1400" +
        "0506" +
        "05000000" +
        "00000000" +
        "0c000100" +
        Buffer.from("already\0").toString("hex"),
      "hex",
    );
    expect(readMessages(bytes)).toEqual([{ type: "ack", seq: 5, errno: 17, text: "already" }]);
  });

  it("reads any bytes without complaint, and never beyond their end", () => {
    const kinds = fc.constantFrom(2, 3, 16, 17, 20, 21, 99);
    const message = fc.tuple(kinds, fc.uint8Array({ maxLength: 80 }), fc.integer({ min: -20, max: 20 }));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.uint8Array({ maxLength: 64 }), (messages, rest) => {
        const parts = messages.map(([type, body, lie]) => {
          const header = new DataView(new ArrayBuffer(16));
          header.setUint32(0, Math.max(0, 16 + body.length + lie), true);
          header.setUint16(4, type, true);
          header.setUint16(6, 0x300, true);
          return Buffer.concat([new Uint8Array(header.buffer), body]);
        });
        const bytes = Buffer.concat([...parts, rest]);
        expect(readMessages(bytes).length).toBeLessThanOrEqual(bytes.length / 16);
      }),
      { numRuns: 2_000 },
    );
  });
});

const link = (gone: boolean, index: number, name: string, flags = 0x41): LinkMessage => ({
  type: "link",
  gone,
  index,
  name,
  flags,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
  mtu: 1500,
  kind: "",
  parent: 0,
  mode: 0,
  interrupted: false,
});

const address = (gone: boolean, index: number, host: number, flags = 0): AddressMessage => ({
  type: "address",
  gone,
  index,
  address: `10.0.0.${host}` as IpAddress,
  prefixLength: 32,
  flags,
  port: 0,
  scope: 0,
  protocol: 0,
  interrupted: false,
});

const anyMessage: fc.Arbitrary<NetlinkMessage> = fc.oneof(
  fc
    .tuple(
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom("eth0", "eth1", "eth2"),
      fc.constantFrom(0x41, 0x1),
    )
    .map(([gone, index, name, flags]) => link(gone, index, name, flags)),
  fc
    .tuple(fc.boolean(), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 0x40))
    .map(([gone, index, host, flags]) => address(gone, index, host, flags)),
);

/** What somebody knows who believes the changes and sees nothing else: up or not, and addresses, by name. */
function believe(
  changes: readonly InterfaceChange[],
  known = new Map<string, { up: boolean; addresses: Set<string> }>(),
) {
  for (const change of changes) {
    if (change.type === "link") {
      const before = known.get(change.name);
      if (change.index === 0) known.delete(change.name);
      else known.set(change.name, { up: change.up, addresses: before?.addresses ?? new Set() });
      continue;
    }
    if (change.type === "duplicate") continue;
    const addresses = known.get(change.name)?.addresses;
    for (const removed of change.removed) expect(addresses?.delete(removed)).toBe(true);
    for (const added of change.added) addresses?.add(added);
  }
  return known;
}

const summary = (table: ReturnType<typeof emptyTable>) =>
  new Map(
    [...table.byName].map(([name, { up, addresses }]) => [
      name,
      { up, addresses: new Set(addresses.map((held) => held.address)) },
    ]),
  );

/** A name that an interface had is nobody's now, and the interface is there. */
function expectFormerNames({ byName, nameOf, renamed }: ReturnType<typeof emptyTable>): void {
  for (const [name, index] of renamed) expect([byName.has(name), nameOf.has(index)]).toEqual([false, true]);
}

describe("the table of interfaces", () => {
  it("tells every change: whoever believes the changes knows what the table knows", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyMessage, { maxLength: 6 }), { maxLength: 12 }), (batches) => {
        const table = emptyTable();
        const known = new Map();
        for (const batch of batches) {
          believe(applyMessages(table, batch), known);
          expect(known).toEqual(summary(table));
          expect([...table.nameOf].sort()).toEqual(
            [...table.byName.values()].map(({ index, name }) => [index, name]).sort(),
          );
          expectFormerNames(table);
        }
      }),
    );
  });

  it("tells nothing when nothing changed", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), (messages) => {
        const table = emptyTable();
        applyMessages(table, messages);
        const same = emptyTable();
        applyMessages(same, messages);
        expect(reconcile(table, same)).toEqual([]);
      }),
    );
  });

  it("becomes equal to another one, and tells the difference", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), fc.array(anyMessage, { maxLength: 20 }), (one, other) => {
        const table = emptyTable();
        const known = believe(applyMessages(table, one));
        const fresh = emptyTable();
        applyMessages(fresh, other);
        believe(reconcile(table, fresh), known);
        expect(known).toEqual(summary(fresh));
        expect([table.byName, table.nameOf]).toEqual([fresh.byName, fresh.nameOf]);
        expectFormerNames(table);
      }),
    );
  });

  it("tells once that duplicate address detection failed, also when it is only seen in a dump", () => {
    // IFA_F_TENTATIVE 0x40 while the kernel asks; with IFA_F_DADFAILED 0x08 when somebody has answered.
    const [asking, failed] = [address(false, 1, 1, 0x40), address(false, 1, 1, 0x48)];
    const table = emptyTable();
    const begun = [link(false, 1, "eth0", 0x41), asking];
    applyMessages(table, begun);
    const told = { type: "duplicate", name: "eth0", address: asking.type === "address" ? asking.address : "" };
    expect(applyMessages(table, [failed, failed])).toEqual([told]);
    const other = emptyTable();
    applyMessages(other, begun);
    expect(reconcile(other, table)).toEqual([told]);
    // Put there anew, it is asked for anew.
    expect(applyMessages(table, [address(true, 1, 1, 0x48), asking, failed])).toContainEqual(told);
  });

  it("tells an address again when it becomes usable, and not when nothing about it changed", () => {
    const table = emptyTable();
    applyMessages(table, [link(false, 1, "eth0")]);
    const added = { type: "addresses", name: "eth0", added: ["10.0.0.1"], removed: [] };
    // IFA_F_TENTATIVE is 0x40.
    expect(applyMessages(table, [address(false, 1, 1, 0x40)])).toEqual([added]);
    expect(applyMessages(table, [address(false, 1, 1, 0x40)])).toEqual([]);
    expect(applyMessages(table, [address(false, 1, 1)])).toEqual([added]);
    expect(table.byName.get("eth0")?.addresses[0]?.usable).toBe(true);
  });

  it("tells what came and went in its order, and what came together together", () => {
    const table = emptyTable();
    applyMessages(table, [link(false, 1, "eth0")]);
    expect(
      applyMessages(
        table,
        [1, 2, 3].map((host) => address(false, 1, host)),
      ),
    ).toEqual([{ type: "addresses", name: "eth0", added: ["10.0.0.1", "10.0.0.2", "10.0.0.3"], removed: [] }]);
    expect(applyMessages(table, [address(true, 1, 2), address(false, 1, 2), address(true, 1, 1)])).toEqual([
      { type: "addresses", name: "eth0", added: [], removed: ["10.0.0.2"] },
      { type: "addresses", name: "eth0", added: ["10.0.0.2"], removed: ["10.0.0.1"] },
    ]);
  });
});
