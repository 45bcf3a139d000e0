// What is wrong with a configuration, as a value: stable code, severity, place, remedy; and how it
// is printed, for people as a compiler does it and for editors as JSON.

import type { Severity } from "./code-row.ts";
import { CODES, type Code } from "./codes.ts";
import { originsOf, type Place, type Position, positionOf } from "./source.ts";
import { blankAs, markUnder } from "./width.ts";

/** Another place that has to do with it: the first of two, the macro it came from, the include. */
export type Note = { readonly position: Position; readonly message: string };

export type Diagnostic = {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly position: Position;
  readonly notes: readonly Note[];
  /** What would be right, as one sentence without a full stop; null when a note needs none. */
  readonly help: string | null;
  /** Errors with the same words here are mended by one edit; null for one that stands alone. */
  readonly mistake: string | null;
};

export type Report = (diagnostic: Diagnostic) => void;

const ORIGIN = { include: "included from here", macro: "defined here", repeat: "repeated by this line" } as const;

/** The same wrong word is one mistake wherever it stands: to search for it and replace it is one edit. */
const BY_WORD: ReadonlySet<Code> = new Set(["H0103", "H0108", "H0110"]);
const BY_MESSAGE: ReadonlySet<Code> = new Set(["H0001", "H0018", "H0101", "H0102", "H0105", "H0201"]);

function mistakeOf(code: Code, { line, start, end }: Place, message: string): string | null {
  if (!BY_WORD.has(code) && !BY_MESSAGE.has(code)) return null;
  const word = line.text.slice(start, end);
  const variable = /\$\{?\w+/.exec(word)?.[0];
  if (variable !== undefined) return `${code} ${variable}`;
  return `${code} ${BY_WORD.has(code) ? word : message}`;
}

/** A diagnostic about a stretch of text; the macros and includes it came through are noted. */
export function problem(
  code: Code,
  at: Place,
  message: string,
  help: string | null = null,
  notes: readonly Note[] = [],
  mistake: string | null = mistakeOf(code, at, message),
): Diagnostic {
  return {
    code,
    severity: CODES[code].severity,
    message,
    position: positionOf(at),
    notes: at.line.spans === null && at.line.file.origin === null ? notes : [...notes, ...waysTo(at)],
    help: help ?? CODES[code].remedy,
    mistake,
  };
}

const waysTo = (at: Place): readonly Note[] =>
  originsOf(at).map(({ how, name, position }) => ({
    position,
    message: how === "macro" ? `${name} is ${ORIGIN[how]}` : ORIGIN[how],
  }));

/** The same mistake at another place: no error of its own, because the edit that mends the first one mends it. */
export const again = (diagnostic: Diagnostic, first: Diagnostic): Diagnostic => ({
  ...diagnostic,
  code: "H0019",
  severity: CODES.H0019.severity,
  notes: [{ position: first.position, message: "one edit mends both" }, ...diagnostic.notes],
  help: null,
});

/** A diagnostic about a file as a whole. */
export const fileProblem = (code: Code, file: string, message: string, help: string | null = null): Diagnostic => ({
  code,
  severity: CODES[code].severity,
  message,
  position: { file, line: 1, column: 1, length: 0 },
  notes: [],
  help,
  mistake: null,
});

/** The note that points at the other one of two. */
export const noteAt = (at: Place, message: string): Note => ({ position: positionOf(at), message });

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === "error");

/** By file in the order of reading, then by line and column; equal ones stay as they were found. */
export function inOrder(diagnostics: readonly Diagnostic[], files: Iterable<string>): readonly Diagnostic[] {
  const rank = new Map([...files].map((file, i) => [file, i]));
  const of = ({ file }: Position) => rank.get(file) ?? rank.size;
  const compare = ({ position: a }: Diagnostic, { position: b }: Diagnostic): number =>
    (a.file === b.file ? 0 : of(a) - of(b)) || a.line - b.line || a.column - b.column;
  return [...diagnostics].sort(compare);
}

export type PrintOptions = { readonly colour: boolean };

const PAINT = { error: "\u001b[1;31m", warning: "\u001b[1;33m", info: "\u001b[1;36m" } as const;
const BOLD = "\u001b[1m";
const PLAIN = "\u001b[0m";

/** The lines of a file, split once and only when one of them is shown. */
export type Excerpts = (file: string, line: number) => string | undefined;

export function excerptsOf(files: ReadonlyMap<string, string>): Excerpts {
  const split = new Map<string, readonly string[]>();
  return (file, line) => {
    const text = files.get(file);
    if (text === undefined) return undefined;
    const lines = split.get(file) ?? text.split("\n");
    split.set(file, lines);
    return lines[line - 1]?.replace(/\r$/, "");
  };
}

/** One diagnostic as text: `file:line:col: severity[code]: message`, the line, the span, the remedy. */
export function printDiagnostic(diagnostic: Diagnostic, excerpts: Excerpts, { colour }: PrintOptions): string {
  const { severity, code, message, position, notes, help } = diagnostic;
  const paint = (style: string, text: string) => (colour ? `${style}${text}${PLAIN}` : text);
  const lines = [
    `${paint(BOLD, whereOf(position))}: ${paint(PAINT[severity], `${severity}[${code}]`)}: ${paint(BOLD, visible(message))}`,
    ...excerpt(position, excerpts, (text) => paint(PAINT[severity], text)),
  ];
  if (help !== null) lines.push(`  = help: ${visible(help)}`);
  for (const note of notes) {
    lines.push(`${whereOf(note.position)}: note: ${visible(note.message)}`);
    lines.push(...excerpt(note.position, excerpts, (text) => text));
  }
  return lines.join("\n");
}

/** How loud a log is about it: what refuses the file is told by a sentence of its own. */
export const levelOf = ({ severity }: Diagnostic): "info" | "warn" => (severity === "info" ? "info" : "warn");

/** One diagnostic in one line, for logs: where, what, and nothing of the file. */
export const headlineOf = ({ severity, code, message, position }: Diagnostic): string =>
  `${whereOf(position)}: ${severity}[${code}]: ${visible(message)}`;

/** All of them, and a last line that counts. */
export function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  files: ReadonlyMap<string, string>,
  options: PrintOptions,
): string {
  const excerpts = excerptsOf(files);
  const printed = diagnostics.map((diagnostic) => printDiagnostic(diagnostic, excerpts, options));
  return [...printed, summaryOf(diagnostics)].filter((text) => text !== "").join("\n");
}

/** `2 errors, 1 warning`; empty when there is nothing to count. */
export function summaryOf(diagnostics: readonly Diagnostic[]): string {
  const count = (wanted: Severity, word: string) => {
    const n = diagnostics.filter(({ severity }) => severity === wanted).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`];
  };
  return [...count("error", "error"), ...count("warning", "warning"), ...count("info", "note")].join(", ");
}

const whereOf = ({ file, line, column }: Position) => `${visible(file)}:${line}:${column}`;

const WIDTH = 120;

function excerpt(position: Position, excerpts: Excerpts, paint: (text: string) => string): string[] {
  const text = excerpts(position.file, position.line);
  if (text === undefined || position.length === 0) return [];
  const start = position.column - 1;
  // A line of a megabyte is shown as a window around what is meant.
  const from = start > WIDTH / 2 && text.length > WIDTH ? start - WIDTH / 3 : 0;
  const shown = visible(text.slice(from, from + WIDTH));
  const number = String(position.line).padStart(4);
  const indent = blankAs(shown.slice(0, start - from));
  const marks = markUnder(shown.slice(start - from, start - from + position.length), "^");
  return [`${number} | ${shown}`, `${" ".repeat(number.length)} | ${indent}${paint(marks)}`];
}

/** A terminal must not obey what a file says. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the ones to take away
const visible = (text: string): string => text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, "\ufffd");

/** For editors and CI: positions from 1, as printed. */
export const diagnosticsAsJson = (diagnostics: readonly Diagnostic[]): string =>
  JSON.stringify({
    errors: diagnostics.filter(({ severity }) => severity === "error").length,
    warnings: diagnostics.filter(({ severity }) => severity === "warning").length,
    diagnostics: diagnostics.map(({ mistake: _, ...told }) => told),
  });
