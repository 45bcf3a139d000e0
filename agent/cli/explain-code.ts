// heird check --explain: what a diagnostic means, at length.

import { explainCode } from "../../config/codes.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** Prints the explanation of a code such as H0104. */
export function explain(code: string): number {
  const text = explainCode(code);
  if (text === undefined)
    throw new Refusal(EXIT.usage, `there is no diagnostic "${code}"; codes are an H and four figures, as in H0104`);
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}
