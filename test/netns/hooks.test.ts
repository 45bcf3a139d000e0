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
import { finish, type Heird, makeHome, startHeird } from "./heird.ts";
import { createLan, type Lan } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { advertFrom, largestGap } from "./wire.ts";

/** Twenty transitions a second: FAULT and BACKUP in turns, by a tracked file. */
const EVERY_MS = 50;
/** HEIRD_FLAP_MS=30000 is the run of the issue, with a calm and a storm without hooks beside it. */
const IN_FULL = process.env["HEIRD_FLAP_MS"] !== undefined;
const SPAN_MS = Number(process.env["HEIRD_FLAP_MS"] ?? 5_000);
/** Of an instance that has no part in it. */
const INTERVAL_MS = IN_FULL ? 100 : 500;
const OWN = "192.168.1.11";

/** Takes 0 to 300 ms, and says when it began and ended, in µs. */
const SLOW = (folder: string): string => `#!/bin/bash
b=\${EPOCHREALTIME/./}
printf -v wait '0.%03d' $((RANDOM % 301)); sleep $wait
echo "$b \${EPOCHREALTIME/./} $3 $HEIRD_EVENT $HEIRD_ATTEMPT" >> ${folder}/calls
`;
const config = (folder: string, hooks: string): string => `
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
  ${hooks}
}
vrrp_instance VI_2 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 2
  priority 100
  advert_int ${INTERVAL_MS / 1_000}
  virtual_ipaddress { 192.168.1.2/24 }
}
`;
/** `all` tells every one of them, which at 20 in a second takes three times as long as it storms. */
const POLICY = `hook_policy { order ${process.env["HEIRD_FLAP_ORDER"] ?? "latest"} }`;
const notify = (folder: string, policy = ""): string => `notify "${folder}/slow.sh"\n  ${policy}`;

type Call = {
  readonly began: number;
  readonly ended: number;
  readonly state: string;
  readonly event: string;
  readonly attempt: string;
};
type HookEnded = Extract<Observation, { type: "hookEnded" }>;

/** How much later than its interval an advert came, in ms: median, 99 of 100, the latest. */
function lateness(packets: readonly Packet[]): string {
  const gaps = packets.slice(1).map(({ at }, i) => (at - (packets[i]?.at ?? at)) / 1_000 - INTERVAL_MS);
  const sorted = gaps.sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1);
  return `adverts at ${INTERVAL_MS} ms are late by ${at(0.5)}, ${at(0.99)}, ${at(1)} ms (median, 99 of 100, latest; n=${sorted.length})`;
}

describe.skipIf(mustSkip("hooks under load", ["ip", "bridge", "keepalived", "tcpdump"]))("hooks", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    lan = await createLan("flap", [{ name: "rt1", addresses: [`${OWN}/24`] }]);
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
  /** What the other instance advertises while something is done. */
  const heard = async <T>(
    act: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly adverts: readonly Packet[] }> => {
    const capture = await lan.capture("ip", "proto", "112");
    const result = await act();
    return { result, adverts: (await capture.stop()).filter(advertFrom(OWN, 2)) };
  };
  /** The same without hooks: at rest, and in the same storm. */
  const without = async (heird: Heird): Promise<void> => {
    const calm = await heard(() => pause(SPAN_MS));
    const storm = await heard(flap);
    tell(`heird at rest: ${lateness(calm.adverts)}\nheird in the storm, without hooks: ${lateness(storm.adverts)}`);
    writeFileSync(join(folder, "tf"), "0\n");
    heird.reload(config(folder, notify(folder, POLICY)));
    await eventually("the hooks are known", async () => (await heird.status()).config.generation > 1);
  };
  const hookEnds = (stateDirectory: string): readonly HookEnded[] =>
    readLog(stateDirectory).lines.flatMap((line) =>
      line.type === "event" && line.seen.type === "hookEnded" ? [line.seen] : [],
    );

  /** Of VI_1, since the last configuration came. */
  const transitions = (stateDirectory: string): number => {
    const { lines } = readLog(stateDirectory);
    const since = lines.findLastIndex((line) => line.type === "event" && line.seen.type === "configured");
    return lines
      .slice(since)
      .filter((line) => line.type === "mark" && line.name === "VI_1" && line.phase !== "initialize").length;
  };

  test("of a router that flaps are told in order, never two at once, and the last one tells what is", {
    timeout: 90_000 + 9 * SPAN_MS,
  }, async () => {
    const rt1 = lan.host("rt1");
    fresh();
    const keepalived = await rt1.startKeepalived(config(folder, notify(folder)));
    const { result: asked, adverts: beside } = await heard(flap);
    await pause(400); // its hooks take 300 ms, and nobody can say when they are done
    const theirs = calls();
    await keepalived.stop();
    rmSync(folder, { recursive: true });

    fresh();
    const home = makeHome(rt1, config(folder, IN_FULL ? "" : notify(folder, POLICY)));
    const heird = await startHeird(rt1, home);
    await heird.reach("master", "VI_2");
    if (IN_FULL) await without(heird);
    // The file is read by now, as Keepalived has read it when it has entered a state.
    writeFileSync(join(folder, "tf"), "1\n");
    await heird.reach("fault", "VI_1");
    const { adverts } = await heard(flap);
    await heird.reach("fault", "VI_1");
    await eventually("it is quiet", async () => (await heird.status()).hooks.waiting === 0, {
      within: 30_000 + 4 * SPAN_MS,
    });
    const ours = calls();
    const { hooks } = await heird.status();
    await heird.stop();
    const ends = hookEnds(home.stateDirectory).filter(({ event }) => !event.includes("/STOP/"));
    const finals = ends.filter(({ final }) => final);
    const last = (list: readonly Call[]): string => [...list].sort((a, b) => a.ended - b.ended).at(-1)?.state ?? "";
    tell(
      [
        `${asked} changes of the file in ${SPAN_MS} ms`,
        `Keepalived in the storm: ${lateness(beside)}`,
        `heird in the storm, with hooks: ${lateness(adverts)}`,
        `Keepalived: ${theirs.length} hooks, ${overlaps(theirs)} began while another ran, the last to end said ${last(theirs)}`,
        `heird: ${finals.length} hooks wished, ${hooks.done} done, ${hooks.superseded} superseded, ${hooks.failed} failed, ${overlaps(ours)} began while another ran, the last to end said ${last(ours)}`,
      ].join("\n"),
    );
    // Of VI_2, no neighbour of whatever priority took over: Master_Down_Interval is three intervals and more.
    expect(adverts.length).toBeGreaterThan(SPAN_MS / INTERVAL_MS / 2);
    expect(largestGap(adverts)).toBeLessThan(3 * INTERVAL_MS * 1_000);
    expect(overlaps(ours)).toBe(0);
    expect(last(ours)).toBe("FAULT");
    expect(ours.map(({ began }) => began)).toEqual(ours.map(({ began }) => began).sort((a, b) => a - b));
    expect(new Set(finals.map(({ event }) => event)).size).toBe(finals.length);
    expect(finals.filter(({ outcome }) => outcome === "done").length).toBe(ours.length);
    expect(finals.filter(({ outcome }) => outcome !== "done").every(({ outcome }) => outcome === "superseded")).toBe(
      true,
    );
    // Every transition has its hook, and no other: how many of the writes became one is the machine's to say.
    expect(finals.length).toBe(transitions(home.stateDirectory));
    expect(finals.length).toBeGreaterThan(3);
    // Keepalived runs them side by side, which is why they are not run so here.
    expect(overlaps(theirs)).toBeGreaterThan(0);
    finish(home);
    rmSync(folder, { recursive: true, force: true });
  });

  test("that a dead daemon did not finish are told again, under the same name, and not twice at once", async () => {
    const rt1 = lan.host("rt1");
    const long = (at: string): string => `#!/bin/bash
echo "0 0 $3 $HEIRD_EVENT $HEIRD_ATTEMPT" >> ${at}/calls
[ "$HEIRD_ATTEMPT" = 1 ] && [ ! -e ${at}/again ] && { touch ${at}/began; sleep 60; echo survived >> ${at}/calls; }
exit 0
`;
    const home = makeHome(rt1, config(fresh(long), notify(folder)));
    const first = await startHeird(rt1, home);
    await eventually("the hook runs", () => calls().length === 1, { within: 30_000 });
    first.signal("SIGKILL");
    await first.ended;
    writeFileSync(join(folder, "again"), "");
    const second = await startHeird(rt1, home);
    await eventually("it is told again, and what is now", () => calls().length >= 3, {
      within: 30_000,
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
    finish(home);
    rmSync(folder, { recursive: true, force: true });
  });
});
