// Sections: the known keywords of a block with their values, and how they are asked.

import type { IpAddress } from "../agent/core/address.ts";
import type { Value } from "./arguments.ts";
import type { Report } from "./diagnostic.ts";
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
  readonly names: ReadonlyMap<string, readonly Entry[]>;
};

/** Those of a section by the names of their keywords: an instance is asked for a hundred of them and has ten. */
export type Named = Map<string, Entry[]>;

export function nameEntry(names: Named, entry: Entry): void {
  const there = names.get(entry.keyword.name);
  if (there === undefined) names.set(entry.keyword.name, [entry]);
  else there.push(entry);
}

/** A section with other entries. */
export function withEntries({ block, label, place }: Section, entries: readonly Entry[]): Section {
  const names: Named = new Map();
  for (const entry of entries) nameEntry(names, entry);
  return { block, label, place, entries, names };
}

/** The entry that counts, or undefined. */
export function entryOf({ names }: Section, name: string): Entry | undefined {
  const found = names.get(name);
  if (found === undefined) return undefined;
  return found[0]?.keyword.twice === "first" ? found[0] : found[found.length - 1];
}

const NONE: readonly never[] = [];

export const entriesOf = ({ names }: Section, name: string): readonly Entry[] => names.get(name) ?? NONE;

export function numberIn({ names }: Section, name: string): number | undefined {
  const value = names.get(name)?.findLast((entry) => typeof entry.value === "number")?.value;
  return typeof value === "number" ? value : undefined;
}

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

export function linesIn({ names }: Section, name: string): readonly Statement[] {
  const found = names.get(name);
  if (found === undefined) return NONE;
  return found.length === 1 ? (found[0]?.lines ?? NONE) : found.flatMap(({ lines }) => lines);
}

/** What the lines of a block give, without those that give nothing. */
export function readLines<T>(
  section: Section,
  name: string,
  read: (line: Statement, report: Report) => T | undefined,
  report: Report,
): readonly T[] {
  const lines = linesIn(section, name);
  if (lines.length === 0) return NONE;
  const all: T[] = [];
  for (const line of lines) {
    const one = read(line, report);
    if (one !== undefined) all.push(one);
  }
  return all;
}
