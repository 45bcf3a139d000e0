// Nodes that lead quick lives into logs on disk: the real fold and the real log, without a network and
// with a clock of their own.

import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig, RouterConfig } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, duesOf, initialState } from "../../agent/core/state.ts";
import { instantAt, microseconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import type { Store } from "../../agent/log/file.ts";
import { unseal } from "../../agent/log/line.ts";
import { logDirectory, recover } from "../../agent/log/recover.ts";
import { filesOf } from "../../agent/log/seek.ts";
import { segmentName } from "../../agent/log/segments.ts";
import { ip, router } from "../log/history.ts";

export const START = 1_764_000_000_000;

export type Written = { readonly id: string; readonly hash: string; readonly body: string };

export type Node = {
  readonly name: string;
  readonly directory: string;
  /** Goes on until the log has so many more lines. */
  readonly happen: (lines: number) => void;
  readonly see: (seen: Observation, afterUs?: number) => void;
  readonly state: () => AgentState;
  readonly head: () => number;
  /** ms since 1970 of this node. */
  readonly wall: () => number;
  /** ms of the clock that nobody sets, and the boot that it is of. */
  readonly clock: () => number;
  readonly boot: () => string;
  /** Its wall clock is set by so many ms, forwards or back. */
  readonly leap: (ms: number) => void;
  readonly epoch: () => string;
  /** The daemon dies, and another one begins behind it. */
  readonly restart: () => void;
  /** The machine is installed anew: its log is gone. */
  readonly reinstall: () => void;
  /** Everything its log has, from the files. */
  readonly written: () => readonly Written[];
  readonly close: () => void;
};

export type NodeOptions = {
  readonly name: string;
  readonly directory: string;
  readonly seed?: number;
  readonly segmentBytes?: number;
  readonly config?: AgentConfig;
  /** What this clock is ahead of the others, in ms. */
  readonly ahead?: number;
};

export const vrrp = (vrid: number, wanted: Partial<RouterConfig> = {}): RouterConfig =>
  router("eth0", "ipv4", vrid, { version: 3, ...wanted });

export const labConfig = (name: string, routers: readonly RouterConfig[]): AgentConfig => ({
  ...usualAgent,
  routerId: name,
  routers,
});

/** A small generator that gives the same numbers everywhere. */
export function chance(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= (state << 13) >>> 0;
    state ^= state >>> 17;
    state ^= (state << 5) >>> 0;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Straight into the segments: what a test asks is what comes of the files, not how they are written. */
function plainStore(directory: string): Store & { readonly end: () => void } {
  const { epoch, last } = recover(directory, null);
  let fd: number | null = null;
  let head = last.seq;
  return {
    epoch,
    last,
    append: (text, seq) => {
      head = seq;
      if (fd !== null) writeSync(fd, text);
    },
    beginSegment: (segment) => {
      if (fd !== null) closeSync(fd);
      fd = openSync(join(logDirectory(directory), segmentName(segment)), "a", 0o640);
      return 0;
    },
    lostLines: () => 0,
    ready: () => true,
    status: () => ({ head, durable: head, queuedBytes: 0, lost: 0, error: null }),
    close: () => Promise.resolve(),
    end: () => {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

/** A first glance at the machine, and the command to begin. */
const beginning = (config: AgentConfig): readonly Observation[] => [
  { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
  { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7")], removed: [] },
  { type: "configured", config },
  { type: "commanded", command: { type: "startup" } },
];

/** An advertisement of somebody else for one of these routers. */
function advert({ routers }: AgentConfig, random: () => number): Observation {
  const { key, vrid, virtualAddresses, adverInterval } = routers[Math.floor(random() * routers.length)] ?? vrrp(1);
  const priority = random() < 0.3 ? 0 : Math.floor(random() * 255);
  return {
    type: "advertReceived",
    router: key,
    advert: {
      version: 3,
      vrid,
      priority,
      maxAdverInterval: adverInterval,
      source: ip("10.0.0.9"),
      addresses: virtualAddresses.map(({ address }) => address),
      checksum: "pseudoHeader",
    },
  };
}

const done = ({ routers }: AgentConfig): Observation => ({
  type: "effectDone",
  effect: "addAddresses",
  router: (routers[0] ?? vrrp(1)).key,
  took: microseconds(400),
  detail: "1 address",
  foreign: [],
});

const link = (up: boolean): Observation => ({ type: "linkChanged", link: { name: "eth0", index: 2, up } });

/** What happens next to a node; null: time passes until something is due. */
function happening(
  config: AgentConfig,
  random: () => number,
): { readonly seen: Observation; readonly us: number } | null {
  const dice = random();
  if (dice < 0.35) return null;
  if (dice < 0.6) return { seen: advert(config, random), us: Math.floor(random() * 900_000) };
  if (dice < 0.75) return { seen: link(random() < 0.7), us: Math.floor(random() * 200_000) };
  return { seen: done(config), us: Math.floor(random() * 5_000) };
}

const STRAIN = { late: microseconds(2_500), collected: microseconds(700) };

export function createNode(options: NodeOptions): Node {
  const { name, directory, seed = 1, segmentBytes = 64 * 1024 } = options;
  let { ahead = 0 } = options;
  const config = options.config ?? labConfig(name, [vrrp(1), vrrp(2, { basePriority: 150 })]);
  const random = chance(seed);
  let now = 1_000_000;
  let state = initialState;
  let store = plainStore(directory);
  let boots = 0;
  const wall = (): number => START + ahead + Math.floor(now / 1_000);
  const open = (): EventLog => {
    boots += 1;
    state = initialState;
    const file = "/etc/heird/heird.conf";
    const identity = { version: "1.2.3", cluster: "lab", boot: `boot-${name}-${boots}`, machine: `m-${name}`, file };
    return openEventLog(store, identity, wall, state, instantAt(now), segmentBytes, { strain: () => STRAIN });
  };
  let log = open();
  const see = (seen: Observation, afterUs = 0): void => {
    now += afterUs;
    const turn = step(state, { at: instantAt(now), seen });
    state = turn.state;
    log.commit(turn);
  };
  const begin = (): void => {
    for (const seen of beginning(config)) see(seen);
  };
  const again = (): void => {
    store = plainStore(directory);
    log = open();
    begin();
  };
  const happenOnce = (): void => {
    const next = happening(config, random);
    const due = next === null ? duesOf(state)[0] : undefined;
    if (next !== null) see(next.seen, next.us);
    else if (due !== undefined) see(due.seen, Math.max(0, due.at - now));
  };
  begin();
  return {
    name,
    directory,
    see,
    happen: (lines) => {
      for (const end = log.head() + lines; log.head() < end; ) happenOnce();
    },
    state: () => state,
    head: () => log.head(),
    wall,
    clock: () => now / 1_000,
    boot: () => `boot-${name}-${boots}`,
    leap: (ms) => {
      ahead += ms;
    },
    epoch: () => store.epoch,
    restart: () => {
      store.end();
      now += 3_000_000;
      again();
    },
    reinstall: () => {
      store.end();
      now += 60_000_000;
      rmSync(logDirectory(directory), { recursive: true, force: true });
      again();
    },
    written: () => writtenIn(directory),
    close: () => store.end(),
  };
}

/** Id, hash and text of every line of a log. */
export const writtenIn = (directory: string): readonly Written[] =>
  filesOf(directory).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((text) => {
        const sealed = unseal(text);
        if (sealed === undefined) return [];
        const [, seq = "", hlc = ""] = /^\{"seq":(\d+),"at":\d+,"hlc":(\d+)/.exec(text) ?? [];
        return [{ id: `${hlc}-${seq}`, ...sealed }];
      }),
  );
