// ~SEQ and ~LST: one line, written out once for each value.

import { problem, type Report } from "./diagnostic.ts";
import type { Bindings } from "./macros.ts";
import { edited, type Line, type Origin, type Place, placeIn, positionOf } from "./source.ts";

export type Repetition = {
  readonly rounds: Iterable<Bindings>;
  /** The rest of the line, which may begin with another repetition. */
  readonly body: Line;
};

const MAX_ROUNDS = 100_000;

/** What stands at the beginning of the line; null when it is no repetition. `resolve` replaces the variables of its arguments. */
export function repetitionIn(
  line: Line,
  resolve: (text: string, at: Place) => string,
  report: Report,
): Repetition | null {
  const match = /^(\s*)~(SEQx?|LST)\(/.exec(line.text);
  if (match === null) return null;
  const open = match[0].length;
  const close = closing(line.text, open);
  const at = placeIn(line, match[1]?.length ?? 0, close < 0 ? line.text.length : close + 1);
  const none: Repetition = { rounds: [], body: line };
  if (close < 0) {
    report(
      problem(
        "H0023",
        at,
        `~${match[2]}( is never closed`,
        "write ~SEQ(name,first,last) or ~LST(name,value,...) in front of the line",
      ),
    );
    return none;
  }
  const written = line.text.slice(open, close);
  const header = written.includes("$") ? resolve(written, at) : written;
  const origin: Origin = { how: "repeat", name: match[2] ?? "", position: positionOf(at), from: null };
  const rounds = match[2] === "LST" ? listRounds(header, origin) : sequenceRounds(header, match[2] === "SEQx", origin);
  if (typeof rounds === "string") {
    report(
      problem(
        "H0023",
        at,
        `~${match[2]}(${header.slice(0, 60)}): ${rounds}`,
        "write ~SEQ(name,first,last), ~SEQ(name,first,step,last) or ~LST(name,value,...)",
      ),
    );
    return none;
  }
  const bodyStart = close + 1 + (/^\s*/.exec(line.text.slice(close + 1))?.[0].length ?? 0);
  return { rounds, body: edited(line, [], bodyStart) };
}

/** The bracket that closes; braces inside may hold brackets of their own. -1 when there is none. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === "{") depth++;
    else if (c === "}") depth--;
    else if (c === ")" && depth <= 0) return i;
  }
  return -1;
}

const NAME = /^[A-Za-z_]\w*$/;

function sequenceRounds(header: string, hex: boolean, origin: Origin): Iterable<Bindings> | string {
  const [name = "", ...numbers] = header.split(",").map((part) => part.trim());
  if (!NAME.test(name)) return `"${name}" is no name for a variable`;
  const values = numbers.map((text) => (/^[+-]?(0x[0-9a-fA-F]+|\d+)$/.test(text) ? toInteger(text) : Number.NaN));
  if (values.length < 1 || values.length > 3 || values.some((value) => !Number.isSafeInteger(value)))
    return "it wants one to three whole numbers after the name";
  const end = values.at(-1) ?? 0;
  const start = values.length > 1 ? (values[0] ?? 0) : end < 0 ? -1 : 1;
  const step = values.length > 2 ? (values[1] ?? 0) : end < start ? -1 : 1;
  if (step === 0) return "a step of 0 never ends";
  const count = Math.max(0, Math.floor((end - start) / step) + 1);
  if (count > MAX_ROUNDS) return `that would be ${count} lines; at most ${MAX_ROUNDS} are written out`;
  return (function* () {
    for (let i = 0; i < count; i++) {
      const value = start + i * step;
      const text = hex ? (value < 0 ? "-" : "") + Math.abs(value).toString(16) : String(value);
      yield new Map([[name, { lines: [text], origin }]]);
    }
  })();
}

const toInteger = (text: string) => (text.startsWith("-") ? -Number(text.slice(1)) : Number(text));

function listRounds(header: string, origin: Origin): Iterable<Bindings> | string {
  const [first = "", ...values] = splitOutsideBraces(header);
  const names = tuple(first);
  if (names.length === 0 || names.some((name) => !NAME.test(name))) return `"${first}" is no name for a variable`;
  if (values.length > MAX_ROUNDS) return `that would be ${values.length} lines`;
  const several = first.startsWith("{");
  return values.map((value) => {
    const texts = several ? tuple(value) : [value];
    return new Map(names.map((name, i) => [name, { lines: [texts[i] ?? ""], origin }]));
  });
}

const tuple = (text: string): string[] =>
  text.startsWith("{")
    ? text
        .replace(/^\{|\}$/g, "")
        .split(",")
        .map((part) => part.trim())
    : [text];

function splitOutsideBraces(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === "{") depth++;
    else if (c === "}") depth--;
    else if (c === undefined || (c === "," && depth <= 0)) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return parts;
}
