// heird replay --verify: whether a log is whole, and whether folding it gives what it says.

import type { Line } from "../log/line.ts";
import { FOLD_VERSION } from "../log/line.ts";
import { type Replayed, replay } from "../log/replay.ts";
import { flawInWords, type LogRead, linesSince, overFlaws } from "./log-files.ts";
import { EXIT } from "./refusal.ts";

/** Exit code 20 when the chain does not hold, 21 when lines are missing, 1 when the fold disagrees. */
export function verify(path: string, json: boolean): number {
  const read = linesSince(path, null);
  let count = 0;
  const gaps: (Line & { readonly type: "header" })[] = [];
  const foreign = new Set<number>();
  const watched = function* (): Generator<Line> {
    for (const line of read.lines()) {
      count += 1;
      if (line.type === "header" && line.lost > 0) gaps.push(line);
      if (line.type === "header") foreign.add(line.foldVersion);
      yield line;
    }
  };
  const { divergences, isWhole } = folded(watched(), read);
  foreign.delete(FOLD_VERSION);
  const says = [...read.flaws.map(flawInWords), ...(isWhole ? [] : ["what follows that cannot be folded, nor read"])];
  const verdict =
    says.length > 0 ? EXIT.tampered : divergences.length > 0 ? EXIT.internal : gaps.length > 0 ? EXIT.gap : 0;
  if (json) {
    const document = {
      schema: 1,
      lines: count,
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
    `${count} line(s): ${says.length} flaw(s) of the chain, ${divergences.length} divergence(s), ${gaps.length} gap(s)`,
  ];
  process.stdout.write(`${told.join("\n")}\n`);
  return verdict;
}

/** A line that is not what was written may be one that no fold can answer. */
function folded(lines: Iterable<Line>, { flaws }: LogRead): Pick<Replayed, "divergences"> & { isWhole: boolean } {
  try {
    return { divergences: replay(lines).divergences, isWhole: true };
  } catch (cause) {
    if (flaws.length === 0) throw overFlaws(cause, flaws);
    return { divergences: [], isWhole: false };
  }
}
