// The text of a command, as Keepalived reads it: into words, or what is wrong with it.

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  E: "\u001b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\u000b",
};

const PIECE =
  /\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|c[@-_a-z]|[\s\S])|"((?:[^"\\]|\\[\s\S])*)"?|'((?:[^'\\]|\\[\s\S])*)'?|(\s+)|([^\s"'\\]+|\\)/g;
const ESCAPE = /\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|c[@-_a-z]|[\s\S])/g;
const FIRST_READING = new RegExp(`${ESCAPE.source}|[\\s\\S]`, "g");

/**
 * The words of a command: `"` and `'` group, `\\` escapes as in C. What stands in quotes as a whole is read
 * twice, as Keepalived does: `\n` ends a word there, and `\\n` is a line feed in one (lab: 2.2.7).
 */
export function splitCommand(text: string): readonly string[] {
  const words: string[] = [];
  let current: string | undefined;
  for (const match of withoutOuterQuotes(octetsOf(text)).matchAll(PIECE)) {
    const blank = match[4] !== undefined;
    if (!blank) current = (current ?? "") + pieceOf(match);
    else if (current !== undefined) {
      words.push(current);
      current = undefined;
    }
  }
  if (current !== undefined) words.push(current);
  return words.map(textOf);
}

/** One character for each octet in UTF-8, because that is what an escape stands for. */
const octetsOf = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (octet) => String.fromCharCode(octet)).join("");
const textOf = (octets: string): string =>
  new TextDecoder().decode(Uint8Array.from(octets, (one) => one.charCodeAt(0)));

/** Why no program can be given a word; null when it can: a NUL would end it, and no other octets than text reach it. */
export function wordProblem(word: string): string | null {
  if (word.includes("\0")) return "a word of the command has a NUL in it";
  return word.includes("\ufffd") ? "a word of the command is no UTF-8" : null;
}

/** The quote that nothing closes when a command is read for the second time, and where in its text; null when all are. */
export function openQuoteWithin(text: string): { readonly at: number; readonly quote: string } | null {
  if (!hasOuterQuotes(text)) return null;
  const signs = [...text.slice(1, -1).matchAll(FIRST_READING)];
  const read = signs.map(([plain, one]) => (one === undefined ? plain : escaped(one))).join("");
  const open = openQuote(read);
  return open < 0 ? null : { at: 1 + (signs[open]?.index ?? 0), quote: read[open] ?? "" };
}

/** Where the quote begins that a text does not close; -1 when there is none. */
export function openQuote(text: string): number {
  let quote = "";
  let opened = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? "";
    if (c === "\\") i++;
    else if (c === quote) quote = "";
    else if (quote === "" && (c === '"' || c === "'")) {
      quote = c;
      opened = i;
    }
  }
  return quote === "" ? -1 : opened;
}

/** What one match of `PIECE` stands for: an escape, what stands in quotes, or plain text. */
function pieceOf([, protectedText, double, single, , plain]: readonly (string | undefined)[]): string {
  if (protectedText !== undefined) return escaped(protectedText);
  const quoted = double ?? single;
  return quoted === undefined ? (plain ?? "") : unescaped(quoted);
}

/** The first reading, which is the one of any word in quotes. */
const withoutOuterQuotes = (text: string): string => (hasOuterQuotes(text) ? unescaped(text.slice(1, -1)) : text);

function hasOuterQuotes(text: string): boolean {
  const quote = text[0];
  return (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote);
}

const unescaped = (text: string): string => text.replace(ESCAPE, (_, one: string) => escaped(one));

function escaped(text: string): string {
  const first = text[0] ?? "";
  if (first === "x" && text.length > 1) return String.fromCharCode(Number.parseInt(text.slice(1), 16));
  if (/^[0-7]/.test(text)) return String.fromCharCode(Number.parseInt(text, 8) & 0xff);
  if (first === "c" && text.length > 1) return String.fromCharCode(text.slice(1).toUpperCase().charCodeAt(0) & 0x1f);
  return ESCAPES[first] ?? first;
}
