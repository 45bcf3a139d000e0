// The demo as people run it: what it shows, and that it leaves nothing but its logs.

import { afterEach, describe, expect, test } from "vitest";
import { attempt } from "../netns/command.ts";
import { doubts } from "../netns/heird.ts";
import { mustSkip } from "../netns/requirements.ts";
import { cleanUp, leavesNothing, startDemo, statesIn } from "./trial.ts";

afterEach(cleanUp);

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
    // Four lives, two of them killed: each log folds to what was.
    expect(statesIn(temporary).map((stateDirectory) => doubts({ stateDirectory }, null))).toEqual([[], []]);

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
});
