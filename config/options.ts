// Lines that are words and options in any order, as ip(8) reads them: routes and rules.

import { parseAddress } from "../agent/core/address.ts";
import { prefixOf } from "./addresses.ts";
import type { DeclaredOption } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { placeOf, type Word } from "./syntax.ts";
import { addressHelp, interfaceProblem, plainNumber } from "./values.ts";

/** What an option wants behind it. */
export type OptionKind = "nothing" | "address" | "prefix" | "interface" | "number" | "word";

export type OptionRow = {
  readonly name: string;
  readonly kind: OptionKind;
  /** Whether `lock` may stand in front of the value. */
  readonly lock: boolean;
};

/** A table of options: `kind name|alias|alias*`, a star where `lock` may stand in front of the value. */
export function optionTable(rows: Readonly<Partial<Record<OptionKind, string>>>): ReadonlyMap<string, OptionRow> {
  const table = new Map<string, OptionRow>();
  for (const [kind, list] of Object.entries(rows) as [OptionKind, string][]) {
    for (const one of list.split(/\s+/)) {
      const lock = one.endsWith("*");
      const names = one.replace(/\*$/, "").split("|");
      for (const name of names) table.set(name, { name: names[0] ?? name, kind, lock });
    }
  }
  return table;
}

export type OptionLine = {
  /** What no option claimed, in order. */
  readonly free: readonly Word[];
  readonly options: readonly DeclaredOption[];
  /** False when an option was unknown or had a wrong value. */
  readonly ok: boolean;
};

/** Reads the words of a line. `isFree` says which words may stand for themselves. */
export function optionLine(
  words: readonly Word[],
  table: ReadonlyMap<string, OptionRow>,
  isFree: (word: Word) => boolean,
  what: string,
  report: Report,
): OptionLine {
  const options: DeclaredOption[] = [];
  const free: Word[] = [];
  let ok = true;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    const row = table.get(word.text);
    if (row === undefined) {
      if (isFree(word)) free.push(word);
      else {
        unknown(word, table, what, report);
        ok = false;
        // A number behind an unknown option is its value, and not a second mistake.
        if (/^\d+$/.test(words[i + 1]?.text ?? "")) i++;
      }
      continue;
    }
    const taken = valueWords(words, i + 1, row);
    i += taken.length;
    ok = checked(word, taken.at(-1), row, report) && ok;
    options.push({ name: row.name, values: taken.map(({ text }) => text) });
  }
  return { free, options, ok };
}

function valueWords(words: readonly Word[], from: number, { kind, lock }: OptionRow): readonly Word[] {
  if (kind === "nothing") return [];
  const first = words[from]?.text;
  const family = kind === "address" && (first === "inet" || first === "inet6");
  return words.slice(from, from + ((lock && first === "lock") || family ? 2 : 1));
}

function checked(name: Word, value: Word | undefined, { kind }: OptionRow, report: Report): boolean {
  if (kind === "nothing") return true;
  if (value === undefined) {
    report(problem("H0002", placeOf(name), `${name.text} needs a value behind it`));
    return false;
  }
  return CHECKS[kind](name, value, report);
}

type Check = (name: Word, value: Word, report: Report) => boolean;

const CHECKS: Readonly<Record<Exclude<OptionKind, "nothing">, Check>> = {
  address: (name, value, report) => {
    const ok = parseAddress(value.text) !== undefined;
    if (!ok)
      report(problem("H0103", placeOf(value), `${name.text}: "${value.text}" is no address`, addressHelp(value.text)));
    return ok;
  },
  prefix: (_, value, report) => ["default", "any", "all"].includes(value.text) || prefixOf(value, report) !== undefined,
  interface: (_, value, report) => {
    const wrong = interfaceProblem(value);
    if (wrong !== undefined) report(wrong);
    return wrong === undefined;
  },
  number: (name, value, report) => {
    const ok = plainNumber(value.text.replace(/(s|ms|us)$/, ""), false) !== undefined;
    if (!ok) report(problem("H0101", placeOf(value), `${name.text}: "${value.text}" is no number`));
    return ok;
  },
  word: () => true,
};

function unknown(word: Word, table: ReadonlyMap<string, OptionRow>, what: string, report: Report): void {
  const near = closest(word.text, [...table.keys()]);
  report(
    problem(
      "H0110",
      placeOf(word),
      `"${word.text}" is no option of a ${what}, and Keepalived would leave the whole ${what} out`,
      near === undefined ? null : `did you mean ${near}?`,
    ),
  );
}
