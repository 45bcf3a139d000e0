// max_failovers on real packets: a router whose check flaps is Master as often as its file says, and no more; then
// it leaves the weaker one alone and says why, and takes over from it all the same when it is gone.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { heird } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, wallClock } from "./wire.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-limit-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const number = join(directory, "number");
function write(text: string): void {
  writeFileSync(`${number}.new`, text);
  renameSync(`${number}.new`, number);
}

const router = (priority: number, extra: readonly string[] = []): string =>
  configOf({ priority, interval: "0.3", addresses: ["192.168.1.101/32"], extra });
/** 150 while the file says 0, and 150 - 60 = 90 while it says 1. */
const FLAPPING = `track_file flaps {\n  file ${number}\n}\n${router(150, ["max_failovers 2 1000", "track_file {\n flaps weight -60\n}"])}`;
const patient = { within: 30_000 };

describe.skipIf(mustSkip("a limit on failovers", ["ip", "nft", "tcpdump"]))("max_failovers", () => {
  test("holds a router that flaps back from a weaker Master, says why, and does not from silence", async () => {
    write("0\n");
    await onSite("limit", ROUTERS, async (site) => {
      const seen = await site.capture("ip", "proto", "112");
      const flapping = await site.heird("rt1", FLAPPING);
      await flapping.reach("master");
      const steady = await site.heird("rt2", router(100));
      const becomes = async (text: string, node: typeof steady) => {
        write(text);
        await node.reach("master");
      };
      await becomes("1\n", steady);
      await becomes("0\n", flapping);
      await becomes("1\n", steady);

      write("0\n");
      await eventually(
        "it would be stronger",
        async () => (await flapping.status()).instances[0]?.priority === 150,
        patient,
      );
      // Five advertisements of the weaker one later, our own Master_Down_Interval of 3 * 300 ms + 106 * 300 ms / 256 =
      // 1024.2 ms has been over.
      const since = wallClock();
      const claims = (address: string) => seen.packets().filter((p) => p.at > since && claimFrom(address)(p)).length;
      await eventually("the weaker one goes on", () => claims("192.168.1.12") >= 5, patient);
      expect(claims("192.168.1.11")).toBe(0);
      const text = await site.host("rt1").run(heird("status", "--state-dir", flapping.home.stateDirectory));
      expect(text).toMatch(
        /max_failovers: it became Master 2 times within 1000s, and leaves a weaker one alone for another \d/,
      );

      steady.signal("SIGKILL");
      await flapping.reach("master");
      expect(await site.host("rt1").holds("192.168.1.101")).toBe(true);
    });
  }, 180_000);
});
