// Real disks: a tmpfs that is full, and an ext4 that is frozen, each in a mount namespace of its own.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { skipBecause } from "../netns/requirements.ts";
import { scratch } from "./scratch.ts";
import { writers } from "./writer.ts";

const { directory, clear } = scratch();
const processes = writers();
afterAll(() => {
  clear();
  processes.close();
});

/** Programs and the Debian packages they come from. */
const PACKAGES = { unshare: "util-linux", mount: "mount", "mkfs.ext4": "e2fsprogs", fsfreeze: "util-linux" } as const;

/** Why this machine cannot mount with these programs, as a sentence with its remedy; null when it can. */
function hindrance(tools: readonly (keyof typeof PACKAGES)[]): string | null {
  if (process.getuid?.() !== 0) return "mounting needs root: run it with sudo";
  for (const tool of tools)
    if (!existsSync(join("/usr/sbin", tool)) && !existsSync(join("/usr/bin", tool)))
      return `${tool} is missing: apt-get install ${PACKAGES[tool]}`;
  return null;
}

/** An ext4 in a file needs a loop device, too. */
const loopHindrance = (): string | null =>
  existsSync("/dev/loop-control") ? null : "there are no loop devices: modprobe loop";

const noTmpfs = hindrance(["unshare", "mount"]);
const noExt4 = hindrance(["unshare", "mount", "mkfs.ext4", "fsfreeze"]) ?? loopHindrance();

/** In a mount namespace of its own: whatever happens, the mounts go with the process. */
const ALONE = ["unshare", "--mount", "--propagation", "private"];

/** What the programs below have in common: they mount, write, and say what they saw as one JSON line. */
const PROGRAM = `
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
const { readLog } = await import("./agent/log/read.js");
const timed = (write, times) => {
  const took = [];
  for (let i = 0; i < times; i++) {
    const before = performance.now();
    write();
    took.push(performance.now() - before);
  }
  return took.sort((a, b) => a - b);
};
const until = async (condition) => {
  for (let i = 0; i < 1_000 && !condition(); i++) await sleep(10);
};
const verdict = (at, log) => {
  const { lines, flaws } = readLog(at);
  const lost = lines.reduce((sum, line) => sum + (line.lost ?? 0), 0);
  return { flaws, lost, gapless: lines.length === log.head() + 1 - lost, last: lines.at(-1).seq === log.head() };
};
`;

type Verdict = {
  readonly error: string | null;
  readonly p999: number;
  readonly behind: number;
  readonly flaws: readonly unknown[];
  readonly lost: number;
  readonly gapless: boolean;
  readonly last: boolean;
};

async function play(program: string): Promise<Verdict> {
  const writer = processes.start(`${PROGRAM}\n${program}`, ALONE);
  const { code, errors } = await writer.ended;
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return JSON.parse(writer.said().at(-1) ?? "");
}

describe("a real disk", () => {
  it.skipIf(skipBecause("the log on a full disk", noTmpfs))(
    "that is full costs no line and no time, and is written when there is room",
    async () => {
      const at = directory();
      const seen = await play(`
const at = ${JSON.stringify(at)};
execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", at]);
const { store, log, write } = open(at, null, 64 << 20);
writeFileSync(at + "/ballast", Buffer.alloc(150_000));
const took = timed(write, 2_000);
await until(() => store.status().error !== null);
const { error, durable } = store.status();
const behind = log.head() - durable;
rmSync(at + "/ballast");
execFileSync("mount", ["-o", "remount,size=4m", at]);
await until(() => store.status().durable === log.head());
await store.close(5_000);
say(JSON.stringify({ error, behind, p999: took[1_997], ...verdict(at, log) }));
`);
      expect(seen.error).toMatch(/^ENOSPC/);
      expect(seen.behind).toBeGreaterThan(500);
      expect(seen.p999, "ms: whoever waits for this disk waits for seconds").toBeLessThan(100);
      expect(seen).toMatchObject({ flaws: [], lost: 0, gapless: true, last: true });
    },
  );

  it.skipIf(skipBecause("the log on a frozen disk", noExt4))(
    "that is frozen holds up nothing, and the log owns up to what was lost meanwhile",
    async () => {
      const at = directory();
      const image = join(directory(), "image");
      execFileSync("truncate", ["--size", "16M", image]);
      execFileSync("mkfs.ext4", ["-q", image]);
      const seen = await play(`
const at = ${JSON.stringify(at)};
execFileSync("mount", ["-o", "loop", ${JSON.stringify(image)}, at]);
mkdirSync(at + "/state");
const { store, log, write } = open(at + "/state", null, 100_000);
write();
await until(() => store.status().durable === log.head());
// Whatever becomes of this process, the disk thaws again.
const thawing = spawn("sh", ["-c", "fsfreeze -f $0; echo frozen; sleep 1.5; fsfreeze -u $0", at], { stdio: ["ignore", "pipe", "ignore"] });
await new Promise((resolve) => thawing.stdout.once("data", resolve));
const took = timed(write, 2_000);
await sleep(200);
const { error, durable } = store.status();
const behind = log.head() - durable;
await new Promise((resolve) => thawing.on("exit", resolve));
await until(() => store.status().queuedBytes === 0);
for (let i = 0; i < 10; i++) write();
await store.close(5_000);
say(JSON.stringify({ error, behind, p999: took[1_997], ...verdict(at + "/state", log) }));
`);
      // 100 000 bytes of queue have room for some 400 lines of 240 bytes.
      expect(seen.lost).toBeGreaterThan(1_000);
      expect(seen.behind).toBeGreaterThan(1_900);
      expect(seen.error).toBeNull();
      expect(seen.p999, "ms: whoever waits for this disk waits for seconds").toBeLessThan(100);
      expect(seen).toMatchObject({ flaws: [], gapless: true, last: true });
    },
  );
});
