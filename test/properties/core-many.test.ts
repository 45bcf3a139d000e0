// Long lists of addresses against the plain way of doing the same, older lists asked among them.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { IpAddress } from "../../agent/core/address.ts";
import { joinedBy, membersOf, without } from "../../agent/core/many.ts";

type List = readonly IpAddress[];

const address = fc.constantFrom(
  ...["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "fe80::1"].map((a) => a as IpAddress),
);

test("a list changes as a plain one does, whichever of its versions is asked", () => {
  const change = fc.record({ joins: fc.boolean(), some: fc.array(address), again: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      let list: List = [];
      let older: List = [];
      for (const { joins, some, again } of changes) {
        const from = again ? older : list;
        const copy = [...from];
        const expected = joins ? [...new Set([...copy, ...some])] : copy.filter((one) => !some.includes(one));
        const next = joins ? joinedBy(from, some) : without(from, some);
        expect(next).toEqual(expected);
        expect(from).toEqual(copy);
        expect(new Set(membersOf(from))).toEqual(new Set(copy));
        expect(new Set(membersOf(next))).toEqual(new Set(expected));
        if (expected.length === copy.length) expect(next).toBe(from);
        older = from;
        list = next;
      }
    }),
  );
});
