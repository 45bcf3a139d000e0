// The parts of the demo that need neither a kernel nor a minute.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFrame } from "../netns/packet.ts";
import { type Captured, pcapReader } from "../netns/pcap.ts";
import type { Answer } from "../netns/probe.ts";
import { lossesIn } from "./losses.ts";
import { savefileOf } from "./savefile.ts";
import { createScreen, ms, wantsColour, wrap } from "./screen.ts";

/** What a screen of so many columns shows. */
function shown(columns: number, colour: boolean, draw: (screen: ReturnType<typeof createScreen>) => void): string {
  let text = "";
  draw(
    createScreen(
      (more) => {
        text += more;
      },
      columns,
      colour,
    ),
  );
  return text;
}

describe("the screen", () => {
  test("figures stand at the right edge, moments count from the start of the clock", () => {
    const text = shown(100, false, (screen) => {
      screen.startClock(5_000_000);
      // 9.5 s - 5 s = 4.5 s.
      screen.row({ at: 9_500_000, who: "rt2", text: "first advert", measured: "3805.1 ms", due: "3804.7 ms" });
    });
    expect(text).toBe(`   4.500  rt2     first advert${" ".repeat(46)}   3805.1 ms   3804.7 ms\n`);
    expect(text.length).toBe(101);
  });

  test("no line is longer than the terminal, which counts as 80 columns at least and 100 at most", () => {
    for (const [columns, longest] of [
      [60, 80],
      [90, 90],
      [240, 100],
    ] as const) {
      const text = shown(columns, false, (screen) => {
        screen.chapter(0, "many words ".repeat(20));
        screen.row({ text: "many words ".repeat(20), measured: "1 ms" });
        screen.text(`  ${"many words ".repeat(20)}`);
      });
      const lengths = text.split("\n").map((line) => line.length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(longest);
      expect(Math.max(...lengths)).toBeGreaterThan(longest - 12);
    }
  });

  test("colour changes nothing but the colour", () => {
    const draw = (screen: ReturnType<typeof createScreen>): void => {
      screen.chapter(0, "Start");
      screen.row({ at: 1, who: "rt1", text: "late", measured: "9 ms", due: "1 ms", good: false });
      screen.command("ls");
    };
    const [plain, painted] = [shown(100, false, draw), shown(100, true, draw)];
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
    expect(painted).toMatch(escapes);
    expect(plain).not.toMatch(escapes);
    expect(painted.replace(escapes, "")).toBe(plain);
  });

  test("colour is for terminals, and for those who want it", () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(true, { NO_COLOR: "" })).toBe(true);
    expect(wantsColour(true, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColour(true, { TERM: "dumb" })).toBe(false);
    expect(wantsColour(false, {})).toBe(false);
  });

  test("wrapping loses no word", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 40 }), (some, width) => {
        const lines = wrap(some.join(" "), width);
        expect(lines.join(" ")).toBe(some.join(" "));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("spans are told to a tenth of a millisecond", () => {
    expect(ms(3_804_687)).toBe("3804.7 ms");
    expect(ms(0)).toBe("0.0 ms");
  });
});

describe("what the client lost", () => {
  const asked = (sequence: number, took: number | null, by: string | null): Answer => ({
    sequence,
    askedAt: sequence * 20_000,
    took,
    by,
  });
  // Asked every 20 ms; 100 ms to 160 ms unanswered, and 180 ms answered far too late.
  const answers = [
    ...[0, 1, 2, 3, 4].map((n) => asked(n, 300, "rt1")),
    ...[5, 6, 7, 8].map((n) => asked(n, null, null)),
    asked(9, 500_001, "rt2"),
    ...[10, 11, 12].map((n) => asked(n, 300, "rt2")),
  ];

  test("questions without an answer in time are lost, and the silence is between answered ones", () => {
    // From 40 ms (sequence 2) and before 240 ms (sequence 12): 10 questions, 5 of them lost (5 to 9);
    // silence from 80 ms (sequence 4) to 200 ms (sequence 10).
    expect(lossesIn(answers, 40_000, 240_000)).toEqual({
      asked: 10,
      lost: 5,
      answeredBy: { rt1: 3, rt2: 2 },
      silence: 120_000,
    });
  });

  test("when nobody answers at all the silence is the whole span", () => {
    expect(lossesIn(answers, 100_000, 160_000)).toEqual({ asked: 3, lost: 3, answeredBy: {}, silence: 60_000 });
  });
});

test("the savefile gives back every packet and its time", () => {
  const packet = fc.record({
    at: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
    bytes: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 5 }), (packets) => {
      const found: Captured[] = [];
      pcapReader((one) => found.push(one))(savefileOf(packets.map(({ at, bytes }) => readFrame(at, bytes))));
      expect(found).toEqual(packets);
    }),
  );
});
