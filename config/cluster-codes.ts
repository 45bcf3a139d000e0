// What is said about several files together.

import { error, info, type Row, warning } from "./code-row.ts";

export const CLUSTER_CODES = {
  H0601: error(
    "routers disagree on the version",
    "Routers of one virtual router speak one version of VRRP: a router drops advertisements of another one, and both become Master.",
  ),
  H0602: error(
    "routers disagree on the interval",
    "In VRRPv2 an advertisement with another interval is dropped (RFC 3768 §7.1), and both routers become Master.",
  ),
  H0603: warning(
    "intervals differ",
    "In VRRPv3 a Backup learns the interval of its Master (RFC 5798 §6.1). So nothing breaks, but how long a failover takes depends on who was Master.",
  ),
  H0604: error(
    "routers disagree on the password",
    "An advertisement with another type of authentication, or another password, is dropped, and both routers become Master. Eight bytes count, upper and lower case differ.",
  ),
  H0605: error(
    "routers disagree on the addresses",
    "After a failover the addresses that the other file lacks are on no router. Keepalived before 2.3.3 even drops advertisements with another list, and both routers become Master.",
  ),
  H0606: warning(
    "an address in two forms",
    "The same address has different prefix lengths on two routers, so the routes that come with it depend on who is Master.",
  ),
  H0607: error(
    "routers disagree on the checksum",
    "In VRRPv3 over IPv4 the checksum has a pseudo-header or it has none (v3_checksum_as_v2). heird accepts either; Keepalived drops the other, and both routers become Master.",
  ),
  H0608: error(
    "unicast here, multicast there",
    "With unicast_peer advertisements go to the listed routers alone, without it to the group. Those that listen for the other kind hear nothing, and both become Master.",
  ),
  H0609: error(
    "unicast peers do not point at each other",
    "Every router lists the source addresses of all the others in unicast_peer. One that is missing hears nothing and becomes Master, too.",
  ),
  H0610: warning(
    "equal priorities",
    "With equal priorities the greater primary address wins, which nobody reads in the files, and a Backup never takes over from a Master that has become as weak as itself.",
  ),
  H0611: error("two owners", "Only one router owns the addresses; two with priority 255 never give way to each other."),
  H0612: error(
    "the same source",
    "Two routers cannot send from one address; each takes the other's words for its own.",
  ),
  H0613: info("in one file only", "No other of the files has this virtual router, so nobody takes over from it."),
  H0614: error(
    "two families under one VRID",
    "One file has IPv4 addresses under this VRID, the other IPv6: these are two virtual routers, and neither has a partner.",
  ),
  H0615: warning(
    "unadvertised addresses differ",
    "Addresses in virtual_ipaddress_excluded are not compared on the wire; those that one file lacks are on no router after a failover.",
  ),
  H0616: warning("is its own peer", "The list of unicast peers holds the router's own source address."),
} as const satisfies Readonly<Record<string, Row>>;
