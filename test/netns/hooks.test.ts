// Hooks under a storm of transitions, beside Keepalived's in the same run; and hooks whose daemon dies.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../agent/core/event.ts";
import { readLog } from "../../agent/log/read.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import { makeHome, startHeird } from "./heird.ts";
import { createLan, type Lan } from "./lan.ts";
import { mustSkip } from "./requirements.ts";

/** Twenty transitions a second: FAULT and BACKUP in turns, by a tracked file. */
const EVERY_MS = 50;
const SPAN_MS = Number(process.env["HEIRD_FLAP_MS"] ?? 6_000);

/** Takes 0 to 300 ms, and says when it began and ended, in µs. */
const SLOW = (folder: string): string => `#!/bin/bash
b=\${EPOCHREALTIME/./}
printf -v wait '0.%03d' $((RANDOM % 301)); sleep $wait
echo "$b \${EPOCHREALTIME/./} $3 $HEIRD_EVENT $HEIRD_ATTEMPT" >> ${folder}/calls
`;
const config = (folder: string, policy: string): string => `
global_defs {
  script_user root
}
track_file tf {
  file ${folder}/tf
  weight 0
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 1
  priority 100
  advert_int 1
  virtual_ipaddress { 192.168.1.1/24 }
  track_file { tf weight 0 }
  notify "${folder}/slow.sh"
  ${policy}
}
`;

type Call = {
  readonly began: number;
  readonly ended: number;
  readonly state: string;
  readonly event: string;
  readonly attempt: string;
};
type HookEnded = Extract<Observation, { type: "hookEnded" }>;

describe.skipIf(mustSkip("hooks under load", ["ip", "bridge", "keepalived"]))("hooks", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    lan = await createLan("flap", [{ name: "rt1", addresses: ["192.168.1.11/24"] }]);
  });
  afterAll(() => lan.remove());
  const fresh = (script = SLOW): string => {
    folder = mkdtempSync(join(tmpdir(), "heird-flap-"));
    writeFileSync(join(folder, "slow.sh"), script(folder));
    chmodSync(join(folder, "slow.sh"), 0o755);
    writeFileSync(join(folder, "calls"), "");
    writeFileSync(join(folder, "tf"), "0\n");
    return folder;
  };
  const calls = (): readonly Call[] =>
    readFileSync(join(folder, "calls"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [began = "", ended = "", state = "", event = "", attempt = ""] = line.split(" ");
        return { began: Number(began), ended: Number(ended), state, event, attempt };
      });
  /** Calls that began before an earlier one had ended. */
  const overlaps = (list: readonly Call[]): number => {
    const order = [...list].sort((a, b) => a.began - b.began);
    return order.filter((call, i) => order.slice(0, i).some(({ ended }) => ended > call.began)).length;
  };
  const flap = async (): Promise<number> => {
    const began = performance.now();
    let changes = 0;
    for (; performance.now() - began < SPAN_MS; changes++) {
      writeFileSync(join(folder, "tf"), changes % 2 === 0 ? "1\n" : "0\n");
      await pause(Math.max(0, began + (changes + 1) * EVERY_MS - performance.now()));
    }
    // What is, when it is quiet, is FAULT.
    writeFileSync(join(folder, "tf"), "1\n");
    return changes + 1;
  };
  const hookEnds = (stateDirectory: string): readonly HookEnded[] =>
    readLog(stateDirectory).lines.flatMap((line) =>
      line.type === "event" && line.seen.type === "hookEnded" ? [line.seen] : [],
    );

  test("of a router that flaps are told in order, never two at once, and the last one tells what is", {
    timeout: 60_000 + 3 * SPAN_MS,
  }, async () => {
    const rt1 = lan.host("rt1");
    const keepalived = await rt1.startKeepalived(config(fresh(), ""));
    const asked = await flap();
    await pause(400); // its hooks take 300 ms, and nobody can say when they are done
    const theirs = calls();
    await keepalived.stop();
    rmSync(folder, { recursive: true });

    const home = makeHome(rt1, config(fresh(), "hook_policy { order latest }"));
    const heird = await startHeird(rt1, home);
    await flap();
    await eventually("it is quiet", async () => (await heird.status()).hooks.waiting === 0);
    const ours = calls();
    const { hooks } = await heird.status();
    await heird.stop();
    const ends = hookEnds(home.stateDirectory).filter(({ event }) => !event.includes("/STOP/"));
    const finals = ends.filter(({ final }) => final);
    const last = (list: readonly Call[]): string => [...list].sort((a, b) => a.ended - b.ended).at(-1)?.state ?? "";
    tell(
      [
        `${asked} changes of the file in ${SPAN_MS} ms`,
        `Keepalived: ${theirs.length} hooks, ${overlaps(theirs)} began while another ran, the last to end said ${last(theirs)}`,
        `heird: ${finals.length} hooks wished, ${hooks.done} done, ${hooks.superseded} superseded, ${hooks.failed} failed, ${overlaps(ours)} began while another ran, the last to end said ${last(ours)}`,
      ].join("\n"),
    );
    expect(overlaps(ours)).toBe(0);
    expect(last(ours)).toBe("FAULT");
    expect(ours.map(({ began }) => began)).toEqual(ours.map(({ began }) => began).sort((a, b) => a - b));
    expect(new Set(finals.map(({ event }) => event)).size).toBe(finals.length);
    expect(finals.filter(({ outcome }) => outcome === "done").length).toBe(ours.length);
    expect(finals.filter(({ outcome }) => outcome !== "done").every(({ outcome }) => outcome === "superseded")).toBe(
      true,
    );
    // Half of what was asked for, at the least, became a transition: a loaded machine folds some writes into one.
    expect(finals.length).toBeGreaterThan(asked / 2);
    // Keepalived runs them side by side, which is why they are not run so here.
    expect(overlaps(theirs)).toBeGreaterThan(0);
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("that a dead daemon did not finish are told again, under the same name, and not twice at once", async () => {
    const rt1 = lan.host("rt1");
    const long = (at: string): string => `#!/bin/bash
echo "0 0 $3 $HEIRD_EVENT $HEIRD_ATTEMPT" >> ${at}/calls
[ "$HEIRD_ATTEMPT" = 1 ] && [ ! -e ${at}/again ] && { touch ${at}/began; sleep 60; echo survived >> ${at}/calls; }
exit 0
`;
    const home = makeHome(rt1, config(fresh(long), ""));
    const first = await startHeird(rt1, home);
    await eventually("the hook runs", () => calls().length === 1);
    first.signal("SIGKILL");
    await first.ended;
    writeFileSync(join(folder, "again"), "");
    const second = await startHeird(rt1, home);
    await eventually("it is told again, and what is now", () => calls().length >= 3, {
      otherwise: () => `${readFileSync(join(folder, "calls"), "utf8")}\n${second.output()}`,
    });
    const [one, again, now] = calls();
    expect(again).toMatchObject({ state: "BACKUP", event: one?.event, attempt: "2" });
    expect(now).toMatchObject({ state: "BACKUP", attempt: "1" });
    expect(now?.event).not.toBe(one?.event);
    expect(readFileSync(join(folder, "calls"), "utf8")).not.toContain("survived");
    await second.stop();
    const ends = hookEnds(home.stateDirectory);
    expect(ends.filter(({ event, final }) => event === one?.event && final)).toHaveLength(1);
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });
});
