// Named pipes: a full one drops and catches up, a late reader finds what is, and a script that opens the pipe for
// each line is not told everything for ever.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instantAt } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import type { Doer } from "../../agent/hooks/aside.ts";
import { audience } from "../../agent/hooks/audience.ts";
import type { Program } from "../../agent/hooks/deed.ts";
import { openFifo } from "../../agent/hooks/fifo.ts";
import { type Missed, openPipes } from "../../agent/hooks/pipes.ts";
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
const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
const linesOf = (path: string): readonly string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const plain = (path: string) => ({ path, user: null, group: null, script: null });

test("the reader of a pipe is begun anew when it is to run otherwise, and only then", () => {
  const script = { argv: ["/bin/reader"], user: null, group: null };
  const fifos = [{ ...plain(join(folder, "reloaded")), script }];
  const ran: Program[] = [];
  let stopped = 0;
  const doer: Pick<Doer, "run"> = {
    run: (deed) => {
      if (deed.type === "script") ran.push(deed.program);
      const stop = (): void => {
        stopped += 1;
      };
      return { supersede: () => undefined, stop, kill: () => undefined };
    },
  };
  const pipes = openPipes(doer, { now: () => instantAt(0), after: () => () => undefined }, () => undefined);
  for (const notify of [{}, {}, { umask: 0o027 }, { umask: 0o027, user: "nobody" }, {}])
    pipes.configure({ ...usualAgent.notify, fifos, ...notify });
  expect(ran.map(({ umask, user }) => [umask, user])).toEqual([
    [0o177, null],
    [0o027, null],
    [0o027, "nobody"],
    [0o177, null],
  ]);
  expect(stopped).toBe(3);
  pipes.close();
});

test("a reader of ours finds the end of its pipe before it is ended, and what it has not read is told", () => {
  const script = { argv: ["/bin/reader"], user: null, group: null };
  const path = join(folder, "ending");
  const order: string[] = [];
  let over = (): void => undefined;
  const doer: Pick<Doer, "run"> = {
    run: (_, ended) => {
      over = () => ended({ ok: true, detail: "exit 0", output: "" });
      return { supersede: () => undefined, stop: () => void order.push("stopped"), kill: () => undefined };
    },
  };
  const tell = (missed: Missed): void => void order.push(`${missed.count} ${missed.error}`);
  const pipes = openPipes(doer, { now: () => instantAt(0), after: () => () => undefined }, tell);
  pipes.configure({ ...usualAgent.notify, fifos: [{ ...plain(path), script }] });
  expect([pipes.areRead(), pipes.areLeft()]).toEqual([true, false]);
  pipes.write({ kind: "INSTANCE", name: "VI_1", word: "STOP", priority: 100 });
  expect(pipes.areRead()).toBe(false);
  pipes.hangUp();
  expect([existsSync(path), pipes.missed()]).toEqual([false, 1]);
  over();
  expect(pipes.areLeft()).toBe(true);
  pipes.close();
  // One that has ended is not ended, and not started again.
  expect(order).toEqual(["1 nobody has read it, and the daemon stops"]);
});

describe("a FIFO", () => {
  test("drops what nobody reads, counts it, and has the last state of everybody again when there is room", async () => {
    const path = join(folder, "fifo");
    let missed = 0;
    const fifo = openFifo(plain(path), (lines) => {
      missed += lines;
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

  test("tells whoever opens it late the last state of everybody, and one that reads on nothing twice", async () => {
    const path = join(folder, "late");
    const fifo = openFifo(plain(path), () => undefined);
    const say = (name: string, word: "BACKUP" | "MASTER"): void =>
      fifo.write({ kind: "INSTANCE", name, word, priority: 100 });
    say("VI_1", "BACKUP");
    say("VI_2", "BACKUP");
    say("VI_1", "MASTER");
    const cat = 'exec cat "$1" >> "$2"';
    const all = ['INSTANCE "VI_1" BACKUP 100', 'INSTANCE "VI_2" BACKUP 100', 'INSTANCE "VI_1" MASTER 100'];
    // The first finds everything, as with Keepalived.
    const first = reader(cat, path, `${path}.1`);
    await eventually("the first has read", () => linesOf(`${path}.1`).length >= 3, { within: 15_000 });
    expect(linesOf(`${path}.1`)).toEqual(all);
    await ended(first);
    for (const nth of [2, 3]) {
      const late = reader(cat, path, `${path}.${nth}`);
      await eventually("the late one is told", () => linesOf(`${path}.${nth}`).length >= 2, { within: 15_000 });
      say("VI_2", nth === 2 ? "MASTER" : "BACKUP");
      await eventually("and what is new", () => linesOf(`${path}.${nth}`).length >= 3, { within: 15_000 });
      const what = nth === 2 ? ["BACKUP", "MASTER"] : ["MASTER", "BACKUP"];
      const told = linesOf(`${path}.${nth}`);
      expect([...told.slice(0, 2)].sort()).toEqual(['INSTANCE "VI_1" MASTER 100', `INSTANCE "VI_2" ${what[0]} 100`]);
      expect(told.slice(2)).toEqual([`INSTANCE "VI_2" ${what[1]} 100`]);
      await ended(late);
    }
    fifo.close();
  });

  test("that is taken away is made anew with the last state of everybody, and lets go of what stands there", async () => {
    const path = join(folder, "taken");
    const trouble: string[] = [];
    const fifo = openFifo(plain(path), (lines, error) => trouble.push(`${lines} ${error}`));
    const say = (name: string, word: "BACKUP" | "MASTER"): void =>
      fifo.write({ kind: "INSTANCE", name, word, priority: 100 });
    say("VI_1", "BACKUP");
    say("VI_1", "MASTER");
    say("VI_2", "MASTER");
    expect(fifo.unread()).toBe(3);
    unlinkSync(path);
    say("VI_2", "BACKUP");
    expect(trouble).toEqual(["3 it was taken from its place, and another one is made"]);
    reader('exec cat "$1" >> "$2"', path, `${path}.read`);
    const states = ["MASTER", "MASTER", "BACKUP"];
    // Of VI_2 the state before, too: it was owed, and comes first.
    const all = [1, 2, 2].map((n, i) => `INSTANCE "VI_${n}" ${states[i]} 100`);
    await eventually("all is told", () => linesOf(`${path}.read`).length >= 3, { within: 15_000 });
    expect(linesOf(`${path}.read`)).toEqual(all);
    expect(fifo.unread()).toBe(0);

    writeFileSync(`${path}.file`, "precious");
    renameSync(`${path}.file`, path);
    say("VI_1", "BACKUP");
    expect(trouble.slice(1)).toEqual([
      `0 it was taken from its place: ${path} is there and no pipe; remove it`,
      `1 ${path} is there and no pipe; remove it`,
    ]);
    expect(fifo.catchUp()).toBe(true);
    // The end of a daemon, or a reload: it is let be, and is no reason to throw.
    fifo.close();
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  test("that another daemon has made in its place is shared, not fought for, and is left to that one", () => {
    const path = join(folder, "shared");
    const ours = openFifo(plain(path), () => undefined);
    const theirs = openFifo(plain(path), () => undefined);
    ours.write({ kind: "INSTANCE", name: "VI_1", word: "MASTER", priority: 100 });
    expect(theirs.unread()).toBe(0);
    expect(ours.unread()).toBe(1);
    ours.close();
    expect(existsSync(path)).toBe(true);
    theirs.close();
    expect(existsSync(path)).toBe(false);
  });

  test("does not take the place of a file", () => {
    const path = join(folder, "file");
    writeFileSync(path, "precious");
    expect(() => openFifo(plain(path), () => {})).toThrow("no pipe");
    expect(readFileSync(path, "utf8")).toBe("precious");
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

  test("has read before we hear that it came: that was nobody else's", () => {
    const set = pipe();
    for (let i = 0; i < 3; i++) set.write();
    set.take(3);
    expect([set.opened(), set.readBefore()]).toEqual([true, 0]);
    set.closed();
    // What comes in while nobody reads is there for the next one; the three before it were read by the first.
    set.write();
    set.take(1);
    expect([set.opened(), set.readBefore()]).toEqual([true, 30]);
  });

  test("is known to have ended after its first line: the next one is late", () => {
    const set = pipe();
    set.opened();
    set.write();
    set.take(1);
    set.closed();
    set.leave();
    expect(set.opened()).toBe(true);
    expect([set.readBefore(), set.end()]).toEqual([10, 10]);
  });
});
