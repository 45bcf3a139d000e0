// How close announcements may follow each other, and where they are repeated: from the file to the core.

import { expect, test } from "vitest";
import { loadText } from "./memory.ts";

const instance = (lines = ""): string =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n${lines}\n  virtual_ipaddress {\n    192.0.2.10/24\n  }\n}\n`;
const codesOf = (text: string) => loadText(text).diagnostics.map(({ code }) => code);
const configOf = (text: string) => loadText(`${text}\n${instance()}`).config;

test("vrrp_garp_interval and vrrp_gna_interval hold for each interface", () => {
  const config = configOf("global_defs {\n  vrrp_garp_interval 0.01\n  vrrp_gna_interval 0.000001\n}");
  expect(config?.pacing).toEqual({ each: { arp: 10_000, na: 1 }, groups: [] });
  expect(configOf("")?.pacing).toEqual({ each: { arp: 0, na: 0 }, groups: [] });
});

test("a garp_group has a pace for its interfaces; what it leaves out is the general one", () => {
  const config = configOf(
    "global_defs {\n  vrrp_gna_interval 0.5\n}\ngarp_group {\n  garp_interval 0.1\n  interfaces {\n    eth0 eth1\n    eth2\n  }\n}\ngarp_group {\n  gna_interval 2\n  interface eth3\n}",
  );
  expect(config?.pacing).toEqual({
    each: { arp: 0, na: 500_000 },
    groups: [
      { arp: 100_000, na: 500_000, interfaces: ["eth0", "eth1", "eth2"] },
      { arp: 0, na: 2_000_000, interfaces: ["eth3"] },
    ],
  });
});

test("an interface is in one garp_group, and a garp_group has an interface", () => {
  const twice = "garp_group {\n  interface eth0\n}\ngarp_group {\n  interfaces {\n    eth0 eth1\n  }\n}";
  expect(codesOf(`${twice}\n${instance()}`)).toContain("H0405");
  const { declaration } = loadText(twice);
  expect(declaration.garpGroups.map(({ interfaces }) => interfaces)).toEqual([["eth0"], ["eth1"]]);
  expect(codesOf(`garp_group {\n  garp_interval 1\n}\n${instance()}`)).toContain("H0204");
});

const extraOf = (global: string, own: string) =>
  loadText(`global_defs {\n  ${global}\n}\n${instance(`  ${own}`)}`).config?.routers[0]?.extraAnnounce;

test("garp_extra_if counts in seconds, on virtual MACs or on all interfaces", () => {
  expect(extraOf("", "")).toEqual({ every: 0, on: "vmac" });
  expect(extraOf("", "garp_extra_if 10")).toEqual({ every: 10_000_000, on: "vmac" });
  expect(extraOf("vrrp_garp_extra_if all 60", "")).toEqual({ every: 60_000_000, on: "all" });
  expect(extraOf("vrrp_garp_extra_if all 60", "garp_extra_if 0")).toEqual({ every: 0, on: "vmac" });
  expect(extraOf("", "vmac_garp_intvl all 5")).toEqual({ every: 5_000_000, on: "all" });
});

test.each(["garp_extra_if all", "garp_extra_if ten", "garp_extra_if 86401", "garp_extra_if all -1"])(
  "%s is a mistake",
  (line) => {
    expect(codesOf(instance(`  ${line}`))).toContain("H0101");
  },
);

test("vrrp_min_garp is one announcement and no second block, where nothing else is said", () => {
  const announceOf = (global: string) =>
    loadText(`global_defs {\n  vrrp_min_garp\n  ${global}\n}\n${instance()}`).config?.routers[0]?.announce;
  expect(announceOf("")).toMatchObject({ masterRepeat: 1, masterDelay: 0, lowerPriorityRepeat: 1 });
  expect(announceOf("vrrp_garp_master_delay 3")).toMatchObject({ masterRepeat: 1, masterDelay: 3_000_000 });
});
