// The samples as a picture: a line for each figure, a dot for each sample, on a scale of powers of ten.

import { type Figure, median, ratioOf } from "./figure.ts";
import type { Results } from "./results.ts";
import { digits, type Row } from "./table.ts";

const LINE = 30;
const HEAD = 64;
const LEFT = 560;
const WIDTH = 520;
const RIGHT = 120;
/** Below this nothing can be told apart, and zero has no logarithm. */
const LEAST = 0.01;

const COLOURS = { heird: "#0a7d4f", keepalived: "#b3541e", floor: "#888888" } as const;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const label = (x: number, y: number, text: string, more = ""): string =>
  `<text x="${x}" y="${y}" ${more}>${escaped(text)}</text>`;

type Scale = { readonly place: (value: number) => number; readonly powers: readonly number[] };

function scaleOf(values: readonly number[]): Scale {
  const sizes = values.map((value) => Math.max(LEAST, Math.abs(value)));
  const low = Math.floor(Math.log10(Math.min(...sizes)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...sizes))));
  const place = (value: number): number =>
    LEFT + ((Math.log10(Math.max(LEAST, Math.abs(value))) - low) / (high - low)) * WIDTH;
  return { place, powers: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) };
}

const dots = (values: readonly number[], scale: Scale, y: number, colour: string): readonly string[] => [
  ...values.map(
    (value) => `<circle cx="${scale.place(value).toFixed(1)}" cy="${y}" r="3" fill="${colour}" fill-opacity="0.45"/>`,
  ),
  ...(values.length === 0
    ? []
    : [
        `<rect x="${(scale.place(median(values)) - 1).toFixed(1)}" y="${y - 6}" width="2" height="12" fill="${colour}"/>`,
      ]),
];

function lineOf({ scenario, figure, ours, theirs, floor }: Row, i: number, scale: Scale): readonly string[] {
  const y = HEAD + i * LINE;
  const ratio = ratioOf(ours, theirs);
  return [
    `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y}" y2="${y}" stroke="#eeeeee"/>`,
    label(LEFT - 12, y + 4, `${scenario}: ${nameOf(figure)}`, 'text-anchor="end"'),
    ...dots(theirs, scale, y + 5, COLOURS.keepalived),
    ...dots(ours, scale, y - 5, COLOURS.heird),
    ...dots(floor.slice(0, 1), scale, y, COLOURS.floor),
    label(LEFT + WIDTH + 12, y + 4, ratio === null ? "" : `x ${digits(ratio)}`),
  ];
}

const nameOf = ({ title, unit }: Figure): string => (unit === "" ? title : `${title}, ${unit}`);

/** An SVG of these rows. */
export function plotOf(rows: readonly Row[], results: Results): string {
  const scale = scaleOf(rows.flatMap(({ ours, theirs, floor }) => [...ours, ...theirs, ...floor.slice(0, 1)]));
  const bottom = HEAD + rows.length * LINE;
  const grid = scale.powers.flatMap((power) => [
    `<line x1="${scale.place(power)}" x2="${scale.place(power)}" y1="${HEAD - 16}" y2="${bottom - 10}" stroke="#dddddd"/>`,
    label(scale.place(power), bottom + 4, String(power), 'text-anchor="middle"'),
  ]);
  const key = [
    label(LEFT, 22, "heird", `fill="${COLOURS.heird}" font-weight="bold"`),
    label(LEFT + 60, 22, "Keepalived", `fill="${COLOURS.keepalived}" font-weight="bold"`),
    label(LEFT + 150, 22, "what neither can beat; a bar is the median, x the ratio", `fill="${COLOURS.floor}"`),
    label(12, 22, results.machine, 'fill="#666666" font-size="9"'),
  ];
  const size = `width="${LEFT + WIDTH + RIGHT}" height="${bottom + 20}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...key,
    ...grid,
    ...rows.flatMap((row, i) => lineOf(row, i, scale)),
    "</svg>",
    "",
  ].join("\n");
}
