// How the demo looks: time, who, what, and two columns of figures on the right.

const LONGEST = 100;
const SHORTEST = 80;
/** Where names and sentences begin, and how wide each of the two columns of figures is. */
const TIME = 10;
const MARGIN = 18;
const FIGURE = 12;

type Paint = (text: string) => string;

export type Row = {
  /** Microseconds since 1970; left out where the moment says nothing. */
  readonly at?: number;
  readonly who?: string;
  readonly text: string;
  readonly measured?: string;
  readonly due?: string;
  /** Whether the measured figure is as it should be; it is painted accordingly. */
  readonly good?: boolean;
};

export type Screen = {
  /** Begins a chapter that has figures in it, at a moment in µs since 1970. */
  readonly chapter: (at: number, text: string) => void;
  readonly row: (row: Row) => void;
  /** A paragraph from the left margin, in bold if it matters; what was broken by hand stays broken. */
  readonly text: (text: string, matters?: boolean) => void;
  /** A line that is meant to be copied, however long it is. */
  readonly command: (text: string) => void;
  /** From here on moments are told relative to this one. */
  readonly startClock: (zero: number) => void;
};

/** Colour is for people at a terminal who have not declined it: https://no-color.org. */
export const wantsColour = (isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";

/** Breaks a text into lines of at most `width`; a word that is longer stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** A screen on a stream of `columns`; between 80 and 100 of them are used. */
export function createScreen(write: (text: string) => void, columns: number, colour: boolean): Screen {
  const width = Math.min(LONGEST, Math.max(SHORTEST, columns));
  const paint =
    (code: number): Paint =>
    (text) =>
      colour && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const [bold, dim, green, yellow] = [paint(1), paint(2), paint(32), paint(33)];
  let zero = 0;
  const print = (line: string): void => write(`${line.trimEnd()}\n`);
  const moment = (at: number): string => `${((at - zero) / 1e6).toFixed(3).padStart(TIME - 2)}  `;
  const figures = (measured: string, due: string, good: boolean): string =>
    (good ? green : yellow)(measured.padStart(FIGURE)) + dim(due.padStart(FIGURE));
  return {
    chapter: (at, text) => {
      print("");
      const columns = "measured".padStart(FIGURE) + "expected".padStart(FIGURE);
      const room = width - TIME - 2 * FIGURE;
      const [first = "", ...more] = wrap(text, room);
      print(dim(moment(at)) + bold(first.padEnd(room)) + dim(columns));
      for (const line of more) print(" ".repeat(TIME) + bold(line));
    },
    row: ({ at, who = "", text, measured = "", due = "", good = true }) => {
      const hasFigures = measured !== "" || due !== "";
      const room = width - MARGIN - (hasFigures ? 2 * FIGURE : 0);
      const [first = "", ...more] = wrap(text, room);
      const left = dim(at === undefined ? " ".repeat(TIME) : moment(at)) + who.padEnd(MARGIN - TIME);
      print(left + first.padEnd(room) + (hasFigures ? figures(measured, due, good) : ""));
      for (const line of more) print(" ".repeat(MARGIN) + line);
    },
    text: (text, matters = false) => {
      for (const paragraph of text.split("\n")) {
        const indent = /^ */.exec(paragraph)?.[0] ?? "";
        for (const line of wrap(paragraph.trimStart(), width - indent.length))
          print(matters ? bold(indent + line) : indent + line);
      }
    },
    command: (text) => print(`  ${bold(text)}`),
    startClock: (at) => {
      zero = at;
    },
  };
}

/** A span of µs, to a tenth of a millisecond. */
export const ms = (us: number): string => `${(us / 1_000).toFixed(1)} ms`;
