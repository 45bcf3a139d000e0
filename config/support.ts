// "Known, not honoured": one diagnostic per keyword and file, as its row says.

import { type Diagnostic, problem, type Report } from "./diagnostic.ts";
import { AFTER_PORTABLE, type Keyword } from "./keywords/keyword.ts";
import type { Place } from "./source.ts";
import { placeOf, type Word } from "./syntax.ts";

export type SupportReporter = { readonly tell: (keyword: Keyword, at: Word) => void };

/** Tells of each keyword once per file. With `assumeHonoured` only what will never be heird's business. */
export function supportReporter(
  { assumeHonoured }: { readonly assumeHonoured: boolean },
  report: Report,
): SupportReporter {
  const told = new Set<string>();
  const tell = (keyword: Keyword, at: Word) => {
    if (keyword.since !== "" && !told.has(keyword.name)) {
      told.add(keyword.name);
      report(problem("H0407", placeOf(at), `${keyword.name} needs ${releaseOf(keyword)}`));
    }
    if (keyword.instead !== "")
      report(problem("H0404", placeOf(at), `${keyword.name} is an old keyword`, `write ${keyword.instead}`));
    if (keyword.support === "honoured" || (assumeHonoured && keyword.support !== "ignored")) return;
    const key = `${at.line.file.path}\n${keyword.name}`;
    if (told.has(key)) return;
    told.add(key);
    report(sentence(keyword, at));
  };
  return { tell };
}

const releaseOf = ({ since }: Keyword): string =>
  since === AFTER_PORTABLE ? "a Keepalived newer than 2.2.7" : `Keepalived ${since} or newer`;

/** The line is heird's own, or of a newer Keepalived. */
export const unportable = ({ own, name }: Keyword, at: Place): Diagnostic =>
  problem(
    "H0408",
    at,
    own ? `${name} is heird's own` : `Keepalived 2.2.7 does not know ${name}`,
    "leave the line out to stay portable",
  );

function sentence({ support, shape, doc, name, own }: Keyword, at: Word) {
  const place = placeOf(at);
  if (shape.kind === "skip")
    return problem(
      "H0014",
      place,
      `${name} is skipped to its closing brace: heird balances no load`,
      "keep it in the file of the program that does",
    );
  if (support === "ignored") return problem("H0403", place, `${name} is known and ignored. ${doc}`);
  if (support === "required") {
    return problem(
      "H0402",
      place,
      `${name} is known but not honoured yet, and this router would behave differently without it`,
      own ? "remove it until heird honours it" : "run Keepalived on this router until heird honours it, or remove it",
    );
  }
  return problem("H0401", place, `${name} is known but not honoured yet; the router runs without it`);
}
