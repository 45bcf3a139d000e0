// What instances refer to: sync groups, scripts, files, processes, BFD sessions, pacing groups.

import { HYSTERESIS } from "./checks.ts";
import {
  AFTER_PORTABLE,
  address,
  block,
  bool,
  command,
  decimal,
  flag,
  iface,
  type Keyword,
  lines,
  oneOf,
  own,
  row,
  text,
  texts,
  weight,
  whole,
} from "./keyword.ts";

export const SYNC_GROUP: readonly Keyword[] = [
  row("group", lines("names"), "honoured", "The instances that change together."),
  row("track_interface", lines("trackedInterfaces"), "honoured", "For every member: interfaces that must be up."),
  row("track_script", lines("trackedScripts"), "honoured", "For every member: scripts that must succeed."),
  row("track_file", lines("trackedFiles"), "honoured", "For every member: files whose number moves the priority."),
  row("track_process", lines("trackedProcesses"), "honoured", "For every member: processes that must run."),
  row("track_bfd", lines("trackedBfds"), "required", "For every member: BFD sessions that must be up."),
  row("notify_master", command, "honoured", "Run when the group becomes Master."),
  row("notify_backup", command, "honoured", "Run when the group becomes Backup."),
  row("notify_fault", command, "honoured", "Run when the group goes FAULT."),
  row("notify_stop", command, "honoured", "Run when the group stops."),
  row("notify", command, "honoured", "Run on every change of the group."),
  row(
    "notify_deleted",
    { kind: "command", optional: true },
    "ignored",
    "Documented for groups, but Keepalived has it for instances only.",
  ),
  row("smtp_alert", bool, "honoured", "Mail on every change of the group.", { default: "off" }),
  row("notify_priority_changes", bool, "honoured", "Tell priority changes of the members to the FIFOs."),
  row(
    "sync_group_tracking_weight",
    flag,
    "honoured",
    "Let weights count in a group, where they are dropped otherwise.",
  ),
  own("track_check", lines("trackedChecks"), "honoured", "For every member: checks that must succeed."),
  own("pre_master", command, "honoured", "Run before the group's addresses come."),
  own("pre_backup", command, "honoured", "Run before the group's addresses go."),
  own("hook_policy", block("hook_policy", false), "honoured", "How the group's hooks are run."),
  own("webhook", block("webhook", true), "honoured", "A URL that is told every change of the group."),
  row("global_tracking", flag, "pending", "Members share their trackers.", { instead: "trackers into the group" }),
];

export const SCRIPT: readonly Keyword[] = [
  row("script", command, "honoured", "The command; exit code 0 is good. Run directly, by no shell.", { twice: "last" }),
  row(
    "interval",
    decimal(0, 4294),
    "honoured",
    "How often; milliseconds since Keepalived 2.3.2, whole seconds before.",
    { default: "1" },
  ),
  row("timeout", decimal(0, 4294), "honoured", "How long it may take before that is a failure.", {
    default: "interval",
  }),
  row("weight", weight(253), "honoured", "What its result adds to the priority; 0: failing means FAULT.", {
    default: "0",
  }),
  row("rise", whole(1, 2_147_483_647), "honoured", "Successes in a row that make it good.", { default: "1" }),
  row("fall", whole(1, 2_147_483_647), "honoured", "Failures in a row that make it bad.", { default: "1" }),
  row("user", texts("user and group", 1, 2), "honoured", "Who runs it.", { default: "script_user" }),
  row("init_fail", flag, "honoured", "Bad until it has succeeded; dead in Keepalived, works in heird."),
  ...HYSTERESIS,
];

export const TRACK_FILE: readonly Keyword[] = [
  row("file", text("path"), "honoured", "The file that holds a number."),
  row("weight", weight(254), "honoured", "What the number is multiplied with; 0: any number but 0 means FAULT.", {
    default: "1",
  }),
  row("init_file", texts("value and overwrite", 0, 2), "honoured", "Create the file at start.", { default: "0" }),
];

export const TRACK_PROCESS: readonly Keyword[] = [
  row("process", texts("name and parameters", 1, 64), "honoured", "The program's name, or its command line."),
  row("param_match", oneOf("initial", "partial"), "honoured", "How the parameters are compared."),
  row("weight", weight(254), "honoured", "What its presence adds to the priority; 0: missing means FAULT.", {
    default: "0",
  }),
  row("quorum", whole(1, 65_535), "honoured", "How many must run.", { default: "1" }),
  row("quorum_max", whole(0, 65_535), "honoured", "How many may run."),
  row("delay", decimal(0.000001, 3600), "honoured", "How long a change must last to count."),
  row("fork_delay", decimal(0.000001, 3600), "honoured", "How long a start must last to count."),
  row("terminate_delay", decimal(0.000001, 3600), "honoured", "How long an end must last to count."),
  row("full_command", flag, "honoured", "Compare the whole command line."),
];

export const BFD: readonly Keyword[] = [
  row("neighbor_ip", address, "required", "The other end.", { aliases: ["neighbour_ip"] }),
  row("source_ip", address, "required", "This end."),
  row("min_rx", decimal(1, 4_294_967, "ms"), "required", "Shortest time between packets received.", { default: "10" }),
  row("min_tx", decimal(1, 4_294_967, "ms"), "required", "Shortest time between packets sent.", { default: "10" }),
  row("idle_tx", decimal(1, 4_294_967, "ms"), "required", "Time between packets while down.", { default: "1000" }),
  row("multiplier", whole(1, 255), "required", "Lost packets that end the session.", { default: "5" }),
  row("passive", flag, "required", "Wait for the other end to begin."),
  row("ttl", whole(1, 255), "required", "The TTL or hop limit sent.", {
    aliases: ["hoplimit"],
    default: "255, 64 for multihop",
  }),
  row("max_hops", whole(-1, 255), "required", "How much it may have shrunk.", { default: "0" }),
  row("multihop", bool, "required", "Port 4784 instead of 3784.", { since: AFTER_PORTABLE }),
  row("weight", weight(253), "required", "What the session adds to the priority.", { default: "0" }),
  row("vrrp", flag, "required", "Tell the VRRP half only."),
  row("checker", flag, "ignored", "Tell the load balancer only."),
];

export const GARP_GROUP: readonly Keyword[] = [
  row("garp_interval", decimal(0, 4294), "honoured", "Shortest time between gratuitous ARPs."),
  row("gna_interval", decimal(0, 4294), "honoured", "Shortest time between unsolicited NAs."),
  row("interface", iface, "honoured", "The one interface."),
  row("interfaces", lines("names"), "honoured", "The interfaces that share the pace."),
];

export const TRACK_GROUP: readonly Keyword[] = [
  row("group", lines("names"), "required", "Instances that go FAULT when a static object of this group is lost."),
];
