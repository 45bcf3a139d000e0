// The tree becomes sections: known keywords with values of the right shape. What a value means is
// not decided here.

import { argumentsOf, type Surroundings } from "./arguments.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { type BlockName, isNewer, type Keyword } from "./keywords/keyword.ts";
import { keywordIn } from "./keywords.ts";
import { type Entry, type Named, nameEntry, type Section } from "./section.ts";
import { type Place, placeIn } from "./source.ts";
import { type SupportReporter, supportReporter, unportable } from "./support.ts";
import { secondKeyword, surplus, withoutSigns } from "./surplus.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";
import { type UnknownReporter, unknownReporter } from "./unknown.ts";

export type SchemaOptions = { readonly assumeHonoured: boolean };

type Frame = {
  readonly block: BlockName;
  readonly owner: Word | null;
  readonly entries: Entry[];
  readonly names: Named;
  /** Whether the block itself was already told to be not honoured. */
  readonly quiet: boolean;
  /** The keyword that makes the whole block unknown to Keepalived 2.2.7. */
  readonly alien: Keyword | null;
};

type Work = {
  readonly report: Report;
  /** What the arguments of a keyword are read with. */
  readonly around: Surroundings;
  readonly support: SupportReporter;
  readonly unknown: UnknownReporter;
  /** The names of instances, because members of a sync group are often written without `group { }`. */
  readonly instances: ReadonlySet<string>;
};

/** The outermost section. */
export function schema(statements: readonly Statement[], options: SchemaOptions, report: Report): Section {
  const instances = new Set(
    statements.flatMap(({ words: [keyword, name] }) =>
      keyword?.text === "vrrp_instance" && name !== undefined ? [name.text] : [],
    ),
  );
  const support = supportReporter(options, report);
  const work: Work = { ...reportingTo(report), support, unknown: unknownReporter(report), instances };
  const root: Frame = { block: "root", owner: null, entries: [], names: new Map(), quiet: false, alien: null };
  fill(work, [root], statements);
  const { block, entries, names } = root;
  return { block, label: "", place: statements[0]?.place ?? NOWHERE, entries, names };
}

const reportingTo = (report: Report): Pick<Work, "report" | "around"> => ({
  report,
  around: { report, surplus: (words) => surplus(report, words) },
});

const NOWHERE: Place = placeIn({ text: "", file: { path: "", origin: null }, number: 1, spans: null });

const NONE: readonly never[] = [];

function fill(work: Work, frames: readonly Frame[], statements: readonly Statement[]): void {
  for (let i = 0; i < statements.length; i++) {
    const statement = statements[i];
    if (statement === undefined) continue;
    const adopted = needsFollowers(frames, statement) ? followers(frames, statements, i + 1) : NONE;
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
  if (keyword !== undefined) {
    known(work, frames, keyword, statement, adopted);
    return;
  }
  const outer = frames.slice(0, -1).findLastIndex(({ block }) => isBlockIn(block, name.text));
  if (outer < 0) unknown(work, frames, frame, name, statement);
  else {
    neverClosed(work, frame, name);
    read(work, frames.slice(0, outer + 1), statement, adopted);
  }
}

const isBlockIn = (block: BlockName, name: string): boolean => {
  return wantsBlock(keywordIn(block, name)?.shape.kind);
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

/** A word that is no keyword here. What it was probably meant to be is read, so that nothing else seems to be missing. */
function unknown(work: Work, frames: readonly Frame[], frame: Frame, name: Word, statement: Statement): void {
  const member = frame.block === "vrrp_sync_group" && work.instances.has(name.text);
  if (member) {
    const group = keywordIn(frame.block, "group");
    work.unknown.member(frame.entries, name);
    if (group !== undefined) add(frame, membersOf(group, name, statement));
    return;
  }
  const meant = work.unknown.keyword(frame.block, frame.entries, name, statement);
  if (meant === undefined) return;
  const isBlock = wantsBlock(meant.shape.kind);
  if (isBlock !== (statement.block !== null)) return;
  const silent = isBlock ? work : { ...work, ...reportingTo(() => undefined) };
  known(silent, [...frames.slice(0, -1), { ...frame, quiet: true }], meant, statement, []);
}

/** One statement as the lines of `group { }`. */
const membersOf = (keyword: Keyword, name: Word, statement: Statement): Entry => ({
  keyword,
  name,
  args: [],
  value: true,
  section: null,
  lines: [statement],
  place: wordsPlace(statement),
});

function known(
  work: Work,
  frames: readonly Frame[],
  keyword: Keyword,
  statement: Statement,
  adopted: readonly Statement[],
): void {
  const frame = innermost(frames);
  const name = statement.words[0];
  if (frame === undefined || name === undefined) return;
  const words = statement.words.slice(1);
  const second = secondKeyword(frame.block, keyword, words);
  if (second >= 0) {
    severalOnLine(work, frames, keyword, statement, second + 1);
    return;
  }
  if (!frame.quiet) work.support.tell(keyword, name);
  const args = withoutSigns(work.report, keyword, words);
  const place = wordsPlace(statement);
  const alien = frame.alien ?? (keyword.own || isNewer(keyword) ? keyword : null);
  if (alien !== null) work.report(unportable(alien, place));
  const statements = inner(work, keyword, name, statement) ?? adopted;
  enter(work, frame, contentsOf(work, frames, { keyword, name, args, place, alien }, statement, statements));
}

type Head = Pick<Entry, "keyword" | "name" | "args" | "place"> & { readonly alien: Keyword | null };

/** What the keyword says, by its shape; undefined when nothing of it can be used. */
function contentsOf(
  work: Work,
  frames: readonly Frame[],
  { alien, keyword, name, args, place }: Head,
  statement: Statement,
  statements: readonly Statement[],
): Entry | undefined {
  const { shape } = keyword;
  switch (shape.kind) {
    case "skip":
      return undefined;
    case "block": {
      const label = labelOf(work, keyword, name, args, shape.named);
      if (label === undefined) return undefined;
      const quiet = innermost(frames)?.quiet === true || keyword.support !== "honoured";
      const { block } = shape;
      const child: Frame = { block, owner: name, entries: [], names: new Map(), quiet, alien };
      fill(work, [...frames, child], statements);
      const section: Section = { block, label, place, entries: child.entries, names: child.names };
      return { keyword, name, args, place, value: true, section, lines: NONE };
    }
    case "lines": {
      surplus(work.report, args);
      const lines = linesOf(work, frames, name, statements);
      for (const line of alien === null ? [] : lines) work.report(unportable(keyword, wordsPlace(line)));
      if (lines.length === 0) emptyBlock(work, name, statement);
      return { keyword, name, args, place, value: true, section: null, lines };
    }
    default: {
      if (statement.block !== null) fill(work, frames, statement.block.statements);
      const value = argumentsOf(keyword, name, args, work.around);
      return { keyword, name, args, place, value, section: null, lines: NONE };
    }
  }
}

function emptyBlock({ report }: Work, name: Word, { block }: Statement): void {
  if (block?.statements.length === 0) report(problem("H0122", placeOf(name), `${name.text} is empty`));
}

/** Keepalived reads the first and drops the rest. Here every one is read, so that one mistake stays one. */
function severalOnLine(
  work: Work,
  frames: readonly Frame[],
  keyword: Keyword,
  statement: Statement,
  second: number,
): void {
  const { words, block, place } = statement;
  const from = words[second];
  const last = words[second - 1];
  if (from === undefined || last === undefined) return;
  work.report(
    problem(
      "H0005",
      placeOf(from),
      `${from.text} stands on the same line as another keyword, and Keepalived would ignore it`,
      "write one keyword per line",
      [],
      `H0005 ${place.line.file.path}:${place.line.number}`,
    ),
  );
  const plain: Word = last.text.endsWith(";") && !last.quoted ? { ...last, text: last.text.slice(0, -1) } : last;
  known(work, frames, keyword, { words: [...words.slice(0, second - 1), plain], block: null, place }, []);
  read(work, frames, { words: words.slice(second), block, place: { ...place, start: from.start } }, []);
}

function wordsPlace({ words, place: { line, start, end } }: Statement): Place {
  for (let i = words.length - 1; i >= 0; i--) {
    const word = words[i];
    if (word?.line === line) return { line, start, end: word.end };
  }
  return { line, start, end };
}

/** The statements of its braces; null when it has none and should. A brace where none belongs is reported. */
function inner({ report }: Work, keyword: Keyword, name: Word, statement: Statement): readonly Statement[] | null {
  const wants = wantsBlock(keyword.shape.kind);
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

const needsFollowers = (frames: readonly Frame[], { words, block }: Statement): boolean => {
  if (block !== null) return false;
  return wantsBlock(keywordIn(innermost(frames)?.block ?? "root", words[0]?.text ?? "")?.shape.kind);
};

const wantsBlock = (kind: Keyword["shape"]["kind"] | undefined): boolean =>
  kind === "block" || kind === "lines" || kind === "skip";

/** Where the opening brace is missing, the lines that can only belong to the block. */
function followers(frames: readonly Frame[], statements: readonly Statement[], from: number): readonly Statement[] {
  const here = innermost(frames)?.block ?? "root";
  const keyword = keywordIn(here, statements[from - 1]?.words[0]?.text ?? "");
  const belongs = (name: string): boolean => {
    if (keywordIn(here, name) !== undefined) return false;
    return keyword?.shape.kind === "block"
      ? keywordIn(keyword.shape.block, name) !== undefined
      : keyword?.shape.kind === "lines" || keyword?.shape.kind === "skip";
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

/** Blocks without a name that often stand more than once. */
const MANY: ReadonlySet<BlockName> = new Set(["global_defs", "garp_group"]);

function enter({ report }: Work, frame: Frame, entry: Entry | undefined): void {
  if (entry === undefined) return;
  const { twice, shape, name } = entry.keyword;
  const others = frame.names.get(name);
  const before = twice === "first" ? others?.[0] : others?.at(-1);
  if (before !== undefined && twice !== "both") {
    const which = twice === "first" ? "the first one counts" : "this one counts";
    report(
      problem("H0008", placeOf(entry.name), `${name} is given twice; ${which}`, "remove one of them", [
        noteAt(placeOf(before.name), "the other one"),
      ]),
    );
  } else if (before !== undefined && shape.kind === "block" && !shape.named && !MANY.has(shape.block)) {
    report(
      problem("H0008", placeOf(entry.name), `${name} is given twice; both count`, "put them together", [
        noteAt(placeOf(before.name), "the other one"),
      ]),
    );
  }
  add(frame, entry);
}

function add({ entries, names }: Frame, entry: Entry): void {
  entries.push(entry);
  nameEntry(names, entry);
}
