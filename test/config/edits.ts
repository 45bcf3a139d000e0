// Random edits of real files: bytes, tokens, braces, lines.

import fc from "fast-check";

const TOKENS = [
  "{",
  "}",
  '"',
  "'",
  "#",
  "!",
  "$",
  "${",
  "~SEQ(",
  "~LST({",
  ")",
  "@",
  "\\",
  "\n",
  " ",
  "\t",
  "\0",
  "\u00a0",
  "include ",
  "$A=",
  "weight",
  "vrrp_instance",
  "virtual_ipaddress",
  "-1",
  "999999999999",
  "::",
  "0x",
  "\ud83d\ude00",
  "\ud800",
];

export type Change = { readonly at: number; readonly length: number; readonly kind: number; readonly token: number };

export const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  length: fc.nat({ max: 60 }),
  kind: fc.nat({ max: 3 }),
  token: fc.nat({ max: TOKENS.length - 1 }),
});

/** One edit of bytes, tokens or lines. */
export function edit(text: string, { at, length, kind, token }: Change): string {
  const from = text.length === 0 ? 0 : at % text.length;
  const inserted = TOKENS[token] ?? "";
  if (kind === 0) return text.slice(0, from) + inserted + text.slice(from);
  if (kind === 1) return text.slice(0, from) + text.slice(from + length);
  if (kind === 2) return text.slice(0, from) + inserted + text.slice(from + 1);
  const end = text.indexOf("\n", from) + 1;
  return text.slice(0, from) + text.slice(from, end).repeat(2) + text.slice(end);
}

/** A file by its number and some edits of it. */
export const edits = fc.tuple(fc.nat(), fc.array(change, { minLength: 1, maxLength: 8 }));
