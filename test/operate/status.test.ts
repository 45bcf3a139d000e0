// The document that `heird status --json` prints: others parse it, so every field of it is written
// down here, and what people are told line by line.

import { describe, expect, it } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState, type Turn } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import type { Journal } from "../../agent/operate/journal.ts";
import { tell } from "../../agent/operate/journal.ts";
import { type Status, statusOf } from "../../agent/operate/status.ts";
import { ip, router, virtual } from "../log/history.ts";

const FOUR = router("eth0", "ipv4", 51, { name: "VI_1", virtualAddresses: [virtual("192.0.2.1", "eth0")] });
const SIX = router("eth0", "ipv6", 51, {
  name: "VI_6",
  basePriority: 200,
  adverInterval: seconds(0.5),
  virtualAddresses: [virtual("fe80::1", "eth0")],
});
const DOWN = router("eth1", "ipv4", 52, { name: "VI_2", preempt: false });
const CONFIG = { ...usualAgent, routerId: "rt1", routers: [FOUR, SIX, DOWN] };

const CLAIMS = [{ interface: "eth0", address: ip("192.0.2.1"), mac: "02:00:00:00:00:99", count: 3, lastSeconds: 12 }];

const heard = (priority: number): Observation => ({
  type: "advertReceived",
  router: FOUR.key,
  advert: {
    version: 2,
    vrid: 51,
    priority,
    maxAdverInterval: seconds(1),
    source: ip("10.0.0.9"),
    addresses: [ip("192.0.2.1")],
    checksum: "plain",
  },
});

const LIFE: readonly (readonly [number, Observation])[] = [
  [0, { type: "linkChanged", link: { name: "eth0", index: 2, up: true } }],
  [0, { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7"), ip("fe80::7")], removed: [] }],
  [0, { type: "configured", config: CONFIG }],
  [1_000_000, { type: "commanded", command: { type: "startup" } }],
  [2_500_000, heard(150)],
  // 3 * 0.5 s and 56/256 of 0.5 s after the start: 1 s + 1.609375 s.
  [2_609_375, { type: "deadlineReached", router: SIX.key }],
];

/** Folds a life; gives each turn. */
function turnsOf(life: typeof LIFE): readonly Turn[] {
  let state: AgentState = initialState;
  return life.map(([at, seen]) => {
    const turn = step(state, { at: instantAt(at), seen });
    state = turn.state;
    return turn;
  });
}

const stateOf = (life: typeof LIFE): AgentState => turnsOf(life).at(-1)?.state ?? initialState;

const statusAfter = (life: typeof LIFE, now: number): Status =>
  statusOf(stateOf(life), instantAt(now), {
    started: instantAt(500_000),
    version: "1.2.3",
    realtime: false,
    stateDirectory: "/var/lib/heird",
    config: { file: "/etc/keepalived/keepalived.conf", generation: 2, taken: 1_764_000_000_500, lastReload: "ok" },
    log: { head: 41, durable: 40, queuedBytes: 230, lost: 0, error: null, epoch: "01TEST" },
    dropped: { eth0: { checksum: 3 } },
    settings: [],
    claims: CLAIMS,
    duplicates: [],
    hooks: { waiting: 0, running: [], done: 0, failed: 0, superseded: 0, fifoMissed: 0, lastFailure: null },
    audit: null,
    seq: 41,
  });

const NOTHING_SPECIAL = { tracks: [], heldBy: [], drained: null, group: null, rival: null };

/** The three of them at 4.5 s. */
const INSTANCES = [
  {
    name: "VI_1",
    router: "eth0/ipv4/51",
    interface: "eth0",
    family: "ipv4",
    vrid: 51,
    version: 2,
    state: "backup",
    because: "startup",
    standard: { rfc8347: "vrrp-event-startup", rfc8347bis: "vrrp-event-startup", newMaster: "not-master", rfc6527: 0 },
    forSeconds: 3.5,
    priority: 100,
    basePriority: 100,
    ...NOTHING_SPECIAL,
    master: { address: "10.0.0.9", priority: 150, self: false },
    primaryAddress: "10.0.0.7",
    advertIntervalSeconds: 1,
    preempt: true,
    checksum: "plain",
    neighbours: [{ address: "10.0.0.9", checksum: "plain", sameAddresses: true }],
    splitBrain: null,
    accept: true,
    vmac: null,
    virtualAddresses: ["192.0.2.1/24"],
  },
  {
    name: "VI_6",
    router: "eth0/ipv6/51",
    interface: "eth0",
    family: "ipv6",
    vrid: 51,
    version: 3,
    state: "master",
    because: "master_silent",
    standard: {
      rfc8347: "vrrp-event-master-timeout",
      rfc8347bis: "vrrp-event-active-timeout",
      newMaster: "no-response",
      rfc6527: 3,
    },
    // 4.5 s less 2.609375 s.
    forSeconds: 1.890625,
    priority: 200,
    basePriority: 200,
    ...NOTHING_SPECIAL,
    master: { address: "fe80::7", priority: 200, self: true },
    primaryAddress: "fe80::7",
    advertIntervalSeconds: 0.5,
    preempt: true,
    checksum: "pseudoHeader",
    neighbours: [],
    splitBrain: null,
    accept: true,
    vmac: null,
    virtualAddresses: ["fe80::1/64"],
  },
  {
    name: "VI_2",
    router: "eth1/ipv4/52",
    interface: "eth1",
    family: "ipv4",
    vrid: 52,
    version: 2,
    state: "fault",
    because: "link_down",
    standard: {
      rfc8347: "vrrp-event-interface-down",
      rfc8347bis: "vrrp-event-interface-down",
      newMaster: "not-master",
      rfc6527: 0,
    },
    forSeconds: 3.5,
    priority: 100,
    basePriority: 100,
    ...NOTHING_SPECIAL,
    heldBy: [
      { because: "link_down", what: "eth1" },
      { because: "no_primary_address", what: "eth1" },
    ],
    master: null,
    primaryAddress: null,
    advertIntervalSeconds: 1,
    preempt: false,
    checksum: "plain",
    neighbours: [],
    splitBrain: null,
    accept: true,
    vmac: null,
    virtualAddresses: ["10.0.52.100/24"],
  },
];

describe("the status document", () => {
  it("says what runs, since when, and who is Master", () => {
    const { folded, pid, ...status } = statusAfter(LIFE, 4_500_000);
    expect(pid).toBe(process.pid);
    expect(status).toEqual({
      duplicates: [],
      hooks: { waiting: 0, running: [], done: 0, failed: 0, superseded: 0, fifoMissed: 0, lastFailure: null },
      audit: null,
      schema: 1,
      version: "1.2.3",
      routerId: "rt1",
      instance: "",
      netNamespace: "",
      upSeconds: 4,
      realtime: false,
      stateDirectory: "/var/lib/heird",
      config: { file: "/etc/keepalived/keepalived.conf", generation: 2, taken: 1_764_000_000_500, lastReload: "ok" },
      log: { head: 41, durable: 40, queuedBytes: 230, lost: 0, error: null, epoch: "01TEST" },
      dropped: { eth0: { checksum: 3 } },
      settings: [],
      claims: CLAIMS,
      waits: [],
      instances: INSTANCES,
    });
    expect(folded.seq).toBe(41);
    expect(folded.state.routers).toHaveLength(3);
    // It goes through JSON, and comes back as it was.
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });

  it("knows no Master when the last one resigned, and says who is there before the start", () => {
    const resigned = statusAfter([...LIFE, [2_700_000, heard(0)]], 3_000_000);
    expect(resigned.instances[0]).toMatchObject({ state: "backup", master: null });
    const before = statusAfter(LIFE.slice(0, 3), 500_000);
    expect(before.instances.map(({ state, because }) => `${state} ${because}`)).toEqual(
      Array.from({ length: 3 }, () => "initialize none"),
    );
    expect(before.upSeconds).toBe(0);
  });

  it("carries no password", () => {
    const secret = { ...FOUR, authentication: { type: "pass", password: "s3cr3t-1" } } as const;
    const life: typeof LIFE = [
      [0, { type: "configured", config: { ...usualAgent, routerId: "rt1", routers: [secret] } }],
    ];
    expect(JSON.stringify(statusAfter(life, 1_000_000))).not.toContain("s3cr3t-1");
  });
});

/** A journal that remembers: the level and the sentence of each line. */
function remember(): { readonly journal: Journal; readonly said: string[] } {
  const said: string[] = [];
  const at =
    (level: string) =>
    (_: unknown, sentence: string): void =>
      void said.push(`${level}: ${sentence}`);
  const journal = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { journal: journal as unknown as Journal, said };
}

describe("the journal", () => {
  it("tells changes, failures and new problems, and nothing of what is routine", () => {
    const { journal, said } = remember();
    const more: typeof LIFE = [
      ...LIFE,
      [3_000_000, heard(150)],
      [3_109_375, { type: "deadlineReached", router: SIX.key }],
      [
        3_200_000,
        {
          type: "advertDropped",
          router: null,
          interface: "eth0",
          source: ip("10.0.0.66"),
          reason: "ttl",
          detail: "TTL 64",
          count: 1,
        },
      ],
      [3_300_000, { type: "effectFailed", effect: "addAddresses", router: SIX.key, error: "EPERM: no" }],
      [
        3_400_000,
        {
          type: "effectDone",
          effect: "announce",
          router: SIX.key,
          took: seconds(0.002),
          detail: "5 sent",
          foreign: [],
        },
      ],
      [3_500_000, { type: "linkChanged", link: { name: "eth0", index: 2, up: false } }],
      [3_600_000, { type: "linkChanged", link: { name: "eth0", index: 0, up: false } }],
      [3_700_000, { type: "configured", config: { ...usualAgent, routerId: "rt1", routers: [] } }],
    ];
    for (const turn of turnsOf(more)) tell(journal, turn);
    expect(said).toEqual([
      "debug: eth0 is up",
      "info: configured: 3 instance(s)",
      "info: VI_1: initialize -> backup (startup)",
      "info: VI_6: initialize -> backup (startup)",
      "info: VI_2: initialize -> fault (link_down)",
      "info: startup",
      "info: VI_6: backup -> master (master_silent)",
      "warn: advertisement from 10.0.0.66 on eth0 refused (ttl): TTL 64",
      "error: eth0/ipv6/51: addAddresses failed: EPERM: no",
      "debug: eth0/ipv6/51: announce: 5 sent in 0.002s",
      "info: VI_1: backup -> fault (link_down)",
      "info: VI_6: master -> fault (link_down)",
      "info: eth0 is down",
      "info: eth0 is gone",
      "info: VI_1: fault -> initialize (config)",
      "info: VI_6: fault -> initialize (config)",
      "info: VI_2: fault -> initialize (config)",
      "info: configured: 0 instance(s)",
    ]);
  });
});
