// The outermost level.

import { block, bool, decimal, flag, type Keyword, lines, own, row, text, whole } from "./keyword.ts";

const skip = { kind: "skip" } as const;

export const ROOT: readonly Keyword[] = [
  row("global_defs", block("global_defs", false), "honoured", "What holds for the whole daemon.", { twice: "both" }),
  row("vrrp_instance", block("vrrp_instance", true), "honoured", "One virtual router."),
  row("vrrp_sync_group", block("vrrp_sync_group", true), "honoured", "Instances that change together."),
  row("vrrp_script", block("vrrp_script", true), "honoured", "A command whose exit code decides or weighs."),
  row("track_file", block("track_file", true), "honoured", "A file whose number weighs.", {
    aliases: ["vrrp_track_file"],
  }),
  row(
    "vrrp_track_process",
    block("vrrp_track_process", true),
    "honoured",
    "A process whose presence decides or weighs.",
  ),
  row("bfd_instance", block("bfd_instance", true), "pending", "A BFD session (RFC 5880) to watch a neighbour."),
  own(
    "vrrp_check",
    block("vrrp_check", true),
    "honoured",
    "Something asked without a program, whose answer decides or weighs.",
  ),
  own("event_log", block("event_log", false), "honoured", "How the event log is kept."),
  own("audit", block("audit", false), "honoured", "The Redis that the event log is shipped to."),
  own("control", block("control", false), "pending", "The socket that commands are sent to."),
  own("metrics", block("metrics", false), "honoured", "Figures for Prometheus, over HTTP."),
  row("static_ipaddress", lines("addresses"), "honoured", "Addresses that are there while the daemon runs."),
  row("static_routes", lines("routes"), "honoured", "Routes that are there while the daemon runs."),
  row("static_rules", lines("rules"), "honoured", "Policy rules that are there while the daemon runs."),
  row("track_group", block("track_group", true), "required", "Who goes FAULT when a static object is lost."),
  row("garp_group", block("garp_group", false), "honoured", "Interfaces that share one pace of announcements."),
  row("interface_up_down_delays", lines("delays"), "honoured", "How long a link must be up or down to count."),
  row("linkbeat_interfaces", lines("linkbeats"), "pending", "Interfaces whose carrier is polled."),
  row("linkbeat_use_polling", flag, "pending", "Poll every carrier.", { instead: "linkbeat_interfaces { }" }),
  row("net_namespace", text("name"), "honoured", "The network namespace to run in."),
  row("instance", text("name"), "honoured", "Tells several daemons on one machine apart."),
  row("use_pid_dir", flag, "pending", "Pid files under /run/keepalived."),
  row("include_check", { kind: "texts", what: "checks", min: 0, max: 8 }, "pending", "How strict plain include is."),
  row("random_seed", whole(0, 4_294_967_295), "pending", "Makes the macro _RANDOM repeatable."),
  row("net_namespace_ipvs", text("name"), "ignored", "Belongs to the load balancer."),
  row("namespace_with_ipsets", bool, "ignored", "Belongs to ipset."),
  row("child_wait_time", decimal(0, 4294), "ignored", "heird has no child processes to wait for."),
  row("virtual_server", skip, "ignored", "Belongs to the load balancer."),
  row("virtual_server_group", skip, "ignored", "Belongs to the load balancer."),
  row("local_address_group", skip, "ignored", "Belongs to a patched load balancer."),
  row("real_server", skip, "ignored", "Belongs to the load balancer."),
  row("SSL", skip, "ignored", "Belongs to the load balancer."),
];
