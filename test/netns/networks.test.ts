// Where a daemon lives: in a network namespace that its file names, beside another daemon, and on
// interfaces that come when they like.

import { describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, VRRP_TRAFFIC } from "./wire.ts";

const VIP = "192.168.1.1";
const PATIENCE = { within: 30_000 };
const needs = ["ip", "nft", "tcpdump"] as const;

const holdsOn = async (host: Host, device: string, address: string): Promise<boolean> =>
  (await host.addresses(device)).some((own) => own.address === address);

/** A cable of its own, which is not there before. */
async function lay(host: Host): Promise<void> {
  await host.run(["ip", "link", "add", "late0", "type", "veth", "peer", "name", "late1"]);
  await host.run(["ip", "link", "set", "late1", "up"]);
  await host.run(["ip", "link", "set", "late0", "up"]);
  await host.run(["ip", "address", "add", "10.9.0.11/24", "dev", "late0"]);
}

const DYNAMIC = "global_defs {\n  dynamic_interfaces\n}\n";
/** Owners: Master at once. One has an address on an interface that may be missing, one lives there with its virtual MAC. */
const LATE = configOf(
  { name: "HERE", vrid: 51, priority: 255, addresses: [`${VIP}/24`, "10.9.0.1/24 dev late0"] },
  { name: "THERE", vrid: 52, priority: 255, addresses: ["10.9.0.2/24"], interface: "late0", extra: ["use_vmac"] },
);

describe.skipIf(mustSkip("dynamic_interfaces", needs))("dynamic_interfaces", () => {
  test("an interface may be missing at the start, come, go, and come again as another one", async () => {
    await onSite("late", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const refused = site.unchecked("rt1", LATE);
      const { code, stderr } = await rt1.attempt(
        heird("run", "-f", refused.configFile, "--state-dir", refused.stateDirectory),
        { timeout: 30_000 },
      );
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/there is no interface late0; .*dynamic_interfaces/);

      const node = await site.heird("rt1", `${DYNAMIC}${LATE}`);
      await node.reach("master", "HERE", 30_000);
      await node.reach("fault", "THERE", 30_000);
      expect(await holdsOn(rt1, "eth0", VIP)).toBe(true);
      for (let time = 1; time <= 2; time++) {
        await lay(rt1);
        await node.reach("master", "THERE", 30_000);
        await eventually("the address of the other one is there", () => holdsOn(rt1, "late0", "10.9.0.1"), PATIENCE);
        await eventually("its own is there", () => holdsOn(rt1, "vrrp.52", "10.9.0.2"), PATIENCE);
        if (time === 2) break;
        await rt1.run(["ip", "link", "delete", "late0"]);
        await node.reach("fault", "THERE", 30_000);
        expect((await node.status()).instances[0]?.state, "who lives elsewhere does not mind").toBe("master");
        expect(await holdsOn(rt1, "eth0", VIP)).toBe(true);
      }
      await node.stop();
      expect(await holdsOn(rt1, "late0", "10.9.0.1")).toBe(false);
      expect(await rt1.run(["ip", "-o", "link"])).not.toMatch(/vrrp/);
    });
  }, 90_000);
});

const within = (host: Host, ...addresses: readonly string[]): string =>
  `net_namespace ${host.namespace}\n${configOf({ vrid: 51, priority: 200, interval: "0.1", addresses, extra: ["use_vmac"] })}`;
const settings = (host: Host): Promise<string> =>
  host.run(["sh", "-c", "grep -rH . /proc/sys/net/ipv4/conf 2>/dev/null | sort"]);

describe.skipIf(mustSkip("net_namespace", needs))("net_namespace", () => {
  test("the daemon lives there: it speaks, reloads, answers and is cleaned up, wherever it was started", async () => {
    await onSite("spaces", ROUTERS, async (site) => {
      const [there, here] = [site.host("rt1"), site.host("rt2")];
      await there.sysctl("net.ipv4.conf.all.rp_filter", 1);
      const before = await settings(there);
      const untouched = await settings(here);
      const seen = await site.capture(VRRP_TRAFFIC);
      let node = await site.heird("rt2", within(there, `${VIP}/24`));
      await node.reach("master", undefined, 30_000);
      await eventually("the address is there", () => holdsOn(there, "vrrp.51", VIP), PATIENCE);
      await seen.next("it is heard on that wire", claimFrom("192.168.1.11"), PATIENCE);
      expect((await node.status()).netNamespace).toBe(there.namespace);
      expect((await node.status()).settings.map(({ path }) => path)).toContain("net/ipv4/conf/eth0/arp_ignore");

      node.home.write(within(there, `${VIP}/24`, "192.168.1.2/24"));
      const { configFile, stateDirectory } = node.home;
      const asked = { timeout: 30_000 };
      const plan = await here.attempt(heird("plan", "-f", configFile, "--state-dir", stateDirectory), asked);
      expect(plan.stdout + plan.stderr).toMatch(/192\.168\.1\.2/);
      node.signal("SIGHUP");
      await eventually("the new one is there, too", () => holdsOn(there, "vrrp.51", "192.168.1.2"), PATIENCE);
      node.reload(within(here, `${VIP}/24`));
      await eventually(
        "another network is refused",
        async () => /net_namespace .* takes effect at a start/.test((await node.status()).config.lastReload),
        PATIENCE,
      );
      expect(await here.run(["ip", "-o", "address"])).not.toContain(`${VIP}/`);
      expect(await settings(here)).toBe(untouched);

      // Its remains are found where they lie.
      node.signalAll("SIGKILL");
      await node.ended;
      expect(await holdsOn(there, "vrrp.51", VIP)).toBe(true);
      expect(await node.home.cleanup()).toMatchObject({ code: 0, stdout: "2 address(es) removed\n" });
      expect(await settings(there)).toBe(before);
      expect(await there.run(["ip", "-o", "link"])).not.toMatch(/vrrp/);

      // Also by a daemon that lives elsewhere.
      node.home.write(within(there, `${VIP}/24`));
      node = await site.again(node);
      await eventually("it is there again", () => holdsOn(there, "vrrp.51", VIP), PATIENCE);
      node.signalAll("SIGKILL");
      await node.ended;
      node.home.write(within(here, `${VIP}/24`));
      node = await site.again(node);
      await eventually("it has moved", () => holdsOn(here, "vrrp.51", VIP), PATIENCE);
      expect(await settings(there)).toBe(before);
      expect(await there.run(["ip", "-o", "address"])).not.toContain(`${VIP}/`);
      await node.stop();
      expect(await settings(here)).toBe(untouched);
      await seen.stop();
    });
  }, 120_000);

  test("heird check --host looks at the addresses there", async () => {
    await onSite("look", ROUTERS, async (site) => {
      const [there, here] = [site.host("rt1"), site.host("rt2")];
      await there.run(["ip", "address", "add", "10.9.0.11/24", "dev", "eth0"]);
      const config = (host: Host): string =>
        `net_namespace ${host.namespace}\n${configOf({ vrid: 51, priority: 100, addresses: ["10.9.0.1/24"] })}`;
      const check = (host: Host) =>
        here.attempt(heird("check", "--host", site.unchecked("rt2", config(host)).configFile), { timeout: 30_000 });
      expect(await check(there)).toMatchObject({ code: 0, stderr: "" });
      expect((await check(here)).stderr).toMatch(/H0507/);
    });
  }, 60_000);

  test("one that is not there is named, with the remedy", async () => {
    await onSite("nospace", ROUTERS.slice(0, 1), async (site) => {
      const config = `net_namespace nowhere\n${configOf({ priority: 100, addresses: [`${VIP}/24`] })}`;
      const { configFile, stateDirectory } = site.unchecked("rt1", config);
      const argv = heird("run", "-f", configFile, "--state-dir", stateDirectory);
      const { code, stderr } = await site.host("rt1").attempt(argv, { timeout: 30_000 });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/net_namespace nowhere: .*ip netns add nowhere/);
      const check = await site.host("rt1").attempt(heird("check", "--host", configFile), { timeout: 30_000 });
      expect(check.code).toBe(0);
      expect(check.stderr).toMatch(/^heird: net_namespace nowhere: .*; the addresses there were not looked at\n$/);
    });
  }, 40_000);
});

describe.skipIf(mustSkip("instance", needs))("instance", () => {
  test("two daemons on one machine, each with its own rules and its own name", async () => {
    await onSite("twins", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const config = (word: string, vrid: number, address: string): string =>
        `${word}\n${configOf({ vrid, priority: 200, interval: "0.1", addresses: [address], extra: ["no_accept"] })}`;
      const one = await site.heird("rt1", config("instance blue", 51, "192.168.1.1/24"));
      const two = await site.heird("rt1", config("instance red", 52, "192.168.1.2/24"));
      await one.reach("master", undefined, 30_000);
      await two.reach("master", undefined, 30_000);
      expect([(await one.status()).instance, (await two.status()).instance]).toEqual(["blue", "red"]);
      const tables = (await rt1.run(["nft", "list", "tables"])).trim().split("\n").sort();
      expect(tables).toEqual(["table inet heird_blue", "table inet heird_red"]);
      one.reload(config("instance green", 51, "192.168.1.1/24"));
      await eventually(
        "another name is refused",
        async () => /instance is blue, and green takes effect/.test((await one.status()).config.lastReload),
        PATIENCE,
      );
      await one.stop();
      expect((await rt1.run(["nft", "list", "tables"])).trim()).toBe("table inet heird_red");
      await two.stop();
      expect((await rt1.run(["nft", "list", "tables"])).trim()).toBe("");
    });
  }, 60_000);
});
