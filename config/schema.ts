// The tree becomes sections: known keywords with values of the right shape. What a value means is
// not decided here.

import { argumentsOf } from "./arguments.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import type { BlockName, Keyword } from "./keywords/keyword.ts";
import { blocksWith, KEYWORDS, keywordIn } from "./keywords.ts";
import { closest } from "./near.ts";
import type { Entry, Section } from "./section.ts";
import { type Place, placeIn } from "./source.ts";
import { type SupportReporter, supportReporter } from "./support.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";

export type SchemaOptions = { readonly assumeHonoured: boolean };

type Frame = {
  readonly block: BlockName;
  readonly owner: Word | null;
  readonly entries: Entry[];
  readonly seen: Map<Keyword, Entry>;
  /** Whether the block itself was already told to be not honoured. */
  readonly quiet: boolean;
};

type Work = {
  readonly report: Report;
  readonly support: SupportReporter;
  /** Unknown words so far: after the first hundreds nobody reads what was meant instead. */
  unknown: number;
};

const MAX_SUGGESTIONS = 200;

/** The outermost section. */
export function schema(statements: readonly Statement[], options: SchemaOptions, report: Report): Section {
  const work: Work = { report, support: supportReporter(options, report), unknown: 0 };
  const root: Frame = { block: "root", owner: null, entries: [], seen: new Map(), quiet: false };
  fill(work, [root], statements);
  const first = statements[0]?.place;
  return { block: "root", label: "", place: first ?? NOWHERE, entries: root.entries };
}

const NOWHERE: Place = placeIn({ text: "", file: { path: "", origin: null }, number: 1, spans: null });

function fill(work: Work, frames: readonly Frame[], statements: readonly Statement[]): void {
  for (let i = 0; i < statements.length; i++) {
    const statement = statements[i];
    if (statement === undefined) continue;
    const adopted = needsFollowers(frames, statement) ? followers(frames, statements, i + 1) : [];
    i += adopted.length;
    read(work, frames, statement, adopted);
  }
}

const innermost = (frames: readonly Frame[]): Frame | undefined => frames.at(-1);

function read(work: Work, frames: readonly Frame[], statement: Statement, adopted: readonly Statement[]): void {
  const name = statement.words[0];
  const frame = innermost(frames);
  if (frame === undefined) return;
  // A brace without a keyword was reported; what it holds is most likely meant for this level.
  if (name === undefined) {
    fill(work, frames, statement.block?.statements ?? []);
    return;
  }
  const keyword = name.quoted ? undefined : keywordIn(frame.block, name.text);
  const outer = frames.slice(0, -1).findLastIndex(({ block }) => isBlockIn(block, name.text));
  if (keyword !== undefined) known(work, frames, frame, keyword, name, statement, adopted);
  else if (outer < 0) unknown(work, frame, name, statement);
  else {
    neverClosed(work, frame, name);
    read(work, frames.slice(0, outer + 1), statement, adopted);
  }
}

const isBlockIn = (block: BlockName, name: string): boolean => {
  const kind = keywordIn(block, name)?.shape.kind;
  return kind === "block" || kind === "lines" || kind === "skip";
};

function neverClosed({ report }: Work, frame: Frame, name: Word): void {
  const opened = frame.owner === null ? [] : [noteAt(placeOf(frame.owner), "this block is still open")];
  report(
    problem(
      "H0013",
      placeOf(name),
      `${name.text} stands inside ${frame.owner?.text ?? "another block"}, which is not closed before it`,
      "close that block first",
      opened,
    ),
  );
}

function unknown(work: Work, frame: Frame, name: Word, statement: Statement): void {
  const where = frame.block === "root" ? "outside of any block" : `in ${frame.block}`;
  const { report } = work;
  work.unknown++;
  const help = work.unknown > MAX_SUGGESTIONS ? null : unknownHelp(frame.block, name.text);
  if (statement.block === null) {
    report(problem("H0001", placeOf(name), `unknown keyword "${name.text}" ${where}`, help));
    return;
  }
  const trap =
    frame.block === "root"
      ? ""
      : `; Keepalived would skip this line only and take the brace that closes it for the end of ${frame.block}`;
  report(
    problem(
      "H0018",
      placeOf(name),
      `unknown block "${name.text}" ${where}${trap}`,
      help ?? "remove the block from its keyword to its closing brace",
    ),
  );
}

function unknownHelp(block: BlockName, name: string): string | null {
  const foreign = [...name].find((c) => c > "~");
  const near = closest(
    name,
    KEYWORDS[block].flatMap((row) => [row.name, ...row.aliases]),
  );
  const strange =
    foreign === undefined
      ? ""
      : ` (it has U+${(foreign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} in it, which only looks like another character)`;
  if (near !== undefined) return `did you mean ${near}?${strange}`;
  const cleaned = name.replace(/[^\x21-\x7e]/g, "");
  if (foreign !== undefined && keywordIn(block, cleaned) !== undefined) return `did you mean ${cleaned}?${strange}`;
  if (name === ";" || name.startsWith("//") || name.startsWith("--")) return "comments begin with # or !";
  const elsewhere = blocksWith(name);
  if (elsewhere.length > 0)
    return elsewhere.includes("root") ? "it belongs outside of any block" : `it belongs into ${elsewhere.join(" or ")}`;
  return strange === "" ? null : `see${strange}`;
}

function known(
  work: Work,
  frames: readonly Frame[],
  frame: Frame,
  keyword: Keyword,
  name: Word,
  statement: Statement,
  adopted: readonly Statement[],
): void {
  const { shape } = keyword;
  if (!frame.quiet) work.support.tell(keyword, name);
  if (shape.kind === "skip") return;
  const args = statement.words.slice(1);
  const statements = inner(work, keyword, name, statement) ?? adopted;
  const quiet = frame.quiet || keyword.support !== "honoured";
  let section: Section | null = null;
  let lines: readonly Statement[] = [];
  if (shape.kind === "block") {
    const label = labelOf(work, keyword, name, args, shape.named);
    if (label === undefined) return;
    const child: Frame = { block: shape.block, owner: name, entries: [], seen: new Map(), quiet };
    fill(work, [...frames, child], statements);
    section = { block: shape.block, label, place: wordsPlace(statement), entries: child.entries };
  } else if (shape.kind === "lines") {
    surplus(work, frame, args);
    lines = linesOf(work, frames, name, statements);
    if (lines.length === 0 && statement.block !== null && statement.block.statements.length === 0) {
      work.report(problem("H0122", placeOf(name), `${name.text} is empty`));
    }
  } else if (statement.block !== null) {
    fill(work, frames, statement.block.statements);
  }
  const rest = { report: work.report, surplus: (words: readonly Word[]) => surplus(work, frame, words) };
  const value = section !== null || shape.kind === "lines" ? true : argumentsOf(keyword, name, args, rest);
  enter(work, frame, { keyword, name, args, value, section, lines, place: wordsPlace(statement) });
}

function wordsPlace({ words, place }: Statement): Place {
  const last = words.filter((word) => word.line === place.line).at(-1);
  return { ...place, end: last?.end ?? place.end };
}

/** The statements of its braces; null when it has none and should. A brace where none belongs is reported. */
function inner({ report }: Work, keyword: Keyword, name: Word, statement: Statement): readonly Statement[] | null {
  const wants = keyword.shape.kind === "block" || keyword.shape.kind === "lines";
  if (statement.block !== null) {
    if (!wants)
      report(
        problem(
          "H0006",
          statement.block.open,
          `${name.text} has no block`,
          "remove this brace and the one that closes it",
        ),
      );
    return statement.block.statements;
  }
  if (wants)
    report(
      problem("H0007", placeOf(name), `${name.text} needs a block`, "write { behind it and } after its last line"),
    );
  return null;
}

const needsFollowers = (frames: readonly Frame[], statement: Statement): boolean => {
  const name = statement.words[0]?.text ?? "";
  const kind = keywordIn(innermost(frames)?.block ?? "root", name)?.shape.kind;
  return statement.block === null && (kind === "block" || kind === "lines");
};

/** Where the opening brace is missing, the lines that can only belong to the block. */
function followers(frames: readonly Frame[], statements: readonly Statement[], from: number): readonly Statement[] {
  const here = innermost(frames)?.block ?? "root";
  const keyword = keywordIn(here, statements[from - 1]?.words[0]?.text ?? "");
  const belongs = (name: string): boolean => {
    if (keywordIn(here, name) !== undefined) return false;
    return keyword?.shape.kind === "block"
      ? keywordIn(keyword.shape.block, name) !== undefined
      : keyword?.shape.kind === "lines";
  };
  let to = from;
  while (to < statements.length && belongs(statements[to]?.words[0]?.text ?? "")) to++;
  return statements.slice(from, to);
}

function labelOf(
  { report }: Work,
  keyword: Keyword,
  name: Word,
  args: readonly Word[],
  named: boolean,
): string | undefined {
  const [label, second] = args;
  if (!named) {
    if (label !== undefined)
      report(problem("H0004", placeOf(label), `${name.text} has no name; "${label.text}" is ignored`, "remove it"));
    return "";
  }
  if (label === undefined)
    report(problem("H0009", placeOf(name), `${keyword.name} needs a name`, `write ${keyword.name} NAME {`));
  if (second !== undefined)
    report(
      problem(
        "H0009",
        placeOf(second),
        `${keyword.name} has one name, and "${second.text}" is a second`,
        "put names with blanks in double quotes",
      ),
    );
  return label?.text;
}

/** The lines of a block of lines. A keyword of an outer block among them means that a brace is missing. */
function linesOf(
  work: Work,
  frames: readonly Frame[],
  owner: Word,
  statements: readonly Statement[],
): readonly Statement[] {
  const lines: Statement[] = [];
  for (const statement of statements) {
    const name = statement.words[0];
    if (name === undefined) {
      lines.push(...linesOf(work, frames, owner, statement.block?.statements ?? []));
      continue;
    }
    const outer = statement.block === null ? -1 : frames.findLastIndex(({ block }) => isBlockIn(block, name.text));
    if (outer >= 0) {
      work.report(
        problem(
          "H0013",
          placeOf(name),
          `${name.text} stands inside ${owner.text}, which is not closed before it`,
          "close that block first",
          [noteAt(placeOf(owner), "this block is still open")],
        ),
      );
      read(work, frames.slice(0, outer + 1), statement, []);
      continue;
    }
    if (statement.block !== null)
      work.report(
        problem(
          "H0006",
          statement.block.open,
          `a line of ${owner.text} has no block`,
          "remove this brace and the one that closes it",
        ),
      );
    lines.push(statement);
  }
  return lines;
}

/** Some words as text, not more than a message can bear. */
function wordsText(words: readonly Word[]): string {
  const shown = words
    .slice(0, 8)
    .map(({ text }) => text)
    .join(" ");
  return shown.length > 80 || words.length > 8 ? `${shown.slice(0, 80)}…` : shown;
}

/** Words behind the last argument: Keepalived drops them without a word. */
function surplus({ report }: Work, frame: Frame, words: readonly Word[]): void {
  const keyword = words.find(({ text, quoted }) => !quoted && keywordIn(frame.block, text) !== undefined);
  const first = words[0];
  if (keyword !== undefined) {
    report(
      problem(
        "H0005",
        placeOf(keyword),
        `${keyword.text} stands on the same line as another keyword, and Keepalived would ignore it`,
        "write one keyword per line",
      ),
    );
  } else if (first !== undefined) {
    const last = words.at(-1) ?? first;
    const place = { ...placeOf(first), end: last.line === first.line ? last.end : first.end };
    report(
      problem(
        "H0004",
        place,
        `"${wordsText(words)}" is ignored: the keyword takes nothing more`,
        "remove it, or write # in front of a comment",
      ),
    );
  }
}

function enter({ report }: Work, frame: Frame, entry: Entry): void {
  const before = frame.seen.get(entry.keyword);
  const { twice, shape, name } = entry.keyword;
  if (before !== undefined && twice !== "both") {
    const which = twice === "first" ? "the first one counts" : "this one counts";
    report(
      problem("H0008", placeOf(entry.name), `${name} is given twice; ${which}`, "remove one of them", [
        noteAt(placeOf(before.name), "the other one"),
      ]),
    );
  } else if (
    before !== undefined &&
    shape.kind === "block" &&
    !shape.named &&
    shape.block !== "global_defs" &&
    shape.block !== "garp_group"
  ) {
    report(
      problem("H0008", placeOf(entry.name), `${name} is given twice; both count`, "put them together", [
        noteAt(placeOf(before.name), "the other one"),
      ]),
    );
  }
  if (before === undefined || twice !== "first") frame.seen.set(entry.keyword, entry);
  frame.entries.push(entry);
}
