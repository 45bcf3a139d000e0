// heird plan and heird reload as people and scripts use them: exit codes, what is printed, what the
// kernel has afterwards, and that no password leaves the daemon.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import type { Finished } from "./command.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { type Heird, heird, runHeird } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";

const PASSWORD = "geheim42";
const base = { version: 2, priority: 255, password: PASSWORD, addresses: ["10.1.0.1/32"] } as const;
const text = configOf(base);

/** Who runs a command against a daemon. */
const asking =
  (node: Heird) =>
  (...args: readonly string[]): Promise<Finished> =>
    runHeird(...args, "--state-dir", node.home.stateDirectory);

describe.skipIf(mustSkip("heird plan and heird reload", ["ip"]))("plan and reload", () => {
  test("say what happens, and do exactly that", async () => {
    await onSite("plan", ROUTERS, async (site) => {
      const rt1 = site.host("rt1");
      const node = await site.heird("rt1", text);
      const ask = asking(node);
      await node.reach("master");

      const next = join(node.home.stateDirectory, "..", "next.conf");
      writeFileSync(next, configOf({ ...base, addresses: ["10.1.0.1/32", "10.1.0.2/32"] }));
      const plan = await ask("plan", "-f", next);
      expect(plan, plan.stderr).toMatchObject({ code: 0 });
      expect(plan.stdout).toContain("+ 10.1.0.2/32");
      expect(plan.stdout).toContain("no failover");
      expect(await rt1.holds("10.1.0.2")).toBe(false);

      // Without -f it is what a reload would take: the file of the daemon, and the id that it was started with.
      const own = await ask("plan", "-i", "other");
      expect(own, own.stderr).toMatchObject({ code: 0 });
      expect(own.stdout).toContain(`${node.home.configFile}, compared with the running daemon: 1 unchanged`);
      expect(own.stderr).toContain("-i was not heeded");

      // Whoever may not ask is not told that nobody is there.
      const stranger = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
      const status = await rt1.attempt([...stranger, ...heird("status", "--state-dir", node.home.stateDirectory)]);
      expect(status.code).toBe(3);
      expect(status.stderr).toMatch(/^heird: permission denied for .*\/heird\.sock; run it as root/);

      node.home.write(configOf({ ...base, addresses: ["10.1.0.1/32", "10.1.0.2/32"] }));
      expect(await ask("reload", "--wait", "--require-no-failover")).toMatchObject({ code: 0 });
      expect(await rt1.holds("10.1.0.2")).toBe(true);

      // A reload by signal is the same one, and says so in the journal.
      node.reload(text);
      await eventually("the address is gone", async () => !(await rt1.holds("10.1.0.2")));
      expect(node.output()).toContain("reload: 1 changed; no transition");

      // Who asked for each stands in the log, and is told by whatever tells of it.
      const told = await ask("events", "--type", "configured");
      const uid = `uid ${process.getuid?.()}`;
      const asked = told.stdout.split("\n").filter((line) => line.includes(", asked by "));
      expect(asked).toEqual([
        expect.stringContaining(`${uid} `.trim()),
        expect.stringMatching(/asked by uid \d+.*, pid \d+: .*reload --wait --require-no-failover/),
        expect.stringContaining("asked by SIGHUP (a signal has no sender)"),
      ]);
      const by = [...readLog(node.home.stateDirectory).lines].flatMap((line) =>
        line.type === "event" && line.seen.type === "configured" ? [line.seen.by?.via] : [],
      );
      expect(by).toEqual(["start", "socket", "signal"]);
    });
  });

  test("a note about the file is no warning in the journal, at the start and at a reload", async () => {
    await onSite("note", ROUTERS.slice(0, 1), async (site) => {
      // state MASTER stands in most files, and whoever watches for warnings is not to be called for it.
      const config = configOf({ priority: 100, addresses: ["10.1.0.9/32"], state: "MASTER" });
      const node = await site.heird("rt1", config);
      const notes = () =>
        node
          .output()
          .split("\n")
          .filter((line) => line.includes("info[H0301]"));
      await eventually("it is told", async () => notes().length === 1);
      node.reload(config);
      await eventually("it is told again", async () => notes().length === 2);
      for (const note of notes()) expect(JSON.parse(note)).toMatchObject({ level: 30 });
    });
  }, 60_000);

  test("refuse with a code of their own, and change nothing", async () => {
    await onSite("refuse", ROUTERS, async (site) => {
      const node = await site.heird("rt1", text);
      const ask = asking(node);
      await node.reach("master");
      const before = (await node.status()).config.generation;

      node.home.write(configOf({ ...base, vrid: 2 }));
      const moved = await ask("reload", "--require-no-failover");
      expect(moved).toMatchObject({ code: 6 });
      expect(moved.stderr).toContain("--require-no-failover");

      node.home.write(configOf({ ...base, interface: "eth7" }));
      const missing = await ask("reload");
      expect(missing).toMatchObject({ code: 6 });
      expect(missing.stderr).toContain("there is no interface eth7");

      const foreign = "ip link add link eth0 name other address 00:00:5e:00:01:01 type macvlan mode vepa";
      await site.host("rt1").run(["sh", "-c", `${foreign} && ip link set other up`]);
      node.home.write(configOf({ ...base, extra: ["use_vmac"] }));
      for (const asked of [await ask("plan", "-f", node.home.configFile), await ask("reload")]) {
        expect(asked).toMatchObject({ code: 6 });
        expect(asked.stdout + asked.stderr).toContain("other upon eth0 has it, and heird did not make it");
      }
      await site.host("rt1").run(["ip", "link", "delete", "other"]);

      node.home.write(text.replace("priority 255", "priority 300").replace(PASSWORD, `${PASSWORD}!x`));
      const wrong = await ask("reload");
      expect(wrong).toMatchObject({ code: 4 });
      // As heird check prints it: the place, the line, the mark below it.
      expect(wrong.stderr).toMatch(/heird\.conf:\d+:\d+: .*error\[H0104\]/);
      expect(wrong.stderr).toContain("priority 300");

      expect((await node.status()).config.generation).toBe(before);
      expect((await node.status()).instances[0]).toMatchObject({ state: "master", vrid: 1 });
      expect(node.output()).not.toContain(PASSWORD);
      expect(JSON.stringify(await node.status())).not.toContain(PASSWORD);
    });
  });

  test("foresee that a Master stays, which is given a virtual MAC address, and resigns, which loses its interface", async () => {
    await onSite("planvmac", ROUTERS, async (site) => {
      const node = await site.heird("rt1", text);
      const ask = asking(node);
      await node.reach("master");
      const reload = async (use: string) => {
        node.home.write(configOf({ ...base, extra: [use] }));
        const plan = await ask("plan", "-f", node.home.configFile, "--require-no-failover");
        const told = plan.stdout.split("\n").find((line) => line.includes("failover  "));
        return [plan.code, told?.trim(), (await ask("reload", "--wait", "--require-no-failover")).code];
      };
      expect(await reload("use_vmac")).toEqual([0, "failover  no: it stays master", 0]);
      expect(await node.status()).toMatchObject({ instances: [{ state: "master", vmac: "vrrp.1" }] });
      // One interface can have the virtual MAC address: the old one goes before the other comes.
      expect(await reload("use_vmac other")).toEqual([
        6,
        "failover  at once: it resigns: its interface is replaced",
        6,
      ]);
      expect(node.output()).not.toContain("master -> ");
      // What a plan foretells, the reload does.
      expect(await ask("reload", "--wait")).toMatchObject({ code: 0 });
      expect(node.output()).toContain("master -> fault (link_down)");
      expect(await node.status()).toMatchObject({ instances: [{ state: "master", vmac: "other" }] });
    });
  });

  test("without a daemon reload has nobody to ask, and plan tells what a start would do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "heird-plan-"));
    try {
      const file = join(folder, "heird.conf");
      writeFileSync(file, text);
      expect(await runHeird("reload", "--state-dir", folder)).toMatchObject({ code: 3 });
      const plan = await runHeird("plan", "-f", file, "--state-dir", folder);
      expect(plan).toMatchObject({ code: 0 });
      expect(plan.stdout).toContain("no daemon runs");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
