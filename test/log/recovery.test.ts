// However a daemon ended, the next one finds where its log ends, loses nothing that was written, and
// takes nothing for its own that is not.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAhead } from "../../agent/log/ahead.ts";
import type { Line } from "../../agent/log/line.ts";
import { readLog } from "../../agent/log/read.ts";
import { logDirectory, recover, segmentsOf } from "../../agent/log/recover.ts";
import { replay } from "../../agent/log/replay.ts";
import { segmentName } from "../../agent/log/segments.ts";
import { skipBecause } from "../netns/requirements.ts";
import { ALONE, live, wallClock } from "./history.ts";
import { aheadIn, openLog, openStore, SHORT_LIFE, scratch, writeLog } from "./scratch.ts";

const { directory, clear } = scratch();
let intact = "";
let lines: readonly Line[] = [];

beforeAll(async () => {
  intact = directory();
  await writeLog(intact);
  lines = readLog(intact).lines;
  // Enough in the last segment for every cut below.
  expect(lines.at(-8)?.type).toBe("event");
});
afterAll(clear);

function copy(): string {
  const at = directory();
  cpSync(logDirectory(intact), logDirectory(at), { recursive: true });
  return at;
}

const lastFile = (at: string): string => segmentsOf(at).at(-1) ?? "";
const textOf = (at: string): string =>
  segmentsOf(at)
    .map((file) => readFileSync(file, "utf8"))
    .join("");
const LAST = (): number => lines.length - 1;

/** Starts once more in that directory, lives a little, and checks that the log is one whole. */
async function goOn(at: string, first: number, epoch: string): Promise<void> {
  const { store, recovered } = openStore(at);
  expect(recovered.epoch).toBe(epoch);
  const log = openLog(store);
  const { state } = live({ ...SHORT_LIFE, happenings: [{ type: "wait", span: 4_000_000 }] }, log, wallClock(), ALONE);
  await store.close(5_000);
  const read = readLog(at);
  expect(read.flaws).toEqual([]);
  expect(read.lines.map(({ seq }) => seq)).toEqual(Array.from({ length: log.head() + 1 }, (_, i) => i));
  expect(read.lines[first]).toMatchObject({ type: "header", start: true, epoch, lost: 0 });
  const replayed = replay(read.lines);
  expect(replayed.divergences).toEqual([]);
  expect(replayed.state.routers.map(({ phase }) => phase)).toEqual(state.routers.map(({ phase }) => phase));
}

const epochOf = (at: string): string => {
  const [header] = readLog(at).lines;
  return header?.type === "header" ? header.epoch : "";
};

describe("a torn tail", () => {
  it("is cut off at any byte of the last two lines, and what is left is the end", () => {
    const at = copy();
    const bytes = readFileSync(lastFile(at));
    const ends = [...bytes.keys()].filter((i) => bytes[i] === 0x0a);
    const from = (ends.at(-3) ?? -1) + 1;
    for (let size = bytes.length; size >= from; size--) {
      writeFileSync(lastFile(at), bytes.subarray(0, size));
      const whole = ends.filter((end) => end < size).length;
      const wanted = LAST() - (ends.length - whole);
      const { last, torn, rescued } = recover(at, null);
      const cut = size - (whole === 0 ? 0 : (ends[whole - 1] ?? 0) + 1);
      expect({ seq: last.seq, torn, rescued }).toEqual({ seq: wanted, torn: cut, rescued: 0 });
      expect(statSync(lastFile(at)).size).toBe(size - cut);
    }
  });

  it("is whole again with the write-ahead copy, at bytes all over the last two lines", () => {
    const at = copy();
    const bytes = readFileSync(lastFile(at));
    const ends = [...bytes.keys()].filter((i) => bytes[i] === 0x0a);
    // The copy begins in the middle: it was emptied when everything before was on the disk.
    const begin = (ends.at(-6) ?? -1) + 1;
    writeFileSync(aheadIn(at), bytes.subarray(begin));
    for (let size = bytes.length; size >= (ends.at(-3) ?? -1) + 1; size -= 7) {
      writeFileSync(lastFile(at), bytes.subarray(0, size));
      const missing = ends.filter((end) => end >= size).length;
      const { last, rescued } = recover(at, aheadIn(at));
      expect({ seq: last.seq, rescued }).toEqual({ seq: LAST(), rescued: missing });
      expect(readFileSync(lastFile(at))).toEqual(bytes);
      // Doing it again changes nothing.
      expect(recover(at, aheadIn(at))).toMatchObject({ rescued: 0, torn: 0, last });
    }
  });

  it("keeps whole lines that do not verify beside the log, for they are no tear", () => {
    const at = copy();
    const damaged = `{"seq":${LAST() + 1},"at":1,"hlc":1,"seen":{},"hash":"${"0".repeat(64)}"}\n`;
    appendFileSync(lastFile(at), damaged);
    expect(recover(at, null)).toMatchObject({ torn: damaged.length, last: { seq: LAST() } });
    expect(readFileSync(lastFile(at).replace(/jsonl$/, "damaged"), "utf8")).toBe(damaged);
  });
});

describe("a restart", () => {
  it("goes on with seq, hash and epoch, again and again", async () => {
    const at = copy();
    const epoch = epochOf(at);
    for (let i = 0; i < 3; i++) await goOn(at, readLog(at).lines.length, epoch);
    const headers = readLog(at).lines.flatMap((line) => (line.type === "header" && line.start ? [line.segment] : []));
    expect(headers).toHaveLength(4);
    expect(new Set(headers).size).toBe(4);
  });

  it("goes on behind segments that have only a header, and behind an empty file", async () => {
    const at = directory();
    for (let i = 0; i < 3; i++) {
      const { store } = openStore(at);
      openLog(store);
      await store.close(5_000);
    }
    expect(readLog(at).lines.map(({ type }) => type)).toEqual(["header", "header", "header"]);
    // A new segment was made, and nothing written into it.
    writeFileSync(join(logDirectory(at), segmentName(4)), "");
    await goOn(at, 3, epochOf(at));
  });

  it("begins an epoch where the first segment is empty, and never one that was", async () => {
    const at = directory();
    mkdirSync(logDirectory(at));
    writeFileSync(join(logDirectory(at), segmentName(1)), "");
    const first = recover(at, aheadIn(at));
    expect(first.last).toMatchObject({ seq: -1, segment: 0, hlc: 0 });
    expect(first.epoch).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(recover(at, aheadIn(at)).epoch).not.toBe(first.epoch);
    const { store, recovered } = openStore(at);
    openLog(store);
    await store.close(5_000);
    await goOn(at, 1, recovered.epoch);
  });

  it("puts new lines behind a segment whose header is damaged, and not into it", async () => {
    const at = copy();
    const text = readFileSync(lastFile(at), "utf8");
    writeFileSync(lastFile(at), text.replace(/"foldVersion":\d+/, '"foldVersion":99'));
    const damaged = lastFile(at);
    const { recovered } = openStore(at);
    expect(recovered).toMatchObject({ epoch: epochOf(intact), torn: 0, last: { seq: LAST() } });
    expect(recovered.last.segment).toBe(segmentsOf(intact).length);
    expect(readFileSync(damaged, "utf8")).toContain('"foldVersion":99');
  });

  it("begins a new epoch behind segments in which no header can be read", () => {
    const at = copy();
    for (const file of segmentsOf(at))
      writeFileSync(file, readFileSync(file, "utf8").replace(/"foldVersion":\d+/, '"foldVersion":99'));
    const { epoch, last } = recover(at, null);
    expect(epoch).not.toBe(epochOf(intact));
    expect(last).toMatchObject({ seq: -1, segment: segmentsOf(intact).length });
  });

  it("begins a new epoch when the log directory is lost, although a copy of its lines is there", () => {
    const at = copy();
    writeFileSync(aheadIn(at), textOf(at));
    rmSync(logDirectory(at), { recursive: true });
    const { epoch, last, rescued } = recover(at, aheadIn(at));
    expect({ rescued, seq: last.seq }).toEqual({ rescued: 0, seq: -1 });
    expect(epoch).not.toBe(epochOf(intact));
  });

  it("has the first lines of an epoch from the copy when the disk took none of them", async () => {
    const at = directory();
    const { store, recovered } = openStore(at);
    openLog(store);
    const copied = readFileSync(aheadIn(at), "utf8");
    await store.close(5_000);
    expect(existsSync(aheadIn(at))).toBe(false);
    // The process died before the background writer came to it.
    truncateSync(lastFile(at), 0);
    writeFileSync(aheadIn(at), copied);
    expect(recover(at, aheadIn(at))).toMatchObject({
      epoch: recovered.epoch,
      rescued: 1,
      last: { seq: 0, segment: 1 },
    });
    await goOn(at, 1, recovered.epoch);
  });
});

describe("a write-ahead copy", () => {
  const rescuedFrom = (text: string, cut = 3): { rescued: number; seq: number } => {
    const at = copy();
    const texts = readFileSync(lastFile(at), "utf8").trimEnd().split("\n");
    writeFileSync(lastFile(at), `${texts.slice(0, -cut).join("\n")}\n`);
    writeFileSync(aheadIn(at), text);
    const { rescued, last } = recover(at, aheadIn(at));
    expect(readLog(at).flaws).toEqual([]);
    return { rescued, seq: last.seq };
  };
  const all = (): string[] => textOf(intact).trimEnd().split("\n");

  it("gives what is missing, whatever stands around it", () => {
    expect(rescuedFrom(`${all().join("\n")}\n`)).toEqual({ rescued: 3, seq: LAST() });
    expect(rescuedFrom(`garbage\n${all().slice(-7).join("\n\n")}\n{"torn":`)).toEqual({ rescued: 3, seq: LAST() });
  });

  it("is used as far as its chain holds", () => {
    const [a = "", b = "", c = ""] = all().slice(-3);
    // The second line was torn by full memory, and the third stands behind the tear.
    expect(rescuedFrom(`${a}\n${b.slice(0, 40)}${c}\n`)).toEqual({ rescued: 1, seq: LAST() - 2 });
    expect(rescuedFrom(`${b}\n${c}\n`)).toEqual({ rescued: 0, seq: LAST() - 3 });
  });

  it("is nothing when it is stale", () => {
    expect(rescuedFrom(`${all().slice(0, -3).join("\n")}\n`)).toEqual({ rescued: 0, seq: LAST() - 3 });
  });

  it("is nothing when it is another log's", async () => {
    const other = directory();
    await writeLog(other);
    expect(rescuedFrom(textOf(other))).toEqual({ rescued: 0, seq: LAST() - 3 });
  });

  const notRoot = process.getuid?.() === 0 ? null : "only root can give files away";
  it.skipIf(skipBecause("a write-ahead copy of somebody else", notRoot))(
    "is nothing when somebody else has put it there",
    () => {
      const at = copy();
      const size = statSync(lastFile(at)).size;
      truncateSync(lastFile(at), size - 1);
      writeFileSync(aheadIn(at), textOf(intact));
      chownSync(aheadIn(at), 65_534, 65_534);
      expect(recover(at, aheadIn(at)).rescued).toBe(0);
      expect(openAhead(aheadIn(at))).toBeNull();
      expect(statSync(aheadIn(at)).size).toBeGreaterThan(0);
    },
  );

  it("neither follows a symbolic link nor waits at a FIFO", () => {
    const at = directory();
    const victim = join(at, "victim");
    writeFileSync(victim, "untouched");
    symlinkSync(victim, join(at, "link"));
    expect(openAhead(join(at, "link"))).toBeNull();
    expect(readFileSync(victim, "utf8")).toBe("untouched");
    execFileSync("mkfifo", [join(at, "fifo")]);
    expect(openAhead(join(at, "fifo"))).toBeNull();
    mkdirSync(join(at, "folder"));
    expect(openAhead(join(at, "folder"))).toBeNull();
    expect(openAhead(join(at, "nowhere", "copy"))).toBeNull();
  });

  it("rescues across the turn of a page", () => {
    const at = copy();
    const files = segmentsOf(at);
    // Everything of the last two segments is in the copy only; the last file is not even there.
    const text = files
      .slice(-2)
      .map((file) => readFileSync(file, "utf8"))
      .join("");
    const before = textOf(at);
    rmSync(lastFile(at));
    writeFileSync(files.at(-2) ?? "", "");
    writeFileSync(aheadIn(at), text);
    const { rescued, last } = recover(at, aheadIn(at));
    expect({ rescued, seq: last.seq }).toEqual({ rescued: text.trimEnd().split("\n").length, seq: LAST() });
    expect(textOf(at)).toBe(before);
  });
});
