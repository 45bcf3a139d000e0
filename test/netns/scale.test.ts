// 64 instances with 250 addresses each take over at once, and no advertisement waits for an address,
// neither while 16 000 of them come nor while they go.

import { describe, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import { isGratuitousArp } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom, claimFrom, largestGap, resignationFrom, wallClock } from "./wire.ts";

const INSTANCES = 64;
const ADDRESSES = 250;
/** Advertisements of each instance that are looked at, one a second: then most of the addresses are still to come. */
const ROUNDS = 5;
const SOURCE = "192.168.1.11";
const VRIDS = Array.from({ length: INSTANCES }, (_, i) => i + 1);
const FIRST_ADDRESS = "10.1.0.1";

const config = VRIDS.map((vrid) => {
  const addresses = Array.from({ length: ADDRESSES }, (_, j) => `    10.${vrid}.0.${j + 1}/32`);
  return [
    `vrrp_instance I${vrid} {`,
    "  version 3",
    "  interface eth0",
    `  virtual_router_id ${vrid}`,
    "  priority 100",
    "  advert_int 1",
    "  garp_master_delay 0",
    "  garp_master_repeat 1",
    "  virtual_ipaddress {",
    ...addresses,
    "  }",
    "}",
  ].join("\n");
}).join("\n");

const seconds = (microseconds: number): string => `${(microseconds / 1_000_000).toFixed(3)} s`;

describe.skipIf(mustSkip("scale", ["ip", "nft", "tcpdump"]))("250 addresses of 64 instances", () => {
  // How long the kernel needs for 16 000 addresses on one interface is its own affair (it walks their list
  // for each), so that they are not waited for: what counts is who is heard meanwhile.
  test("no advertisement is an interval late while they come, and all 64 resign at once", async () => {
    await onSite("scale", ROUTERS.slice(0, 1), async (site) => {
      const seen = await site.capture(`ip proto 112 or (arp host ${FIRST_ADDRESS})`);
      const node = await site.heird("rt1", config);
      const rounds = () => seen.packets().filter(claimFrom(SOURCE, INSTANCES)).length;
      await eventually("the last router has said it often enough", () => rounds() > ROUNDS, { within: 40_000 });
      const ended = wallClock();
      expect(await node.stop(60_000)).toMatchObject({ code: 0 });
      const stopped = wallClock();
      const packets = await seen.stop();

      const first = packets.find(advertFrom(SOURCE))?.at ?? Number.NaN;
      const gaps = VRIDS.map((vrid) => largestGap(packets.filter(advertFrom(SOURCE, vrid))));
      const announced = packets.find((p) => p.at >= first && isGratuitousArp(p))?.at ?? Number.NaN;
      const resigned = packets.filter(resignationFrom(SOURCE));
      const added = node.output().split(`addAddresses: ${ADDRESSES} added`).length - 1;
      const begun = node.output().match(/addAddresses: \d+ added, \d+ given up/g)?.length ?? 0;
      tell(
        `64 x 250: largest gap between two adverts at 1 s ${seconds(Math.max(...gaps))}, first address announced after ` +
          `${seconds(announced - first)}, SIGTERM after ${seconds(ended - first)}, all resigned after ` +
          `${seconds((resigned.at(-1)?.at ?? Number.NaN) - ended)}, ended after ${seconds(stopped - ended)}; ` +
          `${added} instances had all their addresses by then, ${begun} gave up what was left`,
      );
      // RFC 9568 §6.4.3: an advertisement each Advertisement_Interval, 1 s. None is one interval late: 1 s + 1 s.
      for (const [i, gap] of gaps.entries()) expect(gap, `VRID ${i + 1}`).toBeLessThan(2_000_000);
      expect(announced - first, "the first address is announced before the next advertisement").toBeLessThan(1_000_000);
      // §6.4.3 (655): priority 0, from everybody, before anybody would have advertised again.
      expect(new Set(resigned.map(({ vrrp }) => vrrp?.vrid))).toEqual(new Set(VRIDS));
      expect((resigned.at(-1)?.at ?? Number.NaN) - ended).toBeLessThan(1_000_000);
      const after = packets.filter((p) => p.at > (resigned.at(-1)?.at ?? 0) && claimFrom(SOURCE)(p));
      expect(after, "nobody claims after it has resigned").toEqual([]);
      // What had not come by then does not come any more.
      expect(added + begun).toBe(INSTANCES);
      const left = (await site.host("rt1").addresses()).filter(({ address }) => address.startsWith("10."));
      expect(left).toEqual([]);
    });
  }, 150_000);
});
