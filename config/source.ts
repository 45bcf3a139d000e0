// Where a text stands in the files it was read from, also after macros and repetitions changed it.
//
// A word keeps its line and its offsets; the position people see is worked out only when somebody
// asks, because a file of 10 MB has millions of words and hardly any of them is ever complained of.

/** A span of one line of one file. Line and column count from 1, the column in UTF-16 units. */
export type Position = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
};

/** How a text came to be read where it is: the line that included its file, or the definition it was taken from. */
export type Origin = {
  readonly how: "include" | "macro" | "repeat";
  readonly name: string;
  readonly position: Position;
  readonly from: Origin | null;
};

export type SourceFile = {
  readonly path: string;
  /** The include that asked for the file; null for the first one. */
  readonly origin: Origin | null;
};

/** A stretch of a line's text and the stretch of the physical line it stands for. */
export type Span = {
  /** Offset in the line's text. */
  readonly start: number;
  /** Offset in the physical line. */
  readonly column: number;
  /** Length in the physical line. */
  readonly length: number;
  /** True when text and physical line agree character by character here. */
  readonly verbatim: boolean;
  readonly origin: Origin | null;
};

/** One line as the parser sees it: macros replaced, comments gone. */
export type Line = {
  readonly text: string;
  readonly file: SourceFile;
  /** From 1. */
  readonly number: number;
  /** Ascending by `start`; null when the text is the beginning of the physical line itself. */
  readonly spans: readonly Span[] | null;
};

/** A stretch of a line: what diagnostics point at. */
export type Place = { readonly line: Line; readonly start: number; readonly end: number };

export const placeIn = (line: Line, start = 0, end = line.text.length): Place => ({ line, start, end });

const WHOLE: Span = { start: 0, column: 0, length: 0, verbatim: true, origin: null };

/** The number of the span that holds an offset. */
function spanIndex(spans: readonly Span[], offset: number): number {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((spans[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

const spanAt = (spans: readonly Span[], offset: number): Span => spans[spanIndex(spans, offset)] ?? WHOLE;

function columnOf(spans: readonly Span[], offset: number, edge: "start" | "end"): number {
  const span = spanAt(spans, edge === "end" ? Math.max(0, offset - 1) : offset);
  if (span.verbatim) return span.column + (offset - span.start);
  return edge === "start" ? span.column : span.column + span.length;
}

/** Where a stretch stands in its file. Text that a macro put there is shown where the macro was used. */
export function positionOf({ line, start, end }: Place): Position {
  const first = line.spans === null ? start : columnOf(line.spans, start, "start");
  const last = line.spans === null ? end : columnOf(line.spans, end, "end");
  return { file: line.file.path, line: line.number, column: first + 1, length: Math.max(0, last - first) };
}

/** The places a stretch came through, nearest first: macro definitions, then the includes of its file. */
export function originsOf({ line, start }: Place): readonly Origin[] {
  const origins: Origin[] = [];
  const collect = (origin: Origin | null) => {
    for (let at = origin; at !== null && origins.length < 8; at = at.from) origins.push(at);
  };
  if (line.spans !== null) collect(spanAt(line.spans, start).origin);
  collect(line.file.origin);
  return origins;
}

export type Edit = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly origin: Origin | null;
};

/** The line with some stretches replaced; `edits` ascend and do not overlap. */
export function edited(line: Line, edits: readonly Edit[], from = 0, to = line.text.length): Line {
  const spans: Span[] = [];
  let text = "";
  const keep = (start: number, end: number) => {
    if (end <= start) return;
    for (const span of spansWithin(line, start, end)) spans.push({ ...span, start: span.start - start + text.length });
    text += line.text.slice(start, end);
  };
  let at = from;
  for (const edit of edits) {
    keep(at, edit.start);
    if (edit.text !== "") {
      const { column, length } = positionOf(placeIn(line, edit.start, edit.end));
      spans.push({ start: text.length, column: column - 1, length, verbatim: false, origin: edit.origin });
      text += edit.text;
    }
    at = edit.end;
  }
  keep(at, to);
  return { text, file: line.file, number: line.number, spans };
}

function spansWithin(line: Line, start: number, end: number): Span[] {
  if (line.spans === null) return [{ start, column: start, length: end - start, verbatim: true, origin: null }];
  const found: Span[] = [];
  for (let i = spanIndex(line.spans, start); i < line.spans.length; i++) {
    const span = line.spans[i];
    if (span === undefined || span.start >= end) break;
    found.push(cutFrom(span, start));
  }
  return found;
}

/** What is left of a span from an offset on. */
function cutFrom(span: Span, start: number): Span {
  const cut = start - span.start;
  if (cut <= 0) return span;
  return span.verbatim ? { ...span, start, column: span.column + cut, length: span.length - cut } : { ...span, start };
}
