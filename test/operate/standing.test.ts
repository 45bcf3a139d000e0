// What the status document says of why a router stands where it does, and how people and the journal are told.

import { describe, expect, it } from "vitest";
import { brief } from "../../agent/cli/status.ts";
import { step } from "../../agent/core/agent.ts";
import { type AgentConfig, linkCheck } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState, type Turn } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { type Journal, tell } from "../../agent/operate/journal.ts";
import { type Status, statusOf } from "../../agent/operate/status.ts";
import { ip, router } from "../log/history.ts";

type Life = readonly (readonly [at: number, seen: Observation])[];

function turnsOf(life: Life): readonly Turn[] {
  let state: AgentState = initialState;
  return life.map(([at, seen]) => {
    const turn = step(state, { at: instantAt(at), seen });
    state = turn.state;
    return turn;
  });
}

const statusAfter = (life: Life, now: number): Status =>
  statusOf(turnsOf(life).at(-1)?.state ?? initialState, instantAt(now), {
    started: instantAt(0),
    version: "1.2.3",
    realtime: true,
    stateDirectory: "/var/lib/heird",
    config: { file: "heird.conf", generation: 1, taken: 0, lastReload: "none" },
    log: { head: 1, durable: 1, queuedBytes: 0, lost: 0, error: null, epoch: "01TEST" },
    dropped: {},
    settings: [],
    claims: [],
    duplicates: [],
    hooks: { waiting: 0, running: [], done: 0, failed: 0, superseded: 0, fifoMissed: 0, lastFailure: null },
    audit: null,
    seq: 1,
  });

const link = (name: string, up: boolean): Observation => ({ type: "linkChanged", link: { name, index: 2, up } });
const address = (name: string, text: string): Observation => ({
  type: "addressesChanged",
  interface: name,
  added: [ip(text)],
  removed: [],
});
const startup: Observation = { type: "commanded", command: { type: "startup" } };

/** Everything up at 0 s, and started at 1 s. */
const begun = (config: AgentConfig): Life => [
  ...["eth0", "eth1", "eth2", "eth3"].map((name) => [0, link(name, true)] as const),
  [0, address("eth0", "10.0.0.7")],
  [0, address("eth1", "10.0.1.7")],
  [0, { type: "configured", config }],
  [1_000_000, startup],
];

const A = router("eth0", "ipv4", 51, {
  name: "A",
  tracks: [
    { check: linkCheck("eth2"), weight: -30, reverse: false },
    { check: linkCheck("eth3"), weight: 0, reverse: false },
  ],
});
const B = router("eth1", "ipv4", 52, { name: "B" });
const GROUPED: AgentConfig = {
  ...usualAgent,
  routers: [A, B],
  groups: [{ name: "G", members: [A.key, B.key], hooks: usualHooks }],
  linkDelays: { eth2: { down: seconds(2), up: seconds(0) } },
};
const due = (key: typeof A.key): Observation => ({ type: "deadlineReached", router: key });

const [GOOD, BAD] = [
  { check: "interface/eth2", weight: -30, reverse: false, verdict: "up", adds: 0 },
  { check: "interface/eth2", weight: -30, reverse: false, verdict: "down", adds: -30 },
];

describe("the status document", () => {
  it("says how long a link's change is not believed yet, and what it weighs then", () => {
    const changed: Life = [...begun(GROUPED), [2_000_000, link("eth2", false)]];
    // 2 s of delay, of which 0.5 s are over.
    const waiting = statusAfter(changed, 2_500_000);
    expect(waiting.waits).toEqual([{ link: "eth2", forSeconds: 1.5 }]);
    expect(waiting.instances[0]).toMatchObject({ priority: 100, tracks: [GOOD, { check: "interface/eth3" }] });
    expect(brief(waiting)).toContain("\n\neth2 has changed, and is believed in 1s (interface_up_down_delays)");

    const believed = statusAfter([...changed, [4_000_000, { type: "waitOver", link: "eth2" }]], 4_000_000);
    expect(believed.waits).toEqual([]);
    // 100 - 30.
    expect(believed.instances[0]).toMatchObject({ priority: 70, basePriority: 100, group: "G", heldBy: [] });
    expect(believed.instances[0]?.tracks[0]).toEqual(BAD);
    expect(brief(believed)).toMatch(/\n\nA: priority 70: 100 configured, -30 as interface\/eth2 is down$/);
  });

  it("says which track means FAULT, and whom that holds back", () => {
    const status = statusAfter([...begun(GROUPED), [2_000_000, link("eth3", false)]], 2_000_000);
    expect(status.instances.map(({ state, because, heldBy }) => ({ state, because, heldBy }))).toEqual([
      { state: "fault", because: "check_fault", heldBy: [{ because: "check_fault", what: "interface/eth3" }] },
      { state: "fault", because: "group_fault", heldBy: [{ because: "group_fault", what: "A" }] },
    ]);
    expect(status.instances[0]?.tracks[1]).toMatchObject({ verdict: "down", adds: null });
    expect(brief(status)).toMatch(/\n\nA: FAULT: interface\/eth3 is bad\nB: FAULT: A of its sync group G is$/);
  });

  it("says for whom a member of a group waits", () => {
    // 1 s + 3.609375 s; the other one rings at the same time, but has not yet.
    const status = statusAfter([...begun(GROUPED), [4_609_375, due(A.key)]], 4_609_375);
    expect(status.instances.map(({ state, heldBy }) => ({ state, heldBy }))).toEqual([
      { state: "backup", heldBy: [{ because: "group_backup", what: "B" }] },
      { state: "backup", heldBy: [] },
    ]);
    expect(brief(status)).toMatch(/\n\nA: ready to be Master, and waits for B of its sync group G$/);
  });

  it("says how long the delay of the startup lasts, and holds nobody responsible for it", () => {
    const config = { ...GROUPED, startupDelay: seconds(5) };
    const status = statusAfter([...begun(config), [2_000_000, link("eth3", false)]], 2_000_000);
    // 1 s + 5 s, at 2 s.
    expect(status.waits).toEqual([{ link: null, forSeconds: 4 }]);
    expect(status.instances.flatMap(({ heldBy }) => heldBy)).toEqual([]);
    expect(brief(status)).toMatch(/\n\nthe routers start in 4s \(delay of the startup\)$/);
  });

  it("waits for a check that has not answered", () => {
    const asks = router("eth0", "ipv4", 51, { name: "A", tracks: [{ check: "chk", weight: 0, reverse: false }] });
    const status = statusAfter(begun({ ...usualAgent, routers: [asks] }), 1_000_000);
    expect(status.instances[0]).toMatchObject({
      state: "initialize",
      because: "checks_pending",
      heldBy: [{ because: "checks_pending", what: "chk" }],
    });
    expect(brief(status)).toMatch(/\n\nA: waits for the first answer of chk$/);
  });
});

const OWNER = router("eth0", "ipv4", 51, { name: "O", basePriority: 255 });
const says = (source: string, priority: number): Observation => ({
  type: "advertReceived",
  router: OWNER.key,
  advert: {
    version: 2,
    vrid: 51,
    priority,
    maxAdverInterval: seconds(1),
    source: ip(source),
    addresses: [ip("10.0.51.100")],
    checksum: "plain",
  },
});
const ALONE = begun({ ...usualAgent, routers: [OWNER] });

/** Adver_Timer, every second; a Master that missed it would believe to have been frozen. */
const rings = (first: number, last: number): Life =>
  Array.from({ length: last - first + 1 }, (_, i) => [(first + i) * 1_000_000, due(OWNER.key)] as const);

/** What the journal says in a life, but for what is no warning. */
function warningsOf(life: Life): readonly string[] {
  const said: string[] = [];
  const quiet = (): void => {};
  const warn = (_: unknown, sentence: string): void => void said.push(sentence);
  const journal = { debug: quiet, info: quiet, warn, error: quiet } as unknown as Journal;
  for (const turn of turnsOf(life)) tell(journal, turn);
  return said;
}

describe("a second Master", () => {
  const heard: Life = [
    ...ALONE,
    [2_000_000, says("10.0.0.9", 100)],
    [2_500_000, says("10.0.0.9", 100)],
    // Master since 1 s, it has advertised at 1 s and at 2 s: 2 s later somebody else ought to know.
    [3_200_000, says("10.0.0.9", 100)],
  ];

  it("that has not heard us twice yet is no split brain: whoever is preempted may speak once more", () => {
    const preempted: Life = [
      ...ALONE,
      [1_000_300, says("10.0.0.9", 100)],
      ...rings(2, 2),
      // Its adverts come every second, and ours of 1 s was lost.
      [2_000_300, says("10.0.0.9", 100)],
      ...rings(3, 9),
    ];
    expect(warningsOf(preempted)).toEqual([]);
    const status = statusAfter(preempted, 9_500_000);
    expect(status.instances[0]).toMatchObject({ splitBrain: null, rival: { address: "10.0.0.9", contested: false } });
    expect(brief(status)).not.toContain("two Masters");
  });

  it("that is another owner is one at once: there may be one only", () => {
    expect(warningsOf([...ALONE, [1_000_300, says("10.0.0.9", 255)]])).toEqual([
      expect.stringContaining("two Masters, heard 10.0.0.9, with priority 255"),
    ]);
  });

  it("that preempts us is none either: it is stronger, and we give way", () => {
    const weaker = begun({ ...usualAgent, routers: [{ ...OWNER, basePriority: 100 }] });
    const life: Life = [
      ...weaker,
      // Master_Down_Interval of priority 100: 3 * 1 s + 156/256 s after the start at 1 s.
      [4_609_375, due(OWNER.key)],
      ...[5, 6, 7, 8, 9].map((n) => [n * 1_000_000 - 390_625 + 1_000_000, due(OWNER.key)] as const),
      [9_700_000, says("10.0.0.9", 150)],
    ];
    expect(statusAfter(life.slice(0, -1), 9_700_000).instances[0]).toMatchObject({ state: "master" });
    expect(statusAfter(life, 9_800_000).instances[0]).toMatchObject({ state: "backup", splitBrain: null });
    expect(warningsOf(life)).toEqual([]);
  });

  it("stands in the status, with when it was heard first and last", () => {
    const status = statusAfter(heard, 4_000_000);
    // 4 s less 2 s, and less 3.2 s.
    expect(status.instances[0]?.rival).toEqual({
      address: "10.0.0.9",
      priority: 100,
      firstSeconds: 2,
      lastSeconds: 0.8,
      ownAddress: false,
      contested: true,
    });
    expect(brief(status)).toMatch(/\n\nO: two Masters: 10\.0\.0\.9 \(100\), first heard 2s ago, last 0s ago$/);
  });

  it("is told once in the journal, however often it is heard, and anew after a silence or for another", () => {
    const once = "O: split brain suspected: two Masters, heard 10.0.0.9, with priority 100";
    expect(warningsOf(heard)).toEqual([once]);
    const more: Life = [
      ...heard,
      ...rings(4, 7),
      // Three intervals and a second are 4 s; 3.2 s + 4 s is still the same visit, 11.3 s another one.
      [7_200_000, says("10.0.0.9", 100)],
      ...rings(8, 11),
      [11_300_000, says("10.0.0.9", 100)],
      [11_400_000, says("10.0.0.8", 90)],
    ];
    expect(warningsOf(more)).toEqual([
      once,
      once,
      "O: split brain suspected: two Masters, heard 10.0.0.8, with priority 90",
    ]);
  });

  it("that has our own address is a loop or a duplicate, and told as that", () => {
    const looped: Life = [...ALONE, [2_000_000, says("10.0.0.7", 255)], [2_100_000, says("10.0.0.7", 255)]];
    expect(warningsOf(looped)).toEqual([
      "O: split brain suspected: two Masters, heard its own address 10.0.0.7: a loop, or a duplicate address",
    ]);
    const status = statusAfter(looped, 3_000_000);
    expect(status.instances[0]?.rival).toMatchObject({ ownAddress: true });
    expect(brief(status)).toContain("O: two Masters: its own address 10.0.0.7 (a loop, or a duplicate address)");
  });

  it("is none while nobody contradicts", () => {
    expect(warningsOf(ALONE)).toEqual([]);
    expect(statusAfter(ALONE, 3_000_000).instances[0]?.rival).toBeNull();
  });
});

describe("who speaks for its VRID and is refused", () => {
  const refusedAt = (at: number): readonly [number, Observation] => [
    at,
    {
      ...{ type: "advertDropped", router: OWNER.key, interface: "eth0", source: ip("10.0.0.9"), count: 1 },
      ...{ reason: "version", detail: "version 3, ours 2" },
    } as Observation,
  ];
  const said =
    "split brain suspected: 10.0.0.9 speaks for VRID 51, too, and is refused: version differs (version 3, ours 2)";

  it("stands in the status with the field that differs, for programs and for people", () => {
    const status = statusAfter([...ALONE, refusedAt(2_000_000)], 4_000_000);
    expect(status.instances[0]?.splitBrain).toEqual({
      source: "10.0.0.9",
      field: "version",
      detail: "version 3, ours 2",
      secondsAgo: 2,
    });
    expect(brief(status)).toContain(`O: ${said}, last 2s ago`);
  });

  it("is told once in the journal, and not at all by who is no Master", () => {
    const suspicions = (life: Life) => warningsOf(life).filter((line) => line.includes("split brain"));
    expect(suspicions([...ALONE, refusedAt(2_000_000), refusedAt(3_000_000)])).toEqual([`O: ${said}`]);
    const backup = begun({ ...usualAgent, routers: [{ ...OWNER, basePriority: 100 }] });
    expect(suspicions([...backup, refusedAt(2_000_000)])).toEqual([]);
    expect(statusAfter([...backup, refusedAt(2_000_000)], 3_000_000).instances[0]?.splitBrain).toBeNull();
  });
});

describe("a neighbour that is believed", () => {
  const three = router("eth0", "ipv4", 51, { name: "O", basePriority: 100, version: 3 });
  const heard = (checksum: "plain" | "pseudoHeader", address: string) => {
    const advert = {
      version: 3,
      vrid: 51,
      priority: 200,
      maxAdverInterval: seconds(1),
      source: ip("10.0.0.9"),
    } as const;
    const seen: Observation = {
      type: "advertReceived",
      router: three.key,
      advert: { ...advert, addresses: [ip(address)], checksum },
    };
    return brief(statusAfter([...begun({ ...usualAgent, routers: [three] }), [2_000_000, seen]], 2_100_000));
  };

  it("is named with what it does otherwise, and not for doing the same", () => {
    const differs = "O: 10.0.0.9 sends the checksum without pseudo-header, and this router with";
    expect(heard("plain", "10.0.51.100")).toContain(differs);
    expect(heard("pseudoHeader", "10.0.51.100")).not.toContain("10.0.0.9 sends");
    expect(heard("pseudoHeader", "10.0.51.101")).toContain("O: 10.0.0.9 advertises other addresses");
    expect(heard("pseudoHeader", "10.0.51.100")).not.toContain("other addresses");
  });
});
