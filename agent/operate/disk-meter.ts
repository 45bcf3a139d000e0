// How long the log took: each line until it is safe from our own death, each batch until it is on the disk.

import type { DiskWatch } from "../log/segments.ts";
import { type Histogram, histogram, measure } from "./histogram.ts";

export type DiskMeter = DiskWatch & {
  readonly appends: Histogram;
  readonly syncs: Histogram;
  /** Since the daemon began: bytes on the disk, and batches that it refused. */
  readonly counted: { bytes: number; refusals: number };
};

/** 5 µs to 10 s: from a line in memory to a disk that hangs. */
const DISK: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 10_000,
].map((ms) => ms * 1_000);

export function createDiskMeter(): DiskMeter {
  const appends = histogram(DISK);
  const syncs = histogram(DISK);
  const counted = { bytes: 0, refusals: 0 };
  return {
    appends,
    syncs,
    counted,
    appended: (span) => measure(appends, span),
    synced: (span, bytes) => {
      measure(syncs, span);
      counted.bytes += bytes;
    },
    refused: () => {
      counted.refusals += 1;
    },
  };
}
