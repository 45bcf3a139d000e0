// However the demo ends before its end: nothing is left, and nothing but a working daemon gets it there.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { attempt, type Daemon } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";
import { mustSkip } from "../netns/requirements.ts";
import { cleanUp, leavesNothing, listed, newFolder, ROOT, remains, startDemo } from "./trial.ts";

afterEach(cleanUp);

describe.skipIf(mustSkip("the end of the demo", ["ip", "tcpdump"]))("npm run demo, ended early", () => {
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
