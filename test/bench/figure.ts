// Figures: what a scenario measures, and what is said about the samples of two daemons.

/** One run of a scenario: a number for each of its figures. */
export type Sample = Readonly<Record<string, number>>;

export type Unit = "ms" | "%" | "MB" | "ppm" | "";

export type Figure = {
  /** Its name in samples and results. */
  readonly key: string;
  readonly title: string;
  readonly unit: Unit;
  /** What no daemon can do better than, in words or in the unit; "floor" names what is measured in the same run. */
  readonly limit: number | string;
  /** heird / Keepalived, at most. */
  readonly ratio?: number;
  /** What no sample of heird may exceed, in the unit. */
  readonly cap?: number;
};

export type Summary = { readonly n: number; readonly median: number; readonly p90: number; readonly max: number };

/** The value below which this share of the samples lies; NaN when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return low + (high - low) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const greatest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);

export const summaryOf = (values: readonly number[]): Summary => ({
  n: values.length,
  median: median(values),
  p90: quantile(values, 0.9),
  max: greatest(values),
});

/** The numbers of one figure. */
export const valuesOf = (samples: readonly Sample[], key: string): readonly number[] =>
  samples.flatMap((sample) => sample[key] ?? []);

/**
 * The median of the ratios of samples taken one right after the other: whatever else the machine did then
 * it did to both. Sizes are compared, so that a drift backwards is a drift. Null when one has none.
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number | null {
  const ratios = ours.flatMap((own, i) => {
    const other = theirs[i];
    return other === undefined ? [] : ratio(Math.abs(own), Math.abs(other));
  });
  return ratios.length === 0 ? null : median(ratios);
}

const ratio = (own: number, other: number): number => (own === other ? 1 : own / other);

/** Whether what was reached is what is to be reached; null where nothing is asked, or nothing was measured. */
export function isReached(figure: Figure, ours: readonly number[], theirs: readonly number[]): boolean | null {
  if (ours.length === 0 || (figure.ratio === undefined && figure.cap === undefined)) return null;
  if (figure.cap !== undefined && greatest(ours) > figure.cap) return false;
  if (figure.ratio === undefined) return true;
  const reached = ratioOf(ours, theirs);
  return reached === null ? null : reached <= figure.ratio;
}
