// State directories that are thrown away, logs in them, and disks that do what the test wants.

import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { step } from "../../agent/core/agent.ts";
import type { Observation } from "../../agent/core/event.ts";
import { initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import { createStore, type Store, type StoreOptions } from "../../agent/log/file.ts";
import { logDirectory, type Recovered, recover } from "../../agent/log/recover.ts";
import type { SegmentFile } from "../../agent/log/segments.ts";
import { ALONE, type History, ip, live, wallClock } from "./history.ts";

const MIB = 1024 * 1024;

export type Scratch = {
  /** A new state directory. */
  readonly directory: () => string;
  readonly clear: () => void;
};

export function scratch(): Scratch {
  const made: string[] = [];
  return {
    directory: () => {
      const path = mkdtempSync(join(tmpdir(), "heird-log-"));
      made.push(path);
      return path;
    },
    clear: () => {
      for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
    },
  };
}

export const aheadIn = (stateDirectory: string): string => join(stateDirectory, "copy.ahead");

/** What a start does: recovers, and opens the store behind what it found. */
export function openStore(
  stateDirectory: string,
  options: Partial<StoreOptions> = {},
): { readonly store: Store; readonly recovered: Recovered } {
  const ahead = options.ahead === undefined ? aheadIn(stateDirectory) : options.ahead;
  const recovered = recover(stateDirectory, ahead);
  const { epoch, last, unwritten } = recovered;
  const limits = { retention: () => ({ bytes: 64 * MIB, since: 0 }), queueLimit: MIB, lost: unwritten.length };
  const store = createStore({ ...limits, directory: logDirectory(stateDirectory), epoch, last, ...options, ahead });
  return { store, recovered };
}

const IDENTITY = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
export const SEGMENT_BYTES = 12_000;

export const openLog = (store: Store): EventLog =>
  openEventLog(store, IDENTITY, Date.now, initialState, instantAt(0), SEGMENT_BYTES);

/** A short life with a takeover, a link that flaps and a reload: some fifty lines in several segments. */
export const SHORT_LIFE: History = {
  lateness: [0, 300],
  happenings: [
    { type: "steady", router: 0, priority: 110, count: 12, gap: 1_000_000, fresh: false },
    { type: "link", interface: "eth0", up: false, there: true },
    { type: "link", interface: "eth0", up: true, there: true },
    { type: "wait", span: 9_000_000 },
    { type: "reload", config: 1 },
    { type: "wait", span: 9_000_000 },
    { type: "hear", router: 0, peer: 9, priority: 254 },
  ],
};

/** Something to write that changes nothing. */
export const dropped = (count: number): Observation => ({
  type: "advertDropped",
  router: null,
  interface: "eth0",
  source: ip("10.0.0.66"),
  reason: "checksum",
  detail: "wrong",
  count,
});

/** Leads a life into a log on disk, and closes it properly; gives how many lines it has. */
export async function writeLog(stateDirectory: string, life = SHORT_LIFE): Promise<number> {
  const { store } = openStore(stateDirectory);
  const log = openLog(store);
  const { state } = live(life, log, wallClock(), ALONE);
  // So that the last segment has more than its header, and ends with short lines.
  for (let i = 0; i < 9; i++) log.commit(step(state, { at: instantAt(99_000_000), seen: dropped(i) }));
  await store.close(5_000);
  return log.head() + 1;
}

export type FakeDisk = {
  readonly openSegment: (path: string) => Promise<SegmentFile>;
  /** Every call waits until it is resumed. */
  readonly hang: () => void;
  readonly resume: () => void;
  /** Writes take half of what they are given, then this many bytes in all, and then say ENOSPC; null for a good disk. */
  readonly room: (bytes: number | null) => void;
  /** How many calls are waiting. */
  readonly waiting: () => number;
};

/** Real files behind a disk that hangs and fills up when it is told to. */
export function fakeDisk(): FakeDisk {
  let left: number | null = null;
  let gate: { readonly open: Promise<void>; readonly unlock: () => void } | null = null;
  let waiting = 0;
  const pass = async (): Promise<void> => {
    waiting += 1;
    while (gate !== null) await gate.open;
    waiting -= 1;
  };
  return {
    openSegment: async (path) => {
      await pass();
      const file = await open(path, "a+").then((made) => made.close().then(() => open(path, "r+")));
      const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
        await pass();
        const taken = left === null ? length : Math.min(Math.ceil(length / 2), left);
        if (taken === 0 && length > 0) throw new Error("ENOSPC: no space left on device, write");
        if (left !== null) left -= taken;
        return file.write(bytes, offset, taken, position);
      };
      return {
        write: write as SegmentFile["write"],
        datasync: async () => {
          await pass();
          await file.datasync();
        },
        stat: file.stat.bind(file),
        close: () => file.close(),
      };
    },
    hang: () => {
      let unlock = (): void => {};
      const open = new Promise<void>((resolve) => {
        unlock = resolve;
      });
      gate = { open, unlock };
    },
    resume: () => {
      gate?.unlock();
      gate = null;
    },
    room: (bytes) => {
      left = bytes;
    },
    waiting: () => waiting,
  };
}

/** Waits until something holds; fails, naming it, when it does not within some seconds. */
export async function until(what: string, condition: () => boolean, patience = 8_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`it never came to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
