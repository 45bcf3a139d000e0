// Figures as text: version 0.0.4 of Prometheus' format.

import type { Histogram } from "./histogram.ts";

/** One series: what stands behind the family's name, its labels as they are written, and its value now. */
export type Sample = { readonly suffix: string; readonly labels: string; readonly value: number };

/** Everything of one name. Samples are made while they are written, so that nobody holds thousands of them. */
export type Family = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: Iterable<Sample>;
};

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };
const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => ESCAPES[sign] ?? sign);
const escapedHelp = (text: string): string => text.replace(/[\\\n]/g, (sign) => ESCAPES[sign] ?? sign);

/** Labels as they are written, in the order given. */
export const labelled = (labels: Readonly<Record<string, string | number>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(",");

/** Further labels behind those of before. */
export const joined = (...labels: readonly string[]): string => labels.filter((one) => one !== "").join(",");

export const sample = (value: number, labels = ""): Sample => ({ suffix: "", labels, value });

/** A histogram in the cumulative form, in seconds; nothing while nothing was measured. */
export function* spread({ bounds, counts, sum }: Histogram, labels = ""): Generator<Sample> {
  if (counts.every((count) => count === 0)) return;
  let below = 0;
  for (const [i, bound] of bounds.entries()) {
    below += counts[i] ?? 0;
    yield { suffix: "_bucket", labels: joined(labels, `le="${bound / 1e6}"`), value: below };
  }
  const all = below + (counts[bounds.length] ?? 0);
  yield { suffix: "_bucket", labels: joined(labels, 'le="+Inf"'), value: all };
  yield { suffix: "_sum", labels, value: sum / 1e6 };
  yield { suffix: "_count", labels, value: all };
}

/** The lines of a page, one by one; a family of which nothing is known has none. */
export function* linesOf(families: Iterable<Family>): Generator<string> {
  for (const { name, type, help, samples } of families) {
    let begun = false;
    for (const { suffix, labels, value } of samples) {
      if (!begun) yield `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`;
      begun = true;
      yield `${name}${suffix}${labels === "" ? "" : `{${labels}}`} ${written(value)}\n`;
    }
  }
}

function written(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
