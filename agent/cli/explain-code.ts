// heird check --explain: what a diagnostic means, at length.

import { CODES, type Code } from "../../config/codes.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** Prints the explanation of a code such as H0104. */
export function explain(code: string): number {
  const text = explainCode(code);
  if (text === undefined)
    throw new Refusal(EXIT.usage, `there is no diagnostic "${code}"; codes are an H and four figures, as in H0104`);
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}

/** What a code means; undefined for a code that does not exist. */
export function explainCode(code: string): string | undefined {
  const name = code.toUpperCase();
  if (!isCode(name)) return undefined;
  const { severity, title, explain } = CODES[name];
  return `${severity}[${name}]: ${title}\n\n${explain}`;
}

const isCode = (name: string): name is Code => Object.hasOwn(CODES, name);
