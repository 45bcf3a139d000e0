// How fast the log is: `npm run speed`, on a machine that does nothing else; `npm run speed -- append` measures
// one part. Prints figures and judges them by what is promised; ends with 1 when one of them falls short.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type PerformanceEntry, PerformanceObserver, performance } from "node:perf_hooks";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Advertisement, Event, Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { becomeRealtime } from "../../agent/linux/realtime.ts";
import { aheadPath } from "../../agent/log/ahead.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import { createStore, type Store } from "../../agent/log/file.ts";
import { readLog } from "../../agent/log/read.ts";
import { logDirectory, recover } from "../../agent/log/recover.ts";
import { replay } from "../../agent/log/replay.ts";
import { segmentName } from "../../agent/log/segments.ts";
import { addressOf, optionsOf, ROUTER_OPTIONS, routerConfigOf } from "../stories/options.ts";

const INSTANCES = 64;
const folder = mkdtempSync(join(tmpdir(), "heird-speed-"));
let short = 0;

function judge(what: string, value: number, unit: string, promised: number, atLeast = false): void {
  const kept = atLeast ? value >= promised : value <= promised;
  if (!kept) short += 1;
  const bound = `${atLeast ? "at least" : "at most"} ${promised} ${unit}`;
  process.stdout.write(`${what}: ${value.toFixed(value < 10 ? 3 : 0)} ${unit} (${bound})${kept ? "" : "  SHORT"}\n`);
}

const base = routerConfigOf("VI", optionsOf(["priority=100", "interval=1s"], ROUTER_OPTIONS));
const routers = Array.from({ length: INSTANCES }, (_, i) => ({
  ...base,
  name: `VI_${i}`,
  vrid: i + 1,
  key: `eth0/ipv4/${i + 1}` as typeof base.key,
}));
const config: AgentConfig = { ...usualAgent, routerId: "speed", routers };
const adverts: readonly Advertisement[] = routers.map(({ vrid }) => ({
  version: 3,
  vrid,
  priority: 150,
  maxAdverInterval: seconds(1),
  source: addressOf("10.0.0.1"),
  addresses: [],
  checksum: "plain",
}));

const BEGINNING: readonly Observation[] = [
  { type: "configured", config },
  { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
  { type: "addressesChanged", interface: "eth0", added: [addressOf("10.0.0.2")], removed: [] },
  { type: "commanded", command: { type: "startup" } },
];
const begun = (): AgentState =>
  BEGINNING.reduce((state, seen) => step(state, { at: instantAt(1), seen }).state, initialState);

/** Every router hears its Master, one after the other, each once a second. */
const heard = (n: number): Event => {
  const i = n % INSTANCES;
  const router = routers[i];
  const advert = adverts[i];
  if (router === undefined || advert === undefined) throw new Error("no such router");
  const at = instantAt(1_000 + Math.floor((n * 1_000_000) / INSTANCES));
  return { at, seen: { type: "advertReceived", router: router.key, advert } };
};

function fold(): void {
  const events = Array.from({ length: 640_000 }, (_, n) => heard(n));
  const rates = Array.from({ length: 3 }, () => {
    let state = begun();
    const before = performance.now();
    for (const event of events) state = step(state, event).state;
    return events.length / ((performance.now() - before) / 1_000);
  });
  judge(`fold, ${INSTANCES} instances`, Math.max(...rates), "events/s", 1_000_000, true);
}

/** A log of a state directory, written by the daemon's own writer. */
function openIn(directory: string, pageBytes?: number, state: AgentState = initialState) {
  const recovered = recover(directory, null);
  const retention = () => ({ bytes: 1e12, since: 0 });
  const written = createStore({
    ...recovered,
    directory: logDirectory(directory),
    // In memory, as the daemon's is.
    ahead: aheadPath(directory),
    retention,
    queueLimit: 1e9,
  });
  let segment = 0;
  const store: Store = {
    ...written,
    beginSegment: (next) => {
      segment = next;
      return written.beginSegment(next);
    },
  };
  const identity = { version: "1", cluster: "speed", boot: "b" };
  const log = openEventLog(store, identity, Date.now, state, instantAt(0), pageBytes);
  return { store, log, segment: () => segment };
}

const refused = (n: number): Event => ({
  at: instantAt(1_000 + n),
  seen: {
    type: "advertDropped",
    router: null,
    interface: "eth0",
    source: addressOf("10.0.0.66"),
    reason: "checksum",
    detail: "wrong",
    count: n,
  },
});

/** Rounds, of which the best counts: what else the machine does is not ours. */
const ROUNDS = 6;
const ROUND_MS = Number(process.env["HEIRD_SPEED_MS"] ?? 3_000);
const TICK_MS = 1;
/** Small enough that a page is turned in every round. */
const PAGE_BYTES = 1_500_000;

/**
 * Five thousand lines a second, each of them timed, in a process that is scheduled as the daemon is; and the same
 * rounds without a log, by turns. The hold is what the loop did in one millisecond, waiting and collecting garbage
 * apart: lines, the writer, the rest of its work.
 */
async function append(): Promise<void> {
  const realtime = becomeRealtime(50);
  if (!realtime.ok) process.stdout.write(`not scheduled as the daemon is: ${realtime.error}\n`);
  const { store, log, segment } = openIn(join(folder, "append"), PAGE_BYTES, begun());
  const rounds: Round[] = [];
  const bare: Round[] = [];
  // The first one warms up, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const found = [await appendFor(ROUND_MS, log), await appendFor(ROUND_MS, { commit: () => undefined })] as const;
    if (round === 0) continue;
    rounds.push(found[0]);
    bare.push(found[1]);
  }
  await store.close(10_000);
  const best = (some: readonly Round[], of: (round: Round) => number): number => Math.min(...some.map(of));
  const took = (share: number): number => best(rounds, ({ at }) => at(share));
  const most = best(rounds, ({ at }) => at(1));
  process.stdout.write(
    `append: median ${took(0.5).toFixed(1)} us, p99.9 ${took(0.999).toFixed(0)} us, longest ${most.toFixed(0)} us; ` +
      `${segment()} segments\n`,
  );
  judge("append, p99 without fsync", took(0.99), "us", 50);
  const gc = Math.max(...rounds.map(({ collected }) => collected));
  process.stdout.write(
    `loop held in the same rounds without a log, longest: ${best(bare, ({ held }) => held).toFixed(3)} ms; ` +
      `garbage collection, longest: ${gc.toFixed(3)} ms\n`,
  );
  judge(
    "loop held by the writer at 5000 lines/s, longest",
    best(rounds, ({ held }) => held),
    "ms",
    1,
  );
  process.stdout.write(`  in each round: ${rounds.map(({ held }) => held.toFixed(2)).join(" ")} ms\n`);
}

type Round = {
  /** What a share of the lines took at most, us. */
  readonly at: (share: number) => number;
  /** The longest the loop was busy between two ticks, and the longest garbage collection, ms. */
  readonly held: number;
  readonly collected: number;
};

function appendFor(ms: number, log: Pick<EventLog, "commit">): Promise<Round> {
  const state = begun();
  const took = new Float64Array(10 * ms);
  // A few numbers a tick, and no garbage of the measurement on the account of the log.
  const busy = { at: new Float64Array(2 * ms), active: new Float64Array(2 * ms) };
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  let written = 0;
  let ticks = 0;
  const began = performance.now();
  let { active } = performance.eventLoopUtilization();
  const round = (): Round => {
    const sorted = took.subarray(0, written).sort();
    const at = (share: number): number => (sorted[Math.floor((written - 1) * share)] ?? Number.NaN) * 1_000;
    let held = 0;
    for (let i = 1; i < ticks; i++) {
      const [from = 0, to = 0, whole = 0] = [busy.at[i - 1], busy.at[i], busy.active[i]];
      if (whole <= held) continue;
      const garbage = collections.filter(({ startTime }) => startTime >= from && startTime < to);
      held = Math.max(held, whole - garbage.reduce((sum, { duration }) => sum + duration, 0));
    }
    return { at, held, collected: Math.max(0, ...collections.map(({ duration }) => duration)) };
  };
  return new Promise((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      const until = performance.eventLoopUtilization().active;
      busy.at[ticks] = now;
      busy.active[ticks] = until - active;
      active = until;
      ticks += 1;
      if (now - began >= ms) {
        clearInterval(timer);
        // What was collected last is told a little later.
        setTimeout(() => {
          observer.disconnect();
          resolve(round());
        }, 20);
        return;
      }
      for (; written < (now - began) * 5; written++) {
        const turn = step(state, refused(written));
        const before = performance.now();
        log.commit(turn);
        took[written] = performance.now() - before;
      }
    };
    const timer = setInterval(tick, TICK_MS);
  });
}

/** A log with a failover in its newest segment, and so many bytes of older ones in front of it. */
async function large(bytes: number): Promise<void> {
  const home = join(folder, "large");
  const { store, log, segment } = openIn(home);
  let state = initialState;
  const commit = (event: Event): void => {
    const turn = step(state, event);
    state = turn.state;
    log.commit(turn);
  };
  for (const seen of BEGINNING) commit({ at: instantAt(1), seen });
  for (let n = 0; n < 64_000; n++) commit(heard(n));
  // Enough for one segment to be full; then silence, which is a failover of each.
  for (let n = 0; segment() < 2; n++) {
    commit({ ...refused(n), at: instantAt(1_002_000_000 + n) });
    if (n % 2_000 === 0) await new Promise((tick) => setImmediate(tick));
  }
  for (const { key } of routers)
    commit({ at: instantAt(1_010_000_000), seen: { type: "deadlineReached", router: key } });
  await store.close(60_000);
  const directory = logDirectory(home);
  const [first = "", second = ""] = readdirSync(directory).filter((name) => name.endsWith(".jsonl"));
  const size = statSync(join(directory, first)).size;
  const read = performance.now();
  const { lines } = readLog(home);
  const parsed = performance.now();
  replay(lines);
  const folded = performance.now();
  const rate = (from: number, to: number) => Math.round(lines.length / ((to - from) / 1_000));
  process.stdout.write(
    `read, verified and parsed: ${rate(read, parsed)} lines/s; folded: ${rate(parsed, folded)} lines/s\n`,
  );
  // The older segments are the first one again and again: nobody who asks for the last hour reads them.
  const copies = Math.ceil(bytes / size);
  copyFileSync(join(directory, second), join(directory, segmentName(copies + 2)));
  for (let i = 2; i < copies + 2; i++) copyFileSync(join(directory, first), join(directory, segmentName(i)));
  const gigabytes = ((copies * size) / 1e9).toFixed(2);
  const main = resolve(import.meta.dirname, "../../heird/main.js");
  const times = Array.from({ length: 3 }, () => {
    const before = performance.now();
    execFileSync(process.execPath, [main, "explain", "last", "--state-dir", home], { maxBuffer: 1e8 });
    return performance.now() - before;
  });
  judge(`heird explain last, log of ${gigabytes} GB in ${copies + 2} segments`, Math.min(...times), "ms", 1_000);
}

const wanted = process.argv.slice(2);
const isWanted = (part: string): boolean => wanted.length === 0 || wanted.includes(part);

try {
  if (isWanted("fold")) fold();
  if (isWanted("append")) await append();
  if (isWanted("explain")) await large(Number(process.env["HEIRD_SPEED_BYTES"] ?? 1e9));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = short > 0 ? 1 : 0;
