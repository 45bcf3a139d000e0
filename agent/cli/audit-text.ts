// What heird audit says to people, and to spreadsheets.

import type { Death } from "../audit/accounts.ts";
import type { Overlap, Report, VrReport } from "../audit/report.ts";
import type { Placed } from "../audit/timeline.ts";
import type { Verdict } from "../audit/verify.ts";
import { inWords, table } from "./table.ts";
import { atWall } from "./when.ts";

const span = (ms: number): string => (ms >= 60_000 ? inWords(ms / 1_000) : `${(ms / 1_000).toFixed(1)} s`);
const percent = (share: number): string => `${(share * 100).toFixed(4)} %`;

/** `13:13:31.512 +-0.2 ms`: a time, and how well it is known. */
const when = ({ at, err }: Placed): string => `${atWall(at)}${err === null ? "" : ` +-${err.toFixed(1)} ms`}`;

/** One change in one line. */
export function changeLine(change: Placed): string {
  const { node, record, contradictedBy } = change;
  const { transition, vr, cause } = record;
  const root = cause[0];
  const parts = [
    when(change),
    node,
    vr.name,
    `${transition.from.toUpperCase()} -> ${transition.to.toUpperCase()} (${transition.reason})`,
    ...(root === undefined ? [] : [`root: ${root.summary}`]),
    `#${record.seq}`,
    ...(contradictedBy > 0 ? [`! the clocks disagree by ${contradictedBy.toFixed(1)} ms with what was heard`] : []),
  ];
  return parts.join("  ");
}

/** More nodes than this have no lane each. */
const LANES = 5;

/** One lane a node, as long as a screen has room. */
export function timelineInWords(changes: readonly Placed[], deaths: readonly Death[]): string {
  if (changes.length === 0 && deaths.length === 0) return "nothing changed";
  const nodes = [...new Set([...changes, ...deaths].map(({ node }) => node))].sort();
  if (nodes.length > LANES)
    return inOrder(
      changes.map((change) => ({ at: change.at, row: changeLine(change) })),
      deaths.map((death) => ({ at: death.at, row: deathLine(death) })),
    ).join("\n");
  const rows = changes.map((change) => {
    const { node, record, contradictedBy } = change;
    const { from, to, reason } = record.transition;
    const cell = `${from.toUpperCase()} -> ${to.toUpperCase()}`;
    const remark = contradictedBy > 0 ? ` (clocks disagree by ${contradictedBy.toFixed(1)} ms)` : "";
    const why = `${reason}${record.cause[0] === undefined ? "" : `: ${record.cause[0].summary}`}${remark}`;
    const row = [when(change), record.vr.name, ...nodes.map((one) => (one === node ? cell : "")), why];
    return { at: change.at, row };
  });
  const ends = deaths.map(({ at, node, subject, from }) => {
    const cell = `${from.toUpperCase()} -> died`;
    return { at, row: [atWall(at), subject.name, ...nodes.map((one) => (one === node ? cell : "")), DIED] };
  });
  return table(["Time", "Instance", ...nodes, "Why"], inOrder(rows, ends));
}

const DIED = "its last word: killed, or the machine";
const deathLine = ({ at, node, subject, from }: Death): string =>
  `${atWall(at)}  ${node}  ${subject.name}  ${from.toUpperCase()} -> died  ${DIED}`;

type Timed<T> = { readonly at: number; readonly row: T };

/** The changes stay in their order, which may be another than that of their times; deaths go between them. */
function inOrder<T>(changes: readonly Timed<T>[], deaths: readonly Timed<T>[]): readonly T[] {
  const rest = deaths.toSorted((a, b) => a.at - b.at);
  const rows: T[] = [];
  for (const { at, row } of changes) {
    while (rest[0] !== undefined && rest[0].at < at) rows.push(...rest.splice(0, 1).map((death) => death.row));
    rows.push(row);
  }
  return [...rows, ...rest.map((death) => death.row)];
}

const quoted = (text: string | number | null): string => {
  const plain = String(text ?? "");
  return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};
const csv = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows.map((row) => row.map(quoted).join(",")).join("\n");

export const csvOf = (changes: readonly Placed[]): string =>
  csv([
    ["time", "error_ms", "node", "instance", "vrid", "family", "from", "to", "reason", "root", "priority", "id"],
    ...changes.map(({ at, err, node, record: { vr, transition, cause, priority, id } }) => [
      new Date(at).toISOString(),
      err === null ? null : Number(err.toFixed(3)),
      node,
      vr.name,
      vr.vrid,
      vr.family,
      transition.from,
      transition.to,
      transition.reason,
      cause[0]?.summary ?? "",
      priority.effectiveAfter,
      id,
    ]),
  ]);

export function reportInWords(report: Report, asCsv: boolean): string {
  if (asCsv) return csv([CSV_HEADING, ...report.vrs.map(csvRow)]);
  const { nodes, vrs, from, to, coverage, chain, causes, worst } = report;
  const broken = chain.broken + chain.missing;
  const head = [
    `${nodes.length} node(s), ${vrs.length} virtual router(s), ${atWall(from)} to ${atWall(to)}`,
    broken === 0
      ? "chain ok"
      : `chain: ${chain.broken} break(s), ${chain.missing} line(s) missing; ask heird audit verify`,
    `coverage ${(coverage * 100).toFixed(2)} %`,
  ].join("  ");
  const heading = [
    "VR",
    "Availability",
    "Down",
    "Failovers (planned)",
    "Longest gap",
    "Dual master",
    "Flaps",
    "MTBF",
    "p50/p95 switch",
  ];
  const remarks = [
    ...vrs.flatMap(({ name, unknown, unknownMs }) =>
      unknownMs === 0 ? [] : [`unknown: ${name} ${span(unknownMs)} in ${unknown.length} span(s), not counted`],
    ),
    ...chain.trimmed.map((node) => `unknown: ${node} begins later than that; what was before is deleted`),
    ...(causes.length === 0
      ? []
      : [
          `Top causes   ${causes
            .slice(0, 5)
            .map(({ cause, count }) => `${cause} ${count}`)
            .join(" | ")}`,
        ]),
    ...(worst === null
      ? []
      : [`Worst node   ${worst.node}: ${worst.losses} of ${worst.of} losses that nobody planned`]),
    ...vrs.flatMap(phases),
  ];
  return [head, "", table(heading, vrs.map(row)), ...(remarks.length === 0 ? [] : ["", ...remarks])].join("\n");
}

const longest = (gaps: readonly { readonly from: number; readonly ms: number }[]) =>
  gaps.toSorted((a, b) => b.ms - a.ms)[0];

function row(vr: VrReport): string[] {
  const gap = longest(vr.gaps);
  const { gap: switched = vr.switches["detect"] } = vr.switches;
  return [
    vr.name,
    vr.availability === null ? "unknown" : `${percent(vr.availability)} +-${(vr.error * 100).toFixed(4)}`,
    vr.downMs === 0 ? "0" : span(vr.downMs),
    `${vr.failovers} (${vr.planned})`,
    gap === undefined ? "-" : `${span(gap.ms)} ${atWall(gap.from).slice(5, 16)}`,
    dual(vr.overlaps),
    String(vr.flaps),
    vr.mtbfMs === null ? "-" : inWords(vr.mtbfMs / 1_000),
    switched === undefined ? "-" : `${(switched.p50 / 1_000).toFixed(1)}/${(switched.p95 / 1_000).toFixed(1)} s`,
  ];
}

function dual(overlaps: readonly Overlap[]): string {
  const worst = longest(overlaps);
  if (worst === undefined) return "0";
  const certain = overlaps.filter((one) => one.certain).length;
  const sure = certain === overlaps.length ? "certain" : certain === 0 ? "possible" : `${certain} certain`;
  return `${overlaps.length}x ${span(worst.ms)} ${sure}`;
}

const phases = ({ name, switches }: VrReport): readonly string[] => {
  const said = Object.entries(switches).map(
    ([phase, { p50, p95, count }]) => `${phase} ${p50.toFixed(1)}/${p95.toFixed(1)} ms (${count})`,
  );
  return said.length === 0 ? [] : [`Switching ${name}, p50/p95: ${said.join(" | ")}`];
};

const CSV_HEADING = [
  "vr",
  "vrid",
  "availability",
  "error",
  "up_ms",
  "degraded_ms",
  "down_ms",
  "unknown_ms",
  "failovers",
  "planned",
  "gaps",
  "longest_gap_ms",
  "overlaps",
  "certain_overlaps",
  "flaps",
  "mtbf_ms",
] as const;

const csvRow = (vr: VrReport): readonly (string | number | null)[] => [
  vr.name,
  vr.vrid,
  vr.availability,
  vr.error,
  vr.upMs,
  vr.degradedMs,
  vr.downMs,
  vr.unknownMs,
  vr.failovers,
  vr.planned,
  vr.gaps.length,
  longest(vr.gaps)?.ms ?? 0,
  vr.overlaps.length,
  vr.overlaps.filter(({ certain }) => certain).length,
  vr.flaps,
  vr.mtbfMs,
];

export function verdictInWords({ streams, forks, strange }: Verdict): string {
  const rows = streams.map(({ node, epoch, fork, lines, flaws, missing, owned, trimmed, compared, behind }) => [
    node,
    `${epoch}${fork === 0 ? "" : `.${fork}`}`,
    String(lines),
    flaws.length === 0 ? "ok" : `${flaws.length} flaw(s)`,
    missing === 0 ? "none" : `${missing} (${owned} owned up to)`,
    trimmed ? "deleted" : "there",
    compared === null ? "-" : `${compared} equal${(behind ?? 0) > 0 ? `, ${behind} not in the Redis` : ""}`,
  ]);
  const said = streams.flatMap(({ node, flaws }) => flaws.map((flaw) => `${node} ${flaw}`));
  const short = streams.flatMap((one) =>
    one.short === 0
      ? []
      : [`${one.node}: ${one.short} line(s) at the end are gone, which the node says it has shipped`],
  );
  const other = forks.map((fork) => `FORK: ${fork} was begun because the Redis had another history`);
  const later = streams.flatMap((one) =>
    one.later === 0
      ? []
      : [`${one.node}: ${one.later} entries were written by a later heird, and are not verified; use that one`],
  );
  return [
    table(["Node", "Epoch", "Lines", "Chain", "Missing", "Beginning", "Log here"], rows),
    ...said,
    ...short,
    ...later,
    ...other,
    ...strange.map((key) => `${key}, and is passed over: rename or delete it`),
  ].join("\n");
}
