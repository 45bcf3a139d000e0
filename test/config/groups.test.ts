// Sync groups, delays and strict mode, from the file to what the core runs.

import { expect, test } from "vitest";
import { loadText } from "./memory.ts";

const instance = (name: string, vrid: number, more = ""): string =>
  `vrrp_instance ${name} {\ninterface eth${vrid}\nvirtual_router_id ${vrid}\n${more}\nvirtual_ipaddress {\n10.0.${vrid}.9\n}\n}\n`;
const group = (more = ""): string => `vrrp_sync_group G {\ngroup {\nA\nB\n}\n${more}\n}\n`;
const codes = (text: string) => loadText(text).diagnostics.map(({ code }) => code);
const configOf = (text: string) => {
  const { config } = loadText(text);
  if (config === null) throw new Error("the file was refused");
  return config;
};

test("a group names its members by key, and what it tracks is tracked by each of them", () => {
  const tracked = "track_interface {\neth7\neth8 weight -20\n}";
  const { groups, routers } = configOf(`${group(tracked)}${instance("A", 1)}${instance("B", 2, tracked)}`);
  expect(groups).toMatchObject([{ name: "G", members: ["eth1/ipv4/1", "eth2/ipv4/2"] }]);
  const eth7 = { check: "interface/eth7", weight: 0, reverse: false };
  // B11.3: the member's own weight is dropped, and its own word counts; the group's weight stays.
  expect(routers.map(({ tracks }) => tracks)).toEqual([
    [eth7, { check: "interface/eth8", weight: -20, reverse: false }],
    [eth7, { check: "interface/eth8", weight: 0, reverse: false }],
  ]);
});

test("a group has owners only, or none (B11.4)", () => {
  const [owner, other] = [instance("A", 1, "priority 255"), instance("B", 2)];
  expect(codes(`${group()}${owner}${other}`)).toContain("H0221");
  expect(codes(`${group()}${owner}${instance("B", 2, "priority 255")}`)).not.toContain("H0221");
  expect(codes(`${group()}${instance("A", 1)}${other}`)).not.toContain("H0221");
});

test("delays of the start and of links are spans; a link has no delay up unless it says so", () => {
  const text =
    "global_defs {\nvrrp_startup_delay 1.5\nvrrp_delay_after_boot 90\n}\ninterface_up_down_delays {\neth1 2\neth2 2 3\n}\n";
  const { startupDelay, delayAfterBoot, linkDelays } = configOf(`${text}${instance("A", 1)}`);
  expect([startupDelay, delayAfterBoot]).toEqual([1_500_000, 90_000_000]);
  expect(linkDelays).toEqual({ eth1: { down: 2_000_000, up: 0 }, eth2: { down: 2_000_000, up: 3_000_000 } });
});

test("strict mode takes back what the RFCs do not know, and says so (B16)", () => {
  const bent = "state BACKUP\npreempt_delay 5\ndown_timer_adverts 4\nhigher_prio_send_advert";
  const [strict] = configOf(instance("A", 1, `strict_mode\n${bent}`)).routers;
  expect([strict?.preemptDelay, strict?.downTimerAdverts]).toEqual([0, 3]);
  expect(strict?.conduct).toMatchObject({
    higherPrioritySendAdvert: false,
    lowerPriorityNoAdvert: true,
    ownerIgnoresAdverts: true,
    accept: false,
  });
  expect(codes(instance("A", 1, `strict_mode\n${bent}`)).filter((code) => code === "H0405")).toHaveLength(3);
  const [lenient] = configOf(instance("A", 1, bent)).routers;
  expect([lenient?.preemptDelay, lenient?.downTimerAdverts]).toEqual([5_000_000, 4]);
  expect(codes(instance("A", 1, bent))).not.toContain("H0405");
});

test("strict mode has the RFC's virtual MAC, and advertisements come from it", () => {
  const bent = "use_vmac vx 02:00:00:00:00:99\nvmac_xmit_base";
  const cleared = (more: string): readonly string[] =>
    loadText(instance("A", 1, `${more}${bent}`))
      .diagnostics.filter(({ code }) => code === "H0405")
      .map(({ message }) => message.split(":")[0] ?? "");
  expect(cleared("")).toEqual([]);
  expect(cleared("strict_mode\n")).toEqual([
    "use_vmac is cleared by strict mode",
    "vmac_xmit_base is cleared by strict mode",
  ]);
  // Unicast leaves by the parent whatever is asked for.
  expect(cleared("strict_mode\nunicast_peer {\n10.0.1.2\n}\n")).toEqual(["use_vmac is cleared by strict mode"]);
});

test.each([
  ["version 2", "H0210", "H0211"],
  ["version 2\nno_virtual_ipaddress", undefined, "H0211"],
  ["version 3", "H0211", "H0211"],
])("%s: strict mode needs an address", (lines, lenient, strict) => {
  const empty = (more: string): string | undefined =>
    codes(`vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\npriority 100\n${lines}\n${more}\n}\n`).find((code) =>
      /^H021[01]/.test(code),
    );
  expect([empty(""), empty("strict_mode")]).toEqual([lenient, strict]);
});

test("a link's loss must be believed before the neighbours stop waiting (B10.9)", () => {
  const said = (delay: string, more: string): readonly string[] =>
    loadText(`interface_up_down_delays {\neth1 ${delay}\n}\n${instance("A", 1, `version 3\n${more}`)}`)
      .diagnostics.filter(({ code }) => code === "H0307")
      .map(({ position, message, help }) => `${position.line}:${position.column} ${message}; ${help}`);
  // (3 - 1) * 1 s.
  const far = "may be down for 2s before A believes it, and after 2s another router may be Master";
  expect(said("2", "")).toEqual([`2:6 eth1 ${far}; write less than 2s, or a longer advert_int`]);
  expect(said("1.9", "")).toEqual([]);
  // (5 - 1) * 1 s, (3 - 1) * 2 s.
  expect(said("2", "down_timer_adverts 5")).toEqual([]);
  expect(said("3.9", "advert_int 2")).toEqual([]);
  expect(said("4", "advert_int 2")).toHaveLength(1);
});

test("version 2 has no interval below a second, and the remedy is said", () => {
  const said = loadText(instance("A", 1, "advert_int 0.5")).diagnostics.find(({ code }) => code === "H0106");
  expect(said?.help).toBe("write advert_int 1; below a second needs version 3, here and in all its neighbours");
  expect(configOf(instance("A", 1, "version 3\nadvert_int 0.5")).routers[0]?.adverInterval).toBe(500_000);
});
