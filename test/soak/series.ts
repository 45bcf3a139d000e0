// What is measured of a daemon again and again, and what a row of such measurements says.

/** One look at one daemon. */
export type Sample = {
  /** Seconds since the start of the soak. */
  readonly at: number;
  /** Resident memory of the daemon itself, in KiB. */
  readonly rss: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Deadlines that the state waits for: timers of the protocol, delays, checks, hooks. */
  readonly deadlines: number;
  /** The log on the disk, in KiB. */
  readonly log: number;
};

export type Series = { readonly name: string; readonly samples: readonly Sample[] };

export const MEASURES = ["rss", "descriptors", "deadlines", "log"] as const;
export type Measure = (typeof MEASURES)[number];

/** The slope of the straight line with the least squares, in units of `measure` an hour; 0 for fewer than two samples. */
export function slopeOf(samples: readonly Sample[], measure: Measure): number {
  const n = samples.length;
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, s) => sum + of(s), 0) / n;
  const [at, value] = [mean((s) => s.at), mean((s) => s[measure])];
  let [above, below] = [0, 0];
  for (const s of samples) {
    above += (s.at - at) * (s[measure] - value);
    below += (s.at - at) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 3_600;
}

/** The second half of it: caches and heaps have found their size by then. */
export const settledPart = (samples: readonly Sample[]): readonly Sample[] =>
  samples.slice(Math.floor(samples.length / 2));
