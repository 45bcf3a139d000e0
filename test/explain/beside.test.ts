// What was and what would have been, line by line.

import { expect, it } from "vitest";
import { beside } from "../../agent/explain/beside.ts";
import type { Transition } from "../../agent/explain/chronicle.ts";

const at = (seconds: number, to: string): Transition =>
  ({ wall: seconds * 1_000, router: "eth0/ipv4/51", from: to === "master" ? "backup" : "master", to }) as Transition;
const pairs = (was: readonly Transition[], would: readonly Transition[]) =>
  beside(was, would).map((pair) => pair.map((one) => (one === undefined ? null : `${one.wall / 1_000} ${one.to}`)));

it("puts the nearest beside each other, earlier or later", () => {
  expect(pairs([at(10, "master"), at(50, "backup")], [at(4, "master"), at(55, "backup")])).toEqual([
    ["10 master", "4 master"],
    ["50 backup", "55 backup"],
  ]);
});

it("leaves alone what has no partner: a failover that was avoided, and one that is new", () => {
  const was = [at(10, "master"), at(20, "backup"), at(23, "master")];
  expect(pairs(was, [at(10, "master")])).toEqual([
    ["10 master", "10 master"],
    ["20 backup", null],
    ["23 master", null],
  ]);
  // In order of their kind the second take-over of the one would be the second of the other, 290 s away.
  expect(pairs(was, [at(10, "master"), at(310, "backup"), at(313, "master")])).toEqual([
    ["10 master", "10 master"],
    ["20 backup", null],
    ["23 master", null],
    [null, "310 backup"],
    [null, "313 master"],
  ]);
});

it("keeps a long delay beside what it delayed", () => {
  expect(pairs([at(10, "master")], [at(310, "master")])).toEqual([["10 master", "310 master"]]);
});
