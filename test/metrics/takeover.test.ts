// A take-over in its steps, and two Masters at once: the spans that the log gives, worked out by hand.

import { expect, test } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { linesOf } from "../../agent/operate/exposition.ts";
import { foldFamilies } from "../../agent/operate/metrics.ts";
import { openTally } from "../../agent/operate/tally.ts";
import { ip, router } from "../log/history.ts";

const ROUTER = router("eth0", "ipv4", 51, { version: 3, adverInterval: seconds(1) });

const hear = (priority: number): Observation => ({
  type: "advertReceived",
  router: ROUTER.key,
  advert: {
    version: 3,
    vrid: 51,
    priority,
    maxAdverInterval: seconds(1),
    source: ip("10.0.0.9"),
    addresses: [ip("10.0.51.100")],
    checksum: "pseudoHeader",
  },
});

const hook = (event: string, outcome: "done" | "failed"): Observation => ({
  type: "hookEnded",
  router: ROUTER.key,
  event,
  hook: "notify_master",
  attempt: 1,
  outcome,
  final: true,
  detail: "",
  queued: seconds(0),
  took: seconds(0.2),
  output: "",
});

const done = (effect: "addAddresses" | "announce", took: number): Observation => ({
  type: "effectDone",
  effect,
  router: ROUTER.key,
  took: microseconds(took),
  detail: "",
  foreign: [],
});

/** The figures after all that, at 20 s. */
function after(happenings: readonly (readonly [at: number, seen: Observation])[]): readonly string[] {
  const tally = openTally();
  let state: AgentState = initialState;
  const config = { ...usualAgent, routerId: "rt1", routers: [ROUTER] };
  const beginning: typeof happenings = [
    [0, { type: "linkChanged", link: { name: "eth0", index: 2, up: true } }],
    [0, { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7")], removed: [] }],
    [0, { type: "configured", config }],
    [0, { type: "commanded", command: { type: "startup" } }],
  ];
  for (const [at, seen] of [...beginning, ...happenings]) {
    const turn = step(state, { at: instantAt(at), seen });
    state = turn.state;
    tally.turn(turn);
  }
  const told = { tally, state, now: instantAt(20_000_000), wall: 1_764_000_000_000 };
  return [...linesOf(foldFamilies(told))].join("").split("\n");
}

/** What the figures say of the steps: sum and count. */
const steps = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => {
    const [, what, step, value] = /^heird_failover_phase_seconds_(sum|count)\{.*phase="(\w+)"\} (.*)$/.exec(line) ?? [];
    return what === undefined ? [] : [`${step} ${what} ${value}`];
  });

const deadline: Observation = { type: "deadlineReached", router: ROUTER.key };

test("a take-over after a silence: each step once, and only what is of this one", () => {
  const lines = after([
    [1_000_000, hear(150)],
    // 1 s, and 3 s and 156/256 s: due at 4.609375 s, and 4 ms late.
    [4_613_375, deadline],
    // Of the Backup before, of a hook that failed, and of the Master: 0.25 s after the transition.
    [4_700_000, hook("life/0/BACKUP/eth0/ipv4/51", "done")],
    [4_800_000, hook("life/4613375/MASTER/eth0/ipv4/51", "failed")],
    [4_863_375, hook("life/4613375/MASTER/eth0/ipv4/51", "done")],
    [4_900_000, hook("life/4613375/MASTER/eth0/ipv4/51", "done")],
    [4_910_000, done("addAddresses", 3_000)],
    // 4 s after the last advertisement that held it back.
    [5_000_000, done("announce", 1_000)],
    [6_000_000, done("announce", 9_000)],
  ]);
  expect(steps(lines)).toEqual([
    ...["detect sum 3.613375", "detect count 1", "decide sum 0.004", "decide count 1"],
    ...["address sum 0.003", "address count 1", "announce sum 0.001", "announce count 1"],
    ...["notify sum 0.25", "notify count 1", "total sum 4", "total count 1"],
  ]);
});

test("who never heard a Master has no silence and no total, and who is told by another event no timer", () => {
  const lines = after([
    [3_609_375, deadline],
    [3_700_000, done("announce", 1_000)],
  ]);
  expect(steps(lines)).toEqual(["decide sum 0", "decide count 1", "announce sum 0.001", "announce count 1"]);
});

test("two Masters at once: from sighting to sighting, not before the first and not after a silence", () => {
  const dual = (lines: readonly string[]) => lines.filter((line) => /^heird_vrrp_dual_master_.*total\{/.test(line));
  const labels = '{vr="VI_51",interface="eth0",vrid="51",family="ipv4"}';
  // Master from 3.609375 s on, and it advertises every second.
  const ticks = Array.from({ length: 16 }, (_, i) => [3_609_375 + i * 1_000_000, deadline] as const);
  // Renewed after a second: 10.0, 11.2 and 13.0 s are one spell of 3 s; 10.5 s is no news. Longer than 1 s and three
  // intervals of 1 s between 13.0 and 17.5 s: another spell, of 1.5 s.
  const heard = [10, 10.5, 11.2, 13, 17.5, 19].map((at) => [at * 1_000_000, hear(50)] as const);
  const lines = after([...ticks, ...heard].sort(([a], [b]) => a - b));
  expect(dual(lines)).toEqual([
    `heird_vrrp_dual_master_observations_total${labels} 2`,
    `heird_vrrp_dual_master_seconds_total${labels} 4.5`,
  ]);
});
