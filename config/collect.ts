// Gathers what all steps report: each thing once, one error for what one edit mends, and no more than
// anybody reads.

import { again, type Diagnostic, fileProblem, type Report } from "./diagnostic.ts";

/** A file with a mistake on every line is as useless with a thousand diagnostics as with a million. */
const MAX_DIAGNOSTICS = 1_000;

export type Collector = {
  readonly report: Report;
  /** True as soon as one error was reported, kept or not. */
  readonly refused: () => boolean;
  /** All that was kept; `file` is where the rest is counted. */
  readonly list: (file: string) => readonly Diagnostic[];
};

/** An empty collection. What only tells that a line is not portable is kept when somebody asks for it. */
export function collector({ portable }: { readonly portable: boolean }): Collector {
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  const firsts = new Map<string, Diagnostic>();
  let dropped = 0;
  let refused = false;
  const report = (diagnostic: Diagnostic) => {
    if (diagnostic.code === "H0408" && !portable) return;
    refused ||= diagnostic.severity === "error";
    if (found.length >= MAX_DIAGNOSTICS) {
      dropped++;
      return;
    }
    // A macro that is used a hundred times has its mistake once at each place, and no more.
    const { file, line, column } = diagnostic.position;
    const key = `${file}:${line}:${column}:${diagnostic.code}:${diagnostic.message}`;
    if (told.has(key)) return;
    told.add(key);
    found.push(shortened(onlyOnce(diagnostic, firsts)));
  };
  const list = (file: string) => {
    // Which mistakes are one has been used, and its words may be a part of a password.
    const kept = bracesPaired(found).map((diagnostic) => ({ ...diagnostic, mistake: null }));
    return dropped === 0 ? kept : [...kept, fileProblem("H0016", file, `${dropped} more diagnostics are not shown`)];
  };
  return { report, refused: () => refused, list };
}

/** A word of a megabyte is known by how it begins and ends. */
const LONGEST = 600;
const short = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)} … ${text.slice(-LONGEST / 4)}`;

function shortened(diagnostic: Diagnostic): Diagnostic {
  const { message, help, notes } = diagnostic;
  const isShort = Math.max(message.length, help?.length ?? 0, ...notes.map((note) => note.message.length)) <= LONGEST;
  if (isShort) return diagnostic;
  return {
    ...diagnostic,
    message: short(message),
    help: help === null ? null : short(help),
    notes: notes.map((note) => ({ ...note, message: short(note.message) })),
  };
}

function onlyOnce(diagnostic: Diagnostic, firsts: Map<string, Diagnostic>): Diagnostic {
  const { mistake, severity } = diagnostic;
  if (mistake === null || severity !== "error") return diagnostic;
  const first = firsts.get(mistake);
  if (first !== undefined) return again(diagnostic, first);
  firsts.set(mistake, diagnostic);
  return diagnostic;
}

/** Where an opening brace is missing, the one that closes the block is too many: the same mistake, found at its other end. */
function bracesPaired(found: readonly Diagnostic[]): readonly Diagnostic[] {
  const openings = found.filter(({ code }) => code === "H0007");
  if (openings.length === 0) return found;
  const taken = new Set<Diagnostic>();
  return found.map((diagnostic) => {
    const { code, position } = diagnostic;
    if (code !== "H0010") return diagnostic;
    const opening = openings.findLast(
      (one) => !taken.has(one) && one.position.file === position.file && one.position.line <= position.line,
    );
    if (opening === undefined) return diagnostic;
    taken.add(opening);
    return again(diagnostic, opening);
  });
}
