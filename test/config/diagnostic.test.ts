// How a diagnostic looks under the line it is about.

import { expect, test } from "vitest";
import { printDiagnostics } from "../../config/diagnostic.ts";
import { loadText } from "./memory.ts";

/** The two lines of the excerpt of the only diagnostic with that code. */
function excerptOf(text: string, code: string): readonly string[] {
  const { diagnostics, files } = loadText(text);
  const printed = printDiagnostics(
    diagnostics.filter((one) => one.code === code),
    files,
    { colour: false },
  );
  return printed.split("\n").slice(1, 3);
}

test.each([
  // The marks begin in the column of the word: a tab is repeated, a wide character is two blanks.
  ["a tab", "\tfoo bar\n", ["   1 | \tfoo bar", "     | \t^^^"]],
  ["wide characters in front", '"日本" bar\n', ['   1 | "日本" bar', "     | ^^^^^^"]],
  ["a combining one", "fo\u0301o bar\n", ["   1 | fo\u0301o bar", "     | ^^^"]],
])("%s", (_what, text, expected) => {
  expect(excerptOf(text, "H0001")).toEqual(expected);
});

test("what stands behind wide characters is underlined where it stands", () => {
  const text = 'vrrp_instance "日本" {\n}\nglobal_defs {\n  router_id "日本" too many\n}\n';
  // 2 blanks, router_id, a blank, two quotes and two characters of two columns, a blank: 2 + 9 + 1 + 6 + 1 = 19.
  expect(excerptOf(text, "H0004")).toEqual(['   4 |   router_id "日本" too many', `     | ${" ".repeat(19)}^^^^^^^^`]);
});
