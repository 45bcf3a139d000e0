// Files become lines: includes followed, conditions decided, macros replaced, repetitions written
// out, comments taken away. Bounded in depth and in what it writes, whatever the files say.

import { fileProblem, problem, type Report } from "./diagnostic.ts";
import { type FileReader, INCLUDE_KINDS, type IncludeKind, includedFiles, type ReadOutcome } from "./include.ts";
import { lineReader } from "./lines.ts";
import { continuedIn, definitionIn, type Macros, macrosFor, type Scope } from "./macros.ts";
import { repetitionIn } from "./repeat.ts";
import { edited, type Line, type Origin, type Place, placeIn, positionOf, type SourceFile } from "./source.ts";

export type ExpandOptions = {
  readonly reader: FileReader;
  /** What `@id` lines are compared with: Keepalived's -i, or the host's short name. */
  readonly configId: string;
  readonly environment: (name: string) => string | undefined;
  /** A number in 0..1, for ${_RANDOM}. */
  readonly random: () => number;
};

export type Expanded = {
  readonly lines: readonly Line[];
  /** Every file read and its text, in the order of reading. */
  readonly files: ReadonlyMap<string, string>;
};

/** Includes within includes; Keepalived files in the wild have two or three. */
const MAX_INCLUDE_DEPTH = 32;
/** In bytes, of one file and of all together. */
export const MAX_INPUT = 32 * 1024 * 1024;
const MAX_LINES = 2_000_000;
/** A macro may hold lines that are conditions, definitions and repetitions again, but not for ever. */
const MAX_NESTING = 32;

type Work = {
  readonly options: ExpandOptions;
  readonly report: Report;
  readonly lines: Line[];
  readonly files: Map<string, string>;
  readonly macros: Macros;
  input: number;
  full: boolean;
};

/** Reads a configuration and everything it includes. Always gives the lines it could get. */
export function expand(path: string, options: ExpandOptions, report: Report): Expanded {
  const work: Work = {
    options,
    report,
    lines: [],
    files: new Map(),
    macros: macrosFor(options, report),
    input: 0,
    full: false,
  };
  const first = options.reader.read(path);
  if (first.ok) {
    if (first.executable)
      report(fileProblem("H0408", path, `Keepalived passes over ${path}: ${EXECUTABLE}`, `chmod a-x ${path}`));
    readFile(work, { path, origin: null }, first.text, [path]);
  } else if (first.found === "large") report(tooLarge(path));
  else
    report(
      fileProblem(
        "H0003",
        path,
        `cannot read ${path}: ${first.error}`,
        "name the file with -f, and see that heird may read it",
      ),
    );
  return { lines: work.lines, files: work.files };
}

function readFile(work: Work, file: SourceFile, whole: string, stack: readonly string[]): void {
  work.input += whole.length;
  work.files.set(file.path, whole);
  if (work.input > MAX_INPUT) {
    work.full = true;
    work.report(tooLarge(file.path));
    return;
  }
  const reader = lineReader(file, whole, work.report);
  const around: Around = { scope: { bindings: null }, more: reader.continuation, stack, depth: 0 };
  for (let line = reader.next(); line !== null && !work.full; line = reader.next()) handle(work, line, around);
}

const tooLarge = (path: string) =>
  fileProblem("H0030", path, "the configuration has more than 32 MiB", "split it between daemons");

/** What surrounds a line: variables bound by repetitions, the lines behind it, the files it stands in. */
type Around = {
  readonly scope: Scope;
  readonly more: () => Line | null;
  readonly stack: readonly string[];
  readonly depth: number;
};

function handle(work: Work, line: Line, around: Around): void {
  if (work.full) return;
  if (around.depth > MAX_NESTING) {
    work.report(
      problem(
        "H0032",
        placeIn(line),
        "this line is made of macros more than 32 deep; one of them refers to itself",
        "break the circle",
      ),
    );
    return;
  }
  if (special(work, line, around)) return;
  if (!line.text.includes("$")) {
    push(work, line);
    return;
  }
  const inner: Around = { ...around, more: () => null, depth: around.depth + 1 };
  for (const one of work.macros.replace(line, around.scope)) {
    if (one === line) push(work, line);
    else if (one.text.trim() !== "") handle(work, one, inner);
  }
}

/** The first character that is no blank. */
function firstSign(text: string): string | undefined {
  let at = 0;
  for (let code = text.charCodeAt(0); code === 0x20 || code === 0x09; ) code = text.charCodeAt(++at);
  return text.charCodeAt(at) > 0x20 && text.charCodeAt(at) < 0x7f ? text[at] : text.trimStart()[0];
}

/** Lines that say something about lines. False for all others. */
function special(work: Work, line: Line, around: Around): boolean {
  switch (firstSign(line.text)) {
    case "@":
      return condition(work, line, around);
    case "$":
      return define(work, line, around);
    case "~":
      return repeat(work, line, around);
    case "i":
      return include(work, line, around) || repeatInside(work, line, around);
    default:
      return repeatInside(work, line, around);
  }
}

function push(work: Work, line: Line): void {
  if (work.lines.length < MAX_LINES) {
    work.lines.push(line);
    return;
  }
  work.full = true;
  work.report(
    problem(
      "H0030",
      placeIn(line),
      "the configuration has more than 2 000 000 lines when everything is written out",
      "repeat fewer lines",
    ),
  );
}

function condition(work: Work, line: Line, around: Around): true {
  const match = /^(\s*)@(\^?)(\S*)\s*/.exec(line.text);
  const id = match?.[3] ?? "";
  const at = placeIn(line, match?.[1]?.length ?? 0, match?.[0].trimEnd().length ?? 0);
  if (id === "") {
    work.report(
      problem(
        "H0022",
        at,
        "@ without an identifier: the line is dropped, as Keepalived does",
        "write @name or @^name in front of the line",
      ),
    );
    return true;
  }
  const kept = (id === work.options.configId) === (match?.[2] === "");
  const rest = edited(line, [], match?.[0].length ?? 0);
  // A definition that is not kept takes its continuation lines with it.
  if (!kept) continuedIn(rest, around.more);
  else if (rest.text !== "") handle(work, rest, { ...around, depth: around.depth + 1 });
  return true;
}

function define(work: Work, line: Line, { more, scope }: Around): boolean {
  const definition = definitionIn(line, more);
  if (definition === null) return false;
  work.macros.define(definition, scope);
  return true;
}

function repeat(work: Work, line: Line, around: Around): boolean {
  const { scope } = around;
  const repetition = repetitionIn(line, (header, at) => work.macros.resolve(header, scope, at), work.report);
  if (repetition === null) return false;
  const { rounds, body } = repetition;
  for (const bound of rounds) {
    if (work.full || !work.macros.spend(body.text.length, placeIn(line))) break;
    const bindings = new Map([...(scope.bindings ?? []), ...bound]);
    handle(work, edited(body, []), { ...around, scope: { bindings }, depth: around.depth + 1 });
  }
  return true;
}

/** `keyword { ~SEQ(…) line }`: the braces stand on lines of their own then. */
function repeatInside(work: Work, line: Line, around: Around): boolean {
  if (!line.text.includes("~")) return false;
  const match = /[{}]\s*(?=~(SEQx?|LST)\()/.exec(line.text);
  if (match === null) return false;
  const from = match.index + match[0].length;
  const rest = line.text.slice(from);
  const closes = rest.split("}").length > rest.split("{").length && rest.trimEnd().endsWith("}");
  const to = closes ? line.text.lastIndexOf("}") : line.text.length;
  const inner: Around = { ...around, depth: around.depth + 1 };
  handle(work, edited(line, [], 0, match.index + 1), inner);
  handle(work, edited(line, [], from, to), inner);
  if (to < line.text.length) handle(work, edited(line, [], to), inner);
  return true;
}

const INCLUDE = new RegExp(`^(\\s*)(${INCLUDE_KINDS.join("|")})\\s+(\\S.*?)\\s*$`);
const PORTABILITY =
  "Keepalived looks for includes before it decides @id lines and replaces variables, so it does not follow this one";

function include(work: Work, line: Line, { scope, stack }: Around): boolean {
  const match = line.text.includes("include") ? INCLUDE.exec(line.text) : null;
  if (match === null) return false;
  const at = placeIn(line, match[1]?.length ?? 0, line.text.trimEnd().length);
  const written = unquoted(match[3] ?? "");
  const pattern = unquoted(work.macros.resolve(written, scope, at));
  if (line.spans !== null || pattern !== written)
    work.report(problem("H0028", at, PORTABILITY, "write the file name out to stay portable"));
  if (match[2] !== "include")
    work.report(
      problem(
        "H0407",
        at,
        `${match[2]} needs a Keepalived newer than 2.2.7; older ones take it for an unknown keyword`,
        "write include to stay portable",
      ),
    );
  for (const path of includedFiles(match[2] as IncludeKind, pattern, at, work.options.reader, work.report)) {
    follow(work, path, at, stack);
  }
  return true;
}

const EXECUTABLE = "it may be executed";

/** Why something that is there is not taken for a configuration. */
function unfitness(outcome: ReadOutcome): string | null {
  if (outcome.ok) return outcome.executable ? EXECUTABLE : null;
  return outcome.found === "irregular" ? outcome.error : null;
}

const unquoted = (text: string): string => text.replace(/^"(.*)"$/, "$1");

function follow(work: Work, path: string, at: Place, stack: readonly string[]): void {
  if (stack.includes(path)) {
    work.report(
      problem("H0032", at, `${path} includes itself: ${[...stack, path].join(" → ")}`, "remove one of these includes"),
    );
    return;
  }
  if (stack.length >= MAX_INCLUDE_DEPTH) {
    work.report(
      problem("H0032", at, "includes are nested more than 32 deep here", "include the innermost file directly"),
    );
    return;
  }
  const outcome = work.options.reader.read(path);
  const unfit = unfitness(outcome);
  if (unfit !== null) {
    const configuration = outcome.ok ? `if it is a configuration: chmod a-x ${path}; otherwise ` : "";
    const remedy = `${configuration}include files by their ending, such as *.conf`;
    work.report(problem("H0038", at, `${path} is passed over, as Keepalived does: ${unfit}`, remedy));
    return;
  }
  if (!outcome.ok && outcome.found === "large") {
    work.report(tooLarge(path));
    return;
  }
  if (!outcome.ok) {
    work.report(
      problem(
        "H0027",
        at,
        `cannot read ${path}: ${outcome.error}`,
        outcome.found === "unreadable" ? "see that heird may read it" : "create the file, or remove the include",
      ),
    );
    return;
  }
  const origin: Origin = { how: "include", name: path, position: positionOf(at), from: at.line.file.origin };
  readFile(work, { path, origin }, outcome.text, [...stack, path]);
}
