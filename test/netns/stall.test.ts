// A daemon that was stopped and goes on does not know that time has passed. What it says first, and
// what it holds, decides whether the LAN has two Masters.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { tellPackets } from "./capture.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import type { Heird } from "./heird.ts";
import { watchAddresses } from "./monitor.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";
import { advertFrom, announcementOf, claimFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const VIP = "192.168.1.1";
const [FIRST, SECOND] = ["192.168.1.11", "192.168.1.12"];

const pairOf = async (site: Site, interval: string): Promise<readonly [Heird, Heird]> => {
  const config = (priority: number): string => configOf({ priority, interval, addresses: [`${VIP}/24`] });
  const strong = await site.heird("rt1", config(100));
  await strong.reach("master");
  const weak = await site.heird("rt2", config(50));
  await weak.reach("backup");
  return [strong, weak];
};

/** Waits until a stopped process is stopped: the signal is not delivered at once. */
const stopped = (node: Heird): Promise<unknown> => {
  node.signal("SIGSTOP");
  const isStopped = (): boolean => /^State:\tT/m.test(readFileSync(`/proc/${node.pid}/status`, "utf8"));
  return eventually("the process is stopped", isStopped);
};

/** Every phase a node went through, with the reasons, from its log. */
const story = (node: Heird): readonly string[] =>
  readLog(node.home.stateDirectory).lines.flatMap((line) =>
    line.type === "mark" ? [`${line.from} -> ${line.phase} (${line.because})`] : [],
  );

const needs = ["ip", "nft", "tcpdump"] as const;

/** Stops a Backup for each of these spans (ms), and looks for anything that it ever says or holds. */
async function expectSilence(tag: string, interval: string, stops: readonly number[]): Promise<void> {
  await onSite(tag, ROUTERS, async (site) => {
    const [, weak] = await pairOf(site, interval);
    const addresses = await watchAddresses(site.host("rt2"));
    const seen = await site.capture(VRRP_TRAFFIC);
    for (const span of stops) {
      await stopped(weak);
      await pause(span);
      weak.signal("SIGCONT");
      const again = wallClock();
      // Two more Master_Down_Intervals of the slower one, in which a false Master would have said so.
      await seen.next("the Master goes on", (p) => p.at > again + 1_500_000 && claimFrom(FIRST)(p));
      await weak.reach("backup");
    }
    const packets = await seen.stop();
    expect(tellPackets(packets.filter(advertFrom(SECOND)))).toBe("");
    expect(tellPackets(packets.filter(announcementOf(VIP, site.host("rt2").mac)))).toBe("");
    expect((await addresses.stop()).map(({ address }) => address)).not.toContain(VIP);
    expect(story(weak)).toEqual(["initialize -> backup (startup)"]);
  });
}

describe.skipIf(mustSkip("stopped daemons", needs)).concurrent("stopped daemons", () => {
  // RFC 5798 §6.1, priority 50: Master_Down_Interval = 3 * 0.2 s + (256 - 50) * 0.2 s / 256 = 0.7609375 s.
  test("a Backup stopped for longer than Master_Down_Interval says nothing afterwards", async () => {
    await expectSilence("slow", "0.2", [1_000, 3_000]);
  });

  for (const span of ["until the other one has taken over", "for much longer"] as const)
    test(`a Master stopped ${span} gives up before it claims again`, async () => {
      await onSite(span.startsWith("until") ? "short" : "long", ROUTERS, async (site) => {
        const [strong, weak] = await pairOf(site, "0.2");
        const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
        const addresses = await watchAddresses(rt1);
        const seen = await site.capture(VRRP_TRAFFIC);
        await seen.next("rt1 advertises", claimFrom(FIRST));
        await stopped(strong);
        const frozen = wallClock();
        const claim = await seen.next("rt2 takes over", claimFrom(SECOND));
        await eventually("rt2 holds the address", () => rt2.holds(VIP));
        // What a stopped process holds cannot be taken from it.
        expect(await rt1.holds(VIP)).toBe(true);
        if (span === "for much longer") await pause(2_000);
        const continued = wallClock();
        strong.signal("SIGCONT");
        const back = await seen.next("rt1 claims again", (p) => p.at > frozen + 50_000 && claimFrom(FIRST)(p));
        await eventually("rt1 alone holds the address", async () => (await rt1.holds(VIP)) && !(await rt2.holds(VIP)));
        await seen.next("rt1 goes on", (p) => p.at > back.at + 1_000_000 && claimFrom(FIRST)(p));
        const packets = await seen.stop();
        const events = (await addresses.stop()).filter(({ address }) => address === VIP);
        const marks = story(strong);
        const ms = (at: number): string => ((at - continued) / 1_000).toFixed(1);
        tell(
          `SIGSTOP of a Master ${span}: rt2 claims at ${ms(claim.at)} ms from SIGCONT, ` +
            `${events.map(({ gone, at }) => `${gone ? "removed" : "added"} at ${ms(at)}`).join(", ")}, rt1 claims at ${ms(back.at)}; ` +
            marks.slice(2).join(", "),
        );
        expect(marks).toEqual([
          "initialize -> backup (startup)",
          "backup -> master (master_silent)",
          "master -> backup (self_stall)",
          "backup -> master (master_weaker)",
        ]);
        expect(story(weak)).toContain("master -> backup (peer_stronger)");
        // The kernel's addresses: off first, and back only after the advert that claims them.
        expect(events.map(({ gone }) => gone)).toEqual([true, false]);
        const contested = packets.filter((p) => p.at > back.at + 50_000 && advertFrom(SECOND)(p));
        expect(tellPackets(contested), "rt2 lets go").toBe("");
        const duel = packets.filter((p) => p.at >= continued && p.at < continued + 150_000 && advertFrom(FIRST)(p));
        expect(duel.length, "rt1 does not shout").toBeLessThanOrEqual(2);
        // RFC 5798 §6.1, priority 100: Master_Down_Interval = 3 * 0.2 s + (256 - 100) * 0.2 s / 256 = 0.721875 s.
        if (span !== "for much longer") expect(back.at - claim.at).toBeGreaterThan(721_875 - 5_000);
      });
    });
});

// Alone: at this interval a process that starts beside it, with the same right to the processor, is late enough.
describe.skipIf(mustSkip("stopped daemons with adverts every 10 ms", needs))(
  "stopped daemons with adverts every 10 ms",
  () => {
    // RFC 5798 §6.1, priority 50: Master_Down_Interval = 3 * 10 ms + (256 - 50) * 10 ms / 256 = 38.046875 ms.
    // In 8 s there come 800 adverts, more than a socket with the kernel's usual buffer holds.
    test("a Backup stopped for longer than Master_Down_Interval says nothing afterwards", async () => {
      await expectSilence("fast", "0.01", [100, 1_000, 8_000]);
    });
  },
);
