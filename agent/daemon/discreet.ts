// What is said where others read it, the journal and the control socket, without the passwords that
// stand in a configuration. Whoever may read the file sees them with `heird check`.

import { CODES } from "../../config/codes.ts";
import type { Diagnostic } from "../../config/diagnostic.ts";

const PASSWORD = /^(\s*auth_pass\s+)(\S.*)$/;

type Files = ReadonlyMap<string, string>;

/** The files with the passwords struck out, every other character in its place. */
export const maskedFiles = (files: Files): Files =>
  new Map([...files].map(([path, text]) => [path, text.includes("auth_pass") ? maskedText(text) : text]));

const maskedText = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(PASSWORD, (_, keyword, value) => keyword + "*".repeat(value.length)))
    .join("\n");

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
