// Figures are a fold of the log: what a daemon counts while it lives is what anybody counts who reads its log.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { type Instant, instantAt, microseconds } from "../../agent/core/time.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { linesOf } from "../../agent/operate/exposition.ts";
import { foldFamilies } from "../../agent/operate/metrics.ts";
import { openTally, type Tally, tallyOf } from "../../agent/operate/tally.ts";
import { ALONE, type Companion, type Happening, type History, history, live, wallClock } from "../log/history.ts";
import { memoryStore } from "../log/memory-store.ts";
import { parsePage } from "./page.ts";

const IDENTITY = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
const SEGMENT_BYTES = 12_000;

type Fact = (n: number) => Observation;

/** What executors and hooks would tell, in turn: some of it fails. */
const OUTCOMES: readonly ((seen: { effect: "addAddresses" | "announce"; router: never; at: Instant }) => Fact)[] = [
  ({ effect, router }) =>
    () => ({ type: "effectFailed", effect, router, error: "EPERM: no" }),
  ({ router, at }) =>
    (n) => ({
      type: "hookEnded",
      event: `life-${n}/${at}/MASTER/r`,
      hook: n % 2 === 0 ? "notify_master" : "webhook https://hooks.example/s3cr3t",
      router,
      attempt: 1,
      outcome: n % 3 === 0 ? "superseded" : n % 3 === 1 ? "done" : "timed_out",
      final: true,
      detail: "exit 0",
      queued: microseconds(n * 1_000),
      took: microseconds(n * 30_000),
      output: "",
    }),
];

function companion(tally: Tally, states: { last: AgentState; at: Instant }): Companion {
  const waiting: Observation[] = [];
  let n = 0;
  return {
    ...ALONE,
    plant: () => true,
    onTurn: (turn) => {
      tally.turn(turn);
      states.last = turn.state;
      states.at = turn.event.at;
      for (const { type, router } of turn.effects) {
        if (type !== "addAddresses" && type !== "announce") continue;
        n += 1;
        const outcome = OUTCOMES[n % 5];
        if (outcome === undefined)
          waiting.push({
            type: "effectDone",
            effect: type,
            router,
            took: microseconds(n * 700),
            detail: "done",
            foreign: [],
          });
        else waiting.push(outcome({ effect: type, router: router as never, at: turn.event.at })(n));
      }
    },
    perform: (jobs, tell) => {
      for (const seen of waiting.splice(0, jobs)) tell(seen);
    },
  };
}

function lead(life: History): { readonly lived: string; readonly read: string } {
  const store = memoryStore();
  const wall = wallClock();
  const tally = openTally();
  const states = { last: initialState, at: instantAt(0) };
  const log = openEventLog(store, IDENTITY, wall.read, initialState, instantAt(0), SEGMENT_BYTES);
  live(life, log, wall, companion(tally, states));
  const now = instantAt(states.at + 1_234_567);
  const page = (counted: Tally, state: AgentState): string =>
    [...linesOf(foldFamilies({ tally: counted, state, now, wall: 1_764_000_000_000 }))].join("");
  const read = tallyOf(store.lines.map(({ line }) => line));
  return { lived: page(tally, states.last), read: page(read.tally, read.state ?? initialState) };
}

/** Families that must have counted something in some life: a generator that never gets there proves nothing. */
const REACHED = [
  "heird_vrrp_transitions_total",
  "heird_vrrp_adverts_sent_total",
  'heird_vrrp_adverts_received_total result="accepted"',
  'heird_vrrp_adverts_received_total result="lower_priority"',
  'heird_vrrp_adverts_received_total result="unchanged"',
  "heird_vrrp_priority_zero_sent_total",
  "heird_vrrp_priority_zero_received_total",
  "heird_vrrp_dual_master_observations_total",
  "heird_vrrp_dual_master_seconds_total",
  "heird_effect_failures_total",
  'heird_failover_phase_seconds_count phase="detect"',
  'heird_failover_phase_seconds_count phase="decide"',
  'heird_failover_phase_seconds_count phase="notify"',
  'heird_failover_phase_seconds_count phase="total"',
  'heird_failover_phase_seconds_count phase="address"',
  'heird_failover_phase_seconds_count phase="announce"',
  "heird_notify_runs_total",
  "heird_notify_duration_seconds_count",
  'heird_check_runs_total result="pass"',
  'heird_check_runs_total result="fail"',
  "heird_link_changes_total",
  "heird_log_events_total",
];

describe("what is counted", () => {
  test("is the same by turns and by the lines of the log, whatever happened", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(history, (life) => {
        const { lived, read } = lead(life);
        expect(read).toBe(lived);
        for (const { name, labels, value } of parsePage(lived))
          if (value > 0) reached.add(name).add(`${name} ${labels.split(",").at(-1)}`);
      }),
      { numRuns: 20 },
    );
    expect(REACHED.filter((name) => !reached.has(name))).toEqual([]);
  });

  test("an address that is taken from a Master counts, and one that a Backup never had does not", () => {
    const take = (there: boolean): Happening => ({ type: "foreign", nth: 0, there });
    const { lived, read } = lead({
      happenings: [
        { type: "reload", config: 1 },
        take(true),
        take(false),
        { type: "wait", span: 5_000_000 },
        take(true),
        take(false),
      ],
      lateness: [0],
    });
    expect(read).toBe(lived);
    expect(lived).toMatch(/^heird_vip_drift_total\{vr="VI_1",kind="missing"\} 1$/m);
  });

  test("resignations count for whoever is no part of the election, too", () => {
    const hear = (priority: number): Happening => ({ type: "hear", router: 0, peer: 9, priority });
    const { lived, read } = lead({
      happenings: [{ type: "command", command: "shutdown" }, hear(50), hear(0), hear(0), hear(50), hear(0)],
      lateness: [0],
    });
    expect(read).toBe(lived);
    expect(lived).toMatch(/^heird_vrrp_priority_zero_received_total\{vr="VI_1",.*\} 3$/m);
    expect(lived).toMatch(/^heird_vrrp_adverts_received_total\{vr="VI_1",.*result="unchanged"\} 5$/m);
  });
});
