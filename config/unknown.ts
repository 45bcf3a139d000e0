// Words that are no keyword where they stand: what is said about them, and what was probably meant.

import { problem, type Report } from "./diagnostic.ts";
import type { BlockName, Keyword } from "./keywords/keyword.ts";
import { blocksWith, KEYWORDS, keywordIn } from "./keywords.ts";
import { closest } from "./near.ts";
import type { Entry } from "./section.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";

export type UnknownReporter = {
  /** Reports a word; gives the keyword that was probably meant. */
  readonly keyword: (
    block: BlockName,
    around: readonly Entry[],
    name: Word,
    statement: Statement,
  ) => Keyword | undefined;
  /** Reports the name of an instance that stands in a sync group without `group { }`. */
  readonly member: (around: readonly Entry[], name: Word) => void;
};

/** After the first hundreds nobody reads what was meant instead. */
const MAX_SUGGESTIONS = 200;

/**
 * Lines that follow each other and mean nothing here were pasted or commented out together, and go
 * together: they are one mistake.
 */
type Run = { around: readonly Entry[] | null; entries: number; mistake: string };

export function unknownReporter(report: Report): UnknownReporter {
  let told = 0;
  const run: Run = { around: null, entries: 0, mistake: "" };
  /** The mistake of the line above, when nothing that is known stands between. */
  const continued = (around: readonly Entry[], mistake: string): string => {
    if (run.around !== around || run.entries !== around.length) run.mistake = mistake;
    run.around = around;
    run.entries = around.length;
    return run.mistake;
  };
  return {
    keyword: (block, around, name, statement) => {
      told++;
      const meant = told > MAX_SUGGESTIONS ? undefined : meantBy(block, name.text);
      const help = told > MAX_SUGGESTIONS ? null : helpFor(block, name.text, meant);
      const where = block === "root" ? "outside of any block" : `in ${block}`;
      const own = `${block} ${name.text}`;
      // What has a remedy of its own is a mistake of its own.
      const mistake = help === null ? continued(around, own) : own;
      if (help !== null) run.around = null;
      const at = placeOf(name);
      if (statement.block === null)
        report(problem("H0001", at, `unknown keyword "${name.text}" ${where}`, help, [], mistake));
      else
        report(
          problem(
            "H0018",
            at,
            `unknown block "${name.text}" ${where}${trapOf(block)}`,
            help ?? "remove the block from its keyword to its closing brace",
            [],
            mistake,
          ),
        );
      return meant;
    },
    member: (around, name) => {
      const first = run.around === around ? run.mistake : `members ${name.line.number}`;
      run.around = around;
      run.mistake = first;
      report(
        problem(
          "H0001",
          placeOf(name),
          `the name ${name.text} stands in vrrp_sync_group by itself, and Keepalived takes it for an unknown keyword`,
          "write group { in front of the members and } behind them",
          [],
          first,
        ),
      );
    },
  };
}

const trapOf = (block: BlockName): string =>
  block === "root"
    ? ""
    : `; Keepalived would skip this line only and take the brace that closes it for the end of ${block}`;

/** The keyword of the block that a word nearly is. */
function meantBy(block: BlockName, name: string): Keyword | undefined {
  const names = KEYWORDS[block].flatMap((row) => [row.name, ...row.aliases]);
  const near = closest(name, names) ?? name.replace(/[^\x21-\x7e]/g, "");
  return keywordIn(block, near);
}

function helpFor(block: BlockName, name: string, meant: Keyword | undefined): string | null {
  const foreign = [...name].find((c) => c > "~");
  const strange =
    foreign === undefined || meant === undefined
      ? ""
      : ` (it has U+${(foreign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} in it, which only looks like another character)`;
  if (meant !== undefined) return `did you mean ${meant.name}?${strange}`;
  if (name === ";" || name.startsWith("//") || name.startsWith("--")) return "comments begin with # or !";
  const [, left = "", right = ""] = /^([A-Za-z_]\w*)[=:](.*)$/s.exec(name) ?? [];
  if (keywordIn(block, left) !== undefined) return `write ${left}${right === "" ? "" : ` ${right}`}`;
  if (/^[A-Za-z_]\w*=/.test(name)) return `a definition begins with a dollar sign: write $${name}`;
  const elsewhere = blocksWith(name);
  if (elsewhere.length === 0) return null;
  return elsewhere.includes("root") ? "it belongs outside of any block" : `it belongs into ${elsewhere.join(" or ")}`;
}
