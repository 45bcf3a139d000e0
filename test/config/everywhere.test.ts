// What global_defs says for every instance arrives in the core, and an instance may say otherwise.

import { expect, test } from "vitest";
import type { RouterConfig } from "../../agent/core/config.ts";
import { loadText } from "./memory.ts";

const UNICAST = "unicast_src_ip 192.0.2.1\n  unicast_peer {\n    192.0.2.2\n  }";
const routerOf = (global: string, own = "", version = 3): RouterConfig | undefined => {
  const head = `global_defs {\n  ${global}\n}\nvrrp_instance VI_1 {\n  interface eth0\n  version ${version}\n`;
  const tail = `  virtual_router_id 51\n  ${own}\n  virtual_ipaddress {\n    192.0.2.10/24\n  }\n}\n`;
  return loadText(head + tail).config?.routers[0];
};

type Row = readonly [
  global: string,
  read: (router: RouterConfig) => unknown,
  usual: unknown,
  said: unknown,
  own?: string,
];

const groupOf = ({ transport: { to } }: RouterConfig) => (to.type === "multicast" ? to.group : null);
const checksOf = ({ transport: { to } }: RouterConfig) => (to.type === "unicast" ? to.checkSource : null);

const ROWS: readonly Row[] = [
  ["vrrp_mcast_group4 224.0.0.99", groupOf, "224.0.0.18", "224.0.0.99"],
  ["vrrp_check_unicast_src off", checksOf, true, false, UNICAST],
  ["vrrp_down_timer_adverts 5", ({ downTimerAdverts }) => downTimerAdverts, 3, 5],
  ["vrrp_lower_prio_no_advert", ({ conduct }) => conduct.lowerPriorityNoAdvert, false, true],
  ["vrrp_higher_prio_send_advert", ({ conduct }) => conduct.higherPrioritySendAdvert, false, true],
  ["vrrp_owner_ignore_adverts", ({ conduct }) => conduct.ownerIgnoresAdverts, false, true],
  ["vrrp_skip_check_adv_addr", ({ conduct }) => conduct.checkAddresses, true, false],
  ["vrrp_strict_checksum", ({ conduct }) => conduct.strictChecksum, false, true],
  ["v3_checksum_as_v2", ({ v3Checksum }) => v3Checksum, "pseudoHeader", "plain"],
  // B16: what strict mode switches on and off.
  ["vrrp_strict", ({ conduct }) => conduct.accept, true, false],
  ["vrrp_strict", ({ conduct }) => conduct.lowerPriorityNoAdvert, false, true],
  ["vrrp_garp_master_delay 3", ({ announce }) => announce.masterDelay, 5_000_000, 3_000_000],
  ["vrrp_garp_master_repeat 2", ({ announce }) => announce.masterRepeat, 5, 2],
  ["vrrp_garp_master_refresh 60", ({ announce }) => announce.refresh, 0, 60_000_000],
  ["vrrp_garp_master_refresh_repeat 4", ({ announce }) => announce.refreshRepeat, 1, 4],
  ["vrrp_garp_lower_prio_delay 7", ({ announce }) => announce.lowerPriorityDelay, 5_000_000, 7_000_000],
  ["vrrp_garp_lower_prio_repeat 9", ({ announce }) => announce.lowerPriorityRepeat, 5, 9],
];

for (const [global, read, usual, said, own] of ROWS)
  test(`${global}: ${said}`, () => {
    const [without, there] = [routerOf("router_id rt1", own), routerOf(global, own)];
    if (without === undefined || there === undefined) throw new Error("it does not load");
    expect(read(without)).toBe(usual);
    expect(read(there)).toBe(said);
  });

test("an instance that says otherwise is believed", () => {
  const read = (global: string, own: string) => routerOf(global, own);
  expect(read("vrrp_down_timer_adverts 5", "down_timer_adverts 4")?.downTimerAdverts).toBe(4);
  expect(read("vrrp_garp_master_repeat 2", "garp_master_repeat 3")?.announce.masterRepeat).toBe(3);
  expect(read("v3_checksum_as_v2", "v3_checksum_as_v2 off")?.v3Checksum).toBe("pseudoHeader");
  expect(groupOf(read("vrrp_mcast_group4 224.0.0.99", "mcast_dst_ip 224.0.0.98") as RouterConfig)).toBe("224.0.0.98");
});

test("vrrp_version, vrrp_mcast_group6 and log_unknown_vrids", () => {
  const six = loadText(
    "global_defs {\n  vrrp_mcast_group6 ff02::99\n  log_unknown_vrids\n  vrrp_version 3\n}\nvrrp_instance A {\n  interface eth0\n  virtual_router_id 1\n  virtual_ipaddress {\n    fe80::1/64\n  }\n}\nvrrp_instance B {\n  interface eth0\n  virtual_router_id 2\n  virtual_ipaddress {\n    192.0.2.1/24\n  }\n}\n",
  ).config;
  expect(six?.routers.map(groupOf)).toEqual(["ff02::99", "224.0.0.18"]);
  expect(six?.routers.map(({ version }) => version)).toEqual([3, 3]);
  expect(six?.logUnknownVrids).toBe(true);
});
