// Processes as the kernel tells of them, and what heird does where it does not: the connector lives in the first
// network namespace only.

import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Answer, ProcessQuestion } from "../../agent/core/check.ts";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { createProcessTable, presence } from "../../checks/process.ts";
import { eventually } from "../netns/eventually.ts";
import { skipBecause } from "../netns/requirements.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-processes-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** The machine shares one process table: nobody else has a program of this name. */
const PROGRAM = `hxp${process.pid}`;
const program = join(directory, PROGRAM);
const patient = { within: 30_000 };
const wanted: ProcessQuestion = {
  kind: "process",
  process: [PROGRAM],
  paramMatch: null,
  fullCommand: false,
  quorum: 1,
  quorumMax: null,
};

function begin(argv: readonly string[]): ChildProcess {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, { stdio: "ignore" });
  children.push(child);
  return child;
}

const kernel = openLinuxKernel();
const asked = kernel.watchProcesses(() => {});
if (asked.ok) asked.forget();
afterAll(() => kernel.close());

describe.skipIf(skipBecause("events of processes", asked.ok ? null : asked.error))("events of processes", () => {
  test("tell of one that begins, becomes another program, and ends", async () => {
    const told = new Map<number, number>();
    const all: (readonly number[] | null)[] = [];
    const watching = kernel.watchProcesses((pids) => {
      all.push(pids);
      for (const pid of pids ?? []) told.set(pid, (told.get(pid) ?? 0) + 1);
    });
    if (!watching.ok) throw new Error(watching.error);
    // It forks and becomes the shell; half a second later it becomes a sleeper, which is killed.
    const child = begin(["/bin/sh", "-c", "sleep 0.5; exec sleep 4321"]);
    const pid = child.pid ?? 0;
    const times = () => (all.includes(null) ? Number.POSITIVE_INFINITY : (told.get(pid) ?? 0));
    await eventually("its beginning is told", () => times() >= 1, patient);
    // Fork and exec may come within one batch; the second program comes half a second later.
    await eventually("its second program is told", () => times() >= 2, patient);
    const before = times();
    child.kill("SIGKILL");
    await eventually("its end is told", () => times() > before || before === Number.POSITIVE_INFINITY, patient);
    watching.forget();
  });

  test("bring a check its answer, also of a program that another one becomes", async () => {
    copyFileSync("/bin/sleep", program);
    chmodSync(program, 0o755);
    const table = createProcessTable();
    const watching = kernel.watchProcesses(table.touch);
    if (!watching.ok) throw new Error(watching.error);
    const heard: Answer[] = [];
    const following = presence(wanted, table).subscribe((answer) => heard.push(answer));
    const counts = (count: number) => eventually(`${count}`, () => heard.at(-1)?.value === count, patient);
    await counts(0);
    expect(heard.at(-1)?.ok).toBe(false);
    const first = begin([program, "4321"]);
    await counts(1);
    expect(heard.at(-1)?.ok).toBe(true);
    // A shell that becomes it.
    const second = begin(["/bin/sh", "-c", `sleep 0.2; exec ${program} 4321`]);
    await counts(2);
    first.kill("SIGKILL");
    await counts(1);
    second.kill("SIGKILL");
    await counts(0);
    following.unsubscribe();
    watching.forget();
  });
});

describe("without them", () => {
  test("a process is found by looking, once a second", async () => {
    copyFileSync("/bin/sleep", program);
    chmodSync(program, 0o755);
    const heard: Answer[] = [];
    const following = presence(wanted, createProcessTable()).subscribe((answer) => heard.push(answer));
    const counts = (count: number) => eventually(`${count}`, () => heard.at(-1)?.value === count, patient);
    await counts(0);
    const one = begin([program, "4321"]);
    await counts(1);
    one.kill("SIGKILL");
    await counts(0);
    following.unsubscribe();
  });
});
