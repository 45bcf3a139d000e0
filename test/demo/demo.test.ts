// The demo as people run it: what it shows, what it leaves, and that nothing but a working daemon gets it
// to its end.

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { attempt, type Daemon, start } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";
import { mustSkip } from "../netns/requirements.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DEMO = join(ROOT, "dist/test/demo/demo.js");

const running: Daemon[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "heird-demo-test-"));
  folders.push(folder);
  return folder;
}

/** Starts the demo with a temporary folder of its own, so that what it leaves there can be told. */
async function startDemo(env: Readonly<Record<string, string>> = {}): Promise<{ demo: Daemon; temporary: string }> {
  if (!existsSync(DEMO)) throw new Error(`${DEMO} is not there: npm run build`);
  const temporary = newFolder();
  const demo = await start("the demo", [process.execPath, DEMO], { env: { TMPDIR: temporary, ...env } });
  running.push(demo);
  return { demo, temporary };
}

const listed = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** The processes that were started, by whomever, with this temporary folder in their environment. */
function processesOf(temporary: string): readonly string[] {
  return listed("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(`TMPDIR=${temporary}\0`);
    } catch {
      return false; // it ended in the meantime
    }
  });
}

/** Everything of a demo that is still on this machine outside of its temporary folder. */
function remains({ pid }: Daemon, temporary: string): readonly string[] {
  const namespaces = listed("/run/netns").filter((name) => name.startsWith(`heird-${pid}-`));
  const states = listed(temporary).flatMap((name) =>
    ["rt1", "rt2"].map((host) => join(temporary, name, host, "state")),
  );
  const copies = states
    .filter((path) => existsSync(path))
    .map((path) => createHash("sha256").update(realpathSync(path)).digest("hex").slice(0, 16));
  const ahead = ["/run/heird", "/dev/shm"].flatMap(listed).filter((name) => copies.some((copy) => name.includes(copy)));
  return [...namespaces, ...ahead, ...processesOf(temporary)];
}

/** Waits for the death of what was killed a moment ago; nothing else may need waiting for. */
async function leavesNothing(demo: Daemon, temporary: string): Promise<void> {
  const otherwise = () => remains(demo, temporary).join(" ");
  await eventually("nothing remains", () => remains(demo, temporary).length === 0, { within: 2_000, otherwise });
}

describe.skipIf(mustSkip("the demo", ["ip", "tcpdump"]))("npm run demo", () => {
  test("shows five scenes on one screen, in less than a minute, and leaves nothing but logs", {
    timeout: 90_000,
  }, async () => {
    const began = performance.now();
    const { demo, temporary } = await startDemo();
    const { code } = await demo.ended;
    expect(code, demo.output()).toBe(0);
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(demo.stderr()).toBe("");
    const lines = demo.stdout().trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(48);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(demo.stdout()).not.toContain(String.fromCharCode(27));
    await leavesNothing(demo, temporary);

    const story = lines.map((line) => line.trim().replace(/ +/g, " ")).join("\n");
    // Master_Down_Interval of rt2: 3 * 1 s + (256 - 50) * 1 s / 256 = 3.8046875 s; Skew_Time: 0.8046875 s.
    const takeovers = [
      ...story.matchAll(/first advert after (?:rt1's last|that one)(?: \(late.*\))? ([\d.]+) ms ([\d.]+) ms/g),
    ];
    expect(takeovers.map(([, , expected]) => Number(expected))).toEqual([3804.7, 3804.7, 804.7]);
    for (const [, measured, expected] of takeovers) expect(Number(measured)).toBeGreaterThan(Number(expected) - 1.1);
    for (const part of [
      "rt2/heird.conf:1:1: warning",
      "is never closed",
      "heird status: rt1 MASTER (priority 100), rt2 BACKUP (Master is 192.168.1.11)",
      "SIGKILL of the Master",
      "192.168.1.1 is on rt1 and on rt2",
      "says: removed 192.168.1.1/24 on eth0",
      "preempts: advert with priority 100",
      "heird cleanup, before the cable is back: 1 address(es) removed",
      "advert with priority 0; 192.168.1.1 removed; exit code 0",
      "192.168.1.1 is nowhere any more",
    ])
      expect(story).toContain(part);
    const losses = [...story.matchAll(/^client questions lost: .* (\d+) of (\d+)$/gm)].map(([, lost]) => Number(lost));
    expect(losses.length).toBe(5);
    // With the cable out, nobody answers for more than 2.8 s: an advert was at most one second old.
    expect(losses[2]).toBeGreaterThan(2_800 / 20 - 1);

    const commands = lines.slice(-5).map((line) => line.trim());
    const pasted = await attempt(["bash", "-c", commands.join("\n")]);
    expect(pasted.code, pasted.stderr).toBe(0);
    const marks = pasted.stdout.split("\n").filter((line) => line.includes('"mark":1'));
    const of = (host: string, phase: string): number =>
      marks.filter((line) => line.startsWith(host) && line.includes(`"phase":"${phase}"`)).length;
    // rt1 is Master three times (start and two returns), rt2 as often (two crashes and one clean end).
    expect([of("rt1", "master"), of("rt2", "master")]).toEqual([3, 3]);
    expect(pasted.stdout).toContain("Root cause: ");
    expect(pasted.stdout).toMatch(/192\.168\.1\.11 > 224\.0\.0\.18.*prio 0,/);
  });

  const moments: readonly (readonly [string, (demo: Daemon) => boolean])[] = [
    ["while the LAN is built", ({ pid }) => listed("/run/netns").some((name) => name.startsWith(`heird-${pid}-`))],
    ["while the daemons start", (demo) => demo.stdout().includes("Start;")],
    ["after the crash", (demo) => demo.stdout().includes("SIGKILL of the Master")],
  ];
  for (const [when, reached] of moments)
    for (const times of [1, 4])
      test(`Ctrl-C ${times} time(s) ${when} leaves nothing at all`, async () => {
        const { demo, temporary } = await startDemo();
        await eventually(when, () => reached(demo), { otherwise: demo.output, every: 2 });
        const namespaces = remains(demo, temporary).filter((name) => name.startsWith(`heird-${demo.pid}-`));
        expect(namespaces, "what must not remain").not.toEqual([]);
        for (let pressed = 0; pressed < times; pressed++) {
          demo.signalAll("SIGINT");
          await pause(40); // as quick as a finger
        }
        const { code } = await demo.ended;
        expect(code, demo.output()).toBe(130);
        await leavesNothing(demo, temporary);
        expect(listed(temporary)).toEqual([]);
      });

  test("a daemon that answers but never advertises does not get through", { timeout: 60_000 }, async () => {
    const mute = join(newFolder(), "mute.mjs");
    writeFileSync(mute, MUTE);
    const { demo, temporary } = await startDemo({ HEIRD_MAIN: mute });
    const { code } = await demo.ended;
    expect(code).toBe(1);
    expect(demo.stderr()).toContain("not within 10000 ms: rt1 advertises");
    expect(demo.stdout()).not.toContain("stay:");
    await leavesNothing(demo, temporary);
  });

  test("a daemon that ends by itself ends the demo at once", { timeout: 60_000 }, async () => {
    const short = join(newFolder(), "short.mjs");
    writeFileSync(short, `${MUTE}setTimeout(() => process.exit(9), 1_500);\n`);
    const { demo, temporary } = await startDemo({ HEIRD_MAIN: short });
    const { code } = await demo.ended;
    expect(code).toBe(1);
    expect(demo.stderr()).toContain("ended by itself (code 9)");
    await leavesNothing(demo, temporary);
  });
});

/** Something that looks like a daemon from outside: it warns, and it answers every question. */
const MUTE = `
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
const state = process.argv[process.argv.indexOf("--state-dir") + 1];
mkdirSync(state, { recursive: true });
const answer = JSON.stringify({ ok: true, answer: { pid: process.pid, instances: [] } });
createServer((socket) => socket.on("data", () => socket.end(answer + "\\n"))).listen(state + "/heird.sock");
console.error(JSON.stringify({ time: new Date().toISOString(), msg: "it is never closed" }));
process.on("SIGTERM", () => process.exit(0));
`;

describe("where the demo cannot run", () => {
  /** test/setup.sh on a machine where this program says something else. */
  async function setUpWhere(program: string, says: string): Promise<{ code: number; stderr: string }> {
    const folder = newFolder();
    writeFileSync(join(folder, program), `#!/bin/sh\necho ${says}\n`);
    chmodSync(join(folder, program), 0o755);
    const env = `PATH=${folder}:${process.env["PATH"] ?? ""}`;
    return attempt(["env", env, "bash", join(ROOT, "test/setup.sh"), "demo"]);
  }

  test("without root it says so in one sentence", async () => {
    expect(await setUpWhere("id", "1000")).toMatchObject({
      code: 1,
      stderr: "heird: npm run demo builds network namespaces and needs root: run it with sudo.\n",
    });
  });

  test("outside Linux it says so in one sentence", async () => {
    expect(await setUpWhere("uname", "Darwin")).toMatchObject({
      code: 1,
      stderr: "heird: this needs Linux (network namespaces, raw sockets); here is Darwin.\n",
    });
  });
});
