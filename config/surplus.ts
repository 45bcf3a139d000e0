// What stands on a line behind the arguments of its keyword.

import { problem, type Report } from "./diagnostic.ts";
import type { BlockName, Keyword, Shape } from "./keywords/keyword.ts";
import { keywordIn } from "./keywords.ts";
import { placeOf, type Word } from "./syntax.ts";

/** How many words a shape may take. */
function mostWords(shape: Shape): number {
  switch (shape.kind) {
    case "flag":
    case "lines":
      return 0;
    case "texts":
      return shape.max;
    case "weight":
      return 2;
    case "command":
      return 3;
    case "block":
      return shape.named ? 1 : 0;
    case "skip":
      return Number.POSITIVE_INFINITY;
    default:
      return 1;
  }
}

/** The keyword alone means something, so that another one behind it is no value. */
const standsAlone = (shape: Shape): boolean =>
  shape.kind === "flag" ||
  ((shape.kind === "bool" || shape.kind === "number" || shape.kind === "choice") && shape.bare !== null);

/** A command in quotes is whole: what follows is a user, or the next keyword. */
const isQuotedCommand = ({ shape }: Keyword, args: readonly Word[]): boolean =>
  shape.kind === "command" && args[0]?.quoted === true;

const SIMPLE: ReadonlySet<Shape["kind"]> = new Set(["number", "bool", "choice", "interface", "address", "weight"]);

/** The arguments without an = in front and a ; behind, as other languages have them; each is reported. */
export function withoutSigns(report: Report, keyword: Keyword, args: readonly Word[]): readonly Word[] {
  if (!SIMPLE.has(keyword.shape.kind) && keyword.name !== "state") return args;
  const first = args[0];
  if (first?.text === "=" && !first.quoted && args.length > 1) {
    report(problem("H0037", placeOf(first), `no = stands between ${keyword.name} and its value`, "remove the ="));
    return withoutSigns(report, keyword, args.slice(1));
  }
  const last = args.at(-1);
  const sign = last?.quoted === false ? /[;,]+$/.exec(last.text)?.[0] : undefined;
  if (last === undefined || sign === undefined || sign === last.text) return args;
  const at = { ...placeOf(last), start: Math.max(last.start, last.end - sign.length) };
  report(problem("H0037", at, `no ${sign} stands behind the value of ${keyword.name}`, `remove the ${sign}`));
  return [...args.slice(0, -1), { ...last, text: last.text.slice(0, -sign.length) }];
}

/** The number of the argument that is a keyword of the same block; -1 when there is none. */
export function secondKeyword(block: BlockName, keyword: Keyword, args: readonly Word[]): number {
  const from = standsAlone(keyword.shape) ? 0 : isQuotedCommand(keyword, args) ? 1 : mostWords(keyword.shape);
  for (let i = from; i < args.length; i++) {
    const arg = args[i];
    if (arg?.quoted === false && keywordIn(block, arg.text) !== undefined) return i;
  }
  return -1;
}

/** Some words as text, not more than a message can bear. */
function wordsText(words: readonly Word[]): string {
  const shown = words
    .slice(0, 8)
    .map(({ text }) => text)
    .join(" ");
  return shown.length > 80 || words.length > 8 ? `${shown.slice(0, 80)}…` : shown;
}

/** Words behind the last argument: Keepalived drops them without a word. */
export function surplus(report: Report, words: readonly Word[]): void {
  const first = words[0];
  if (first === undefined) return;
  const last = words.at(-1) ?? first;
  report(
    problem(
      "H0004",
      { ...placeOf(first), end: last.line === first.line ? last.end : first.end },
      `"${wordsText(words)}" is ignored: the keyword takes nothing more`,
      "remove it, or write # in front of a comment",
    ),
  );
}
