// vrrp_instance, and the blocks only it has.

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
  optionalText,
  own,
  row,
  text,
  texts,
  whole,
} from "./keyword.ts";

/** What instances and global_defs share: announcements, `vrrp_` in front of the global ones. */
export const INSTANCE: readonly Keyword[] = [
  row(
    "state",
    text("MASTER or BACKUP"),
    "honoured",
    "The phase wished for at start; only priority 255 starts as Master.",
    { default: "BACKUP" },
  ),
  row(
    "interface",
    iface,
    "honoured",
    "The interface whose network the virtual router serves and adverts go out of; may be left out in unicast.",
  ),
  row(
    "virtual_router_id",
    whole(1, 255),
    "honoured",
    "The VRID: one number per virtual router on a network, the same on all its routers.",
  ),
  row("priority", whole(1, 255), "honoured", "Who wins: the highest. 255 is for the router that owns the addresses.", {
    default: "100",
  }),
  row(
    "advert_int",
    decimal(0.01, 255),
    "honoured",
    "Time between advertisements: whole seconds in VRRPv2, steps of 10 ms up to 40.95 in VRRPv3.",
    { default: "1" },
  ),
  row("version", whole(2, 3), "honoured", "The version of VRRP spoken.", { default: "vrrp_version; 3 for IPv6" }),
  row(
    "authentication",
    block("authentication", false),
    "honoured",
    "The password of VRRPv2; it stands in clear in every advertisement.",
  ),
  row("auth_hmac", block("auth_hmac", false), "required", "Signed advertisements, as Keepalived 2.4 has them.", {
    since: "2.4.0",
  }),
  row("nopreempt", flag, "honoured", "Never take over from a living Master of lower priority."),
  row("preempt", flag, "honoured", "Take over from a Master of lower priority; undoes nopreempt.", { default: "on" }),
  row(
    "preempt_delay",
    decimal(0, 1000),
    "honoured",
    "How long a Master of lower priority is tolerated before it is preempted.",
    { default: "0" },
  ),
  row("down_timer_adverts", whole(1, 100), "honoured", "How many missing advertisements make the Master dead.", {
    default: "3",
    since: "2.2.7",
  }),
  row(
    "timer_expired_backup",
    whole(1, 254, "", 254),
    "honoured",
    "With nopreempt: fall to Backup when this process slept past the Master's patience.",
    { aliases: ["thread_timer_expired"], since: "2.2.8" },
  ),
  row("dont_track_primary", flag, "honoured", "Do not go FAULT when the instance's own interface loses its link."),
  row("strict_mode", bool, "honoured", "RFC to the letter: no passwords, no unicast, no extras.", {
    default: "vrrp_strict",
  }),
  row("skip_check_adv_addr", bool, "honoured", "Do not compare the addresses of a sender that was checked before."),
  row("owner_ignore_adverts", bool, "honoured", "A router of priority 255 drops what it hears.", { since: "2.3.3" }),
  row("accept", flag, "honoured", "Take packets for the addresses while Master, also when not their owner.", {
    default: "on, unless strict",
  }),
  row("no_accept", flag, "honoured", "Drop packets for the addresses unless this router owns them."),
  row(
    "promote_secondaries",
    flag,
    "honoured",
    "Set the sysctl that keeps the siblings when one address of a prefix goes.",
  ),
  row("linkbeat_use_polling", flag, "pending", "Poll the carrier instead of listening for it.", {
    instead: "linkbeat_interfaces { }",
  }),
  row("debug", whole(0, 4, "", 0), "ignored", "Has no effect in Keepalived either."),
  row("native_ipv6", flag, "pending", "Treat the instance as IPv6; its addresses say so already.", {
    instead: "nothing: the addresses say so",
  }),
  row("kernel_rx_buf_size", whole(1, 2_147_483_647, "bytes"), "pending", "The receive buffer of the socket."),
  row("lvs_sync_daemon_interface", optionalText("interface"), "ignored", "Belongs to the load balancer.", {
    aliases: ["lvs_sync_daemon_inteface"],
    twice: "both",
  }),

  row(
    "unicast_peer",
    lines("peers"),
    "honoured",
    "The other routers, when adverts go to each of them instead of the group.",
  ),
  row("unicast_src_ip", address, "honoured", "The source address of unicast adverts.", {
    default: "the interface's first",
  }),
  row("mcast_src_ip", address, "honoured", "The source address of multicast adverts.", {
    default: "the interface's first",
  }),
  row("track_src_ip", flag, "honoured", "Go FAULT while the source address is not there."),
  row("unicast_ttl", whole(0, 255), "honoured", "The TTL or hop limit of unicast adverts.", { default: "255" }),
  row(
    "check_unicast_src",
    bool,
    "honoured",
    "Believe only the peers listed; off believes every unicast sender, as Keepalived does when the line is missing.",
    { default: "on" },
  ),
  row("unicast_fault_no_peer", flag, "honoured", "An empty list of peers means FAULT; heird always does that.", {
    since: "2.2.7",
  }),
  row("old_unicast_checksum", optionalText("never"), "required", "The checksum of Keepalived 1.3.6 and older."),
  own(
    "strict_checksum",
    bool,
    "honoured",
    "VRRPv3 over IPv4: refuse the form of checksum that this router does not send.",
    {
      default: "vrrp_strict_checksum; off",
    },
  ),
  row("v3_checksum_as_v2", bool, "honoured", "VRRPv3 checksum over IPv4 without pseudo-header.", {
    default: "off",
    since: AFTER_PORTABLE,
  }),
  row(
    "mcast_dst_ip",
    { kind: "address", family: "any", multicast: true },
    "honoured",
    "Another group than 224.0.0.18 or ff02::12.",
    { since: "2.2.7" },
  ),
  row("vrf", iface, "required", "The VRF to use when no interface is given."),

  row(
    "use_vmac",
    texts("name, MAC address, netlink_notify_msg, group", 0, 6),
    "honoured",
    "Hold the addresses on a macvlan with the virtual router's MAC.",
  ),
  row("use_vmac_addr", flag, "honoured", "Also for addresses on other interfaces."),
  row("vmac_xmit_base", flag, "honoured", "Send and receive adverts on the parent of the macvlan."),
  row(
    "use_ipvlan",
    texts("name, address, bridge|private|vepa, group", 0, 6),
    "honoured",
    "Hold the addresses on an ipvlan, where the kernel has one.",
  ),
  row(
    "garp_extra_if",
    texts("[all] seconds", 0, 2),
    "honoured",
    "Announce again and again on the other interfaces of addresses.",
    { aliases: ["vmac_garp_intvl"] },
  ),

  row(
    "virtual_ipaddress",
    lines("addresses"),
    "honoured",
    "The addresses, all of one family, carried in the advertisement.",
  ),
  row(
    "virtual_ipaddress_excluded",
    lines("addresses"),
    "honoured",
    "Addresses that are held but not advertised; any family.",
  ),
  row("no_virtual_ipaddress", flag, "honoured", "No addresses are wanted, so do not warn.", { since: "2.2.8" }),
  row("virtual_routes", lines("routes"), "honoured", "Routes that exist while Master."),
  row("virtual_rules", lines("rules"), "honoured", "Policy rules that exist while Master."),

  row(
    "track_interface",
    lines("trackedInterfaces"),
    "honoured",
    "Interfaces that must be up, or whose state moves the priority.",
  ),
  row(
    "track_script",
    lines("trackedScripts"),
    "honoured",
    "Scripts that must succeed, or whose result moves the priority.",
  ),
  row("track_file", lines("trackedFiles"), "honoured", "Files whose number moves the priority."),
  row(
    "track_process",
    lines("trackedProcesses"),
    "honoured",
    "Processes that must run, or whose presence moves the priority.",
  ),
  row("track_bfd", lines("trackedBfds"), "required", "BFD sessions that must be up."),

  row("notify_master", command, "honoured", "Run on becoming Master."),
  row("notify_backup", command, "honoured", "Run on becoming Backup."),
  row("notify_fault", command, "honoured", "Run on going FAULT."),
  row("notify_stop", command, "honoured", "Run on stopping."),
  row("notify", command, "honoured", "Run on every change, with type, name, state and priority behind its arguments."),
  row(
    "notify_deleted",
    { kind: "command", optional: true },
    "honoured",
    "Say DELETED instead of FAULT when a reload removes the instance.",
  ),
  row("notify_master_rx_lower_pri", command, "honoured", "Run when a Master hears a weaker one."),
  row("notify_priority_changes", bool, "honoured", "Tell priority changes to the FIFOs.", { default: "off" }),
  row("smtp_alert", bool, "honoured", "Mail on every change.", { default: "off" }),
  own(
    "track_check",
    lines("trackedChecks"),
    "honoured",
    "Checks that must succeed, or whose result moves the priority.",
  ),
  own(
    "witness",
    lines("witnesses"),
    "required",
    "Checks that are asked before the addresses are taken (veto), also while they are held (release), or only told (advisory).",
  ),
  own(
    "on_loss",
    oneOf("restore", "failover", "ignore"),
    "honoured",
    "What happens when somebody takes away an address, a route or a rule.",
    {
      default: "vrrp_on_loss",
    },
  ),
  own(
    "fast_handover",
    flag,
    "honoured",
    "Wait only Skew_Time when the Master says that its priority has fallen below this one.",
  ),
  own(
    "priority_change",
    oneOf("immediate", "next_advert"),
    "honoured",
    "When a Master says that its priority has changed: at once, or with its next advertisement as Keepalived.",
    { default: "vrrp_priority_change" },
  ),
  own(
    "max_failovers",
    texts("count and seconds", 2, 2),
    "honoured",
    "Having become Master so often in so many seconds, leave a weaker Master alone until fewer of them are left; silence, a resignation and a Master that itself became weaker are taken over from all the same.",
  ),
  own("pre_master", command, "honoured", "Run before the addresses come."),
  own("pre_backup", command, "honoured", "Run before the addresses go."),
  own("hook_policy", block("hook_policy", false), "honoured", "How the hooks are run."),
  own("webhook", block("webhook", true), "honoured", "A URL that is told every change."),
  row(
    "garp_master_delay",
    whole(0, 4_294_967, "s"),
    "honoured",
    "From becoming Master to the second block of announcements; 0 for none.",
    { default: "5" },
  ),
  row("garp_master_repeat", whole(0, 4_294_967_295), "honoured", "Announcements per address in a block.", {
    default: "5",
  }),
  row("garp_master_refresh", whole(0, 4_294_967, "s"), "honoured", "Between announcements while Master; 0 for none.", {
    default: "0",
  }),
  row("garp_master_refresh_repeat", whole(0, 4_294_967_295), "honoured", "Announcements per address in a refresh.", {
    default: "1",
  }),
  row(
    "garp_lower_prio_delay",
    whole(0, 4_294_967, "s"),
    "honoured",
    "As garp_master_delay, after a weaker Master was heard.",
    { default: "garp_master_delay" },
  ),
  row(
    "garp_lower_prio_repeat",
    whole(0, 4_294_967_295),
    "honoured",
    "As garp_master_repeat, after a weaker Master was heard.",
    { default: "garp_master_repeat" },
  ),
  row("lower_prio_no_advert", bool, "honoured", "Do not answer a weaker Master with an advertisement.", {
    default: "off",
  }),
  row(
    "higher_prio_send_advert",
    bool,
    "honoured",
    "Send one last advertisement before yielding to a stronger Master.",
    {
      default: "off",
    },
  ),
];

export const AUTHENTICATION: readonly Keyword[] = [
  row(
    "auth_type",
    text("PASS or AH"),
    "honoured",
    "PASS for the password of RFC 2338, AH for its Authentication Header with HMAC-MD5.",
  ),
  row("auth_pass", text("password"), "honoured", "At most 8 bytes; the same on all routers of the VRID."),
];

export const AUTH_HMAC: readonly Keyword[] = [
  row(
    "key",
    texts("number and secret", 2, 2),
    "required",
    "A key by its number: 32 to 64 bytes, hex:…, or file:PATH.",
    { twice: "both" },
  ),
  row("active_key", whole(1, 255), "required", "The key that signs."),
  row("anti_replay", oneOf("time", "monotonic"), "required", "What makes an old advertisement recognisable.", {
    default: "time",
  }),
  row("time_window", decimal(1, 300), "required", "How old an advertisement may be."),
  row("mode", oneOf("enforce", "permissive", "receive-only"), "required", "The stages of rolling it out.", {
    default: "enforce",
  }),
];
