// Physical lines: comments taken away, what cannot be seen or would be cut is told.

import { problem, type Report } from "./diagnostic.ts";
import { type Line, placeIn, type SourceFile } from "./source.ts";

/** Keepalived's buffer for a line, its end included. */
const LONG_LINE = 1_022;

/** What stands for bytes that are no UTF-8 when they were read as such. */
const NO_UTF8 = "\ufffd";

export type LineReader = {
  /** The next line that says something; null at the end of the file. */
  readonly next: () => Line | null;
  /** The line that continues one: as `next`, but a line with nothing on it ends what it would continue. */
  readonly continuation: () => Line | null;
};

/** Reads the text of a file line by line. */
export function lineReader(file: SourceFile, whole: string, report: Report): LineReader {
  const lines = whole.split("\n");
  lines[0] = withoutMark(file, lines[0] ?? "", report);
  let at = 0;
  const read = (blankEnds: boolean): Line | null => {
    while (at < lines.length) {
      const raw = lines[at] ?? "";
      at++;
      const line = physicalLine(file, at, raw, report);
      if (line !== null) return line;
      if (blankEnds && raw.trim() === "") return null;
    }
    return null;
  };
  return { next: () => read(false), continuation: () => read(true) };
}

/** Keepalived takes a byte order mark for the beginning of the first keyword and loses its block. */
function withoutMark(file: SourceFile, text: string, report: Report): string {
  if (!text.startsWith("\ufeff")) return text;
  const line: Line = { text, file, number: 1, spans: null };
  report(
    problem(
      "H0026",
      placeIn(line, 0, 1),
      "the file begins with a byte order mark, which Keepalived takes for a part of the first word",
      "save it as UTF-8 without BOM",
    ),
  );
  return ` ${text.slice(1)}`;
}

/** The line without its comment; null when nothing is left. */
function physicalLine(file: SourceFile, number: number, raw: string, report: Report): Line | null {
  const end = commentStart(raw);
  const text = withoutTrailingBlanks(raw, end);
  if (text === "") return null;
  const line: Line = { text, file, number, spans: null };
  if (text.includes(NO_UTF8)) noUtf8(line, report);
  if (end < raw.length) commentInWord(line, raw, end, report);
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
  if (isVisible(text.charCodeAt(text.length - 1)) || text.trim() !== "") return line;
  report(
    problem(
      "H0024",
      placeIn(line),
      "there are invisible characters on this line, which is empty otherwise",
      "delete the line",
    ),
  );
  return null;
}

function noUtf8(line: Line, report: Report): void {
  const at = line.text.indexOf(NO_UTF8);
  report(
    problem(
      "H0039",
      placeIn(line, at, at + 1),
      "there are bytes here that are no UTF-8",
      "save the file as UTF-8 (iconv -f latin1 -t utf8); let an auth_pass have ASCII alone, on every router",
    ),
  );
}

/** One of ASCII that is seen: of most lines this tells all that there is to know. */
const isVisible = (code: number): boolean => code > 0x20 && code < 0x7f;

/** In one pass from the end: a regular expression would try every run of blanks in the line. */
function withoutTrailingBlanks(raw: string, end: number): string {
  let to = end;
  while (to > 0 && !isVisible(raw.charCodeAt(to - 1)) && " \t\r\f\v".includes(raw[to - 1] ?? "x")) to--;
  return to === raw.length ? raw : raw.slice(0, to);
}

function commentInWord(line: Line, raw: string, end: number, report: Report): void {
  if (line.text.length !== end || /[{}\s]$/.test(line.text)) return;
  const from = Math.max(...[" ", "\t", "{", "}"].map((c) => line.text.lastIndexOf(c))) + 1;
  const lost = clip(raw.slice(end).trimEnd());
  report(
    problem(
      "H0021",
      placeIn({ ...line, text: raw }, from, end + 1),
      `"${raw[end]}" begins a comment here, so "${lost}" is not part of the value`,
      `write "${clip(raw.slice(from).trimEnd())}" in double quotes if it belongs to it, or a blank in front of the comment`,
    ),
  );
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
