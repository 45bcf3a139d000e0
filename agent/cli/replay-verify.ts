// heird replay --verify: whether a log is whole, and whether folding it gives what it says.

import { FOLD_VERSION } from "../log/line.ts";
import { replay } from "../log/replay.ts";
import { headsOf, linesSince } from "./log-files.ts";
import { EXIT } from "./refusal.ts";

/** Exit code 20 when the chain does not hold, 21 when lines are missing, 1 when the fold disagrees. */
export function verify(path: string, json: boolean): number {
  const { lines, says } = linesSince(path, null);
  const { divergences } = replay(lines);
  const gaps = lines.flatMap((line) => (line.type === "header" && line.lost > 0 ? [line] : []));
  const foreign = new Set(headsOf(path).flatMap(({ header }) => (header === null ? [] : [header.foldVersion])));
  foreign.delete(FOLD_VERSION);
  const verdict =
    says.length > 0 ? EXIT.tampered : divergences.length > 0 ? EXIT.internal : gaps.length > 0 ? EXIT.gap : 0;
  if (json) {
    const document = {
      schema: 1,
      lines: lines.length,
      flaws: says,
      divergences,
      gaps: gaps.map(({ seq, lost }) => ({ seq, lost })),
    };
    process.stdout.write(`${JSON.stringify({ ...document, foldVersions: [...foreign, FOLD_VERSION] })}\n`);
    return verdict;
  }
  const told = [
    ...says,
    ...divergences.map(({ seq, says: what }) => `#${seq}: ${what}`),
    ...gaps.map(({ seq, lost }) => `#${seq}: ${lost} line(s) before it were lost while the disk stood still`),
    ...[...foreign].map((version) => `parts were folded by version ${version}; this is version ${FOLD_VERSION}`),
    `${lines.length} line(s): ${says.length} flaw(s) of the chain, ${divergences.length} divergence(s), ${gaps.length} gap(s)`,
  ];
  process.stdout.write(`${told.join("\n")}\n`);
  return verdict;
}
