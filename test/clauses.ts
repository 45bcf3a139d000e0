// The clauses of the RFCs that a story or a test may cite, in our own words. RFC 5798 numbers the
// steps of its state machine; RFC 9568 dropped the numbers and changed a few steps, RFC 3768 never
// had any. What must hold has `must`; the other rows are there to be cited.
//
// A clause is written as it is cited: `RFC 5798 §6.4.2 (365)`, `RFC 9568 §6.4.3`.

export type Clause = {
  readonly clause: string;
  readonly words: string;
  /** Whether it demands something of heird that a test has to show. */
  readonly must: boolean;
};

const must = (clause: string, words: string): Clause => ({ clause, words, must: true });
/** A step that cannot be seen without the one it belongs to, and is shown with it. */
const part = (clause: string, words: string): Clause => ({ clause, words, must: false });
const may = (clause: string, words: string): Clause => ({ clause, words, must: false });

const INITIALIZE = "RFC 5798 §6.4.1";
const BACKUP = "RFC 5798 §6.4.2";
const MASTER = "RFC 5798 §6.4.3";

const STATE_MACHINE: readonly Clause[] = [
  may("RFC 5798 §6.4", "what each state does with each event"),
  may(INITIALIZE, "Initialize: waiting for the start"),
  may(`${INITIALIZE} (100)`, "a start begins everything"),
  must(`${INITIALIZE} (105)`, "started with priority 255, the owner does not wait to hear from anybody"),
  part(`${INITIALIZE} (110)`, "the owner advertises at once"),
  must(`${INITIALIZE} (120)`, "IPv4: a gratuitous ARP for each address"),
  must(`${INITIALIZE} (130)`, "IPv6: an unsolicited NA for each address: router, not solicited, override"),
  part(`${INITIALIZE} (140)`, "the next advertisement is due after Advertisement_Interval"),
  part(`${INITIALIZE} (145)`, "the owner is Master"),
  may(`${INITIALIZE} (150)`, "otherwise"),
  part(`${INITIALIZE} (155)`, "until a Master is heard, its interval is taken to be ours"),
  part(`${INITIALIZE} (160)`, "the Master has Master_Down_Interval to be heard"),
  must(`${INITIALIZE} (165)`, "anybody but the owner begins as Backup"),

  may(BACKUP, "Backup: watching that the Master is there"),
  must(`${BACKUP} (310)`, "a Backup answers no ARP request for the addresses"),
  must(`${BACKUP} (320)`, "a Backup answers no neighbour solicitation for the addresses"),
  must(`${BACKUP} (325)`, "a Backup sends no router advertisements for the virtual router"),
  must(`${BACKUP} (335)`, "a Backup discards frames for the virtual MAC"),
  must(`${BACKUP} (340)`, "a Backup accepts no packets for the addresses"),
  must(`${BACKUP} (345)`, "told to stop, a Backup does"),
  part(`${BACKUP} (350)`, "and waits for nothing more"),
  part(`${BACKUP} (355)`, "and is back in Initialize"),
  must(`${BACKUP} (365)`, "the Master was silent for Master_Down_Interval: take over"),
  part(`${BACKUP} (370)`, "advertise at once"),
  must(`${BACKUP} (380)`, "IPv4: a gratuitous ARP for each address"),
  must(`${BACKUP} (390)`, "IPv6: join the solicited-node group of each address"),
  must(`${BACKUP} (395)`, "IPv6: an unsolicited NA for each address"),
  part(`${BACKUP} (405)`, "the next advertisement is due after Advertisement_Interval"),
  part(`${BACKUP} (410)`, "be Master"),
  may(`${BACKUP} (420)`, "an advertisement is heard"),
  must(`${BACKUP} (425)`, "priority 0: the Master leaves"),
  part(`${BACKUP} (430)`, "only Skew_Time is left to wait"),
  may(`${BACKUP} (440)`, "otherwise"),
  must(`${BACKUP} (445)`, "without Preempt_Mode any Master, with it one at least as strong, is lived with"),
  must(`${BACKUP} (450)`, "its interval is adopted"),
  part(`${BACKUP} (455)`, "Master_Down_Interval is computed from it"),
  part(`${BACKUP} (460)`, "and begins anew"),
  may(`${BACKUP} (465)`, "otherwise"),
  must(`${BACKUP} (470)`, "a weaker Master is not listened to"),

  may(MASTER, "Master: holding the addresses"),
  must(`${MASTER} (610)`, "the Master answers ARP requests for the addresses"),
  must(`${MASTER} (620)`, "the Master is in the solicited-node group of each address"),
  must(`${MASTER} (625)`, "the Master answers neighbour solicitations for the addresses"),
  must(`${MASTER} (630)`, "the Master sends router advertisements for the virtual router"),
  must(`${MASTER} (635)`, "without Accept_Mode, neighbour discovery is not dropped"),
  must(`${MASTER} (645)`, "the Master forwards frames for the virtual MAC"),
  must(`${MASTER} (650)`, "packets for the addresses are accepted by the owner and under Accept_Mode only"),
  must(`${MASTER} (655)`, "told to stop, the Master does"),
  part(`${MASTER} (660)`, "no further advertisement is due"),
  must(`${MASTER} (665)`, "the last advertisement has priority 0"),
  part(`${MASTER} (670)`, "and it is back in Initialize"),
  must(`${MASTER} (680)`, "the time for an advertisement has come"),
  part(`${MASTER} (685)`, "it is sent"),
  part(`${MASTER} (690)`, "and the next is due after Advertisement_Interval"),
  may(`${MASTER} (700)`, "an advertisement is heard"),
  must(`${MASTER} (705)`, "priority 0: the other one leaves"),
  part(`${MASTER} (710)`, "say at once who is Master"),
  part(`${MASTER} (715)`, "and count Advertisement_Interval from there"),
  may(`${MASTER} (720)`, "otherwise"),
  must(`${MASTER} (725)`, "a stronger one is heard: give way"),
  may(`${MASTER} (730)`, "or"),
  must(`${MASTER} (735)`, "one of the same priority with a greater primary address is stronger"),
  part(`${MASTER} (740)`, "no further advertisement is due"),
  part(`${MASTER} (745)`, "its interval is adopted"),
  part(`${MASTER} (750)`, "Skew_Time is computed from it"),
  part(`${MASTER} (755)`, "so is Master_Down_Interval"),
  part(`${MASTER} (760)`, "which begins now"),
  part(`${MASTER} (765)`, "be Backup"),
  may(`${MASTER} (770)`, "otherwise"),
  must(`${MASTER} (775)`, "a weaker one is discarded"),

  may("RFC 9568 §6.4", "what each state does with each event, Master called Active"),
  may("RFC 9568 §6.4.1", "as RFC 5798 §6.4.1"),
  may("RFC 9568 §6.4.2", "as RFC 5798 §6.4.2"),
  must(
    "RFC 9568 §6.4.3",
    "a weaker one is answered at once with an advertisement, to teach switches and the other router",
  ),
  may("RFC 3768 §6.4", "the states of version 2"),
  must("RFC 3768 §6.4.1", "Initialize in version 2"),
  must("RFC 3768 §6.4.2", "Backup in version 2: the interval is the configured one, nothing is learned"),
  must("RFC 3768 §6.4.3", "Master in version 2"),
];

const PACKETS: readonly Clause[] = [
  must("RFC 5798 §7.1", "TTL or hop limit 255, version, length, checksum, a VRID of ours: else discarded"),
  must("RFC 9568 §7.1", "the same; the checksum of IPv4 has no pseudo-header"),
  must("RFC 3768 §7.1", "TTL 255, version, length, checksum, VRID, authentication, the very interval: else discarded"),
  must("RFC 5798 §7.2", "what is sent has the router's settings, its checksum, its primary address and the group"),
  must("RFC 9568 §7.2", "the same in version 3 of today"),
  must("RFC 3768 §7.2", "the same in version 2"),
  must("RFC 9568 §7.3", "the virtual MAC address: 00-00-5E-00-01-{VRID}, and 02 for IPv6"),
  must("RFC 9568 §8.1.2", "an ARP request for a virtual address is answered with the virtual MAC address"),
];

/** Sections that are cited for a definition. */
const DEFINITIONS: readonly (readonly [rfc: string, sections: string])[] = [
  ["RFC 2338", "5.3.6 5.3.6.3 5.3.10 7.1"],
  ["RFC 3768", "5.1 5.2 5.2.1 5.2.2 5.2.3 5.2.4 5.3 5.3.1 5.3.2 5.3.3 5.3.4 5.3.5 5.3.6 5.3.7 5.3.8 5.3.9 5.3.10"],
  ["RFC 3768", "6.1 6.2 6.3 7.3 8.1 8.2 8.3 10"],
  ["RFC 5798", "1.3 5.1 5.1.1 5.1.1.1 5.1.1.2 5.1.1.3 5.1.1.4 5.1.2 5.1.2.1 5.1.2.2 5.1.2.3 5.1.2.4"],
  ["RFC 5798", "5.2 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.2.7 5.2.8 5.2.9 6.1 6.2 6.3 7.3 7.4 8.1 8.2 8.3 8.4 9"],
  ["RFC 9568", "1.3 5.1 5.1.1 5.1.2 5.2 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.2.7 5.2.8 5.2.9"],
  ["RFC 9568", "6.1 6.2 6.3 7.3 7.4 8.1 8.2 8.3 9"],
];

const definitions = DEFINITIONS.flatMap(([rfc, sections]) =>
  sections.split(" ").map((section) => may(`${rfc} §${section}`, "a definition")),
);

export const CLAUSES: readonly Clause[] = [...STATE_MACHINE, ...PACKETS, ...definitions];

/** Demands that no story or test shows, and why that is so; none today. */
export const UNTOLD: ReadonlyMap<string, string> = new Map();
