// Sections: the known keywords of a block with their values, and how they are asked.

import type { IpAddress } from "../agent/core/address.ts";
import type { Value } from "./arguments.ts";
import type { BlockName, Keyword } from "./keywords/keyword.ts";
import type { Place } from "./source.ts";
import type { Statement, Word } from "./syntax.ts";

export type Entry = {
  readonly keyword: Keyword;
  readonly name: Word;
  readonly args: readonly Word[];
  /** Undefined when the arguments were wrong, which has been reported. */
  readonly value: Value | undefined;
  readonly section: Section | null;
  /** The lines of a block of lines. */
  readonly lines: readonly Statement[];
  readonly place: Place;
};

export type Section = {
  readonly block: BlockName;
  /** The name behind the keyword; empty for blocks without. */
  readonly label: string;
  readonly place: Place;
  readonly entries: readonly Entry[];
};

/** The entry that counts, or undefined. */
export const entryOf = (section: Section, name: string): Entry | undefined => {
  const found = entriesOf(section, name);
  return found[0]?.keyword.twice === "first" ? found[0] : found.at(-1);
};

/** Each section by the names of its keywords: an instance is asked for a hundred of them and has five. */
const named = new WeakMap<readonly Entry[], ReadonlyMap<string, readonly Entry[]>>();
const NONE: readonly Entry[] = [];

export const entriesOf = ({ entries }: Section, name: string): readonly Entry[] => {
  const known = named.get(entries) ?? byName(entries);
  return known.get(name) ?? NONE;
};

function byName(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const names = new Map<string, Entry[]>();
  for (const entry of entries) {
    const there = names.get(entry.keyword.name);
    if (there === undefined) names.set(entry.keyword.name, [entry]);
    else there.push(entry);
  }
  named.set(entries, names);
  return names;
}

export const numberIn = (section: Section, name: string): number | undefined => {
  const value = entriesOf(section, name).findLast((entry) => typeof entry.value === "number")?.value;
  return typeof value === "number" ? value : undefined;
};

export const boolIn = (section: Section, name: string): boolean | undefined => {
  const value = entryOf(section, name)?.value;
  return typeof value === "boolean" ? value : undefined;
};

export const textIn = (section: Section, name: string): string | undefined => {
  const value = entryOf(section, name)?.value;
  return typeof value === "string" ? value : undefined;
};

export const addressIn = (section: Section, name: string): IpAddress | undefined =>
  textIn(section, name) as IpAddress | undefined;

export const has = (section: Section, name: string): boolean => entryOf(section, name) !== undefined;

export const linesIn = (section: Section, name: string): readonly Statement[] =>
  entriesOf(section, name).flatMap(({ lines }) => lines);
