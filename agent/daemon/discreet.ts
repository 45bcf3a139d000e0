// What is said where others read it, the journal and the control socket, without the passwords that
// stand in a configuration. Whoever may read the file sees them with `heird check`.

import { CODES } from "../../config/codes.ts";
import type { Diagnostic } from "../../config/diagnostic.ts";

/** Wherever it stands: one-line blocks, conditions and repetitions have it in the midst of a line. */
const PASSWORD = /^(.*?\bauth_pass\s+)(\S.*)$/;

type Files = ReadonlyMap<string, string>;

/** The files with the passwords struck out, every other character in its place. */
export function maskedFiles(files: Files): Files {
  const texts = [...files.values()].filter((text) => text.includes("auth_pass"));
  const uses = texts.flatMap((text) => text.split("\n").map((line) => PASSWORD.exec(line)?.[2] ?? ""));
  const macros = new Set(uses.flatMap((use) => [...use.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name)));
  return new Map([...files].map(([path, text]) => [path, texts.length === 0 ? text : maskedText(text, macros)]));
}

/** A definition that a password is made of is struck out as well. */
function maskedText(text: string, macros: ReadonlySet<string>): string {
  const struck = (_: string, before: string, value: string): string => before + "*".repeat(value.length);
  const masked = (line: string): string => {
    const [, begin = "", name = ""] = /^(.*?\$(\w+)=)/.exec(line) ?? [];
    if (!macros.has(name)) return line.replace(PASSWORD, struck);
    return begin + "*".repeat(line.length - begin.length);
  };
  return text.split("\n").map(masked).join("\n");
}

/** Diagnostics that quote no password: those about a line with one say what is wrong in general. */
export function discreet(diagnostics: readonly Diagnostic[], files: Files): readonly Diagnostic[] {
  const split = new Map<string, readonly string[]>();
  const lineOf = ({ file, line }: Diagnostic["position"]): string => {
    const lines = split.get(file) ?? (files.get(file) ?? "").split("\n");
    split.set(file, lines);
    return lines[line - 1] ?? "";
  };
  if (![...files.values()].some((text) => text.includes("auth_pass"))) return diagnostics;
  return diagnostics.map((diagnostic) =>
    PASSWORD.test(lineOf(diagnostic.position))
      ? { ...diagnostic, message: `${CODES[diagnostic.code].title}, on a line with a password`, help: null }
      : diagnostic,
  );
}
