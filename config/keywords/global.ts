// global_defs.

import {
  AFTER_PORTABLE,
  block,
  bool,
  command,
  decimal,
  flag,
  iface,
  type Keyword,
  lines,
  oneOf,
  optionalText,
  own,
  row,
  text,
  texts,
  whole,
} from "./keyword.ts";

const UINT = 4_294_967_295;

const PEOPLE: readonly Keyword[] = [
  row("router_id", text("name"), "honoured", "How this router calls itself to people.", { default: "the host's name" }),
  row("notification_email", lines("mails"), "honoured", "Who is mailed, one address per line."),
  row("notification_email_from", text("address"), "honoured", "Whom the mail comes from."),
  row("smtp_server", texts("host and port", 1, 2), "honoured", "Who takes the mail."),
  row("smtp_helo_name", text("name"), "honoured", "The name in HELO."),
  row("smtp_connect_timeout", whole(1, UINT, "s"), "honoured", "How long to wait for the mail server.", {
    default: "30",
  }),
  row("smtp_alert", bool, "honoured", "Mail for everything."),
  row("smtp_alert_vrrp", bool, "honoured", "Mail for every instance and group."),
  row("no_email_faults", flag, "honoured", "No mail for FAULT."),
  row("email_faults", flag, "honoured", "Mail for FAULT."),
  row("script_user", texts("user and group", 1, 2), "honoured", "Who runs scripts.", {
    default: "keepalived_script if it exists, else root",
  }),
  row("enable_script_security", flag, "honoured", "Refuse to run as root what somebody else could write."),
  row("set_supplementary_groups", flag, "honoured", "Scripts get the user's other groups too.", {
    since: AFTER_PORTABLE,
  }),
  row("use_symlink_paths", bool, "pending", "Keep symbolic links in script paths.", { since: "2.3.0" }),
  row("startup_script", command, "honoured", "Run before anything else."),
  row("shutdown_script", command, "honoured", "Run after everything else."),
  row("startup_script_timeout", whole(1, 1000, "s"), "honoured", "How long it may take.", { default: "10" }),
  row("shutdown_script_timeout", whole(1, 1000, "s"), "honoured", "How long it may take.", { default: "10" }),
  row("umask", text("mask"), "honoured", "For files the daemon makes."),
];

const VRRP: readonly Keyword[] = [
  row("vrrp_version", whole(2, 3), "honoured", "The version of instances that do not say.", { default: "2" }),
  row("vrrp_strict", bool, "honoured", "strict_mode for every instance."),
  row("vrrp_mcast_group4", { kind: "address", family: "ipv4", multicast: true }, "honoured", "The IPv4 group.", {
    default: "224.0.0.18",
  }),
  row("vrrp_mcast_group6", { kind: "address", family: "ipv6", multicast: true }, "honoured", "The IPv6 group.", {
    default: "ff02::12",
  }),
  row("vrrp_garp_master_delay", whole(0, 4_294_967, "s"), "honoured", "garp_master_delay for every instance.", {
    default: "5",
  }),
  row("vrrp_garp_master_repeat", whole(0, UINT), "honoured", "garp_master_repeat for every instance.", {
    default: "5",
  }),
  row("vrrp_garp_master_refresh", whole(0, 4_294_967, "s"), "honoured", "garp_master_refresh for every instance.", {
    default: "0",
  }),
  row("vrrp_garp_master_refresh_repeat", whole(0, UINT), "honoured", "garp_master_refresh_repeat for every instance.", {
    default: "1",
  }),
  row("vrrp_garp_lower_prio_delay", whole(0, 4_294_967, "s"), "honoured", "garp_lower_prio_delay for every instance.", {
    default: "vrrp_garp_master_delay",
  }),
  row("vrrp_garp_lower_prio_repeat", whole(0, UINT), "honoured", "garp_lower_prio_repeat for every instance.", {
    default: "vrrp_garp_master_repeat",
  }),
  row(
    "vrrp_garp_interval",
    decimal(0, 4294.967295),
    "honoured",
    "Shortest time between gratuitous ARPs on one interface; 0 for none.",
    { default: "0" },
  ),
  row(
    "vrrp_gna_interval",
    decimal(0, 4294.967295),
    "honoured",
    "Shortest time between unsolicited NAs on one interface; 0 for none.",
    { default: "0" },
  ),
  row("vrrp_min_garp", bool, "honoured", "One announcement and no second block, where nothing else is said."),
  row("vrrp_garp_extra_if", texts("[all] seconds", 1, 2), "honoured", "garp_extra_if for every instance.", {
    aliases: ["vrrp_vmac_garp_intvl"],
  }),
  row("vrrp_lower_prio_no_advert", bool, "honoured", "lower_prio_no_advert for every instance.", { default: "off" }),
  row("vrrp_higher_prio_send_advert", bool, "honoured", "higher_prio_send_advert for every instance.", {
    default: "off",
  }),
  row("vrrp_down_timer_adverts", whole(1, 100), "honoured", "down_timer_adverts for every instance.", { default: "3" }),
  row("vrrp_owner_ignore_adverts", bool, "honoured", "owner_ignore_adverts for every instance.", { since: "2.3.3" }),
  row("vrrp_check_unicast_src", bool, "honoured", "check_unicast_src for every instance.", { default: "on" }),
  row("vrrp_skip_check_adv_addr", bool, "honoured", "skip_check_adv_addr for every instance."),
  own("vrrp_strict_checksum", bool, "honoured", "strict_checksum for every instance.", { default: "off" }),
  row("v3_checksum_as_v2", bool, "honoured", "v3_checksum_as_v2 for every instance.", {
    since: AFTER_PORTABLE,
    default: "off",
  }),
  row("vrrp_notify_priority_changes", bool, "honoured", "notify_priority_changes for every instance.", {
    default: "off",
  }),
  row("vrrp_startup_delay", decimal(0.001, 4294), "honoured", "How long to wait after the start."),
  row("vrrp_delay_after_boot", decimal(0.001, 4294), "honoured", "How long to wait after the machine booted.", {
    since: "2.4.0",
  }),
  row("log_unknown_vrids", flag, "honoured", "Tell of adverts for VRIDs that are not ours."),
  row("default_interface", iface, "honoured", "For static addresses and routes that name none.", { default: "eth0" }),
  row(
    "dynamic_interfaces",
    optionalText("allow_if_changes"),
    "honoured",
    "Interfaces may be missing at start and come and go.",
  ),
  row("disable_local_igmp", flag, "pending", "No IGMP reports for 224.0.0.0/24."),
  row("vmac_prefix", text("prefix"), "honoured", "The beginning of the names of macvlans.", { default: "vrrp" }),
  row("vmac_addr_prefix", text("prefix"), "honoured", "The same for those of use_vmac_addr.", {
    default: "vmac_prefix",
  }),
  row("vrrp_rx_bufs_policy", text("MTU, ADVERT or bytes"), "pending", "How large the receive buffer is."),
  row("vrrp_rx_bufs_multiplier", whole(1, UINT), "pending", "How many of those it holds.", { default: "3" }),
];

const FIREWALL: readonly Keyword[] = [
  row("nftables", optionalText("table"), "honoured", "The table for no_accept and virtual MACs.", {
    default: "heird",
  }),
  row("nftables_priority", whole(-2_147_483_648, 2_147_483_647), "honoured", "Where its chains hook in.", {
    default: "-1",
  }),
  row("nftables_counters", flag, "honoured", "Count in the rules."),
  row("nftables_ifindex", flag, "pending", "Sets keyed by interface number."),
  row("vrrp_iptables", texts("chains", 0, 2), "pending", "The firewall rules of iptables.", { instead: "nftables" }),
  row("vrrp_ipsets", texts("sets", 0, 4), "pending", "The firewall rules of iptables.", { instead: "nftables" }),
];

const FILES: readonly Keyword[] = [
  row("notify_fifo", texts("path, user, group", 1, 3), "honoured", "A pipe that is told everything."),
  row("vrrp_notify_fifo", texts("path, user, group", 1, 3), "honoured", "A pipe that is told about VRRP."),
  row("notify_fifo_script", command, "honoured", "The program that reads it."),
  row("vrrp_notify_fifo_script", command, "honoured", "The program that reads it."),
  row("fifo_write_vrrp_states_on_reload", flag, "honoured", "Tell every state again after a reload."),
  row("reload_check_config", optionalText("file"), "honoured", "Check before reloading; heird always does."),
  row("reload_time_file", text("path"), "pending", "A file that says when to reload."),
  row("reload_repeat", flag, "pending", "Reload at that time every day."),
  row("reload_file", optionalText("path"), "pending", "A file that is there while the configuration is read."),
  row("config_save_dir", text("directory"), "pending", "Where copies are kept; heird's event log has them."),
  row("tmp_config_directory", text("directory"), "ignored", "heird keeps no merged copy."),
  row("data_use_instance", bool, "pending", "The instance's name in the names of dumps."),
  row("state_dump_file", text("path"), "pending", "Where SIGUSR1 writes.", {
    since: AFTER_PORTABLE,
    aliases: ["state_file_location"],
  }),
  row("stats_dump_file", text("path"), "pending", "Where SIGUSR2 writes.", {
    since: AFTER_PORTABLE,
    aliases: ["stats_file_location"],
  }),
  row("json_dump_file", text("path"), "pending", "Where the JSON goes.", {
    since: AFTER_PORTABLE,
    aliases: ["json_file_location"],
  }),
  row("json_version", whole(1, 2), "pending", "Which JSON.", { default: "1", since: "2.2.8" }),
  row("iproute_usr_dir", text("directory"), "pending", "Where rt_tables stands.", { since: AFTER_PORTABLE }),
  row("iproute_etc_dir", text("directory"), "pending", "Where rt_tables stands.", { since: AFTER_PORTABLE }),
  row("instance", text("name"), "honoured", "Tells several daemons on one machine apart."),
  row("use_pid_dir", flag, "pending", "Pid files under /run/keepalived."),
  row("net_namespace", text("name"), "honoured", "The network namespace to run in."),
  row("include_check", texts("checks", 0, 8), "pending", "How strict plain include is."),
  row("linkbeat_use_polling", flag, "pending", "Poll every carrier.", { instead: "linkbeat_interfaces { }" }),
  row("linkbeat_interfaces", lines("linkbeats"), "pending", "Interfaces whose carrier is polled."),
  row("random_seed", whole(0, UINT), "pending", "Makes the macro _RANDOM repeatable."),
];

const SYSTEM: readonly Keyword[] = [
  row("vrrp_priority", whole(-20, 19), "pending", "The nice value."),
  row("vrrp_rt_priority", whole(1, 99), "pending", "The priority under SCHED_RR."),
  row("vrrp_rlimit_rttime", whole(2, UINT, "µs"), "pending", "How long it may run without sleeping.", {
    aliases: ["vrrp_rlimit_rtime"],
    default: "10000",
  }),
  row("vrrp_no_swap", flag, "pending", "Keep the process in memory."),
  row("vrrp_cpu_affinity", texts("CPUs", 1, 1024), "pending", "Where it may run."),
  row("max_auto_priority", whole(-1, 99, "", 0), "pending", "How far it may raise itself when it is late."),
  row("min_auto_priority_delay", whole(1, 10_000_000, "µs"), "pending", "How late that is.", { default: "1000000" }),
  row("vrrp_netlink_cmd_rcv_bufs", whole(1, UINT, "bytes"), "pending", "A netlink buffer."),
  row("vrrp_netlink_cmd_rcv_bufs_force", bool, "pending", "Beyond the system's limit."),
  row("vrrp_netlink_monitor_rcv_bufs", whole(1, UINT, "bytes"), "pending", "A netlink buffer."),
  row("vrrp_netlink_monitor_rcv_bufs_force", bool, "pending", "Beyond the system's limit."),
  row("process_monitor_rcv_bufs", whole(1, UINT, "bytes"), "pending", "The buffer for process events."),
  row("process_monitor_rcv_bufs_force", bool, "pending", "Beyond the system's limit."),
  row("process_names", flag, "ignored", "Names of Keepalived's processes."),
  row("process_name", text("name"), "ignored", "The name of Keepalived's parent."),
  row("vrrp_process_name", text("name"), "ignored", "The name of Keepalived's VRRP process."),
  row("snmp_socket", text("address"), "pending", "Where the AgentX master listens.", {
    default: "unix:/var/agentx/master",
  }),
  row("enable_snmp_vrrp", flag, "pending", "Keepalived's own MIB.", { aliases: ["enable_snmp_keepalived"] }),
  row("enable_snmp_rfc", flag, "pending", "Both RFC MIBs."),
  row("enable_snmp_rfcv2", flag, "pending", "RFC 2787."),
  row("enable_snmp_rfcv3", flag, "pending", "RFC 6527."),
  row("enable_traps", flag, "pending", "SNMP traps."),
  row("enable_dbus", flag, "pending", "The D-Bus object tree."),
  row("dbus_service_name", text("name"), "pending", "Its name on the bus.", { default: "org.keepalived.Vrrp1" }),
  row("dbus_no_interface_name", text("name"), "pending", "Stands for the interface an instance has not.", {
    since: AFTER_PORTABLE,
    default: "none",
  }),
];

/** Keepalived's other halves, and one word that was taken out long ago. */
const FOREIGN: readonly Keyword[] = [
  "checker_process_name",
  "lvs_process_name",
  "bfd_process_name",
  "smtp_alert_checker",
  "checker_log_all_failures",
  "lvs_timeouts",
  "lvs_flush",
  "lvs_flush_on_stop",
  "lvs_flush_onstop",
  "lvs_sync_daemon",
  "nftables_ipvs",
  "nftables_ipvs_priority",
  "nftables_ipvs_start_fwmark",
  "lvs_notify_fifo",
  "lvs_notify_fifo_script",
  "checker_priority",
  "checker_no_swap",
  "checker_rt_priority",
  "checker_cpu_affinity",
  "checker_rlimit_rttime",
  "checker_rlimit_rtime",
  "bfd_priority",
  "bfd_no_swap",
  "bfd_rt_priority",
  "bfd_cpu_affinity",
  "bfd_rlimit_rttime",
  "bfd_rlimit_rtime",
  "enable_snmp_checker",
  "snmp_vs_stats_update_interval",
  "snmp_rs_stats_update_interval",
  "lvs_netlink_cmd_rcv_bufs",
  "lvs_netlink_cmd_rcv_bufs_force",
  "lvs_netlink_monitor_rcv_bufs",
  "lvs_netlink_monitor_rcv_bufs_force",
  "rs_init_notifies",
  "no_checker_emails",
  "lvs_id",
].map((name) =>
  row(name, texts("anything", 0, 64), "ignored", "Belongs to the load balancer or to Keepalived's other processes."),
);

const OWN: readonly Keyword[] = [
  own("vrrp_on_loss", oneOf("restore", "failover", "ignore"), "honoured", "on_loss for every instance.", {
    default: "restore",
  }),
  own("vrrp_priority_change", oneOf("immediate", "next_advert"), "honoured", "priority_change for every instance.", {
    default: "immediate",
  }),
  own("hook_policy", block("hook_policy", false), "honoured", "hook_policy for every instance and group."),
  own("webhook", block("webhook", true), "honoured", "A URL that is told every change of every instance and group."),
];

export const GLOBAL: readonly Keyword[] = [...OWN, ...PEOPLE, ...VRRP, ...FIREWALL, ...FILES, ...SYSTEM, ...FOREIGN];
