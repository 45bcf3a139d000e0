// A page on which everything stands that there is: two routers, a check, a hook, a Redis.

import { step } from "../../agent/core/agent.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { linesOf } from "../../agent/operate/exposition.ts";
import { liveFamilies } from "../../agent/operate/live-metrics.ts";
import { createMeter } from "../../agent/operate/meter.ts";
import { foldFamilies } from "../../agent/operate/metrics.ts";
import { openTally } from "../../agent/operate/tally.ts";
import { CHECKS, run } from "../log/checked.ts";
import { ip, router, virtual } from "../log/history.ts";

const ROUTERS = [
  router("eth0", "ipv4", 51, { name: 'odd "name"', version: 3, adverInterval: seconds(1) }),
  router("eth0", "ipv6", 52, { name: "six", virtualAddresses: [{ ...virtual("fe80::52:100", "eth0"), dad: true }] }),
];

const DONE = { detail: "1 added", foreign: [] } as const;
const HOOK = {
  event: "e-1",
  hook: "notify_master",
  attempt: 1,
  outcome: "failed",
  final: true,
  detail: "exit 1",
  queued: seconds(0),
  took: seconds(0.2),
  output: "",
} as const;

/** A life of two routers: one hears its Master irregularly, the other is Master and late. */
export function lived() {
  const tally = openTally();
  const meter = createMeter();
  let state: AgentState = initialState;
  const see = (at: number, seen: Observation): void => {
    const turn = step(state, { at: instantAt(at), seen });
    state = turn.state;
    tally.turn(turn);
    meter.watch(turn);
  };
  const hear = (at: number): void =>
    see(at, {
      type: "advertReceived",
      router: ROUTERS[0]?.key ?? ("" as never),
      advert: {
        version: 3,
        vrid: 51,
        priority: 150,
        maxAdverInterval: seconds(1),
        source: ip("10.0.0.9"),
        addresses: [ip("10.0.51.100")],
        checksum: "pseudoHeader",
      },
    });
  see(0, { type: "linkChanged", link: { name: "eth0", index: 2, up: true } });
  see(0, { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7"), ip("fe80::7")], removed: [] });
  see(0, {
    type: "configured",
    config: { ...usualAgent, routerId: "rt1", routers: ROUTERS, checks: CHECKS.slice(0, 1) },
  });
  see(0, { type: "commanded", command: { type: "startup" } });
  for (const at of [100_000, 1_100_000, 2_100_000, 4_350_000, 5_350_000]) hear(at);
  // v3, priority 100, 1 s: 3 s and 156/256 s after the start; then every second, late by 20 ms.
  const six = ROUTERS[1]?.key ?? ("" as never);
  see(3_609_375, { type: "deadlineReached", router: six });
  see(4_629_375, { type: "deadlineReached", router: six });
  see(5_500_000, { type: "checkReported", check: CHECKS[0]?.name ?? "", run: run(true, 0, instantAt(5_500_000)) });
  see(5_500_000, { type: "effectDone", effect: "addAddresses", router: six, took: seconds(0.003), ...DONE });
  see(5_600_000, { type: "hookEnded", router: six, ...HOOK });
  meter.unsent(six, "EPERM: not permitted");
  meter.announced(six, "ipv6", 1);
  meter.late(microseconds(2_000), instantAt(1_000));
  meter.collected(microseconds(1_500), instantAt(1_000));
  meter.disk.appended(12);
  meter.disk.synced(2_000, 4_096);
  meter.disk.synced(1_000, 4);
  meter.disk.refused();
  return { tally, meter, state, now: instantAt(6_000_000) };
}

const SURROUNDINGS = {
  version: "1.2.3",
  realtime: true,
  config: { file: "/etc/heird.conf", generation: 1, taken: 1_764_000_000_500, lastReload: "none yet" },
  log: { head: 41, durable: 40, queuedBytes: 230, lost: 0, error: null, epoch: "01TEST" },
  dropped: { eth0: { checksum: 3 } },
  hooks: { waiting: 2, running: [], done: 0, failed: 0, superseded: 0, fifoMissed: 0, lastFailure: null },
  audit: {
    connected: true,
    stream: "s",
    shipped: 40,
    durable: 39,
    durability: "aof",
    shippedAt: 1_764_000_000_000,
    batches: 3,
    resyncs: 0,
    forks: 0,
    missed: 0,
    ackMs: 2,
    clock: { sync: true, errUs: 500, offsetUs: -200, offsetErrUs: 100 },
    error: null,
    lagEvents: 1,
    lagSeconds: 4,
  },
  began: 1_764_000_000_000,
} as const;

export function* page({ tally, meter, state, now }: ReturnType<typeof lived>): Generator<string> {
  yield* linesOf(foldFamilies({ tally, state, now, wall: 1_764_000_010_000 }));
  yield* linesOf(liveFamilies({ ...SURROUNDINGS, meter, state }));
}

export const fullPage = (): string => [...page(lived())].join("");
