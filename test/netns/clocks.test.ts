// A wall clock that leaps, as it does when NTP comes late, a battery is dead or an administrator errs.
// Protocol time is monotonic, so that nobody moves; what is written down stays in order.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { tellPackets } from "./capture.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { type Heird, runHeird } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom, claimFrom, lastBefore, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const VIP = "192.168.1.1";
const [FIRST, SECOND] = ["192.168.1.11", "192.168.1.12"];
const config = (priority: number): string => configOf({ priority, interval: "0.2", addresses: [`${VIP}/24`] });
// RFC 5798 §6.1, priority 100: Master_Down_Interval = 3 * 0.2 s + (256 - 100) * 0.2 s / 256 = 0.721875 s.
const DOWN_100 = 721_875;

const DAY = 86_400_000;
/** How far the clock is off, in ms: a day ahead, two days back, ten years back, ten years ahead. */
const LEAPS = [DAY, -2 * DAY, -3_650 * DAY, 3_650 * DAY];

const folder = mkdtempSync(join(tmpdir(), "heird-clocks-"));
const offset = join(folder, "offset");
/** Loaded before the program: the time of day is what that file adds to it, read again every 10 ms. */
const LEAPING = `
import { readFileSync } from "node:fs";
const real = Date.now;
let offset = 0;
Date.now = () => real() + offset;
setInterval(() => { offset = Number(readFileSync(${JSON.stringify(offset)}, "utf8")); }, 10).unref();
`;

const leap = (by: number): void => {
  writeFileSync(`${offset}.new`, String(by));
  renameSync(`${offset}.new`, offset);
};

beforeEach(() => {
  const module = join(folder, "leaping.mjs");
  writeFileSync(module, LEAPING);
  leap(0);
  vi.stubEnv("NODE_OPTIONS", `--import=${module}`);
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How far the last line of its log is from the time of day as it really is, in ms. */
function written(node: Heird): number {
  const last = readLog(node.home.stateDirectory).lines.at(-1);
  return (last?.hlc ?? Number.NaN) - Date.now();
}

describe.skipIf(mustSkip("clocks", ["ip", "nft", "tcpdump"]))("a wall clock that leaps", () => {
  test("moves nobody, and a take-over beside it is on time", async () => {
    await onSite("clocks", ROUTERS, async (site) => {
      const strong = await site.heird("rt1", config(200));
      await strong.reach("master");
      const weak = await site.heird("rt2", config(100));
      await weak.reach("backup");
      const seen = await site.capture(VRRP_TRAFFIC);
      for (const by of LEAPS) {
        leap(by);
        const since = wallClock();
        // Five advertisements are more than a Master_Down_Interval.
        const enough = () => seen.packets().filter((p) => p.at > since && claimFrom(FIRST)(p)).length >= 5;
        await eventually("the Master goes on", enough);
      }
      expect(tellPackets(seen.packets().filter(advertFrom(SECOND))), "the Backup stays one").toBe("");

      const asked = wallClock();
      strong.signalAll("SIGKILL");
      await strong.ended;
      const claim = await seen.next("rt2 claims", (p) => p.at > asked && claimFrom(SECOND)(p));
      const silence = claim.at - lastBefore(seen.packets(), claim.at, claimFrom(FIRST));
      expect(silence).toBeGreaterThan(DOWN_100 - 5_000);
      // Twice as long is the machine's, ten years are not.
      expect(silence).toBeLessThan(2 * DOWN_100);
      await weak.reach("master");

      // Ten years ahead were written down; what comes after must not stand before them.
      await eventually("it was written", () => written(weak) > 3_000 * DAY, { within: 30_000 });
      leap(-DAY);
      await site.again(strong);
      await weak.reach("backup");
      const hlc = readLog(weak.home.stateDirectory).lines.map((line) => line.hlc);
      expect(hlc.every((at, i) => i === 0 || at >= (hlc[i - 1] ?? 0))).toBe(true);
      const { code, stdout } = await runHeird("explain", "last", "--state-dir", weak.home.stateDirectory);
      expect(code, stdout).toBe(0);
      expect(stdout).toContain("Root cause: ");
    });
  }, 90_000);
});
