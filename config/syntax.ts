// Lines become a tree of statements and blocks, with positions. Never fails: what is wrong is
// reported, and the tree is what was most likely meant. Knows no keyword.

import { openQuote } from "./command.ts";
import { problem, type Report } from "./diagnostic.ts";
import { type Line, type Place, placeIn } from "./source.ts";

export type Word = {
  readonly text: string;
  readonly line: Line;
  /** Offsets in the line, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
};

export type Block = {
  readonly open: Place;
  /** Null when the file ends before the block does. */
  readonly close: Place | null;
  readonly statements: readonly Statement[];
};

/** One line's words and the block behind them. Without words: a `{` nobody expected. */
export type Statement = {
  readonly words: readonly Word[];
  readonly block: Block | null;
  readonly place: Place;
};

export type SyntaxOptions = {
  /** Keywords whose argument is a command line, where `'` groups and `\` escapes too. */
  readonly isCommand: (keyword: string) => boolean;
};

type Open = { readonly open: Place; readonly statements: OpenStatement[]; close: Place | null };
type OpenStatement = { readonly words: Word[]; block: Open | null; readonly place: Place };

/** Blocks in blocks; nothing sensible comes near it. */
const MAX_DEPTH = 100;

/** The tree while it is built. */
type Growing = {
  readonly top: OpenStatement[];
  readonly stack: Open[];
  /** Braces beyond the depth: counted, so that the ones that close them are known again. */
  beyond: number;
  readonly report: Report;
};

/** Reads lines into the statements of the outermost level. */
export function parse(lines: readonly Line[], options: SyntaxOptions, report: Report): readonly Statement[] {
  const tree: Growing = { top: [], stack: [], beyond: 0, report };
  for (const line of lines) readLine(tree, line, options);
  const unclosed = tree.stack[0];
  if (unclosed !== undefined) unclosedAtEnd(unclosed, tree.top, tree.stack.length, report);
  return tree.top;
}

function readLine(tree: Growing, line: Line, { isCommand }: SyntaxOptions): void {
  const { text } = line;
  let current: OpenStatement | null = null;
  for (let at = afterBlanks(text, 0); at < text.length; at = afterBlanks(text, at)) {
    const code = text.charCodeAt(at);
    if (code === OPENING || code === CLOSING) {
      const place = { line, start: at, end: at + 1 };
      if (code === OPENING) open(tree, place, current);
      else close(tree, place);
      current = null;
      at += 1;
      continue;
    }
    const keyword: string | undefined = current?.words[0]?.text;
    const word: Word =
      keyword !== undefined && isCommand(keyword)
        ? commandWord(line, at, tree.report)
        : plainWord(line, at, tree.report);
    if (current === null) current = begin(tree, { line, start: word.start, end: word.end }, word);
    else current.words.push(word);
    at = word.end;
  }
}

const levelOf = ({ stack, top }: Growing): OpenStatement[] => stack.at(-1)?.statements ?? top;

function begin(tree: Growing, place: Place, ...words: Word[]): OpenStatement {
  const statement: OpenStatement = { words, block: null, place };
  levelOf(tree).push(statement);
  return statement;
}

function open(tree: Growing, place: Place, current: OpenStatement | null): void {
  if (tree.stack.length >= MAX_DEPTH) {
    if (tree.beyond === 0)
      tree.report(
        problem("H0012", place, "blocks are nested more than 100 deep here", "see whether blocks above are closed"),
      );
    tree.beyond++;
    return;
  }
  const block: Open = { open: place, statements: [], close: null };
  const owner = current ?? levelOf(tree).at(-1);
  if (owner !== undefined && owner.block === null) owner.block = block;
  else {
    tree.report(
      problem(
        "H0012",
        place,
        "a block begins here, but no keyword stands in front of it",
        "remove the brace, or write the keyword in front of it",
      ),
    );
    begin(tree, place).block = block;
  }
  tree.stack.push(block);
}

function close(tree: Growing, place: Place): void {
  if (tree.beyond > 0) {
    tree.beyond--;
    return;
  }
  const block = tree.stack.pop();
  if (block !== undefined) block.close = place;
  else
    tree.report(
      problem(
        "H0010",
        place,
        "this brace closes nothing",
        "remove it, or see whether a block above lacks its opening brace",
      ),
    );
}

function unclosedAtEnd(block: Open, top: readonly OpenStatement[], depth: number, report: Report): void {
  const owner = top.findLast((statement) => statement.block === block);
  const name = owner?.words.map(({ text }) => text).join(" ") ?? "";
  const place =
    owner === undefined || name === "" ? block.open : placeIn(owner.place.line, owner.place.start, lastEnd(owner));
  const missing = depth === 1 ? "its closing brace is missing" : `${depth} closing braces are missing`;
  report(
    problem(
      "H0011",
      place,
      `${name === "" ? "this block" : name} is never closed: the file ends and ${missing}`,
      `add ${depth === 1 ? "a }" : `${depth} lines with }`} at the end`,
    ),
  );
}

function lastEnd({ words, place }: OpenStatement): number {
  const last = words.at(-1);
  return last !== undefined && last.line === place.line ? last.end : place.end;
}

const [TAB, NEWLINE, RETURN, BLANK, QUOTE, OPENING, CLOSING] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x7b, 0x7d];

const isBlank = (code: number): boolean => code === BLANK || (code <= RETURN && code >= TAB && code !== NEWLINE);

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

function unterminated(line: Line, start: number, quote: string, report: Report): void {
  report(
    problem(
      "H0020",
      placeIn(line, start),
      `the quote that begins here is never closed`,
      `close it with ${quote} on this line; a value cannot continue on the next one`,
    ),
  );
}

/** A word up to a blank, brace or quote; or what stands between two double quotes. */
function plainWord(line: Line, start: number, report: Report): Word {
  const { text } = line;
  if (text.charCodeAt(start) === QUOTE) {
    const close = text.indexOf('"', start + 1);
    if (close < 0) unterminated(line, start, '"', report);
    const end = close < 0 ? text.length : close + 1;
    return { text: text.slice(start + 1, close < 0 ? end : close), line, start, end, quoted: true };
  }
  const end = endOfPlain(text, start);
  return { text: text.slice(start, end), line, start, end, quoted: false };
}

/** Up to what ends a word, or may begin a variable. */
const PLAIN = /[^ \t\r\f\v{}"$]*/y;

function afterPlain(text: string, from: number): number {
  PLAIN.lastIndex = from;
  PLAIN.test(text);
  return PLAIN.lastIndex;
}

function endOfPlain(text: string, start: number): number {
  let end = afterPlain(text, start);
  while (text[end] === "$") {
    // A variable that nobody defined stays as written, braces and all.
    const close = text[end + 1] === "{" ? text.indexOf("}", end) : -1;
    end = afterPlain(text, (close < 0 ? end : close) + 1);
  }
  return end;
}

/** One word of a command line: quotes group within it, `\\` protects, and both stay for the command's own splitting. */
const COMMAND_WORD = /(?:\\[\s\S]?|"(?:[^"\\]|\\[\s\S]?)*"?|'(?:[^'\\]|\\[\s\S]?)*'?|\$\{[^}]*\}|[^\s{}"'\\])+/y;

function commandWord(line: Line, start: number, report: Report): Word {
  COMMAND_WORD.lastIndex = start;
  const text = COMMAND_WORD.exec(line.text)?.[0] ?? line.text.slice(start, start + 1);
  const end = start + text.length;
  const open = openQuote(text);
  if (open >= 0) unterminated(line, start + open, text[open] ?? '"', report);
  return { text, line, start, end, quoted: text[0] === '"' || text[0] === "'" };
}

export const placeOf = ({ line, start, end }: Word): Place => ({ line, start, end });
