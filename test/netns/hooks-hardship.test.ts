// Hooks when the process that runs them is killed, frozen or cannot be had, and FIFOs that somebody takes away: no
// hook runs beside another, none is lost without a word, and the daemon is Master all the while.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Observation } from "../../agent/core/event.ts";
import { readLog } from "../../agent/log/read.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { finish, type Heird, makeHome, startHeird } from "./heird.ts";
import { createLan, type Lan } from "./lan.ts";
import { mustSkip } from "./requirements.ts";

const patient = { within: 40_000 };
const PROGRAM = resolve(import.meta.dirname, "../../dist/agent/hooks/program.js");
/** A word in the command line of the process that runs hooks. */
const ROLE = "--heird-runs-hooks";

describe.skipIf(mustSkip("hooks under hardship", ["ip", "prlimit", "setpriv"]))("hooks", () => {
  let lan: Lan;
  let folder: string;
  let latest: Heird | null = null;
  beforeAll(async () => {
    lan = await createLan("hardship", [{ name: "rt1", addresses: ["192.168.1.11/24"] }]);
  });
  afterAll(() => lan.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "heird-hardship-"));
    writeFileSync(path("told"), "");
    writeFileSync(path("fault"), "0\n");
    return async () => {
      // Of a test that failed: the next one finds the address free.
      await latest?.stop(20_000);
      rmSync(folder, { recursive: true, force: true });
    };
  });
  const path = (name: string): string => join(folder, name);
  const script = (name: string, body: string): string => {
    writeFileSync(path(name), `#!/bin/bash\n${body}\n`);
    chmodSync(path(name), 0o755);
    return path(name);
  };
  const told = (): readonly string[] => readFileSync(path("told"), "utf8").split("\n").slice(0, -1);
  const config = (globals: string, hooks: string): string =>
    [
      `global_defs {\n  script_user root\n  ${globals}\n}`,
      `track_file fault {\n  file ${path("fault")}\n  weight 0\n}`,
      configOf({
        ...{ priority: 100, interval: "0.2", addresses: ["192.168.1.1/24"] },
        extra: ["track_file { fault weight 0 }", hooks],
      }),
    ].join("\n");
  const begin = async (globals: string, hooks: string): Promise<Heird> => {
    const rt1 = lan.host("rt1");
    latest = await startHeird(rt1, makeHome(rt1, config(globals, hooks)));
    return latest;
  };
  const seen = (heird: Heird): readonly Observation[] =>
    readLog(heird.home.stateDirectory).lines.flatMap((line) => (line.type === "event" ? [line.seen] : []));
  /** Stops it in order, and gives all that its log has. */
  const end = async (heird: Heird): Promise<readonly Observation[]> => {
    await heird.stop(20_000);
    expect(await heird.ended).toEqual({ code: 0, signal: null });
    const all = seen(heird);
    finish(heird.home);
    return all;
  };
  const commandOf = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  };
  const childrenOf = (pid: number): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  const helperOf = async ({ pid }: Heird): Promise<number> => {
    const find = (): number | undefined => childrenOf(pid).find((child) => commandOf(child).includes(ROLE));
    await eventually("a process runs hooks", () => find() !== undefined, patient);
    return find() ?? 0;
  };
  const running = (program: string): number =>
    readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandOf(Number(name)).includes(program)).length;

  test("whose helper is killed are ended with it and begun anew, once, and never beside themselves", async () => {
    const hook = script(
      "hook.sh",
      `echo "begin $3 $HEIRD_ATTEMPT" >> ${path("told")}
[ "$3 $HEIRD_ATTEMPT" = "BACKUP 1" ] && sleep 60
echo "end $3 $HEIRD_ATTEMPT" >> ${path("told")}`,
    );
    const heird = await begin("", `notify "${hook}"`);
    await eventually("the first hook runs", () => told().length === 1, patient);
    await heird.reach("master");
    process.kill(await helperOf(heird), "SIGKILL");
    await eventually("all is told", () => told().length === 5, { ...patient, otherwise: heird.output });
    expect(told()).toEqual(["begin BACKUP 1", "begin BACKUP 2", "end BACKUP 2", "begin MASTER 1", "end MASTER 1"]);
    expect(running(hook)).toBe(0);
    const first = (await end(heird)).find((one) => one.type === "hookEnded");
    expect(first).toMatchObject({ outcome: "failed", final: false, detail: /SIGKILL/ as never });
  });

  test("whose helper hangs are begun anew by another one, and the log says why they came late", {
    timeout: 120_000,
  }, async () => {
    const hook = script("hook.sh", `echo "$3 $HEIRD_ATTEMPT" >> ${path("told")}`);
    const heird = await begin("", `notify "${hook}"`);
    const isQuiet = async () => told().includes("MASTER 1") && (await heird.status()).hooks.waiting === 0;
    await eventually("it is quiet", isQuiet, patient);
    process.kill(await helperOf(heird), "SIGSTOP");
    writeFileSync(path("fault"), "1\n");
    // Asked every second, twenty times in vain.
    await eventually("it is told", () => told().includes("FAULT 2"), { within: 60_000, otherwise: heird.output });
    expect(told()).toEqual(["BACKUP 1", "MASTER 1", "FAULT 2"]);
    const all = await end(heird);
    expect(all.some((one) => one.type === "hookEnded" && /it hung, and was killed/.test(one.detail))).toBe(true);
  });

  test("that cannot be run for want of descriptors end no daemon, and are run when there are some", async () => {
    const hook = script("hook.sh", `echo "$3" >> ${path("told")}`);
    const heird = await begin("", `notify "${hook}"\n  hook_policy { backoff 3 }`);
    const isQuiet = async () => told().includes("MASTER") && (await heird.status()).hooks.waiting === 0;
    await eventually("it is quiet", isQuiet, patient);
    const limit = (count: number): string =>
      execFileSync("prlimit", ["--pid", String(heird.pid), `--nofile=${count}:`], { encoding: "utf8" });
    const before = /(\d+)\s+\d+\s+files/.exec(
      execFileSync("prlimit", ["--pid", String(heird.pid), "--nofile"], { encoding: "utf8" }),
    );
    const helper = await helperOf(heird);
    // What is open stays open; and to hear of a link takes no descriptor.
    limit(3);
    process.kill(helper, "SIGKILL");
    await eventually("it is gone", () => commandOf(helper) === "", patient);
    await lan.host("rt1").unplug();
    const failed = (): boolean => seen(heird).some((one) => one.type === "hookEnded" && /EMFILE/.test(one.detail));
    await eventually("it cannot be run", failed, { ...patient, otherwise: heird.output });
    expect(heird.running()).toBe(true);
    limit(Number(before?.[1] ?? 1_024));
    await eventually("it is run", () => told().includes("FAULT"), { ...patient, otherwise: heird.output });
    await lan.host("rt1").plug();
    await end(heird);
  });

  test("that cannot be ended for want of CAP_KILL are told to run on, and hold up nobody for ever", async () => {
    const deed = { argv: ["sleep", "300"], user: "nobody", group: null, security: false, supplementaryGroups: false };
    const code = `import { runProgram } from ${JSON.stringify(PROGRAM)};
const deed = ${JSON.stringify({ ...deed, umask: 0o77, variables: {}, input: "" })};
let pid = 0;
const { kill } = runProgram(deed, (ending) => {
  console.log(JSON.stringify({ pid, ...ending }));
  process.exit();
}, (group) => { pid = group; });
kill();`;
    const without = ["setpriv", "--bounding-set", "-all,+setuid,+setgid"];
    const text = await lan.host("rt1").run([...without, process.execPath, "--input-type=module", "--eval", code]);
    const { pid, ok, detail } = JSON.parse(text);
    expect(commandOf(pid)).toContain("sleep 300");
    process.kill(pid, "SIGKILL");
    expect(ok).toBe(false);
    expect(detail).toMatch(/^EPERM: it runs on, .*CAP_KILL/);
  });

  test("a FIFO whose reader is lost with the helper has one reader ever after, and that one reads the last word", async () => {
    // It takes its time over each line, and ends with the pipe.
    const reader = script(
      "reader.sh",
      `exec < "$1"
while read -r line; do sleep 0.4; echo "$$ $line" >> ${path("told")}; done`,
    );
    const heird = await begin(`vrrp_notify_fifo ${path("fifo")}\n  vrrp_notify_fifo_script "${reader}"`, "");
    await eventually("it reads", () => told().some((line) => line.endsWith("MASTER 100")), patient);
    process.kill(await helperOf(heird), "SIGKILL");
    const readers = (): number => new Set(told().map((line) => line.split(" ")[0])).size;
    await eventually("another one reads", () => readers() === 2, { ...patient, otherwise: heird.output });
    expect(running(reader)).toBe(1);
    writeFileSync(path("fault"), "1\n");
    await heird.reach("fault");
    await end(heird);
    // Both lines were in the pipe when the daemon was told to stop.
    expect(
      told()
        .slice(-2)
        .map((line) => line.replace(/^\d+ /, "")),
    ).toEqual(['INSTANCE "VI_1" FAULT 100', 'INSTANCE "VI_1" STOP 100']);
    expect(running(reader)).toBe(0);
  });

  test("a FIFO that somebody takes away is made anew and told again; a file in its place is let be, and ends no daemon", async () => {
    const fifo = path("fifo");
    const heird = await begin(`vrrp_notify_fifo ${fifo}`, "");
    await heird.reach("master");
    unlinkSync(fifo);
    await eventually("it is there again", () => existsSync(fifo), patient);
    const lines = await lan.host("rt1").attempt(["timeout", "1", "cat", fifo]);
    expect(lines.stdout).toBe('INSTANCE "VI_1" MASTER 100\n');

    writeFileSync(path("file"), "precious");
    renameSync(path("file"), fifo);
    writeFileSync(path("fault"), "1\n");
    await heird.reach("fault");
    const missed = async (): Promise<boolean> => (await heird.status()).hooks.fifoMissed > 0;
    await eventually("what it does not take is counted", missed, { ...patient, otherwise: heird.output });
    writeFileSync(path("fault"), "0\n");
    await heird.reach("master");
    heird.reload(config("", ""));
    await eventually("it is taken", async () => (await heird.status()).config.generation > 1, patient);
    expect(heird.running()).toBe(true);
    expect((await heird.status()).instances[0]?.state).toBe("master");
    expect(readFileSync(fifo, "utf8")).toBe("precious");
    const said = (await end(heird)).flatMap((one) => (one.type === "fifoMissed" ? [one.error] : []));
    expect(said.some((error) => /taken from its place, and another one is made/.test(error))).toBe(true);
    expect(said.some((error) => /is there and no pipe; remove it/.test(error))).toBe(true);
  });
});
