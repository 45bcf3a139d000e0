// The measurements of a soak as a picture: a panel for each measure, a line for each daemon.

import { MEASURES, type Measure, type Series } from "./series.ts";

const LEFT = 80;
const WIDTH = 800;
const HEIGHT = 90;
const PITCH = 130;
const COLOURS = ["#0a7d4f", "#b3541e", "#3a5fcd"] as const;

const TITLES: Readonly<Record<Measure, string>> = {
  rss: "resident memory, KiB",
  descriptors: "file descriptors",
  deadlines: "deadlines waited for",
  log: "log on the disk, KiB",
};

const text = (x: number, y: number, words: string, more = ""): string =>
  `<text x="${x}" y="${y}" ${more}>${words}</text>`;

function panel(series: readonly Series[], measure: Measure, index: number): readonly string[] {
  const top = 40 + index * PITCH;
  const values = series.flatMap(({ samples }) => samples.map((sample) => sample[measure]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const end = Math.max(1, ...series.flatMap(({ samples }) => samples.map(({ at }) => at)));
  const x = (at: number): string => (LEFT + (at / end) * WIDTH).toFixed(1);
  // What never changes lies at the bottom.
  const y = (value: number): string => (top + HEIGHT - ((value - low) / Math.max(1, high - low)) * HEIGHT).toFixed(1);
  return [
    text(LEFT, top - 8, TITLES[measure], 'font-weight="bold"'),
    text(LEFT - 6, top + 8, String(high), 'text-anchor="end"'),
    text(LEFT - 6, top + HEIGHT, String(low), 'text-anchor="end"'),
    text(LEFT + WIDTH, top + HEIGHT + 14, `${(end / 60).toFixed(1)} min`, 'text-anchor="end"'),
    `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#dddddd"/>`,
    ...series.map(({ samples }, i) => {
      const points = samples.map((sample) => `${x(sample.at)},${y(sample[measure])}`).join(" ");
      return `<polyline points="${points}" fill="none" stroke="${COLOURS[i % COLOURS.length]}"/>`;
    }),
  ];
}

/** An SVG of these series; each needs at least one sample. */
export function plotOf(series: readonly Series[]): string {
  const key = series.map(({ name }, i) => text(LEFT + i * 60, 16, name, `fill="${COLOURS[i % COLOURS.length]}"`));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 40}" height="${MEASURES.length * PITCH + 40}" font-family="sans-serif" font-size="11">`,
    "<title>what a soak came to, by the minute</title>",
    '<rect width="100%" height="100%" fill="white"/>',
    ...key,
    ...MEASURES.flatMap((measure, i) => panel(series, measure, i)),
    "</svg>",
    "",
  ].join("\n");
}
