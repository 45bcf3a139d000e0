// Every reason has the name that the standards give it, and none that they do not know.

import { expect, it } from "vitest";
import { REASONS, type Reason, standardOf } from "../../agent/core/reason.ts";

/** ietf-vrrp of RFC 8347, `vrrp-event-type`. */
const EVENTS = [
  "none",
  "startup",
  "shutdown",
  "higher-priority-backup",
  "master-timeout",
  "interface-up",
  "interface-down",
  "no-primary-ip-address",
  "primary-ip-address",
  "no-virtual-ip-addresses",
  "virtual-ip-addresses",
  "preempt-hold-timeout",
  "lower-priority-master",
  "owner-preempt",
].map((name) => `vrrp-event-${name}`);

it.each(REASONS)("%s is an event of RFC 8347 or none, and of its revision alike", (reason) => {
  const { rfc8347, rfc8347bis } = standardOf(reason, "backup");
  if (rfc8347 !== null) expect(EVENTS).toContain(rfc8347);
  expect(rfc8347bis).toBe(rfc8347?.replace("master", "active") ?? null);
});

// RFC 6527, vrrpv3StatisticsNewMasterReason: notMaster 0, priority 1, preempted 2, masterNoResponse 3.
const NEW_MASTER: readonly (readonly [Reason, string | null, string | null, number])[] = [
  ["master_silent", "vrrp-event-master-timeout", "vrrp-event-active-timeout", 3],
  ["master_weaker", "vrrp-event-lower-priority-master", "vrrp-event-lower-priority-active", 2],
  ["preempt_delay_over", "vrrp-event-preempt-hold-timeout", "vrrp-event-preempt-hold-timeout", 2],
  ["failover_limit_over", "vrrp-event-lower-priority-master", "vrrp-event-lower-priority-active", 2],
  ["master_resigned", "vrrp-event-master-timeout", "vrrp-event-active-timeout", 1],
  ["owner_startup", "vrrp-event-owner-preempt", "vrrp-event-owner-preempt", 1],
  ["group_master", null, null, 1],
];

it.each(NEW_MASTER)("%s makes a Master that is called %s, %s and %i", (reason, event, revised, mib) => {
  expect(standardOf(reason, "master")).toMatchObject({ rfc8347: event, rfc8347bis: revised, rfc6527: mib });
  expect(standardOf(reason, "backup")).toMatchObject({ rfc8347: event, newMaster: "not-master", rfc6527: 0 });
});
