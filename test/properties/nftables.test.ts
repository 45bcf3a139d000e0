// The batch that puts heird's table into nftables, read back as the kernel reads it: messages of their
// length, attributes that fill the attribute they are in.

import fc from "fast-check";
import { expect, it } from "vitest";
import { addressFromBytes } from "../../agent/core/address.ts";
import { requestBuffer } from "../../agent/linux/netlink-write.ts";
import { filterBytes, writeFilter, writeNoFilter } from "../../agent/linux/nftables-request.ts";

const NESTED = 0x8000;

/** Demands that attributes fill what they are in, to the padding. */
function attributesFill(view: DataView, from: number, to: number): void {
  let at = from;
  while (at < to) {
    const length = view.getUint16(at, true);
    expect(length).toBeGreaterThanOrEqual(4);
    expect(at + length).toBeLessThanOrEqual(to);
    if ((view.getUint16(at + 2, true) & NESTED) !== 0) attributesFill(view, at + 4, at + length);
    at += (length + 3) & ~3;
  }
  expect(at).toBe(to);
}

/** The types of the messages, each whole. */
function typesIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const types: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    attributesFill(view, at + 20, at + length);
    types.push(view.getUint16(at + 4, true));
    at += (length + 3) & ~3;
  }
  return types;
}

const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => addressFromBytes(bytes));
const name = fc.stringMatching(/^[a-z][a-z0-9.]{0,14}$/);

it("a batch of rules is whole, whatever the rules say", () => {
  fc.assert(
    fc.property(
      fc.array(address, { maxLength: 1_200 }),
      fc.array(name, { maxLength: 20 }),
      fc.boolean(),
      fc.integer({ min: -300, max: 300 }),
      (addresses, quiet, counters, priority) => {
        const closed = addresses.map((one, i) => ({
          address: one,
          interface: one.includes(":") && i % 3 === 0 ? "eth0" : null,
        }));
        const rules = { table: "heird", priority, counters, closed, quiet };
        const to = requestBuffer(filterBytes(rules));
        writeFilter(to, rules, false, 0);
        const types = typesIn(to.bytes.subarray(0, to.length));
        // NFNL_MSG_BATCH_BEGIN 0x10, _END 0x11; subsystem 10: NEWTABLE 0xa00, DELTABLE 0xa02, NEWCHAIN 0xa03.
        expect(types.slice(0, 4)).toEqual([0x10, 0xa00, 0xa02, 0xa00]);
        expect(types.filter((type) => type === 0xa03)).toHaveLength(2);
        expect(types.at(-1)).toBe(0x11);
        // NEWRULE 0xa06: two for the quiet ones, four for each direction of the closed ones.
        const count = (quiet.length > 0 ? 2 : 0) + (closed.length > 0 ? 8 : 0);
        expect(types.filter((type) => type === 0xa06)).toHaveLength(count);
      },
    ),
    { numRuns: 40 },
  );
});

it("the table goes with two messages, so that it is no mistake when it is not there", () => {
  const to = requestBuffer(1_024);
  writeNoFilter(to, "heird", 0);
  expect(typesIn(to.bytes.subarray(0, to.length))).toEqual([0x10, 0xa00, 0xa02, 0x11]);
});
