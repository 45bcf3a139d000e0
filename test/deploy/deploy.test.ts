// What is shipped beside the program, tried as far as it can be without installing it.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "../../agent/cli/commands.ts";
import { loadConfig } from "../../config/load.ts";
import { attempt } from "../netns/command.ts";
import { mustSkip } from "../netns/requirements.ts";

const read = (name: string): string => readFileSync(join("deploy", name), "utf8");
const unit = read("heird.service");

/** Every `heird …` the unit runs. */
const commands = [...unit.matchAll(/^Exec\w+=\/usr\/bin\/heird (.*)$/gm)].map(([, line = ""]) => line.split(" "));

test("the unit runs commands and options that heird knows", () => {
  expect(commands.map(([command]) => command).sort()).toEqual(["check", "cleanup", "run"]);
  expect(commands.flat().filter((word) => word.startsWith("--")).length).toBeGreaterThan(0);
  for (const words of commands) expect(parse(words).command).toBe(words[0]);
});

test("the unit lets the daemon do what it must, and names no capability twice", () => {
  const setting = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value);
  expect(setting("AmbientCapabilities")).toEqual(["CAP_NET_ADMIN CAP_NET_RAW"]);
  expect(setting("CapabilityBoundingSet")).toEqual(setting("AmbientCapabilities"));
  // Packets, frames, netlink, and the sockets for status and sd_notify.
  expect(setting("RestrictAddressFamilies")).toEqual(["AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET"]);
  expect(setting("CPUSchedulingResetOnFork")).toEqual(["yes"]);
  // These two would end a Node.js process or its real-time scheduling.
  expect(setting("MemoryDenyWriteExecute")).toEqual([]);
  expect(setting("RestrictRealtime")).toEqual([]);
});

test("the lock file is of this package, so that npm prune on a router changes no file of the checkout", () => {
  const described = JSON.parse(readFileSync("package.json", "utf8"));
  const locked = JSON.parse(readFileSync("package-lock.json", "utf8")).packages[""];
  for (const key of ["name", "version", "bin", "engines", "dependencies", "devDependencies"])
    expect(locked[key], key).toEqual(described[key]);
});

test("the sample configuration is accepted without a word", () => {
  const { config, diagnostics } = loadConfig("deploy/heird.example.conf");
  expect(diagnostics).toEqual([]);
  expect(config?.routers.map(({ name, vrid, basePriority }) => ({ name, vrid, basePriority }))).toEqual([
    { name: "gateway", vrid: 51, basePriority: 100 },
  ]);
});

test("every file of deploy is named in its README", () => {
  const files = readdirSync("deploy", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "README.md")
    .map((entry) => join(entry.parentPath, entry.name).replace(/^deploy\//, ""));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) expect(read("README.md")).toContain(`\`${file}\``);
});

test("sysctl.d sets only keys that sysctl understands", () => {
  const lines = read("sysctl.d/heird.conf").split("\n");
  const settings = lines.filter((line) => line !== "" && !line.startsWith("# "));
  expect(settings.length).toBeGreaterThan(2);
  for (const line of settings) expect(line).toMatch(/^#?net\.ipv[46](\.[a-z0-9_]+)+ = \d+$/);
});

test("the Dockerfile copies only what there is, and starts the daemon without a shell", () => {
  const text = read("Dockerfile");
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = ""]) => names.split(" "));
  expect(copied.length).toBeGreaterThan(4);
  for (const name of copied) expect(existsSync(name), `${name} is copied`).toBe(true);
  expect(text).toMatch(/^ENTRYPOINT \["node", "\/heird\/dist\/heird\/main\.js"\]$/m);
});

describe.skipIf(mustSkip("systemd's opinion of the unit", ["systemd-analyze"]))("systemd", () => {
  /** Verification looks for the programs; the stub stands for one that is not installed here. */
  async function analyze(text: string, ...words: readonly string[]) {
    const folder = mkdtempSync(join(tmpdir(), "heird-unit-"));
    const file = join(folder, "heird.service");
    try {
      writeFileSync(file, text.replaceAll("/usr/bin/heird", "/bin/true"));
      return await attempt(["systemd-analyze", ...words, file], { timeout: 30_000 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test("accepts the unit, and would have said so if it had not", async () => {
    const good = await analyze(unit, "verify", "--man=no");
    expect({ ...good, stderr: aboutOurs(good.stderr) }).toMatchObject({ code: 0, stderr: [] });
    const bad = await analyze(unit.replace("KillMode=", "KilMode="), "verify", "--man=no");
    expect(aboutOurs(bad.stderr).join()).toContain("KilMode");
  });

  test("rates its exposure at 2.5 or less", async () => {
    const { stdout } = await analyze(unit, "security", "--offline=true", "--no-pager");
    const exposure = Number(/Overall exposure level for heird\.service: ([\d.]+)/.exec(stdout)?.[1] ?? "10");
    expect(exposure).toBeLessThanOrEqual(2.5);
  });
});

/** Machines have broken units of their own; only ours is of interest. */
const aboutOurs = (said: string): readonly string[] =>
  said.split("\n").filter((line) => line.includes("heird.service"));
