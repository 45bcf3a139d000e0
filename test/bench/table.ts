// The results as a table: for a terminal, and for the README.

import { readFileSync, writeFileSync } from "node:fs";
import { type Figure, isReached, median, ratioOf, summaryOf, valuesOf } from "./figure.ts";
import type { Measured, Results } from "./results.ts";
import type { Scenario } from "./scenario.ts";

export type Row = {
  readonly scenario: string;
  readonly figure: Figure;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly floor: readonly number[];
};

/** A row for each figure that was measured. */
export function rowsOf(scenarios: readonly Scenario[], results: Results): readonly Row[] {
  return scenarios.flatMap(({ name, title, figures }) => {
    const samples = results.scenarios[name]?.samples;
    return samples === undefined ? [] : figures.map((figure) => rowOf(title, figure, samples));
  });
}

const rowOf = (scenario: string, figure: Figure, { heird, keepalived, floor }: Measured): Row => ({
  scenario,
  figure,
  ours: valuesOf(heird, figure.key),
  theirs: valuesOf(keepalived, figure.key),
  floor: valuesOf(floor, figure.key),
});

/** Three digits that count, and no more after the point than anybody can use. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : 2);
}

function spread(values: readonly number[], { unit }: Figure): string {
  if (values.length === 0) return "-";
  const { median: middle, p90, max } = summaryOf(values);
  const rest = values.length > 1 ? ` (${digits(p90)}, ${digits(max)})` : "";
  return `${digits(middle)}${unit === "" ? "" : ` ${unit}`}${rest}`;
}

function limitOf({ figure: { limit, unit }, floor }: Row): string {
  if (floor.length > 0) return `${digits(median(floor))} ${unit}`.trim();
  return typeof limit === "number" ? `${digits(limit)} ${unit}`.trim() : limit;
}

function goalOf({ ratio, cap, unit }: Figure): string {
  const goals = [
    ...(ratio === undefined ? [] : [`<= ${ratio}`]),
    ...(cap === undefined ? [] : [cap === 0 ? "0" : `max <= ${cap} ${unit}`]),
  ];
  return goals.join(", ");
}

const VERDICTS = new Map([
  [true, "yes"],
  [false, "**no**"],
  [null, ""],
]);

const HEAD = ["Scenario", "", "heird", "Keepalived", "Limit", "Ratio", "Goal", "Reached"];

function cellsOf(row: Row, isFirst: boolean): readonly string[] {
  const { scenario, figure, ours, theirs } = row;
  const ratio = ratioOf(ours, theirs);
  return [
    isFirst ? scenario : "",
    figure.title,
    spread(ours, figure),
    spread(theirs, figure),
    limitOf(row),
    ratio === null ? "-" : digits(ratio),
    goalOf(figure),
    VERDICTS.get(isReached(figure, ours, theirs)) ?? "",
  ];
}

/** A table of Markdown, with columns as wide as they must be. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map((row, i) => cellsOf(row, rows[i - 1]?.scenario !== row.scenario))];
  const widths = HEAD.map((_, column) => Math.max(3, ...cells.map((line) => line[column]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join("\n");
}

const BEGIN = "<!-- npm run bench -- --readme -->";
const END = "<!-- end -->";

/** Puts the rows that have a goal between the marks of a page; throws when it has none. */
export function writeReadme(file: string, rows: readonly Row[], results: Results): void {
  const page = readFileSync(file, "utf8");
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${BEGIN} and ${END}`);
  const wanted = rows.filter(({ figure }) => figure.ratio !== undefined || figure.cap !== undefined);
  const text = `${BEGIN}\n\nMeasured on ${results.machine}.\n\n${tableOf(wanted)}\n\n`;
  writeFileSync(file, page.slice(0, from) + text + page.slice(to));
}
