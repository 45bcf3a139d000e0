// The arguments of one keyword, by its shape.

import { openQuoteWithin, splitCommand, wordProblem } from "./command.ts";
import { problem, type Report } from "./diagnostic.ts";
import type { Keyword, Shape } from "./keywords/keyword.ts";
import { placeOf, type Word } from "./syntax.ts";
import { addressOf, BOOLEANS, type CommandLine, choiceOf, interfaceProblem, numberOf, type Weight } from "./values.ts";

export type Value = boolean | number | string | readonly string[] | Weight | CommandLine;

export type Surroundings = {
  readonly report: Report;
  /** Takes what stands behind the last argument. */
  readonly surplus: (words: readonly Word[]) => void;
};

/** The value of a keyword's arguments; undefined when they are wrong, which is reported. */
export function argumentsOf(
  keyword: Keyword,
  name: Word,
  args: readonly Word[],
  around: Surroundings,
): Value | undefined {
  const { shape } = keyword;
  const first = args[0];
  if (first === undefined) return bareValue(keyword, shape, name, around.report);
  const rest = args.slice(1);
  switch (shape.kind) {
    case "flag":
      around.surplus(args);
      return true;
    case "texts":
      around.surplus(args.slice(shape.max));
      return enough(keyword, name, args, shape.min, around.report)
        ? args.slice(0, shape.max).map(({ text }) => text)
        : undefined;
    case "command":
      return commandOf(keyword, name, first, rest, around);
    case "weight":
      return weightOf(keyword, first, rest, shape.limit, around);
    default:
      around.surplus(rest);
      return single(keyword, shape, first, around.report);
  }
}

/** Shapes of exactly one word. */
function single({ name }: Keyword, shape: Shape, word: Word, report: Report): Value | undefined {
  switch (shape.kind) {
    case "bool":
      return boolean(name, word, report);
    case "number":
      return numberOf(word, name, shape, report);
    case "text":
      return word.text;
    case "choice":
      return choiceOf(word, name, shape.of, report);
    case "interface": {
      const wrong = interfaceProblem(word);
      if (wrong !== undefined) report(wrong);
      return wrong === undefined ? word.text : undefined;
    }
    case "address":
      return addressOf(word, name, shape.family, shape.multicast, report);
    default:
      return true;
  }
}

function boolean(name: string, word: Word, report: Report): boolean | undefined {
  const value = BOOLEANS.get(word.text.toLowerCase());
  if (value === undefined)
    report(
      problem(
        "H0102",
        placeOf(word),
        `${name}: "${word.text}" is not on, off, true, false, yes or no`,
        "write on or off",
      ),
    );
  return value;
}

function bareValue(keyword: Keyword, shape: Shape, name: Word, report: Report): Value | undefined {
  if (shape.kind === "flag") return true;
  if ((shape.kind === "bool" || shape.kind === "number" || shape.kind === "choice") && shape.bare !== null)
    return shape.bare;
  if ((shape.kind === "text" || shape.kind === "command") && shape.optional) return "";
  if (shape.kind === "texts" && shape.min === 0) return [];
  missing(keyword, name, report);
  return undefined;
}

const BEHIND = "write it behind the keyword; # and ! begin a comment unless they stand in double quotes";

function missing(keyword: Keyword, name: Word, report: Report, help = BEHIND): void {
  report(problem("H0002", placeOf(name), `${name.text} needs a value: ${shapeText(keyword.shape)}`, help));
}

/** An address and a port as everybody else writes them: 127.0.0.1:9165, [::1]:9165. */
function asTwoWords(name: Word, [only]: readonly Word[]): string | undefined {
  const [, host = "", port = ""] = /^\[?(.+?)\]?:(\d+)$/.exec(only?.text ?? "") ?? [];
  return host === "" ? undefined : `write ${name.text} ${host} ${port}`;
}

function enough(keyword: Keyword, name: Word, args: readonly Word[], min: number, report: Report): boolean {
  if (args.length >= min) return true;
  missing(keyword, name, report, min === 2 ? asTwoWords(name, args) : undefined);
  return false;
}

/** What a keyword wants, in words. */
export function shapeText(shape: Shape): string {
  switch (shape.kind) {
    case "flag":
      return "nothing";
    case "bool":
      return "on or off";
    case "number":
      return `a ${shape.whole ? "whole " : ""}number in ${shape.min}..${shape.max}${shape.unit === "" ? "" : ` ${shape.unit}`}`;
    case "text":
    case "texts":
      return shape.what;
    case "choice":
      return shape.of.join(" or ");
    case "interface":
      return "the name of an interface";
    case "address":
      return `an ${shape.family === "ipv4" ? "IPv4 " : shape.family === "ipv6" ? "IPv6 " : "IP "}${shape.multicast ? "multicast " : ""}address`;
    case "command":
      return "a command line in double quotes, then perhaps user and group";
    case "weight":
      return `a whole number in ${-shape.limit}..${shape.limit}, then perhaps reverse`;
    case "block":
      return shape.named ? "a name and a block" : "a block";
    case "lines":
      return "a block of lines";
    case "skip":
      return "a block, skipped";
  }
}

function commandOf(
  keyword: Keyword,
  name: Word,
  first: Word,
  rest: readonly Word[],
  around: Surroundings,
): CommandLine | undefined {
  const takesUser = keyword.name !== "script";
  const lost = takesUser ? rest.slice(2) : rest;
  const odd = rest.find(
    ({ text, quoted }, i) => !first.quoted && (quoted || /^[-/]/.test(text) || i >= (takesUser ? 2 : 0)),
  );
  if (odd !== undefined) {
    const all = [first, ...rest].map(({ text }) => text).join(" ");
    around.report(
      problem(
        "H0017",
        { ...placeOf(odd), end: rest.at(-1)?.end ?? odd.end },
        `without quotes only "${first.text}" is the command of ${name.text}${takesUser ? "; what follows is a user and a group" : ", and the rest is dropped"}`,
        `write ${name.text} "${all.replaceAll('"', '\\"')}"`,
      ),
    );
  } else around.surplus(lost);
  const argv = splitCommand(first.text);
  if ((argv[0] ?? "") === "") {
    missing(keyword, name, around.report);
    return undefined;
  }
  if (!isReadable(first, argv, around.report)) return undefined;
  const user = takesUser && odd === undefined ? (rest[0]?.text ?? null) : null;
  return { argv, user, group: takesUser && odd === undefined ? (rest[1]?.text ?? null) : null, word: first };
}

/** What Keepalived drops the program for, or would give it something else. */
function isReadable(command: Word, argv: readonly string[], report: Report): boolean {
  const { text, start, end } = command;
  const open = openQuoteWithin(text);
  if (open !== null) {
    const { at, quote } = open;
    const inside = (sign: string): string => (text[0] === sign ? `\\${sign}` : sign);
    const around = inside(quote === "'" ? '"' : "'");
    const place = { ...placeOf(command), start: start + at, end };
    const help = `close it with ${inside(quote)}; a word with that sign in it is written ${around}a${inside(quote)}b${around}`;
    report(problem("H0020", place, "the quote that begins here within the command is never closed", help));
    return false;
  }
  const trouble = argv.map(wordProblem).find((one) => one !== null) ?? null;
  if (trouble !== null)
    report(problem("H0124", placeOf(command), trouble, "write the text itself, not its octets by escapes"));
  return trouble === null;
}

function weightOf(
  { name }: Keyword,
  first: Word,
  rest: readonly Word[],
  limit: number,
  around: Surroundings,
): Weight | undefined {
  const weight = numberOf(first, name, { min: -limit, max: limit, whole: true, unit: "" }, around.report);
  const reverse = rest[0]?.text === "reverse";
  around.surplus(rest[0]?.text === "noreverse" || reverse ? rest.slice(1) : rest);
  return weight === undefined ? undefined : { weight, reverse };
}
