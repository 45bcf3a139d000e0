// Every diagnostic has a code that never changes its meaning. Severity stands here, in one column,
// and what `heird check --explain` says.

import { CLUSTER_CODES } from "./cluster-codes.ts";
import { error, info, type Row, warning } from "./code-row.ts";

export const CODES = {
  H0001: error(
    "unknown keyword",
    "heird does not know this word in this block. Keepalived logs the line and goes on without it, so that the setting you meant is simply not there, and nobody notices before the failover. heird refuses the file instead. See the suggested spelling, or the block the word belongs into; remove the line if the setting is not needed.",
    "remove it, or put # in front of it",
  ),
  H0002: error(
    "missing value",
    "The keyword stands alone on its line and needs a value behind it. Keepalived ends the whole process over this, also during a reload. Often the value was swallowed by a comment: # and ! begin one anywhere outside double quotes.",
    "write its value behind it, or remove it",
  ),
  H0003: error(
    "file cannot be read",
    "The configuration file does not exist or may not be read by the user heird runs as.",
  ),
  H0004: warning(
    "words at the end of a line",
    "Behind the last argument of the keyword there are more words. They have no effect, in Keepalived neither. A comment begins with # or !.",
  ),
  H0005: error(
    "two keywords on one line",
    "A second keyword stands behind the arguments of the first. Keepalived reads one keyword per line and drops the second without a word, so its setting would be lost. Put it on a line of its own.",
  ),
  H0006: error(
    "a block where none belongs",
    "An opening brace stands behind a keyword that has no block. Keepalived ignores the brace but counts the one that closes it, and so ends the surrounding block too early.",
  ),
  H0007: error(
    "a block is missing",
    "The keyword wants a block in braces, and none follows. The opening brace may stand on the same line or on the next.",
  ),
  H0008: warning(
    "given twice",
    "The same keyword stands twice in one block. Plain values: the last one counts. Scripts: the first one counts. Both as in Keepalived, which does not say so.",
  ),
  H0009: error(
    "wrong name of a block",
    "This kind of block has exactly one name between its keyword and its brace. A name with blanks needs double quotes.",
  ),
  H0010: error(
    "a brace too many",
    "This closing brace has no opening one. Most often the block above was closed twice, or one of its opening braces is missing; in the second case the settings below the missing brace were read into the wrong block.",
  ),
  H0011: warning(
    "block never closed",
    "The file ends before the block does. Missing braces at the very end are supplied, because configurations are often printed and pasted without the last one.",
  ),
  H0012: error("a block without a keyword", "An opening brace stands where no keyword is waiting for one."),
  H0013: error(
    "a block inside another",
    "The keyword belongs to an outer level, and a block above it was never closed. heird goes on as if the brace were there, to find the other mistakes, but refuses the file.",
  ),
  H0014: warning(
    "block of the load balancer",
    "heird does the VRRP half of Keepalived. Blocks of the load balancer are skipped to the brace that closes them.",
  ),
  H0015: error(
    "no virtual router",
    "The configuration has no vrrp_instance, so there is nothing to run. At a reload every address would be let go: most often the file was cut off or emptied by whatever writes it, an include matched nothing, or the @id lines are for another configuration id. To let everything go on purpose, stop the daemon.",
  ),
  H0016: info("more of the same", "There were so many diagnostics that the rest is only counted."),
  H0017: error(
    "unquoted command",
    "A command line with arguments must stand in double quotes. Without them the first word is the command, and the words behind it are dropped (script) or taken for user and group (notify scripts).",
  ),
  H0018: error(
    "unknown block",
    "heird does not know this block. It is left out as a whole. Keepalived leaves out only its first line: the lines inside are read as if they stood outside, and its closing brace ends the surrounding block, so that everything behind it is lost as well.",
  ),
  H0019: info(
    "the same mistake again",
    "The mistake of an earlier line stands here, too: the same wrong word, or the next line of what does not belong there at all. One edit mends them together, so only the first one counts as an error.",
  ),
  H0020: error(
    "quote never closed",
    "A quoted value ends on its line, and what is quoted within a command ends within it. Keepalived 2.2.7 crashes on some of these, and drops such a command.",
  ),
  H0021: warning(
    "comment in the middle of a word",
    "The signs # and ! begin a comment even inside a word, as in auth_pass Test123! whose last character is lost. Write the value in double quotes if the character belongs to it.",
  ),
  H0022: warning(
    "condition without a name",
    "A line that begins with @ is kept when the name behind it is this router's configuration id.",
  ),
  H0023: error(
    "malformed repetition",
    "~SEQ(name,first,last), ~SEQ(name,first,step,last), ~LST(name,value,...) or ~LST({a,b},{1,2},...) in front of a line repeat it.",
  ),
  H0024: warning(
    "invisible characters",
    "The line holds characters that cannot be seen, such as U+00A0, the no-break space. Keepalived takes them for a keyword.",
  ),
  H0026: warning(
    "byte order mark",
    "Some editors begin UTF-8 files with three invisible bytes. Keepalived takes them for a part of the first word and loses the first block.",
  ),
  H0027: error("included file missing", "The include asks for a file that must be there and is not."),
  H0028: warning(
    "include that Keepalived does not see",
    "Keepalived looks for includes before it decides @id lines and replaces variables. heird follows this include; Keepalived would not.",
  ),
  H0029: warning(
    "nothing to include",
    "The named file does not exist. The configuration is read without it, as Keepalived does. includer and its sisters make it an error.",
  ),
  H0030: error(
    "too large",
    "Configurations are limited to 32 MiB and 2 000 000 lines, so that a mistake in a generator cannot take all memory.",
  ),
  H0031: error(
    "macros without end",
    "Macros and repetitions may write out 8 MiB, and nest 32 deep. A macro that uses another twice, which uses another twice, doubles each time.",
  ),
  H0032: error("goes in a circle", "A file includes itself or a macro refers to itself."),
  H0033: info("pattern matches nothing", "No file matches the pattern; nothing is included, as in Keepalived."),
  H0034: warning(
    "very long line",
    "Keepalived reads at most 1024 bytes of a line and takes the rest for lines of their own. heird has no limit.",
  ),
  H0035: warning(
    "a macro that is not replaced",
    "$NAME is replaced only where a blank or the end of the line follows; anywhere else the text stays as it is written, in Keepalived too. The form with braces behind the dollar sign is replaced everywhere.",
  ),
  H0036: warning(
    "a macro that is not defined",
    "No line above defines the name, so the text stays as it is written, in Keepalived too. A definition counts from its line on; names inside of another definition are looked up where that one is used.",
  ),
  H0037: error(
    "a sign that does not belong",
    "A keyword and its value stand beside each other with a blank between them and nothing behind them: no =, no semicolon, no comma. Keepalived takes the sign for the value, or for a part of it.",
  ),
  H0038: warning(
    "included and passed over",
    "Keepalived includes regular files that nobody may execute, and goes on without all others: directories, pipes, and programs that lie among the configurations. So does heird.",
  ),
  H0039: error(
    "no UTF-8",
    "The line has bytes that are no UTF-8, as of an umlaut in ISO 8859-1. Keepalived takes bytes as they are; heird would put others in their place, and a password, a name or a path would not be what was written. In comments they do no harm.",
  ),
  H0101: error(
    "not a number",
    'A number is written in decimal figures. Keepalived says "using default" and starts with a value that stands nowhere in the file; heird does not.',
    "write a number",
  ),
  H0102: error("not a boolean", "on, off, true, false, yes, no."),
  H0103: error(
    "not an address",
    "Addresses are written in figures: 192.0.2.1 or 2001:db8::1, with /length where a prefix is wanted. Names are not looked up. Keepalived skips the line.",
  ),
  H0104: error(
    "outside the range",
    'The value does not fit. Keepalived says "using default" and starts with a value that stands nowhere in the file; heird does not.',
  ),
  H0105: error("not one of the words", "The keyword takes one of a few words.", "write one of them, or remove it"),
  H0106: warning(
    "rounded",
    "The wire cannot carry this interval: VRRPv2 has whole seconds, VRRPv3 hundredths of a second up to 40.95. The value is adjusted as Keepalived does.",
  ),
  H0107: warning(
    "password longer than 8 bytes",
    "VRRPv2 carries 8 bytes of password. The rest is cut, by Keepalived too, so both ends still agree; but what is cut protects nothing.",
  ),
  H0108: error("no name of an interface", "Names of interfaces have 1 to 15 bytes, no blank and no slash."),
  H0109: error("label", "A label is a name of at most 15 bytes, for IPv4 only."),
  H0110: error(
    "unknown option",
    "The line of an address, a route, a rule or a tracker has a word that is no option there. Keepalived leaves the word out, or the whole line.",
    "remove it",
  ),
  H0111: error(
    "two families in one virtual router",
    "A virtual router is IPv4 or IPv6: all its addresses, peers and sources are of one family. Use a second instance for the other; the same VRID may serve both.",
  ),
  H0112: warning(
    "number in an unusual form",
    "Numbers with leading zeros or 0x are read differently by different releases of Keepalived.",
  ),
  H0113: error("multicast", "One of the two is wanted: the address of a group, or the address of a router."),
  H0114: error(
    "half a password",
    "An authentication block needs auth_type and auth_pass. With one of them Keepalived runs without a password, and the routers that have it do not listen.",
  ),
  H0115: warning("no such state", "state is MASTER or BACKUP. Any other word means BACKUP, in Keepalived too."),
  H0116: error("IPv6 needs version 3", "VRRPv2 (RFC 3768) has no IPv6."),
  H0117: warning(
    "too many addresses",
    "An advertisement carries at most 255 addresses, and not more than a packet on its interface has room for: 89 of IPv6 where the MTU is 1500. The rest is treated as if it stood in virtual_ipaddress_excluded, as Keepalived does it: held, and not advertised.",
  ),
  H0118: error("several on one line", "One address per line; Keepalived takes the first and drops the rest."),
  H0119: warning(
    "option without meaning",
    "The option belongs to addresses of the other family. It is ignored, in Keepalived too.",
  ),
  H0120: warning("prefix length ignored", "One address is wanted, not a network. Keepalived ignores the length, too."),
  H0121: warning("0 means none", "Keepalived calls 0 invalid here and uses no delay, which is what 0 says."),
  H0122: info("empty block", "The block has no lines, so it says nothing."),
  H0123: error("not a URL", "A URL has a scheme and a host, as in https://192.0.2.1:8443/health."),
  H0124: error(
    "not in its form",
    "The value has a form of its own: a JSON pointer begins with /, a mode has three or four octal figures, a range of codes is 200-299. The message says which.",
  ),
  H0125: error(
    "word of another kind of check",
    "A check asks one thing, and the keyword belongs to checks that ask another. It would have no effect, so the check would be another than the one that was meant.",
  ),
  H0126: error(
    "one thing per check",
    "A vrrp_check has exactly one of http, tcp, ping, dns, route, arp and metric. Write a second vrrp_check for the second thing, and track both.",
  ),
  H0127: error(
    "settings that exclude each other",
    "Two settings contradict each other, and which one is meant cannot be told.",
  ),
  H0128: error(
    "the kernel would refuse it",
    "The route or rule contradicts itself or names what does not exist, so it would never be there. Keepalived starts all the same, and complains when it is Master.",
  ),
  H0201: error(
    "refers to nothing",
    "The name is defined nowhere in the configuration, before or after. Keepalived goes on without the check; heird does not, because a check that silently is not there is found out at the failover.",
  ),
  H0202: error("defined twice", "Two blocks of one kind have the same name. Keepalived skips the second."),
  H0203: error(
    "VRID used twice",
    "Two instances with the same VRID, family and interface, and the same group or a peer in common, would both send as the same virtual router.",
  ),
  H0204: error("required keyword missing", "Without it there is no virtual router. Keepalived refuses to run, too."),
  H0205: warning("not used", "Nothing refers to it, so it is never run or read."),
  H0206: error("in two groups", "An instance belongs to one sync group at most; Keepalived takes the first."),
  H0207: warning(
    "sync group of one",
    "A sync group keeps several instances together; with one there is nothing to keep.",
  ),
  H0208: error("empty sync group", "A sync group without members does nothing; Keepalived removes it."),
  H0209: warning(
    "address twice",
    "The same address stands twice. One instance cannot lose it while the other keeps it.",
  ),
  H0210: warning("no addresses", "The instance advertises no address. VRRPv2 routers tolerate that."),
  H0211: error(
    "no addresses",
    "A VRRPv3 advertisement carries at least one address (RFC 5798 §5.2.5); in strict mode every advertisement does.",
  ),
  H0212: warning("tracker given twice", "The same tracker stands twice; the first one counts."),
  H0213: warning(
    "tracks its own interface",
    "The instance's own interface is always tracked, unless dont_track_primary. The line has no effect in Keepalived, and its weight is dropped.",
  ),
  H0214: warning(
    "weight in a sync group",
    "Members of a sync group change together, so a weight on one of them is dropped, unless sync_group_tracking_weight is given.",
  ),
  H0215: error(
    "weighted check in a sync group",
    "Members of a sync group change together, so a weight on one of them has no place, unless sync_group_tracking_weight is given. Keepalived drops the check.",
  ),
  H0216: warning(
    "route that is not watched",
    "A route that names no interface is set but not watched: Keepalived cannot tell whose link takes it away, and heird neither.",
  ),
  H0217: warning(
    "rule without preference",
    "The order of rules is their meaning. Without a preference each gets the next lower number, beginning at 16384, so that adding a line changes the others.",
  ),
  H0218: error(
    "virtual interface twice",
    "Two instances ask for a virtual interface of the same name. Keepalived gives the second another name.",
  ),
  H0219: info(
    "defined below",
    "Keepalived looks names up while it reads, finds nothing, and goes on without the check. heird reads the whole file first.",
  ),
  H0221: error(
    "owners and others in a sync group",
    "An owner is Master at once, and a group changes as one: with members that have to wait, neither would hold.",
  ),
  H0301: info(
    "state MASTER does little",
    "Who becomes Master is decided by priority. state MASTER only clears nopreempt and preempt_delay, and only priority 255 starts as Master.",
  ),
  H0302: warning(
    "owner without saying so",
    "Priority 255 is for the router that has the addresses as its own on its interface. With state MASTER and no priority Keepalived takes 255.",
  ),
  H0303: warning(
    "nopreempt with weights",
    "With nopreempt a Master keeps the addresses although a check has taken its priority below the others'; weights move nothing then. A check with weight 0 still does, through FAULT.",
  ),
  H0304: warning(
    "timeout not below the interval",
    "A run of the check may last into the next one, which is then left out.",
  ),
  H0305: warning("slow check", "It takes interval × fall until a failure counts."),
  H0306: warning(
    "a hook that nobody waits for",
    "pre_master and pre_backup run before the addresses come and go, but heird waits for them no longer than pre_deadline, which is 0 unless hook_policy says more.",
  ),
  H0307: warning(
    "delay longer than the neighbours wait",
    "A link whose loss is believed later than the neighbours need to miss its Master makes two Masters: DOWN of interface_up_down_delays has to be less than (down_timer_adverts - 1) × advert_int.",
  ),
  H0311: warning(
    "weight that decides nothing",
    "The check moves the priority by so little that no order of priorities changes.",
  ),
  H0312: warning(
    "address of nobody",
    "Hosts do not look for such an address on a link: a multicast one is the address of a group, one of 127.0.0.0/8 or ::1 is everybody's own, and 0.0.0.0/8, :: and 255.255.255.255 are nobody's. The kernel takes most of them, and refuses ::, ::1 and IPv6 groups without autojoin.",
  ),
  H0313: warning("prefix length 0", "A Master then looks for every other destination on the link itself."),
  H0401: warning(
    "not honoured yet",
    "heird understands the keyword and does not act on it yet. The virtual router itself works as configured.",
    "remove it, or keep it if Keepalived reads this file, too",
  ),
  H0402: error(
    "not honoured yet, and needed",
    "heird understands the keyword and does not act on it yet. Without it another router would be elected, something else would be sent, or other addresses would be held; so heird refuses the file instead of running half of it.",
  ),
  H0403: warning(
    "ignored",
    "The keyword belongs to a part of Keepalived that heird does not have.",
    "remove it, or keep it if Keepalived reads this file, too",
  ),
  H0404: warning("old name", "The keyword still works. Its new name is better known to other tools."),
  H0405: warning(
    "settings that exclude each other",
    "Two settings cannot both hold. heird does what Keepalived does, and says which.",
  ),
  H0406: warning("differs from Keepalived", "Keepalived's releases have a mistake here. heird does what is written."),
  H0407: info(
    "newer keyword",
    "Releases of Keepalived before the one named do not know the keyword, or not in this form.",
  ),
  H0408: warning(
    "Keepalived would not accept this",
    "The line is heird's own, or of a Keepalived that is newer than 2.2.7. Told with --portable only: a configuration without such lines can go back to Keepalived as it is.",
  ),
  H0501: error(
    "no such interface",
    "The interface does not exist on this machine now. With dynamic_interfaces it may come later.",
  ),
  H0502: warning(
    "script cannot be run",
    "The file is missing, is no regular file, or may not be executed. Keepalived drops the script and goes on without the check. heird keeps the check, which fails until the file can be run.",
  ),
  H0503: warning(
    "script could be changed by others",
    "The file, or a directory above it, may be written by somebody who is not root, and it runs as root. Whoever may write it is root from then on. With enable_script_security it is an error (H0510).",
  ),
  H0504: warning("script security is off", "Scripts run as root, and enable_script_security is not set."),
  H0505: error("no such user", "Scripts cannot run as a user or group that does not exist."),
  H0506: error(
    "nobody to run it",
    "With enable_script_security scripts do not fall back to root. Keepalived drops the script, and the check with it.",
  ),
  H0507: warning(
    "address outside the interface's networks",
    "The interface has no address of its own in the network of this one. Then nobody there knows the way to it unless a route leads to this router, and the router itself has no way to answer but its default route.",
  ),
  H0508: warning(
    "an address that takes others with it",
    "Of several IPv4 addresses in one network on an interface, Linux makes the first one primary and the others secondary, and removes the secondary ones together with the primary one. When this address goes, the others go with it. /32, or the sysctl promote_secondaries, avoids that.",
  ),
  H0509: warning(
    "owner that does not own",
    "Priority 255 is for the router that has the virtual addresses as its own on the interface (RFC 5798 §5.2.4). Two routers that both think so never give way to each other.",
  ),
  H0510: error(
    "script refused",
    "enable_script_security is set, and a script that runs as root, or a directory above it, may be written by somebody who is not root. Keepalived drops the script and goes on without the check; heird does not run without a check that was asked for.",
  ),
  H0511: error(
    "check that cannot be run",
    "The program of a tracked script is missing, is no regular file, or may not be executed. Keepalived drops the script and goes on without the check, so that the address stays where nothing works any more. heird does not start, and does not reload, without a check that the file asks for.",
  ),
  ...CLUSTER_CODES,
} as const satisfies Readonly<Record<string, Row>>;

export type Code = keyof typeof CODES;

const NOT_PORTABLE: readonly Code[] = ["H0024", "H0026", "H0028", "H0034", "H0219", "H0406", "H0407", "H0408"];
/** What is told about lines that Keepalived 2.2.7 does not accept, or reads in another way. */
export const UNPORTABLE: ReadonlySet<Code> = new Set(NOT_PORTABLE);
