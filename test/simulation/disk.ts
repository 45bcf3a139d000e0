// The disk of a simulated machine, and the real log on it: full at times, cut off in the middle of a
// line, and read back as a daemon that starts does.

import type { AgentState, Turn } from "../../agent/core/state.ts";
import { initialState } from "../../agent/core/state.ts";
import type { Instant } from "../../agent/core/time.ts";
import type { Errand } from "../../agent/log/errands.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import type { Last, Store } from "../../agent/log/file.ts";
import { holdingsOf } from "../../agent/log/holdings.ts";
import { isPath } from "../../agent/log/ledger.ts";
import { genesis, type Line, parseLine, unseal } from "../../agent/log/line.ts";
import { replay } from "../../agent/log/replay.ts";
import { errandsOf } from "../../agent/log/unfinished.ts";
import type { FakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import type { MachineLog } from "../../agent/rehearse/machine.ts";
import { EPOCH } from "../log/memory-store.ts";

/** What the log calls this boot. */
export const IDENTITY = { version: "1.2.3", cluster: "sim", boot: "boot" };

export type Disk = {
  full: boolean;
  /** How much is cut off the last line at the next death, in thousandths; null for nothing. */
  tear: number | null;
  texts: string[];
  lost: number;
  /** Whether lines were ever lost. */
  missed: boolean;
  log: EventLog | null;
  /** The hooks that the daemon before this one had not finished. */
  unfinished: readonly Errand[];
  /** What the state was when the log had so many lines, youngest last. */
  moments: { readonly head: number; readonly state: AgentState }[];
};

export const emptyDisk = (): Disk => ({
  full: false,
  tear: null,
  texts: [],
  lost: 0,
  missed: false,
  log: null,
  unfinished: [],
  moments: [],
});

/** A daemon opens its log: what was torn is cut, what a dead daemon held is read from what is left. */
export function openDisk(disk: Disk, kernel: FakeKernel, wall: () => number, fail: (says: string) => void): MachineLog {
  if (disk.tear !== null) tearOff(disk, disk.tear, fail);
  disk.tear = null;
  // Where lines are missing nobody knows what was finished.
  disk.unfinished = disk.lost > 0 ? [] : errandsOf(lastSegment(disk, fail));
  const store = storeOn(disk);
  const { unfinished } = disk;
  const log = openEventLog(store, IDENTITY, wall, initialState, kernel.now(), undefined, { unfinished });
  disk.log = log;
  disk.moments = [];
  return {
    commit: (turn: Turn, act?: (turn: Turn) => void) => {
      log.commit(turn, (acted) => {
        disk.moments.push({ head: log.head(), state: turn.state });
        act?.(acted);
      });
      if (disk.moments.length > 64) disk.moments.splice(0, 32);
    },
    held: () => heldBy(disk, fail),
  };
}

/** Asked after the death of the daemon: its lines alone must tell what it held. */
function heldBy(disk: Disk, fail: (says: string) => void): ReturnType<EventLog["held"]> {
  const live = disk.log?.held() ?? [];
  if (disk.lost > 0) return live;
  const held = [...holdingsOf(lastSegment(disk, fail)).values()];
  const missed = addressesIn(live).filter((address) => !addressesIn(held).includes(address));
  if (missed.length > 0) fail(`S9: the log does not know of ${missed.join(", ")}`);
  return held;
}

function lastSegment({ texts }: Disk, fail: (says: string) => void): readonly Line[] {
  const first = texts.findLastIndex((text) => text.includes('"heird":'));
  return linesOf(texts.slice(Math.max(0, first)), fail);
}

const addressesIn = (held: ReturnType<EventLog["held"]>): readonly string[] =>
  held.flatMap((own) => (isPath(own) ? [] : [own.address]));

/** The machine died while a line was on its way to the disk. */
function tearOff(disk: Disk, where: number, fail: (says: string) => void): void {
  const last = disk.texts.pop() ?? "";
  const kept = last.slice(0, Math.floor((last.length * where) / 1_000));
  // Without its end of line it still says all that it said.
  if (typeof parseLine(kept) !== "string" && kept !== last.trimEnd() && kept !== last)
    fail("S9: half a line reads as a whole one");
  const lines = linesOf(disk.texts, fail);
  const { state, divergences } = replay(lines);
  for (const { seq, says } of divergences) fail(`S9: torn log, line ${seq}: ${says}`);
  const head = lines.at(-1)?.seq ?? -1;
  const after = disk.moments.findIndex((moment) => moment.head >= head);
  const near = after < 0 ? [] : disk.moments.slice(Math.max(0, after - 1), after + 1);
  const same = near.some((moment) => phasesOf(moment.state) === phasesOf(state));
  if (near.length === 2 && !same) fail(`S9: the torn log folds to ${phasesOf(state)}, which the daemon never was`);
}

const phasesOf = ({ routers }: AgentState): string =>
  routers.map(({ phase: { name, since, because } }) => `${name} ${since} ${because}`).join(", ");

function linesOf(texts: readonly string[], fail: (says: string) => void): readonly Line[] {
  return texts.flatMap((text) => {
    const line = parseLine(text.trimEnd());
    if (typeof line !== "string") return [line];
    fail(`S9: a line ${line}`);
    return [];
  });
}

function storeOn(disk: Disk): Store {
  return {
    epoch: EPOCH,
    last: lastOf(disk.texts),
    append: (text, _seq, lines = 1) => {
      // After a line that is missing, the next one that can be read is a header.
      if (!disk.full && disk.lost === 0) disk.texts.push(...text.split(/(?<=\n)/));
      else {
        disk.lost += lines;
        disk.missed = true;
      }
    },
    beginSegment: () => {
      const { lost } = disk;
      if (!disk.full) disk.lost = 0;
      return lost;
    },
    lostLines: () => disk.lost,
    ready: () => !disk.full,
    status: () => ({ head: 0, durable: 0, queuedBytes: 0, lost: disk.lost, error: null }),
    close: () => Promise.resolve(),
  };
}

function lastOf(texts: readonly string[]): Last {
  const text = texts.at(-1)?.trimEnd() ?? "";
  const line = parseLine(text);
  const hash = unseal(text)?.hash;
  if (typeof line === "string" || hash === undefined) return { seq: -1, hash: genesis(EPOCH), hlc: 0, segment: 0 };
  return { seq: line.seq, hash, hlc: line.hlc, segment: texts.filter((one) => one.includes('"heird":')).length };
}

/** S7, S10: the whole log, read at the end of a life. */
export function judgeDisk(disk: Disk, state: AgentState | null, now: Instant, fail: (says: string) => void): void {
  if (state !== null) disk.log?.snapshot(state, now);
  const lines = linesOf(disk.texts, fail);
  for (const { seq, says } of replay(lines).divergences) fail(`S7: line ${seq}: ${says}`);
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    if (before !== undefined && line.hlc < before.hlc) fail(`S10: hlc went back in line ${line.seq}`);
    if (before !== undefined && line.seq <= before.seq) fail(`S10: line ${line.seq} comes after ${before.seq}`);
  }
}
