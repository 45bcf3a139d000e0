// How fast the log is: `npm run speed`, on a machine that does nothing else; `npm run speed -- append` measures
// one part. Prints figures and judges them by what is promised; ends with 1 when one of them falls short.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Advertisement, Event, Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
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
function openIn(directory: string) {
  const recovered = recover(directory, null);
  const retention = () => ({ bytes: 1e12, since: 0 });
  const written = createStore({
    ...recovered,
    directory: logDirectory(directory),
    ahead: join(directory, "ahead"),
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
  const log = openEventLog(store, identity, Date.now, initialState, instantAt(0));
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
const ROUNDS = 3;
const ROUND_MS = 2_000;
const BREATH_MS = 10;

/** Five thousand lines a second, each of them timed, while the loop turns as fast as it can. */
async function append(): Promise<void> {
  const { store, log } = openIn(join(folder, "append"));
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await appendFor(ROUND_MS, log));
  await store.close(10_000);
  const best = (of: (round: Round) => number): number => Math.min(...rounds.map(of));
  const [median, rare] = [best(({ at }) => at(0.5)), best(({ at }) => at(0.999))];
  process.stdout.write(`append: median ${median.toFixed(1)} us, p99.9 ${rare.toFixed(0)} us\n`);
  judge(
    "append, p99 without fsync",
    best(({ at }) => at(0.99)),
    "us",
    50,
  );
  judge(
    "loop held by the writer at 5000 lines/s, longest",
    best(({ stall }) => stall),
    "ms",
    1,
  );
}

type Round = { readonly at: (share: number) => number; readonly stall: number };

function appendFor(ms: number, log: EventLog): Promise<Round> {
  const state = begun();
  const took = new Float64Array(10 * ms);
  let written = 0;
  let stall = 0;
  const began = performance.now();
  let last = began;
  let rested = began;
  return new Promise((resolve) => {
    // No promise in each turn: the garbage of the measurement would be collected on the account of the log.
    const turn = (): void => {
      const now = performance.now();
      // What the loop did between two looks beside our own commits: the writer's part.
      stall = Math.max(stall, now - last);
      if (now - began >= ms) {
        const sorted = took.subarray(0, written).sort();
        const at = (share: number): number => (sorted[Math.floor((written - 1) * share)] ?? Number.NaN) * 1_000;
        resolve({ at, stall });
        return;
      }
      for (; written < (now - began) * 5; written++) {
        const refusedOne = step(state, refused(written));
        const before = performance.now();
        log.commit(refusedOne);
        took[written] = performance.now() - before;
      }
      last = performance.now();
      if (last - rested < BREATH_MS) {
        setImmediate(turn);
        return;
      }
      // A turn that takes a whole processor would be held up by the scheduler, and not by the log.
      setTimeout(() => {
        rested = performance.now();
        last = rested;
        turn();
      }, 1);
    };
    turn();
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
