// How masterships are read from a capture, and what counts as two of them at once.

import { describe, expect, it } from "vitest";
import { advert, frame, packet } from "../netns/frames.ts";
import { expectOneMaster, overlapsOf, tenuresOf } from "../netns/mastership.ts";
import { type Packet, readFrame } from "../netns/packet.ts";

const SECOND = 1_000_000;
const GROUP = "224.0.0.18";

/** What `source` says after so many seconds. */
function said(source: string, at: number, priority = 100): Packet {
  const what = {
    version: 3,
    vrid: 1,
    priority,
    addresses: ["10.0.0.1"],
    interval: 100,
    source,
    destination: GROUP,
  } as const;
  return readFrame(
    at * SECOND,
    Buffer.from(frame(packet({ source, destination: GROUP, payload: advert(what) })), "hex"),
  );
}
const A = "10.0.0.11";
const B = "10.0.0.12";
const tenures = (...packets: readonly Packet[]) =>
  tenuresOf(packets, SECOND).map(({ source, from, until }) => [source, from / SECOND, until / SECOND]);

describe("masterships in a capture", () => {
  it("last from the first claim to the last, or to the resignation", () => {
    expect(tenures(said(A, 1), said(A, 2), said(A, 3))).toEqual([[A, 1, 3]]);
    expect(tenures(said(A, 1), said(A, 2), said(A, 2.5, 0), said(B, 3))).toEqual([
      [A, 1, 2.5],
      [B, 3, 3],
    ]);
    expect(tenures(said(A, 1, 0)), "who was none does not resign").toEqual([]);
  });

  it("are two when there was silence in between: more than 2.5 intervals", () => {
    expect(tenures(said(A, 1), said(A, 3.5))).toEqual([[A, 1, 3.5]]);
    expect(tenures(said(A, 1), said(A, 3.6))).toEqual([
      [A, 1, 1],
      [A, 3.6, 3.6],
    ]);
  });

  it("lie over each other as long as both go on", () => {
    // B from 1.5 to 3.5, A from 1 to 3: both from 1.5 to 3.
    const both = tenuresOf([said(A, 1), said(B, 1.5), said(A, 2), said(B, 2.5), said(A, 3), said(B, 3.5)], SECOND);
    expect(overlapsOf(both)).toEqual([1.5 * SECOND]);
    expect(overlapsOf(tenuresOf([said(A, 1), said(A, 2), said(B, 2.5), said(B, 3.5)], SECOND))).toEqual([]);
  });

  it("may lie over each other for one interval and no longer", () => {
    const taking = [said(A, 1), said(B, 1.5), said(A, 2), said(B, 2.5), said(B, 3.5)];
    expect(expectOneMaster("one word too many", taking, SECOND)).toBe(2);
    expect(() => expectOneMaster("two", [...taking.slice(0, 4), said(A, 3), said(B, 3.5)], SECOND)).toThrow(
      "two Masters",
    );
  });
});
