// Named pipes: a full one drops and catches up, a late reader finds what is, and a script that opens the pipe for
// each line is not told everything for ever.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audience } from "../../agent/hooks/audience.ts";
import { openFifo } from "../../agent/hooks/fifo.ts";
import { eventually } from "../netns/eventually.ts";

let folder: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-fifo-"));
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A shell that reads `$1` and writes to `$2`. */
function reader(script: string, path: string, out: string): ChildProcess {
  writeFileSync(out, "");
  const child = spawn("bash", ["-c", script, "reader", path, out], { stdio: "ignore" });
  children.push(child);
  return child;
}
const plain = (path: string) => ({ path, user: null, group: null, script: null });

describe("a FIFO", () => {
  test("drops what nobody reads, counts it, and has the last state of everybody again when there is room", async () => {
    const path = join(folder, "fifo");
    let missed = 0;
    const fifo = openFifo(plain(path), () => {
      missed += 1;
    });
    const say = (name: string, priority: number): void =>
      fifo.write({ kind: "INSTANCE", name, word: "MASTER", priority });
    // A pipe has room for 64 KiB: 2978 lines of 22 bytes, and no more.
    for (let i = 0; i < 4_000; i++) say("VI_A", (i % 100) + 100);
    say("VI_B", 100);
    expect(missed).toBeGreaterThan(0);
    reader('exec cat "$1" >> "$2"', path, `${path}.read`);
    await eventually("it catches up", () => !fifo.catchUp());
    const last = () => readFileSync(`${path}.read`, "utf8").trim().split("\n");
    await eventually(
      "both are told",
      () => existsSync(`${path}.read`) && last().includes('INSTANCE "VI_B" MASTER 100'),
    );
    // The last of A was number 3999.
    expect(last().findLast((line) => line.includes("VI_A"))).toBe('INSTANCE "VI_A" MASTER 199');
    fifo.close();
    expect(existsSync(path)).toBe(false);
  });
});

describe("who reads a pipe", () => {
  /** A pipe of lines of ten bytes, and a clock. */
  const pipe = () => {
    let [now, inside] = [0, 0];
    const one = audience(
      () => inside,
      () => now,
    );
    return {
      ...one,
      write: () => {
        one.wrote(10);
        inside += 10;
      },
      take: (lines: number) => {
        inside -= 10 * lines;
      },
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  test("opens it anew for each line: it is told nothing again", () => {
    const set = pipe();
    const told: boolean[] = [];
    for (let i = 0; i < 5; i++) {
      told.push(set.opened());
      set.pass(5_000);
      set.write();
      set.pass(3);
      set.take(1);
      set.closed();
      // What it does about a line takes a while.
      set.pass(4_000);
    }
    // The first is late for all it is known.
    expect(told).toEqual([true, false, false, false, false]);
  });

  test("reads for a while and is followed by another: that one is late", () => {
    const set = pipe();
    set.opened();
    for (let i = 0; i < 3; i++) set.write();
    set.take(3);
    set.closed();
    expect(set.opened()).toBe(true);
    // A second one beside it is not: they would take each other's lines.
    expect(set.opened()).toBe(false);
  });

  test("is known to have ended after its first line: the next one is late", () => {
    const set = pipe();
    set.opened();
    set.write();
    set.take(1);
    set.closed();
    set.leave();
    expect(set.opened()).toBe(true);
    expect([set.read(), set.end()]).toEqual([10, 10]);
  });
});
