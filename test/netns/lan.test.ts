// The LAN tried with two Keepalived, whose behaviour is known: what the other tests conclude from
// captures, addresses and probes is worth as much as these tools are.

import { existsSync, readdirSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { run, start } from "./command.ts";
import { eventually } from "./eventually.ts";
import { createLan, type Lan } from "./lan.ts";
import { removeLeftovers } from "./namespace.ts";
import { isGratuitousArp, type Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";

const VIP = "192.168.1.1";

const config = (state: string, priority: number): string => `
global_defs {
  vrrp_version 3
}
vrrp_instance VI_1 {
  state ${state}
  interface eth0
  virtual_router_id 1
  priority ${priority}
  advert_int 0.5
  virtual_ipaddress {
    ${VIP}/24 dev eth0
  }
}
`;

const HOSTS = [
  { name: "rt1", addresses: ["192.168.1.11/24", "2001:db8::11/64"] },
  { name: "rt2", addresses: ["192.168.1.12/24", "2001:db8::12/64"] },
  { name: "client", addresses: ["192.168.1.100/24", "2001:db8::100/64"] },
];

const namespaces = (): readonly string[] => (existsSync("/run/netns") ? readdirSync("/run/netns") : []);
const from = (source: string) => (packet: Packet) => packet.vrrp !== null && packet.ip?.source === source;

describe.skipIf(mustSkip("the LAN of namespaces", ["ip", "nft", "tcpdump", "keepalived"]))(
  "the LAN of namespaces",
  () => {
    let lan: Lan | undefined;
    const build = async (): Promise<Lan> => {
      lan = await createLan("self", HOSTS);
      return lan;
    };
    afterEach(async () => {
      await lan?.remove();
      lan = undefined;
    });

    test("hosts have the addresses and the MACs they were given, and reach each other", async () => {
      const { host } = await build();
      const rt1 = host("rt1");
      const addresses = await rt1.addresses();
      expect(addresses.map(({ address }) => address)).toEqual(["192.168.1.11", "2001:db8::11", rt1.linkLocal]);
      expect(rt1.linkLocal).toBe("fe80::ff:fe00:1");
      expect(rt1.mac).toBe("02:00:00:00:00:01");
      expect(await rt1.holds("192.168.1.12")).toBe(false);
      for (const [address, responder] of [
        ["192.168.1.12", "rt2"],
        ["2001:db8::12", "rt2"],
      ] as const) {
        const answering = await host(responder).startResponder();
        const probe = await rt1.startProbe(address, 10);
        await eventually(`${address} answers`, () => probe.answers().some(({ by }) => by === responder));
        await probe.stop();
        await answering.stop();
      }
    });

    test("two Keepalived: the backup takes over Master_Down_Interval after the last advert, and the client notices", async () => {
      const { host, capture } = await build();
      const [rt1, rt2, client] = [host("rt1"), host("rt2"), host("client")];
      const seen = await capture("ip proto 112 or arp");
      const strong = await rt1.startKeepalived(config("MASTER", 100));
      const weak = await rt2.startKeepalived(config("BACKUP", 50));
      await eventually("rt1 holds the address", () => rt1.holds(VIP), { otherwise: strong.output });
      await Promise.all([rt1.startResponder(), rt2.startResponder()]);
      const probe = await client.startProbe(VIP, 20);
      await eventually("rt1 answers", () => probe.answers().some(({ by }) => by === "rt1"));
      expect(await rt2.holds(VIP)).toBe(false);

      // A crash of the whole machine: the daemon gone and the cable dead, the address still there.
      strong.signalAll("SIGKILL");
      await rt1.unplug();
      const takeover = await seen.next("rt2 advertises", from("192.168.1.12"), { otherwise: weak.output });
      await eventually("rt2 answers", () => probe.answers().some(({ by }) => by === "rt2"));
      expect(await rt2.holds(VIP)).toBe(true);
      const packets = await seen.stop();
      const answers = await probe.stop();

      const last = packets.filter(from("192.168.1.11")).at(-1);
      // RFC 5798 §6.1, priority 50, interval 0.5 s:
      //   Skew_Time            = (256 - 50) * 0.5 s / 256 = 0.402344 s
      //   Master_Down_Interval = 3 * 0.5 s + Skew_Time    = 1.902344 s
      const gap = takeover.at - (last?.at ?? 0);
      expect(gap).toBeGreaterThan(1_902_344 - 2_000);
      expect(gap).toBeLessThan(1_902_344 + 250_000);
      expect(last?.vrrp).toMatchObject({ version: 3, vrid: 1, priority: 100, interval: 500, addresses: [VIP] });
      expect(takeover.vrrp).toMatchObject({ version: 3, vrid: 1, priority: 50, addresses: [VIP] });
      expect(takeover.ip).toMatchObject({ ttl: 255, destination: "224.0.0.18", trafficClass: 0xc0 });
      const announced = packets.filter((packet) => isGratuitousArp(packet) && packet.source === rt2.mac);
      expect(announced.length).toBeGreaterThan(0);
      expect(announced.every(({ arp, at }) => arp?.senderIp === VIP && at >= takeover.at - 2_000)).toBe(true);
      // Asked every 20 ms and dead for at least 1.9 s less one interval of 0.5 s: 70 questions lost.
      expect(answers.filter(({ by }) => by === null).length).toBeGreaterThan(60);
    });

    test("a lost frame is seen by the capture and by nobody else; healed, it arrives again", async () => {
      const { host, capture, isolate, loseNothing } = await build();
      const [rt1, rt2] = [host("rt1"), host("rt2")];
      await rt2.startResponder();
      const seen = await capture("udp");
      await isolate("rt1");
      // A permanent neighbour, so that the questions go out though nobody answers ARP.
      await rt1.run([
        "ip",
        "neighbour",
        "replace",
        "192.168.1.12",
        "lladdr",
        rt2.mac,
        "dev",
        "eth0",
        "nud",
        "permanent",
      ]);
      const probe = await rt1.startProbe("192.168.1.12", 10);
      await seen.next("a question on the wire", ({ ip }) => ip?.destination === "192.168.1.12");
      await eventually("20 questions", () => probe.answers().length >= 20);
      expect(probe.answers().every(({ by }) => by === null)).toBe(true);
      await loseNothing();
      await eventually("rt2 answers", () => probe.answers().some(({ by }) => by === "rt2"));
      await rt2.drop("input", "udp dport 3768");
      const before = probe.answers().length;
      await eventually("the host itself drops", () => {
        const recent = probe.answers().slice(before + 5);
        return recent.length >= 10 && recent.slice(0, 5).every(({ by }) => by === null);
      });
      await rt2.dropNothing();
      const later = probe.answers().length;
      await eventually("rt2 answers again", () =>
        probe
          .answers()
          .slice(later)
          .some(({ by }) => by === "rt2"),
      );
      await probe.stop();
    });

    test("removal leaves no namespace and no process, and may be repeated", async () => {
      const built = await build();
      const sleeper = await built.host("rt1").start("sleeper", ["sleep", "1000"]);
      const ours = built.hosts.map(({ namespace }) => namespace);
      expect(namespaces()).toEqual(expect.arrayContaining(ours));
      await built.remove();
      await built.remove();
      expect(namespaces().filter((name) => ours.includes(name))).toEqual([]);
      expect(sleeper.running()).toBe(false);
    });

    test("a LAN that cannot be built leaves nothing", async () => {
      const before = namespaces();
      await expect(createLan("bad", [{ name: "rt1", addresses: ["not-an-address/24"] }])).rejects.toThrow(
        /not-an-address/,
      );
      expect(namespaces()).toEqual(before);
      await expect(createLan("bad", [{ name: "rt1; reboot", addresses: [] }])).rejects.toThrow(/small letters/);
    });

    test("what a killed run left is removed by the next, with the programs in it; a living run's is not", async () => {
      const living = await build();
      // No process can be its owner: the number is beyond the kernel's greatest pid, 2^22 - 1.
      const orphan = "heird-4194304-1-self1-rt1";
      await run(["ip", "netns", "add", orphan]);
      const inside = await start("orphan", ["ip", "netns", "exec", orphan, "sleep", "1000"]);
      expect(removeLeftovers()).toEqual([orphan]);
      expect((await inside.ended).signal).toBe("SIGKILL");
      expect(namespaces()).toEqual(expect.arrayContaining(living.hosts.map(({ namespace }) => namespace)));
    });
  },
);
