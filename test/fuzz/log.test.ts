// A log of which one byte was flipped, or that was cut off: the reader says where, and keeps what stands before.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { readSegment } from "../../agent/log/read.ts";
import { memoryStore } from "../log/memory-store.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-fuzz-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Six lines: a header and snapshots, which are all that a small log needs to have a chain. */
function smallLog(): readonly string[] {
  const store = memoryStore();
  const log = openEventLog(
    store,
    { version: "1.2.3", cluster: "lab", boot: "boot" },
    () => 1_764_000_000_000,
    initialState,
    instantAt(1),
  );
  for (let i = 2; i < 7; i++) log.snapshot(initialState, instantAt(i));
  return store.lines.map(({ text }) => text);
}

describe("a log with one wrong byte", () => {
  const texts = smallLog();
  const whole = Buffer.from(texts.join(""));
  const lineOf = (place: number): number => whole.subarray(0, place).toString("utf8").split("\n").length;

  it("is whole before", () => {
    const path = join(folder, "whole");
    writeFileSync(path, whole);
    expect(readSegment(path).flaws).toEqual([]);
    expect(readSegment(path).lines).toHaveLength(6);
  });

  it("is found, whichever it is, and what stands before is kept", () => {
    const path = join(folder, "flipped");
    for (let place = 0; place < whole.length; place++) {
      const torn = Buffer.from(whole);
      torn[place] = (torn[place] ?? 0) ^ 0x01;
      writeFileSync(path, torn);
      const { flaws, lines } = readSegment(path);
      const line = lineOf(place);
      expect(flaws[0]?.line, `byte ${place}`).toBe(line);
      expect(lines.length, `byte ${place}`).toBeGreaterThanOrEqual(line - 1);
    }
  });

  it("is found wherever it is cut off", () => {
    const path = join(folder, "cut");
    const ends = new Set(texts.map((_, i) => Buffer.byteLength(texts.slice(0, i + 1).join(""))));
    for (let place = 1; place < whole.length; place++) {
      writeFileSync(path, whole.subarray(0, place));
      const { flaws, lines } = readSegment(path);
      const before = lineOf(place) - 1;
      expect(lines.length, `cut at ${place}`).toBe(before);
      expect(flaws.length > 0, `cut at ${place}`).toBe(!ends.has(place));
    }
  });
});
