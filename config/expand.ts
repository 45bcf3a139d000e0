// Files become lines: includes followed, conditions decided, macros replaced, repetitions written
// out, comments taken away. Bounded in depth and in what it writes, whatever the files say.

import { fileProblem, problem, type Report } from "./diagnostic.ts";
import { type FileReader, INCLUDE_KINDS, type IncludeKind, includedFiles } from "./include.ts";
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
const MAX_INPUT = 32 * 1024 * 1024;
/** Keepalived's buffer for a line, its end included. */
const LONG_LINE = 1_022;
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
  if (first.ok) readFile(work, { path, origin: null }, first.text, [path]);
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
    work.report(fileProblem("H0030", file.path, "the configuration has more than 32 MiB", "split it between daemons"));
    return;
  }
  const lines = whole.split("\n");
  let text = lines[0] ?? "";
  if (text.startsWith("\ufeff")) {
    // Keepalived takes the three bytes for the beginning of the first keyword and loses its block.
    const line: Line = { text, file, number: 1, spans: null };
    work.report(
      problem(
        "H0026",
        placeIn(line, 0, 1),
        "the file begins with a byte order mark, which Keepalived takes for a part of the first word",
        "save it as UTF-8 without BOM",
      ),
    );
    lines[0] = text = ` ${text.slice(1)}`;
  }
  for (let i = 0; i < lines.length && !work.full; i++) {
    const line = physicalLine(work, file, i + 1, lines[i] ?? "");
    if (line === null) continue;
    const more = () => {
      i++;
      return i < lines.length
        ? (physicalLine(work, file, i + 1, lines[i] ?? "") ?? { text: "", file, number: i + 1, spans: null })
        : null;
    };
    handle(work, line, { bindings: null }, more, stack, 0);
  }
}

/** The line without its comment; null when nothing is left. */
function physicalLine(work: Work, file: SourceFile, number: number, raw: string): Line | null {
  const end = commentStart(raw);
  const text = raw.slice(0, end).replace(/[ \t\r\f\v]+$/, "");
  const line: Line = { text, file, number, spans: null };
  const { report } = work;
  if (end < raw.length && text.length === end && end > 0 && !/[{}\s]$/.test(text)) {
    const from = text.search(/\S+$/);
    const lost = raw.slice(end).trimEnd();
    work.report(
      problem(
        "H0021",
        placeIn({ ...line, text: raw }, from, end + 1),
        `"${raw[end]}" begins a comment here, so "${clip(lost)}" is not part of the value`,
        `write "${clip(raw.slice(from).trimEnd())}" in double quotes if it belongs to it, or a blank in front of the comment`,
      ),
    );
  }
  if (raw.length > LONG_LINE) {
    report(
      problem(
        "H0034",
        placeIn(line, 0, Math.min(text.length, 40)),
        `the line has ${raw.length} characters; Keepalived reads 1024 bytes and takes the rest for lines of their own`,
        "make it shorter to stay portable",
      ),
    );
  }
  if (text !== "" && text.trim() === "") {
    report(
      problem(
        "H0024",
        placeIn(line),
        "there are invisible characters on this line, which is empty otherwise",
        "delete the line",
      ),
    );
  }
  return text.trim() === "" ? null : line;
}

const clip = (text: string) => (text.length > 40 ? `${text.slice(0, 37)}...` : text);

/** Where the comment begins: `#` or `!` outside double quotes. The length of the text when there is none. */
function commentStart(text: string): number {
  if (!text.includes("#") && !text.includes("!")) return text.length;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\\") i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "#" || c === "!")) return i;
  }
  return text.length;
}

type More = () => Line | null;

function handle(work: Work, line: Line, scope: Scope, more: More, stack: readonly string[], depth: number): void {
  if (work.full) return;
  if (depth > MAX_NESTING) {
    work.report(
      problem(
        "H0031",
        placeIn(line),
        "macros expand to macros more than 32 deep here",
        "define the innermost lines directly",
      ),
    );
    return;
  }
  const trimmed = line.text.trimStart();
  switch (trimmed[0]) {
    case "@":
      return condition(work, line, scope, more, stack, depth);
    case "$":
      if (define(work, line, scope, more)) return;
      break;
    case "~":
      if (repeat(work, line, scope, more, stack, depth)) return;
      break;
    case "i":
      if (include(work, line, scope, stack)) return;
  }
  if (!line.text.includes("$")) {
    push(work, line);
    return;
  }
  const replaced = work.macros.replace(line, scope);
  for (const one of replaced) {
    if (one === line) push(work, line);
    else if (/^\s*([@~]|\$\w+=)/.test(one.text)) handle(work, one, scope, () => null, stack, depth + 1);
    else if (one.text.trim() !== "") push(work, one);
  }
}

function push(work: Work, line: Line): void {
  if (work.lines.length >= MAX_LINES) {
    work.full = true;
    work.report(
      problem(
        "H0030",
        placeIn(line),
        "the configuration has more than 2 000 000 lines when everything is written out",
        "repeat fewer lines",
      ),
    );
    return;
  }
  work.lines.push(line);
}

function condition(work: Work, line: Line, scope: Scope, more: More, stack: readonly string[], depth: number): void {
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
    return;
  }
  const kept = (id === work.options.configId) === (match?.[2] === "");
  const rest = edited(line, [], match?.[0].length ?? 0);
  // A definition that is not kept takes its continuation lines with it.
  if (!kept) continuedIn(rest, more);
  else if (rest.text !== "") handle(work, rest, scope, more, stack, depth + 1);
}

function define(work: Work, line: Line, scope: Scope, more: More): boolean {
  const definition = definitionIn(line, more);
  if (definition === null) return false;
  work.macros.define(definition, scope);
  return true;
}

function repeat(work: Work, line: Line, scope: Scope, more: More, stack: readonly string[], depth: number): boolean {
  const repetition = repetitionIn(line, (header) => work.macros.replace(header, scope)[0] ?? header, work.report);
  if (repetition === null) return false;
  for (const bindings of repetition.rounds) {
    if (!work.macros.spend(repetition.body.text.length, placeIn(line)) || work.full) break;
    const body = edited(repetition.body, []);
    handle(work, body, { bindings: new Map([...(scope.bindings ?? []), ...bindings]) }, more, stack, depth + 1);
  }
  return true;
}

const INCLUDE = new RegExp(`^(\\s*)(${INCLUDE_KINDS.join("|")})\\s+(\\S.*?)\\s*$`);

function include(work: Work, line: Line, scope: Scope, stack: readonly string[]): boolean {
  const match = INCLUDE.exec(line.text);
  if (match === null) return false;
  const start = (match[1]?.length ?? 0) + (match[0].length - (match[1]?.length ?? 0) - match[0].trimStart().length);
  const at = placeIn(line, start, line.text.trimEnd().length);
  const written = match[3] ?? "";
  const pattern = (work.macros.replace({ ...line, text: written, spans: [] }, scope)[0]?.text ?? written).replace(
    /^"(.*)"$/,
    "$1",
  );
  if (line.spans !== null || pattern !== written.replace(/^"(.*)"$/, "$1")) {
    work.report(
      problem(
        "H0028",
        at,
        "Keepalived looks for includes before it decides @id lines and replaces variables, so it does not follow this one",
        "write the file name out to stay portable",
      ),
    );
  }
  for (const path of includedFiles(match[2] as IncludeKind, pattern, at, work.options.reader, work.report)) {
    follow(work, path, at, stack);
  }
  return true;
}

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
  if (!outcome.ok) {
    work.report(
      problem("H0027", at, `cannot read ${path}: ${outcome.error}`, "create the file, or remove the include"),
    );
    return;
  }
  const origin: Origin = { how: "include", name: path, position: positionOf(at), from: at.line.file.origin };
  readFile(work, { path, origin }, outcome.text, [...stack, path]);
}
