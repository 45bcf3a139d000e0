// How close announcements may follow each other, and where they are repeated.

import type { DeclaredExtra, DeclaredGarpGroup } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { entriesOf, entryOf, linesIn, numberIn, type Section } from "./section.ts";
import { placeOf, type Word } from "./syntax.ts";
import { nameLines } from "./tracks.ts";
import { plainNumber } from "./values.ts";

/** A day. */
const LONGEST = 86_400;

/** `[all] seconds` of garp_extra_if; undefined when nothing is said, or nothing that could be meant. */
export function extraIn(section: Section, name: string, least: 0 | 1, report: Report): DeclaredExtra | undefined {
  const entry = entryOf(section, name);
  if (entry === undefined) return undefined;
  const all = entry.args[0]?.text === "all";
  const word = entry.args[all ? 1 : 0];
  // Without a number Keepalived takes it for off.
  if (word === undefined) return all ? wrong(entry.name, report, least) : { every: 0, all: false };
  const every = plainNumber(word.text, true);
  if (every === undefined || every < least || every > LONGEST) return wrong(word, report, least);
  return { every, all };
}

function wrong(at: Word, report: Report, least: number): undefined {
  report(
    problem(
      "H0101",
      placeOf(at),
      `${at.text}: seconds in ${least}..${LONGEST} are wanted, perhaps behind the word all`,
      "write for example: all 10",
    ),
  );
  return undefined;
}

/** All garp_group blocks. An interface that stands in two of them is in the first. */
export function declareGarpGroups(root: Section, report: Report): readonly DeclaredGarpGroup[] {
  const taken = new Map<string, Word>();
  return entriesOf(root, "garp_group").flatMap(({ section, place }) => {
    if (section === null) return [];
    const words = interfacesIn(section).filter((word) => isFree(word, taken, report));
    if (words.length === 0) {
      report(
        problem(
          "H0204",
          place,
          "garp_group names no interface of its own",
          "write interface NAME into it, or remove it",
        ),
      );
      return [];
    }
    const pace = {
      garpInterval: numberIn(section, "garp_interval") ?? null,
      gnaInterval: numberIn(section, "gna_interval") ?? null,
    };
    return [{ ...pace, interfaces: words.map(({ text }) => text) }];
  });
}

const interfacesIn = (section: Section): readonly Word[] => [
  ...entriesOf(section, "interface").flatMap(({ args }) => args.slice(0, 1)),
  ...nameLines(linesIn(section, "interfaces")),
];

function isFree(word: Word, taken: Map<string, Word>, report: Report): boolean {
  const before = taken.get(word.text);
  taken.set(word.text, before ?? word);
  if (before === undefined) return true;
  report(
    problem(
      "H0405",
      placeOf(word),
      `${word.text} is in a garp_group already, which counts`,
      "remove it from one of them",
      [noteAt(placeOf(before), "the other one")],
    ),
  );
  return false;
}
