// Everything a Master can hold, from one file under both daemons: what heird puts into the kernel is
// what Keepalived puts there. And that nothing of it stays behind, and everything else does.

import { describe, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";

const ONE = ROUTERS.slice(0, 1);

/** What of A13, A14 and A15 both can do on one interface. Priority 255: Master at once. */
const RICH = `global_defs {
  default_interface eth0
}
static_ipaddress {
  192.0.2.77/32
}
static_routes {
  192.0.2.128/25 via 192.168.1.250 dev eth0
}
static_rules {
  from 192.0.2.0/24 table 100
}
vrrp_instance RICH {
  interface eth0
  virtual_router_id 51
  priority 255
  version 3
  virtual_ipaddress {
    192.168.1.100/24 brd + label eth0:vip
    192.168.1.101/24
    192.168.1.102
    192.168.1.104 peer 192.168.1.200
    192.168.1.105/25 noprefixroute
    192.168.1.107/24 no_track
    198.51.100.9/28 scope link brd -
  }
  virtual_ipaddress_excluded {
    198.51.100.33/28 scope site
    2001:db8::5/64
    2001:db8::6
    2001:db8::7/64 home
    2001:db8::8/64 -nodad
    2001:db8::9/64 mngtmpaddr
    2001:db8::b/128 preferred_lft forever
    2001:db8::c/64 noprefixroute
    2001:db8::d peer 2001:db8::e
  }
  virtual_routes {
    192.0.3.0/24 via 192.168.1.250 dev eth0
    to 192.0.4.0/24 dev eth0 src 192.168.1.100 metric 50 table 100
    default via 192.168.1.251 dev eth0 table 100 metric 7
    blackhole 192.0.5.0/24 no_track
    unreachable 192.0.6.0/24 table main no_track
    192.0.7.0/24 dev eth0 scope link protocol static no_track
    192.0.8.0/24 via 10.77.0.1 dev eth0 onlink
    192.0.9.0/24 via 192.168.1.250 dev eth0 mtu 1400 advmss 1300 realms 5 tos 8
    throw 192.0.11.0/24 table 100 no_track
    2001:db8:1::/48 via 2001:db8::99 dev eth0
    2001:db8:2::/48 dev eth0 metric 33 table 100
  }
  virtual_rules {
    from 192.168.1.100/32 table 100 preference 500
    to 192.0.3.0/24 table main preference 501
    iif eth0 table 100 preference 502
    oif eth0 fwmark 5/0xff table 100
    fwmark 7 table 101
    from 2001:db8::5 table 100 preference 600
    from 192.168.1.101 to 192.0.2.0/24 table 100
    from 2001:db8::6 table 100
  }
}
`;

/** The kernel's whole telling, without what it counts by itself and the order it lists in. */
async function toldBy(host: Host): Promise<readonly string[]> {
  const ask = async (...argv: string[]): Promise<readonly string[]> =>
    (await host.run(["ip", "-d", "-o", ...argv])).split("\n").map((line) => line.replace(/\s+/g, " ").trim());
  const lists = [
    await ask("address", "show", "dev", "eth0"),
    await ask("-4", "route", "show", "table", "all"),
    await ask("-6", "route", "show", "table", "all"),
    await ask("-4", "rule", "show"),
    await ask("-6", "rule", "show"),
  ];
  return lists
    .flat()
    .filter((line) => line !== "")
    .map((line) => line.replace(/^(\d+): eth0/, "eth0").replace(/expires \d+sec/, "expires"))
    .sort();
}

const LAST = "2001:db8::d";
const needs = ["ip", "nft", "tcpdump"] as const;

const ruled = async (host: Host): Promise<boolean> => /lookup 101/.test(await host.run(["ip", "rule", "show"]));
/** DAD of everything that does it is over. */
const steady = (host: Host): Promise<unknown> =>
  eventually("nothing is tentative", async () => !/tentative/.test(await host.run(["ip", "-6", "address"])), {
    within: 8_000,
  });
const settled = async (host: Host): Promise<void> => {
  await eventually("the last address is there", () => host.holds(LAST));
  await eventually("the last rules are there", () => ruled(host));
  await steady(host);
};

/** Somebody else's, of the same destination, table and preference as some of ours. */
async function stand(host: Host): Promise<void> {
  await host.run(["ip", "route", "add", "192.0.3.0/24", "via", "192.168.1.249", "metric", "9"]);
  await host.run(["ip", "rule", "add", "from", "203.0.113.0/24", "table", "100", "preference", "500"]);
}

describe.skipIf(mustSkip("holdings", [...needs, "keepalived"]))("what a Master holds", () => {
  test("is what Keepalived holds of the same file, and goes without a trace", async () => {
    // A host of its own for each: Keepalived does not take its address with a peer away again.
    let theirs: readonly string[] = [];
    await onSite("theirs", ONE, async (site) => {
      const rt1 = site.host("rt1");
      await stand(rt1);
      await rt1.startKeepalived(RICH);
      await settled(rt1);
      theirs = await toldBy(rt1);
    });
    await onSite("rich", ONE, async (site) => {
      const rt1 = site.host("rt1");
      await stand(rt1);
      await steady(rt1);
      const before = await toldBy(rt1);
      const node = await site.heird("rt1", RICH);
      await settled(rt1);
      expect(await toldBy(rt1)).toEqual(theirs);

      node.signalAll("SIGKILL");
      await node.ended;
      expect((await toldBy(rt1)).length).toBe(theirs.length);
      expect(await node.home.cleanup()).toMatchObject({ code: 0 });
      expect(await toldBy(rt1)).toEqual(before);

      const again = await site.again(node);
      await settled(rt1);
      expect(await toldBy(rt1)).toEqual(theirs);
      await again.stop();
      expect(await toldBy(rt1)).toEqual(before);
    });
  }, 40_000);
});

describe.skipIf(mustSkip("holdings that are taken away", needs))("what somebody takes away", () => {
  test("is put back, the routes with it; a static address, too", async () => {
    await onSite("taken", ONE, async (site) => {
      const rt1 = site.host("rt1");
      const node = await site.heird("rt1", RICH);
      await settled(rt1);
      const whole = await toldBy(rt1);
      for (const address of ["192.168.1.100/24", "192.0.2.77/32", "2001:db8::5/64"])
        await rt1.run(["ip", "address", "del", address, "dev", "eth0"]);
      // The route with src 192.168.1.100 went with it.
      await eventually("all is as it was", async () => (await toldBy(rt1)).join("\n") === whole.join("\n"), {
        otherwise: node.output,
      });
      expect((await node.status()).instances[0]?.state).toBe("master");
    });
  }, 30_000);

  test("is put back where it was a route or a rule, and it is told who did it", async () => {
    await onSite("torn", ONE, async (site) => {
      const rt1 = site.host("rt1");
      const node = await site.heird("rt1", RICH);
      await settled(rt1);
      const whole = await toldBy(rt1);
      const thefts = [
        ["route", "del", "192.0.3.0/24", "via", "192.168.1.250", "proto", "keepalived"],
        ["route", "del", "192.0.9.0/24", "tos", "8"],
        ["route", "del", "default", "table", "100"],
        ["-6", "route", "del", "2001:db8:1::/48"],
        ["-6", "route", "del", "2001:db8:2::/48", "table", "100"],
        ["rule", "del", "preference", "500"],
        ["rule", "del", "fwmark", "5/0xff", "oif", "eth0"],
        ["-6", "rule", "del", "preference", "600"],
        // Static ones, too.
        ["route", "del", "192.0.2.128/25"],
        ["rule", "del", "from", "192.0.2.0/24"],
      ];
      for (const argv of thefts) {
        await rt1.run(["ip", ...argv]);
        await eventually(
          `after ${argv.join(" ")} all is as it was`,
          async () => (await toldBy(rt1)).join("\n") === whole.join("\n"),
          {
            otherwise: node.output,
          },
        );
      }
      expect(node.output()).toMatch(/took away route ipv4 192\.0\.3\.0\/24 table 254/);
      expect(node.output()).toMatch(/pid \d+\)? took away rule ipv4 500:/);
      // What is let be stays away.
      await rt1.run(["ip", "route", "del", "blackhole", "192.0.5.0/24"]);
      expect((await toldBy(rt1)).filter((line) => line.includes("192.0.5.0/24"))).toEqual([]);
      expect((await node.status()).instances[0]?.state).toBe("master");
    });
  }, 40_000);
});

const PROMOTED = `vrrp_instance P {
  interface eth0
  virtual_router_id 52
  priority 255
  version 3
  promote_secondaries
  virtual_ipaddress {
    198.51.100.10/24 no_track
    198.51.100.11/24 no_track
  }
}
`;

describe.skipIf(mustSkip("promote_secondaries", needs))("promote_secondaries", () => {
  test("keeps the others when the first address goes, and the setting is what it was, crash included", async () => {
    await onSite("promote", ONE, async (site) => {
      const rt1 = site.host("rt1");
      const FILE = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";
      const setting = async (): Promise<string> => (await rt1.run(["cat", FILE])).trim();
      await rt1.run(["sh", "-c", `echo 0 > ${FILE}; echo 0 > ${FILE.replace("eth0", "all")}`]);
      const node = await site.heird("rt1", PROMOTED);
      await eventually("both are there", () => rt1.holds("198.51.100.11"), { otherwise: node.output });
      expect(await setting()).toBe("1");
      await rt1.run(["ip", "address", "del", "198.51.100.10/24", "dev", "eth0"]);
      expect(await rt1.holds("198.51.100.11")).toBe(true);
      await eventually(
        "it is told who took it away",
        () => /took 198\.51\.100\.10 away from eth0/.test(node.output()),
        {
          otherwise: node.output,
        },
      );
      node.signalAll("SIGKILL");
      await node.ended;
      expect(await setting()).toBe("1");
      expect(await node.home.cleanup()).toMatchObject({ code: 0 });
      expect(await setting()).toBe("0");
      const again = await site.again(node);
      await eventually("both are there again", () => rt1.holds("198.51.100.11"), { otherwise: again.output });
      expect(await setting()).toBe("1");
      await again.stop();
      expect(await setting()).toBe("0");
    });
  }, 30_000);
});
