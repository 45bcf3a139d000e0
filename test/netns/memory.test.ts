// What a daemon keeps in memory: as little of Node.js as it uses, none of what it changed lost, and a small heap.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { canBeReadAgain, programIn } from "../../agent/linux/pages.ts";
import { run } from "./command.ts";
import { crowdOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";

/** Of /proc/PID/status, in kB. */
const figure = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);

const statusOf = (pid: number | string): string => readFileSync(`/proc/${pid}/status`, "latin1");

const MADE = resolve(import.meta.dirname, "../../dist/agent");

/** Runs a module for itself; from a file, because a thread of it would be given the words of a command line, too. */
async function node(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "heird-memory-"));
  const file = join(folder, "program.mjs");
  writeFileSync(file, text);
  try {
    return await run([process.execPath, file], { timeout: 30_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the program's pages", () => {
  test("are those of large files that nobody writes to", () => {
    const maps = `00400000-00b6f000 r--p 00000000 fe:00 260689                             /usr/bin/node
00b6f000-00b71000 r-xp 0076f000 fe:00 260689                             /usr/bin/node
00b72000-025fe000 r-xp 00772000 fe:00 260689                             /usr/bin/node
0563e000-0595d000 rw-p 0523d000 fe:00 260689                             /usr/bin/node
7f959f580000-7f959f992000 r-xp 00000000 00:00 0
7f95a601e000-7f95a6444000 r--s 00000000 fe:00 339380                     /var/lib/shared
`;
    expect(programIn(maps)).toEqual([
      { from: 0x400000, to: 0xb6f000 },
      { from: 0xb72000, to: 0x25fe000 },
    ]);
  });

  test("can be read again when none of those in memory was written", () => {
    // An entry has 64 bits: 63 in memory, 62 swapped out, 61 of a file. By the upper halves:
    const entries = (...uppers: readonly number[]): DataView => {
      const view = new DataView(new ArrayBuffer(uppers.length * 8));
      uppers.forEach((upper, i) => void view.setUint32(i * 8 + 4, upper, true));
      return view;
    };
    const [absent, ofAFile, written, swapped] = [0, 0xa0000000, 0x80000000, 0x40000000];
    expect(canBeReadAgain(entries(absent, ofAFile, absent))).toBe(true);
    expect(canBeReadAgain(entries(ofAFile, written))).toBe(false);
    expect(canBeReadAgain(entries(ofAFile, swapped))).toBe(false);
    // Nothing to give back.
    expect(canBeReadAgain(entries(absent, absent))).toBe(false);
  });

  test("are given back without what was written to one of them", async () => {
    const told = await node(`
      import { readFileSync, openSync } from "node:fs";
      import { load } from ${JSON.stringify(import.meta.resolve("koffi"))};
      import { giveBack, keepWhatIsTouched, programHere } from ${JSON.stringify(`${MADE}/linux/pages.js`)};
      const libc = load(null);
      const mmap = libc.func("uintptr_t mmap(uintptr_t at, size_t length, int rights, int how, int fd, long from)");
      const mprotect = libc.func("int mprotect(uintptr_t at, size_t length, int rights)");
      const memset = libc.func("uintptr_t memset(uintptr_t at, int byte, size_t length)");
      const memcpy = libc.func("void *memcpy(void *to, uintptr_t from, size_t length)");
      const [LENGTH, READ, WRITE, PRIVATE] = [4 << 20, 1, 2, 2];
      const at = mmap(0, LENGTH, READ | WRITE, PRIVATE, openSync(process.execPath, "r"), 0);
      const byte = (place) => { const to = new Uint8Array(1); memcpy(to, at + place, 1); return to[0]; };
      const before = [byte(1 << 20), byte(3 << 20)];
      // It begins with 7f 45 4c 46.
      memset(at + 1, 0x58, 1);
      mprotect(at, LENGTH, READ);
      const file = () => Number(/RssFile:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]);
      const full = file();
      const program = programHere();
      for (const _ of giveBack(program));
      const empty = file();
      const after = [byte(1 << 20), byte(3 << 20)];
      for (const _ of keepWhatIsTouched(program));
      const kept = Number(/VmLck:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]);
      console.log(JSON.stringify({ full, empty, kept, first: [byte(0), byte(1), byte(2)], same: String(before) === String(after) }));`);
    const { full, empty, kept, first, same } = JSON.parse(told);
    expect(first).toEqual([0x7f, 0x58, 0x4c]);
    expect(same).toBe(true);
    // What runs at that moment comes back at once: 20 of 45 MB with Node.js 20, 24.5 of 42 with 24.
    expect(empty).toBeLessThan((full * 2) / 3);
    // All of the program's, or nothing where that is not allowed.
    expect(kept === 0 || kept > full / 2).toBe(true);
  });

  test("are no reason to fail: without a file descriptor left they stay", async () => {
    const told = await node(`
      import { openSync, closeSync } from "node:fs";
      import { giveBack, keepWhatIsTouched, programHere } from ${JSON.stringify(`${MADE}/linux/pages.js`)};
      const program = programHere();
      const opened = [];
      try {
        for (;;) opened.push(openSync("/dev/null", "r"));
      } catch {}
      const found = programHere();
      let steps = 0;
      for (const _ of giveBack(program)) steps += 1;
      for (const _ of keepWhatIsTouched(found)) steps += 1;
      for (const one of opened) closeSync(one);
      console.log(JSON.stringify({ before: program.length, found, steps }));`);
    const { before, found, steps } = JSON.parse(told);
    expect(before).toBeGreaterThan(0);
    expect(found).toEqual([]);
    // The heap of the C library alone.
    expect(steps).toBe(1);
  });
});

describe("the heap", () => {
  test("has as little room for what is young after the thread for configurations began as before", async () => {
    const told = await node(`
      import { getHeapSpaceStatistics } from "node:v8";
      import { openLoader } from ${JSON.stringify(`${MADE}/daemon/loader.js`)};
      import { keepYoungSmall } from ${JSON.stringify(`${MADE}/daemon/young.js`)};
      const young = () => getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size;
      keepYoungSmall();
      const before = young();
      const read = await openLoader("", () => 0).read({ file: "/dev/null", configId: undefined });
      const kept = [];
      for (let i = 0; i < 200_000; i++) kept.push({ i, list: [i] });
      console.log(JSON.stringify({ before, after: young(), read: read.diagnostics.length > 0, kept: kept.length }));
      process.exit();`);
    const { before, after, read } = JSON.parse(told);
    expect(read).toBe(true);
    // 200 000 objects that live are 20 MB: otherwise it would have doubled four times.
    expect(after).toBeLessThan(2 * before + 1);
  });
});

describe.skipIf(mustSkip("the memory of a daemon", ["ip", "nft"]))("a daemon", () => {
  test("soon has less of Node.js in memory than a Node.js that does nothing", async () => {
    const idle = figure(
      await node('console.log((await import("node:fs")).readFileSync("/proc/self/status", "latin1"))'),
      "RssFile",
    );
    await onSite("memory", ROUTERS.slice(0, 1), async (site) => {
      const daemon = await site.heird(
        "rt1",
        crowdOf([1], () => []),
      );
      await daemon.reach("master", undefined, 30_000);
      const began = figure(statusOf(daemon.pid), "RssFile");
      const left = await eventually(
        "pages are given back",
        () => {
          const now = figure(statusOf(daemon.pid), "RssFile");
          return now < idle && now;
        },
        { within: 30_000, every: 50 },
      );
      tell(`of its files in memory: a daemon that began ${began} kB, later ${left}, Node.js alone ${idle}`);
    });
  }, 60_000);
});
