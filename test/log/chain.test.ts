// What the chain finds: a flipped bit, a cut tail, a line that was removed or edited. What stands
// before it can be relied on, and it is said where it is.

import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chain, genesis, type Line, seal } from "../../agent/log/line.ts";
import { type Flaw, readLog } from "../../agent/log/read.ts";
import { logDirectory, segmentsOf } from "../../agent/log/recover.ts";
import { scratch, writeLog } from "./scratch.ts";

const { directory, clear } = scratch();
let intact = "";
let lines: readonly Line[] = [];
/** The number of the first line of each segment. */
let starts: readonly number[] = [];

beforeAll(async () => {
  intact = directory();
  const written = await writeLog(intact);
  const { lines: read, flaws } = readLog(intact);
  expect(flaws).toEqual([]);
  expect(read).toHaveLength(written);
  lines = read;
  starts = read.flatMap(({ type, seq }) => (type === "header" ? [seq] : []));
  // Enough pages for every case below.
  expect(starts.length).toBeGreaterThanOrEqual(3);
});
afterAll(clear);

/** A copy of the log, and the paths of its segments. */
function copy(): { readonly at: string; readonly files: readonly string[] } {
  const at = directory();
  cpSync(logDirectory(intact), logDirectory(at), { recursive: true });
  return { at, files: segmentsOf(at) };
}

const fileOf = (files: readonly string[], i: number): string => files.at(i) ?? "";

const isAtEdge = (seq: number): boolean => starts.includes(seq) || starts.includes(seq + 1);

/** The number of the line a flaw points at. */
const seqOf = ({ file, line }: Flaw): number => (starts[Number.parseInt(basename(file), 10) - 1] ?? 0) + line - 1;

/** The log has its first flaw at this line, and everything before it as it was. */
function expectFlawAt(at: string, seq: number, says: RegExp = /./): void {
  const { lines: kept, flaws } = readLog(at);
  const [first] = flaws;
  if (first === undefined) throw new Error(`nothing was found where line ${seq} is damaged`);
  expect(seqOf(first)).toBe(seq);
  expect(first.says).toMatch(says);
  expectSame(kept.slice(0, seq), lines.slice(0, seq));
}

/** toEqual, which takes its time even where nothing is wrong, only for the sake of what it prints. */
function expectSame(got: readonly Line[], wanted: readonly Line[]): void {
  if (!isDeepStrictEqual(got, wanted)) expect(got).toEqual(wanted);
}

describe("the chain", () => {
  it("finds any flipped bit, and the line it is in", () => {
    const sizes = segmentsOf(intact).map((file) => readFileSync(file).length);
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (where, bit) => {
        const { at, files } = copy();
        const segment = where % sizes.length;
        const offset = where % (sizes[segment] ?? 1);
        const bytes = readFileSync(fileOf(files, segment));
        const line = bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length;
        bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
        writeFileSync(fileOf(files, segment), bytes);
        expectFlawAt(at, (starts[segment] ?? 0) + line);
        rmSync(at, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });

  it("finds a tail that was cut off anywhere within a line", () => {
    const last = segmentsOf(intact).at(-1) ?? "";
    const bytes = readFileSync(last);
    const { at, files } = copy();
    for (let size = bytes.length - 1; size > bytes.length - 300; size--) {
      truncateSync(fileOf(files, -1), size);
      const atBoundary = bytes[size - 1] === 0x0a;
      const whole = bytes.subarray(0, size).filter((byte) => byte === 0x0a).length;
      // A log that ends with a whole line has nothing in it that tells whether there was one more.
      if (atBoundary) expect(readLog(at).flaws).toEqual([]);
      else expectFlawAt(at, (starts.at(-1) ?? 0) + whole, /torn off/);
    }
  });

  it("finds a line that was removed, wherever it stood", () => {
    // The first and the last line of each segment, and some in between.
    const chosen = lines.map(({ seq }) => seq).filter((seq) => isAtEdge(seq) || seq % 9 === 4);
    for (const seq of chosen.slice(0, -1)) {
      const { at, files } = copy();
      const segment = starts.findLastIndex((start) => start <= seq);
      const texts = readFileSync(fileOf(files, segment), "utf8").split("\n");
      texts.splice(seq - (starts[segment] ?? 0), 1);
      writeFileSync(fileOf(files, segment), texts.join("\n"));
      const read = readLog(at);
      expect(read.flaws[0]?.says).toMatch(seq === 0 ? /nothing before it/ : /after 1 missing line/);
      expectSame(read.lines, lines.toSpliced(seq, 1));
      rmSync(at, { recursive: true });
    }
  });

  it("finds a line that was edited, though it is a good line by itself", () => {
    const seq = lines.findIndex((line) => line.type === "mark" && line.phase === "master");
    expect(seq).toBeGreaterThan(0);
    const { at, files } = copy();
    const segment = starts.findLastIndex((start) => start <= seq);
    const texts = readFileSync(fileOf(files, segment), "utf8").split("\n");
    const place = seq - (starts[segment] ?? 0);
    const edited = (texts[place] ?? "").replace('"phase":"master"', '"phase":"backup"');
    expect(edited).not.toBe(texts[place]);
    writeFileSync(fileOf(files, segment), texts.with(place, edited).join("\n"));
    expectFlawAt(at, seq, /does not follow/);

    // With a hash that fits, the next line is the one that does not: whoever forges one forges all that follow.
    const before = JSON.parse(texts[place - 1] ?? "{}").hash;
    const { hash: _, ...fields } = JSON.parse(edited);
    writeFileSync(fileOf(files, segment), texts.with(place, seal(before, fields).text.trimEnd()).join("\n"));
    const [first] = readLog(at).flaws;
    expect(first && seqOf(first)).toBe(seq + 1);
    expect(first?.says).toMatch(/does not follow/);
  });

  it("finds a segment that is missing from the middle, and takes the oldest for what it says", () => {
    const { at, files } = copy();
    rmSync(fileOf(files, 1));
    const gap = (starts[2] ?? 0) - (starts[1] ?? 0);
    expect(readLog(at).flaws[0]).toMatchObject({ line: 1, says: `comes after ${gap} missing line(s)` });
    expect(basename(readLog(at).flaws[0]?.file ?? "")).toBe(basename(fileOf(files, 2)));
    // Retention deletes from the front: what is left begins with a header, and is whole.
    rmSync(fileOf(files, 0));
    expect(readLog(at)).toEqual({ lines: lines.slice(starts[2]), flaws: [] });
  });

  it("says what it cannot read, and goes on behind it", () => {
    const { at, files } = copy();
    const last = lines.at(-1);
    for (const [text, says] of [
      ["", /not JSON/],
      ["[1]", /not an object/],
      ['{"seq":1}', /no time/],
      ['{"seq":1,"at":1}', /no known kind/],
      ['{"seq":1,"at":1,"heird":99}', /format 99/],
      [`{"seq":${lines.length},"at":1,"seen":{}}`, /carries no hash/],
    ] as const) {
      cpSync(logDirectory(intact), logDirectory(at), { recursive: true });
      appendFileSync(fileOf(files, -1), `${text}\n`);
      expectFlawAt(at, (last?.seq ?? 0) + 1, says);
    }
  });

  it("is SHA-256 over the hash before and the body, beginning with the name of the epoch", () => {
    // printf '' + 'E' | sha256sum; then that text and {"seq":0} likewise.
    const first = "a9f51566bd6705f7ea6ad54bb9deb449f795582d6529a0e22207b8981233ec58";
    expect(genesis("E")).toBe(first);
    expect(seal(first, { seq: 0 }).text).toBe(`{"seq":0,"hash":"${chain(first, '{"seq":0}')}"}\n`);
    expect(chain(first, '{"seq":0}')).toBe(EXPECTED);
  });
});

const EXPECTED = "46cdf0d68ca98abd8866174c7fc20b64fe5009df4d7e6c1c302a3dc600ffbc57";
