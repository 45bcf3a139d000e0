// What operators ask of a running heird, beside a real Keepalived and beside another heird: judged by what is on
// the wire, by the kernel's addresses, by what hooks wrote down, and by the explanations of both nodes.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configOf, type Instance } from "./config.ts";
import { eventually } from "./eventually.ts";
import { type Heird, runHeird } from "./heird.ts";
import type { Host } from "./lan.ts";
import { expectOneMaster } from "./mastership.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, resignationFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const [ONE, TWO] = ["192.168.1.1", "192.168.1.2"];
const [FIRST, SECOND] = ["192.168.1.11", "192.168.1.12"];
const PATIENT = { within: 30_000 };
/** 0.5 s, in µs. */
const INTERVAL = 500_000;
/** Of priority 100: 156/256 * 0.5 s = 0.3046875 s; and Master_Down_Interval is 1.5 s more. */
const [SKEW, MASTER_DOWN] = [304_687, 1_804_687];
/** What two stamps of a busy machine differ by, at most, where one of them is the sender's timer. */
const EARLY = 20_000;

const instance = (
  name: string,
  vrid: number,
  address: string,
  priority: number,
  more: readonly string[],
): Instance => ({
  name,
  vrid,
  priority,
  interval: "0.5",
  addresses: [`${address}/24`],
  extra: more,
});
const grouped = (priority: number, hook: readonly string[] = []): string =>
  `global_defs {\n  script_user root\n}\nvrrp_sync_group G {\n  group {\n    A\n    B\n  }\n}\n${configOf(
    instance("A", 1, ONE, priority, hook),
    instance("B", 2, TWO, priority, hook),
  )}`;

/** One line at a time, in one write. */
const hookInto = (file: string): readonly string[] => [
  `notify "/bin/bash -c 'echo $HEIRD_NAME $HEIRD_STATE $HEIRD_REASON >> ${file}'"`,
];

const holdsBoth = async (host: Host): Promise<boolean> => (await host.holds(ONE)) && host.holds(TWO);
const holdsNone = async (host: Host): Promise<boolean> => !((await host.holds(ONE)) || (await host.holds(TWO)));
const alone = (holder: Host, other: Host): Promise<unknown> =>
  eventually(
    `${holder.name} holds both addresses, ${other.name} none`,
    async () => (await holdsBoth(holder)) && holdsNone(other),
    PATIENT,
  );

const operate = (node: Heird, ...words: readonly string[]) =>
  runHeird(...words, "--state-dir", node.home.stateDirectory);

/** The last transition of a node, explained, once the log has one that leads to there from such a root. */
async function explained(node: Heird, to: string, root: RegExp, ...more: readonly string[]) {
  type Told = { transition: { to: string; because: string }; root: { node: string; text: string } };
  let last = "";
  return eventually(
    `the log tells of ${to}, because of ${root.source}`,
    async () => {
      const { stdout, stderr } = await operate(node, "explain", "--json", ...more);
      last = `${stdout}${stderr}`;
      const told = JSON.parse(stdout) as Told;
      return told.transition.to === to && root.test(told.root.text) && told;
    },
    { ...PATIENT, every: 200, otherwise: () => last },
  );
}

const DRAINED = /^drain of everything, asked by uid/;
const PROMOTED = /^promote of \S+: "failback", asked by uid/;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-operator-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(mustSkip("operators", ["ip", "keepalived", "nft", "tcpdump"])).concurrent("an operator", () => {
  test("drains a sync group beside Keepalived, and puts it back", { timeout: 180_000 }, async () => {
    await onSite("drain", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      const calls = join(folder, "calls");
      const node = await site.heird("rt1", grouped(200, hookInto(calls)));
      await node.reach("master");
      const keepalived = await rt2.startKeepalived(grouped(100));
      const told = (name: string): readonly string[] =>
        readFileSync(calls, "utf8")
          .split("\n")
          .filter((line) => line.startsWith(`${name} `));
      const isMaster = (name: string): boolean => told(name).at(-1)?.startsWith(`${name} MASTER`) === true;
      await eventually("both hooks know of the Masters", () => ["A", "B"].every(isMaster), PATIENT);

      const asked = wallClock();
      const drained = await operate(node, "drain", "A", "--reason", "kernel update", "--wait");
      expect(drained).toMatchObject({ code: 0, stderr: "" });
      expect(drained.stdout).toMatch(
        /^A: MASTER -> BACKUP, drained until it is resumed for "kernel update" by uid \d+; 192\.168\.1\.12 \(100\) is Master\nB: MASTER -> BACKUP, drained/,
      );
      // That is what it waited for.
      expect(await holdsNone(rt1)).toBe(true);
      await alone(rt2, rt1);
      for (const vrid of [1, 2]) {
        const resigned = await seen.next("it resigns", (p) => p.at > asked && resignationFrom(FIRST, vrid)(p));
        const taken = await seen.next("it is relieved", (p) => p.at > resigned.at && claimFrom(SECOND, vrid)(p));
        // Only a resignation explains less than a whole Master_Down_Interval. The group may wait for both.
        expect(taken.at - resigned.at).toBeGreaterThan(SKEW - EARLY);
        expect(taken.at - resigned.at).toBeLessThan(MASTER_DOWN);
      }
      for (const name of ["A", "B"])
        await eventually("its hook is told", () => told(name).at(-1) === `${name} BACKUP operator`, PATIENT);
      expect(told("A").slice(-2)[0]).toMatch(/^A MASTER/);
      await explained(node, "backup", /^drain of \S+: "kernel update", asked by uid \d+/);

      // Nobody is left, and it takes nothing over, however often its timer runs out.
      await keepalived.signalAll("SIGKILL");
      const alive = async () => (await node.status()).instances.every(({ master }) => master === null);
      await eventually("nobody is heard any more", alive, PATIENT);
      const status = await operate(node, "status");
      expect(status.stdout).toMatch(/BACKUP, drained/);
      expect(status.stdout).toMatch(/A: OUT OF SERVICE: drained .* ago for "kernel update"/);
      expect((await operate(node, "promote", "A")).code).toBe(6);
      expect(await holdsNone(rt1)).toBe(true);

      // Its death is no reason to take part again; the end of its time is.
      await node.signal("SIGKILL");
      await node.ended;
      const next = await site.again(node);
      await next.reach("backup");
      expect((await next.status()).instances.map(({ drained: one }) => one?.reason)).toEqual([
        "kernel update",
        "kernel update",
      ]);
      expect((await operate(next, "drain", "--for", "1s")).code).toBe(0);
      await eventually("it holds both addresses again", () => holdsBoth(rt1), PATIENT);
      await explained(next, "master", /^drain of everything for 1s, asked by uid/);
      await seen.stop();
    });
  });

  test("drains one heird, resumes it, and promotes it; and both logs say so", { timeout: 180_000 }, async () => {
    await onSite("drained", ROUTERS, async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture(VRRP_TRAFFIC);
      const single = (priority: number): string => configOf(instance("A", 1, ONE, priority, ["nopreempt"]));
      const strong = await site.heird("rt1", `global_defs {\n  router_id hA\n}\n${single(200)}`);
      await strong.reach("master");
      const weak = await site.heird("rt2", `global_defs {\n  router_id hB\n}\n${single(100)}`);
      await weak.reach("backup");

      const drained = await operate(strong, "drain", "--wait", "--json");
      expect(drained.code).toBe(0);
      expect(JSON.parse(drained.stdout)).toMatchObject({
        outcome: "done",
        routers: [{ name: "A", was: "master", state: "backup", master: { address: SECOND } }],
      });
      await eventually("rt2 alone holds it", async () => (await rt2.holds(ONE)) && !(await rt1.holds(ONE)), PATIENT);
      const took = await explained(weak, "master", DRAINED, "--with", strong.home.stateDirectory);
      expect(took.transition.because).toBe("master_resigned");
      expect(took.root.node).toBe("hA");

      // It leaves a living Master alone until somebody wants it otherwise; and a stronger one in any case.
      expect((await operate(strong, "resume", "A")).stdout).toMatch(/^A: BACKUP, takes part again; 192\.168\.1\.12 /);
      const refused = await operate(weak, "promote", "A");
      expect(refused).toMatchObject({ code: 0, stdout: expect.stringMatching(/^A: MASTER/) });
      const promoted = await operate(strong, "promote", "A", "--reason", "failback");
      expect(promoted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^A: BACKUP -> MASTER/) });
      await eventually("rt1 alone holds it", async () => (await rt1.holds(ONE)) && !(await rt2.holds(ONE)), PATIENT);
      const again = await operate(weak, "promote", "A");
      expect(again).toMatchObject({ code: 6, stderr: expect.stringContaining("run heird drain A there") });
      const yields = await explained(weak, "backup", PROMOTED, "--with", strong.home.stateDirectory);
      expect(yields.root.node).toBe("hA");
      expect((await operate(strong, "history")).stdout).toMatch(/operator \(uid \d+\)/);
      expectOneMaster("drained, and promoted", await seen.stop(), INTERVAL);
    });
  });
});
