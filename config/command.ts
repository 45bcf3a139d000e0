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

/**
 * The words of a command: `"` and `'` group, `\\` escapes as in C. What stands in quotes as a whole is read
 * twice, as Keepalived does: `\n` ends a word there, and `\\n` is a line feed in one (lab: 2.2.7).
 */
export function splitCommand(text: string): readonly string[] {
  const words: string[] = [];
  let current: string | undefined;
  for (const match of withoutOuterQuotes(text).matchAll(PIECE)) {
    const blank = match[4] !== undefined;
    if (!blank) current = (current ?? "") + pieceOf(match);
    else if (current !== undefined) {
      words.push(current);
      current = undefined;
    }
  }
  if (current !== undefined) words.push(current);
  return words;
}

/** What one match of `PIECE` stands for: an escape, what stands in quotes, or plain text. */
function pieceOf([, protectedText, double, single, , plain]: readonly (string | undefined)[]): string {
  if (protectedText !== undefined) return escaped(protectedText);
  const quoted = double ?? single;
  return quoted === undefined ? (plain ?? "") : unescaped(quoted);
}

/** The first reading, which is the one of any word in quotes. */
function withoutOuterQuotes(text: string): string {
  const quote = text[0];
  const outer = (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote);
  return outer ? unescaped(text.slice(1, -1)) : text;
}

const unescaped = (text: string): string => text.replace(ESCAPE, (_, one: string) => escaped(one));

function escaped(text: string): string {
  const first = text[0] ?? "";
  if (first === "x" && text.length > 1) return String.fromCharCode(Number.parseInt(text.slice(1), 16));
  if (/^[0-7]/.test(text)) return String.fromCharCode(Number.parseInt(text, 8) & 0xff);
  if (first === "c" && text.length > 1) return String.fromCharCode(text.slice(1).toUpperCase().charCodeAt(0) & 0x1f);
  return ESCAPES[first] ?? first;
}
