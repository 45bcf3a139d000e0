// Every MUST of RFC 9568 §6.4, §7.1, §7.2 and of RFC 3768 §6.4, §7.1, §7.2 in our own words, with what shows
// that it holds, and with what shows that it does not where its condition is absent. RFC 9568 has no
// numbers for its steps; those of RFC 5798 stand for them, as in clauses.ts.
//
// A story is named by its file, without the ending; a test by its file and words of it, `test/….ts: words`.

export type Demand = {
  readonly clause: string;
  readonly words: string;
  /** Each of them cites the clause. */
  readonly holds: readonly string[];
  readonly absent: readonly string[];
};

const demand = (clause: string, words: string, holds: string[], absent: string[]): Demand => ({
  clause,
  words,
  holds,
  absent,
});

const initialize = (step: number, words: string, holds: string[], absent: string[]) =>
  demand(`RFC 5798 §6.4.1 (${step})`, words, holds, absent);
const backup = (step: number, words: string, holds: string[], absent: string[]) =>
  demand(`RFC 5798 §6.4.2 (${step})`, words, holds, absent);
const master = (step: number, words: string, holds: string[], absent: string[]) =>
  demand(`RFC 5798 §6.4.3 (${step})`, words, holds, absent);

const duty = (words: string): string => `test/netns/duties.test.ts: ${words}`;
const station = (words: string): string => `test/netns/vmac.test.ts: ${words}`;

const OWNER = "the-owner-is-master-at-once";
const LOWER_RANK = "a-router-of-any-lower-rank-starts-as-backup";
const SILENCE = "a-backup-that-hears-nothing-becomes-master";
const IN_TIME = "an-advertisement-in-time-keeps-a-backup-waiting";
const NOTHING_HELD = "a-backup-has-no-address-to-answer-for";
const ALL_HELD = "a-master-has-the-addresses-it-answers-for";
const LEAST = "priority-1-is-no-resignation";
const STRONGER = "a-master-yields-to-a-higher-priority";
const WEAKER = "a-weaker-advertisement-is-answered-at-once";
const MASTER_ENDS = "a-master-that-shuts-down-resigns-before-it-lets-go";
const BACKUP_ENDS = "a-backup-that-shuts-down-says-nothing";

const TODAY: readonly Demand[] = [
  initialize(105, "the owner is Master at once", [OWNER], [LOWER_RANK]),
  initialize(120, "IPv4: it sends gratuitous ARP", ["a-new-master-announces-in-two-blocks"], [LOWER_RANK]),
  initialize(
    130,
    "IPv6: it sends unsolicited NAs",
    ["one-vrid-serves-ipv4-and-ipv6-side-by-side"],
    ["an-owner-without-its-link-starts-in-fault", OWNER],
  ),
  initialize(165, "anybody else is Backup", [LOWER_RANK], [OWNER]),

  backup(310, "no ARP is answered", [NOTHING_HELD], [ALL_HELD]),
  backup(320, "no neighbour solicitation is answered", [NOTHING_HELD], [ALL_HELD]),
  backup(
    325,
    "no router advertisement comes from it: heird sends none, and radvd finds the virtual address on a Master only",
    [duty("router advertisements of radvd come from the Master alone")],
    [duty("the new Master's radvd speaks")],
  ),
  backup(
    335,
    "a frame for the virtual MAC address is discarded",
    [duty("the Master forwards them, a Backup does not")],
    [duty("the Master forwards it")],
  ),
  backup(340, "no packet for the addresses is accepted", [NOTHING_HELD], [ALL_HELD]),
  backup(345, "told to stop, it cancels its timer", [BACKUP_ENDS], [SILENCE]),
  backup(365, "silence for Master_Down_Interval: Master", [SILENCE], [IN_TIME]),
  backup(380, "IPv4: gratuitous ARP on becoming Master", [SILENCE], [IN_TIME]),
  backup(390, "IPv6: the solicited-node groups are joined on becoming Master", [ALL_HELD], [NOTHING_HELD]),
  backup(
    395,
    "IPv6: unsolicited NAs on becoming Master",
    ["ipv6-advertises-from-a-link-local-address-only"],
    [IN_TIME],
  ),
  backup(425, "priority 0 leaves Skew_Time to wait", ["a-master-that-resigns-leaves-only-the-head-start"], [LEAST]),
  backup(
    445,
    "without Preempt_Mode, or when as strong, a Master is lived with",
    ["nopreempt-leaves-a-weaker-master-alone", "an-equal-priority-keeps-a-backup-waiting"],
    ["a-weaker-advertisement-does-not-hold-a-backup-back"],
  ),
  backup(
    450,
    "its interval is adopted",
    ["a-backup-learns-the-interval-of-its-master"],
    ["an-interval-that-is-not-accepted-is-not-learned"],
  ),
  backup(
    470,
    "with Preempt_Mode a weaker one is not listened to",
    ["a-weaker-advertisement-does-not-hold-a-backup-back"],
    ["nopreempt-leaves-a-weaker-master-alone", "an-equal-priority-keeps-a-backup-waiting"],
  ),

  master(610, "ARP is answered", [ALL_HELD], [NOTHING_HELD]),
  master(620, "it is in the solicited-node groups", [ALL_HELD], [NOTHING_HELD]),
  master(625, "neighbour solicitations are answered", [ALL_HELD], [NOTHING_HELD]),
  master(
    630,
    "router advertisements come from it: radvd's, in the name of the virtual router",
    [duty("the Master's radvd speaks")],
    [duty("router advertisements of radvd come from the Master alone")],
  ),
  master(
    635,
    "without Accept_Mode neighbour discovery is not dropped",
    [station("the addresses answer neighbours and nobody else")],
    [station('reload(config("accept"))')],
  ),
  master(
    645,
    "a frame for the virtual MAC address is forwarded",
    [duty("the Master forwards it")],
    [duty("the Master forwards them, a Backup does not")],
  ),
  master(
    650,
    "packets for the addresses are accepted under Accept_Mode only",
    [station("the addresses answer neighbours and nobody else")],
    [station('reload(config("accept"))')],
  ),
  master(655, "told to stop, it cancels its timer", [MASTER_ENDS], ["a-master-advertises-every-interval"]),
  master(665, "and says priority 0", ["two-masters-that-shut-down-resign-before-either-lets-go"], [BACKUP_ENDS]),
  master(
    680,
    "it advertises when Adver_Timer fires, and sets it anew",
    ["a-master-advertises-every-interval"],
    ["a-master-hears-nothing-that-changes-its-rhythm"],
  ),
  master(705, "priority 0 is answered at once", ["a-master-answers-a-resignation-at-once"], [LEAST]),
  master(725, "a stronger one is yielded to", [STRONGER], [WEAKER]),
  master(
    735,
    "as strong, with a greater address, is stronger",
    ["equal-priorities-yield-to-the-greater-address", "equal-priorities-over-ipv6-compare-link-local-addresses"],
    ["equal-priorities-stay-against-the-smaller-address"],
  ),
  master(775, "a weaker one is discarded", ["lower-prio-no-advert-lets-a-weaker-master-be"], [STRONGER]),
  demand("RFC 9568 §6.4.3", "a weaker one is answered at once", [WEAKER], [STRONGER]),
];

const v2 = (name: string): string => `version-2-${name}`;
const start2 = (words: string, holds: string[], absent: string[]) => demand("RFC 3768 §6.4.1", words, holds, absent);
const backup2 = (words: string, holds: string[], absent: string[]) => demand("RFC 3768 §6.4.2", words, holds, absent);
const master2 = (words: string, holds: string[], absent: string[]) => demand("RFC 3768 §6.4.3", words, holds, absent);

const OWNER_2 = v2("an-owner-is-master-at-once");
const ELECTION_2 = v2("elects-like-version-3");
const IN_TIME_2 = v2("an-advertisement-in-time-keeps-a-backup-waiting");
const LEAST_2 = v2("priority-1-is-no-resignation");
const BACKUP_ENDS_2 = v2("a-backup-that-shuts-down-says-nothing");
const WEAKER_2 = v2("a-weaker-one-is-discarded-by-a-master");

const VERSION_2: readonly Demand[] = [
  start2("the owner is Master at once: advertisement, gratuitous ARP, Adver_Timer", [OWNER_2], [ELECTION_2]),
  start2("anybody else waits for Master_Down_Interval as Backup", [ELECTION_2], [OWNER_2]),
  backup2("no ARP is answered, no packet accepted", [NOTHING_HELD], [ALL_HELD]),
  backup2("told to stop, it cancels its timer", [BACKUP_ENDS_2], [ELECTION_2]),
  backup2("silence for Master_Down_Interval: Master, with gratuitous ARP", [ELECTION_2], [IN_TIME_2]),
  backup2("priority 0 leaves Skew_Time to wait", [v2("a-resignation-leaves-skew-time")], [LEAST_2]),
  backup2(
    "without Preempt_Mode, or when as strong, a Master is lived with",
    [v2("without-preemption-any-master-is-lived-with"), IN_TIME_2],
    [v2("a-weaker-one-holds-nobody-back")],
  ),
  backup2(
    "with Preempt_Mode a weaker one is not listened to",
    [v2("a-weaker-one-holds-nobody-back")],
    [v2("without-preemption-any-master-is-lived-with"), IN_TIME_2],
  ),
  master2("ARP is answered", [ALL_HELD], [NOTHING_HELD]),
  master2("told to stop, it says priority 0", [v2("resigns-at-shutdown")], [BACKUP_ENDS_2]),
  master2(
    "it advertises when Adver_Timer fires, and sets it anew",
    [v2("a-master-advertises-every-interval")],
    [v2("nothing-is-sent-before-its-time")],
  ),
  master2("priority 0 is answered at once", [v2("a-master-answers-a-resignation-at-once")], [LEAST_2]),
  master2("a stronger one is yielded to", [ELECTION_2], [WEAKER_2]),
  master2(
    "as strong, with a greater address, is stronger",
    [v2("equal-priorities-yield-to-the-greater-address")],
    [v2("equal-priorities-stay-against-the-smaller-address")],
  ),
  master2("a weaker one is discarded", [WEAKER_2], [ELECTION_2]),
];

/** Steps of the ladder of §7.1: the version they are for, what they demand, what offends, and what does not. */
const ladder = (versions: readonly (2 | 3)[], words: string, offends: string[], passes: string[]): readonly Demand[] =>
  versions.flatMap((version) =>
    (version === 2 ? ["RFC 3768 §7.1"] : ["RFC 9568 §7.1", "RFC 5798 §7.1"]).map((clause) =>
      demand(clause, words, offends.map(received), passes.map(received)),
    ),
  );
const received = (words: string): string => `test/wire/receive.test.ts: ${words}`;
const packet = (words: string): string => `test/wire/golden.test.ts: ${words}`;

const IN_ORDER = "has nothing to say without an offence";
const BOTH = [2, 3] as const;

const RECEIVED: readonly Demand[] = [
  ...ladder(BOTH, "TTL or hop limit 255", ["TTL 254", "hop limit 64"], [IN_ORDER]),
  ...ladder(BOTH, "the version is ours", ["v3 at a v2 router", "v2 at a v3 router"], [IN_ORDER]),
  ...ladder(
    BOTH,
    "the packet is complete",
    ["half a packet", "an address missing", "no authentication data"],
    ["padding"],
  ),
  ...ladder(BOTH, "the checksum is right", ["a wrong checksum"], ["either form of checksum in v3 over IPv4", IN_ORDER]),
  ...ladder(BOTH, "the VRID is one of ours", ["another VRID"], [IN_ORDER]),
  ...ladder([2], "the authentication is ours", ["no password", "another password", "a longer password"], [IN_ORDER]),
  ...ladder([2], "the interval is ours", ["v2 with 2 s"], ["another interval in v3, which is learned"]),
  demand(
    "RFC 5798 §7.1",
    "an owner discards all of them; heird's when it is told so, as Keepalived's",
    ["an-owner-may-ignore-what-it-hears"],
    [received("being the owner, unlike RFC 5798 §7.1"), "even-an-owner-yields-to-nobody-but-an-owner"],
  ),
];

const SENT: readonly Demand[] = ["RFC 3768 §7.2", "RFC 5798 §7.2", "RFC 9568 §7.2"].flatMap((clause) => [
  demand(
    clause,
    "the fields are those of the configuration and of the state, the checksum is right",
    [packet("is encoded byte for byte")],
    [
      "test/wire/advert.test.ts: setting the priority of the golden packet to 0 gives the golden packet with priority 0",
    ],
  ),
  demand(
    clause,
    "it goes to the group, by protocol 112, with TTL 255, from the primary address",
    [packet("advertPacket gives the golden multicast packets")],
    [packet("and refused when to somebody else"), "a-virtual-address-is-not-an-address-to-advertise-from"],
  ),
]);

/** Who answers for which address stands in one test, and so do both sides: the virtual station and the interface's own. */
const VIRTUAL: readonly Demand[] = [
  demand(
    "RFC 9568 §7.3",
    "the virtual MAC address is made of the VRID, another one for each family",
    ["test/netns/vmac.test.ts: 00-00-5E-00-01-{VRID}, 00-00-5E-00-02-{VRID}"],
    ["test/netns/failover.test.ts: announcementOf(a, rt2.mac)"],
  ),
  demand(
    "RFC 9568 §8.1.2",
    "an ARP request for a virtual address is answered with the virtual MAC address",
    ["test/netns/vmac.test.ts: the virtual station for the virtual address"],
    ["test/netns/vmac.test.ts: the interface's own for its own"],
  ),
];

export const DEMANDS: readonly Demand[] = [...TODAY, ...VERSION_2, ...RECEIVED, ...SENT, ...VIRTUAL];
