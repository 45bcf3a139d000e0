// global_defs, and the outermost keywords of its kind, become the defaults of everything else.

import { microseconds } from "../agent/core/time.ts";
import { usualAgent } from "../agent/core/usual.ts";
import type { DeclaredAnnounce, DeclaredGlobals, OnLoss } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { notifyIn, programsIn } from "./hook-globals.ts";
import { linkDelaysIn } from "./link-delays.ts";
import { wordsIn } from "./objects.ts";
import { extraIn } from "./pacing.ts";
import { addressIn, boolIn, type Entry, entryOf, has, numberIn, type Section, textIn, withEntries } from "./section.ts";
import { DEFAULT_POLICY, hookPolicyIn, webhooksIn } from "./services.ts";
import { placeOf } from "./syntax.ts";
import { vmacPrefixIn } from "./vmac.ts";

/** All global_defs together; what is given twice counts as given last. */
export function declareGlobals(root: Section, report: Report): DeclaredGlobals {
  const entries = root.entries.flatMap((entry): readonly Entry[] =>
    entry.keyword.name === "global_defs" ? (entry.section?.entries ?? []) : [],
  );
  const section: Section = withEntries({ ...root, block: "global_defs" }, entries);
  checkedAgainstKeepalived(section, report);
  const on = (name: string) => boolIn(section, name) ?? false;
  const number = (name: string, fallback: number) => numberIn(section, name) ?? fallback;
  const firstWord = (name: string) => wordsIn(section, name)?.[0] ?? null;
  const version = numberIn(section, "vrrp_version");
  // Either place will do for these.
  const wholly = (name: string) => textIn(section, name) ?? textIn(root, name) ?? null;
  const vmacPrefix = vmacPrefixIn(section, "vmac_prefix", report) ?? "vrrp";
  return {
    routerId: textIn(section, "router_id") ?? null,
    version: version === 3 ? 3 : 2,
    strict: on("vrrp_strict"),
    skipCheckAdvAddr: on("vrrp_skip_check_adv_addr"),
    announce: announceIn(section, "vrrp_"),
    minGarp: on("vrrp_min_garp"),
    garpInterval: number("vrrp_garp_interval", 0),
    gnaInterval: number("vrrp_gna_interval", 0),
    extra: extraIn(section, "vrrp_garp_extra_if", 1, report) ?? null,
    v3ChecksumAsV2: on("v3_checksum_as_v2"),
    strictChecksum: on("vrrp_strict_checksum"),
    checkUnicastSource: boolIn(section, "vrrp_check_unicast_src") ?? true,
    logUnknownVrids: has(section, "log_unknown_vrids"),
    netNamespace: wholly("net_namespace"),
    instance: wholly("instance"),
    lowerPrioNoAdvert: on("vrrp_lower_prio_no_advert"),
    higherPrioSendAdvert: on("vrrp_higher_prio_send_advert"),
    ownerIgnoreAdverts: on("vrrp_owner_ignore_adverts"),
    downTimerAdverts: number("vrrp_down_timer_adverts", 3),
    startupDelay: microseconds(number("vrrp_startup_delay", 0) * 1_000_000),
    delayAfterBoot: microseconds(number("vrrp_delay_after_boot", 0) * 1_000_000),
    linkDelays: linkDelaysIn(root, report),
    group4: addressIn(section, "vrrp_mcast_group4") ?? null,
    group6: addressIn(section, "vrrp_mcast_group6") ?? null,
    defaultInterface: textIn(section, "default_interface") ?? "eth0",
    dynamicInterfaces: has(section, "dynamic_interfaces"),
    smtpAlert: boolIn(section, "smtp_alert_vrrp") ?? on("smtp_alert"),
    smtpServer: firstWord("smtp_server"),
    scriptUser: wordsIn(section, "script_user") ?? null,
    scriptSecurity: has(section, "enable_script_security"),
    notifyFifo: firstWord("notify_fifo"),
    vrrpNotifyFifo: firstWord("vrrp_notify_fifo"),
    vmacPrefix,
    vmacAddrPrefix: vmacPrefixIn(section, "vmac_addr_prefix", report) ?? vmacPrefix,
    filter: {
      table: textIn(section, "nftables") || tableOf(wholly("instance")),
      priority: number("nftables_priority", usualAgent.filter.priority),
      counters: has(section, "nftables_counters"),
    },
    onLoss: onLossIn(section, "vrrp_on_loss") ?? "restore",
    priorityChange: priorityChangeIn(section, "vrrp_priority_change") ?? "immediate",
    hookPolicy: hookPolicyIn(section, DEFAULT_POLICY),
    webhooks: webhooksIn(section, report),
    priorityChanges: on("vrrp_notify_priority_changes"),
    notify: notifyIn(section, report),
    programs: programsIn(section),
  };
}

/** Two daemons on one network have a table each. */
const tableOf = (instance: string | null): string =>
  instance === null ? usualAgent.filter.table : `${usualAgent.filter.table}_${instance.replace(/\W/g, "_")}`;

/** What happens to an address that somebody takes away. */
export function onLossIn(section: Section, name: string): OnLoss | undefined {
  const value = textIn(section, name);
  return value === "restore" || value === "failover" || value === "ignore" ? value : undefined;
}

/** When a Master says that its priority has changed. */
export function priorityChangeIn(section: Section, name: string): "immediate" | "next_advert" | undefined {
  const value = textIn(section, name);
  return value === "immediate" || value === "next_advert" ? value : undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const ANNOUNCE = {
  masterDelay: "garp_master_delay",
  masterRepeat: "garp_master_repeat",
  refresh: "garp_master_refresh",
  refreshRepeat: "garp_master_refresh_repeat",
  lowerPriorityDelay: "garp_lower_prio_delay",
  lowerPriorityRepeat: "garp_lower_prio_repeat",
} as const satisfies Readonly<Record<keyof DeclaredAnnounce, string>>;

const OWN = Object.entries(ANNOUNCE) as [keyof DeclaredAnnounce, string][];
const SHARED = OWN.map(([field, name]) => [field, `vrrp_${name}`] as const);

/** What a section says about announcements; nothing about what it leaves out. */
export function announceIn(section: Section, prefix: "" | "vrrp_"): Partial<DeclaredAnnounce> {
  const found: Partial<Writable<DeclaredAnnounce>> = {};
  for (const [field, name] of prefix === "" ? OWN : SHARED) {
    const value = numberIn(section, name);
    if (value !== undefined) found[field] = value;
  }
  return found;
}

/** Keepalived's handler of the global keyword reads no argument: off means on. */
function checkedAgainstKeepalived(section: Section, report: Report): void {
  for (const name of ["vrrp_garp_interval", "vrrp_gna_interval"]) {
    const at = entryOf(section, name);
    if (at?.value === 0)
      report(
        problem(
          "H0121",
          at.place,
          `${name} 0 means none; Keepalived reports it as invalid and has none, too`,
          "remove the line",
        ),
      );
  }
  const checksum = entryOf(section, "v3_checksum_as_v2");
  if (checksum?.value === false) {
    report(
      problem(
        "H0406",
        placeOf(checksum.name),
        "v3_checksum_as_v2 off: Keepalived takes the global keyword for on whatever stands behind it; heird takes it for off",
        "remove the line to mean off with both",
      ),
    );
  }
}
