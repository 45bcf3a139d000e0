// Somebody takes an address from a Master: put back, which is heird's way, answered as Keepalived does, or
// let be. Beside a real Keepalived, that does what it does.

import { describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";
import { watchAddresses } from "./monitor.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, resignationFrom, wallClock } from "./wire.ts";

const PATIENCE = { within: 30_000 };
const RESTORED = "192.168.1.51";
const IGNORED = "192.168.1.52";
const ANSWERED = "192.168.1.53";
const THEIRS = "192.168.1.54";
/**
 * RFC 5798 §6.1, priority 100 and 1 s: (256 - 100) * 1 s / 256, counted from the decision to resign; the packet
 * that says so is seen a little later.
 */
const SKEW = 609_375 - 50_000;

const owning = (vrid: number, address: string, ...extra: readonly string[]): string =>
  configOf({ name: `I${vrid}`, vrid, priority: 100, addresses: [`${address}/24`], extra });

const take = (host: Host, address: string): Promise<string> =>
  host.run(["ip", "address", "delete", `${address}/24`, "dev", "eth0"]);

/** From the priority 0 that follows `since` to the next claim. */
async function silence(
  next: (what: string, wanted: (packet: Packet) => boolean) => Promise<Packet>,
  source: string,
  vrid: number,
  since: number,
): Promise<number> {
  const resigned = await next("it resigns", (p) => p.at > since && resignationFrom(source, vrid)(p));
  const claimed = await next("it claims again", (p) => p.at > resigned.at && claimFrom(source, vrid)(p));
  return claimed.at - resigned.at;
}

describe.skipIf(mustSkip("addresses that are taken away", ["ip", "nft", "tcpdump", "keepalived"]))(
  "an address that somebody takes away",
  () => {
    test("comes back at once, and once a second; is a failover, as with Keepalived; or stays away", async () => {
      await onSite("loss", ROUTERS, async (site) => {
        const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
        const seen = await site.capture("ip proto 112");
        const next = (what: string, wanted: (packet: Packet) => boolean) => seen.next(what, wanted, PATIENCE);
        await rt2.startKeepalived(owning(54, THEIRS));
        const node = await site.heird(
          "rt1",
          [owning(51, RESTORED), owning(52, IGNORED, "on_loss ignore"), owning(53, ANSWERED, "on_loss failover")].join(
            "\n",
          ),
        );
        await node.reach("master", undefined, 30_000);
        await eventually("Keepalived holds its own", () => rt2.holds(THEIRS), PATIENCE);
        for (const address of [RESTORED, IGNORED, ANSWERED])
          await eventually(`${address} is there`, () => rt1.holds(address), PATIENCE);

        // Keepalived (B9.11): priority 0, everything dropped, and Master again after Skew_Time. heird the same.
        let since = wallClock();
        await take(rt2, THEIRS);
        expect(await silence(next, "192.168.1.12", 54, since)).toBeGreaterThanOrEqual(SKEW);
        await eventually("Keepalived has it again", () => rt2.holds(THEIRS), PATIENCE);
        since = wallClock();
        await take(rt1, ANSWERED);
        expect(await silence(next, "192.168.1.11", 53, since)).toBeGreaterThanOrEqual(SKEW);
        await eventually("heird has it again", () => rt1.holds(ANSWERED), PATIENCE);
        expect(node.output()).toMatch(/master -> backup \(vip_lost\)/);
        await eventually(
          "who took it is named",
          () => /took 192\.168\.1\.53 away from eth0/.test(node.output()),
          PATIENCE,
        );

        // Put back: the first time at once, then not before a second is over.
        const monitor = await watchAddresses(rt1);
        const comings = () => monitor.events().filter(({ address, gone }) => address === RESTORED && !gone);
        for (let times = 1; times <= 3; times++) {
          await take(rt1, RESTORED);
          await eventually(`it is back, the ${times}. time`, () => comings().length >= times, PATIENCE);
          await eventually("and stands", () => rt1.holds(RESTORED), PATIENCE);
        }
        const [first = 0, second = 0, third = 0] = comings().map(({ at }) => at);
        await monitor.stop();
        // The clock of the fold against that of ip monitor: a tenth for what lies between.
        expect(second - first).toBeGreaterThan(900_000);
        expect(third - second).toBeGreaterThan(900_000);
        await take(rt1, IGNORED);
        await eventually("it is told", () => /took 192\.168\.1\.52 away/.test(node.output()), PATIENCE);
        const told = wallClock();
        await next("it is Master all the same", (p) => p.at > told && claimFrom("192.168.1.11", 52)(p));
        expect(await rt1.holds(IGNORED)).toBe(false);
        for (const vrid of [51, 52])
          expect(seen.packets().filter(resignationFrom("192.168.1.11", vrid)), `VRID ${vrid}`).toEqual([]);
        expect((await node.status()).instances.map(({ state }) => state)).toEqual(["master", "master", "master"]);
        await node.stop();
        for (const address of [RESTORED, IGNORED, ANSWERED]) expect(await rt1.holds(address)).toBe(false);
        await seen.stop();
      });
    }, 120_000);
  },
);
