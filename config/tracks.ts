// The lines of track_* blocks, of unicast_peer and of group: names with options.

import { isMulticast, parseAddress } from "../agent/core/address.ts";
import type { DeclaredPeer, DeclaredTrack } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";
import { addressHelp, interfaceProblem, numberOf } from "./values.ts";

/** What references may name, with the weight they have when the line gives none. */
export type Trackable = { readonly name: string; readonly weight: number; readonly reverse: boolean };

export type TrackKind = {
  /** For people: "script". */
  readonly what: string;
  /** The block that defines one; null for interfaces, which nothing defines. */
  readonly definedBy: string | null;
  readonly limit: number;
  readonly known: ReadonlyMap<string, Trackable>;
};

/** The references of a block of trackers. What is defined nowhere is an error: a check that silently is not there is worse. */
export function trackLines(lines: readonly Statement[], kind: TrackKind, report: Report): readonly DeclaredTrack[] {
  const seen = new Map<string, DeclaredTrack>();
  for (const { words, place } of lines) {
    const [name, ...options] = words;
    if (name === undefined) continue;
    const target = targetOf(name, kind, report);
    if (target === undefined) continue;
    const track: DeclaredTrack = { name: name.text, ...weightOption(options, target, kind, report), place };
    const before = seen.get(name.text);
    if (before === undefined) seen.set(name.text, track);
    else
      report(
        problem(
          "H0212",
          placeOf(name),
          `${kind.what} ${name.text} is tracked twice; the first one counts`,
          "remove one of them",
          [noteAt(before.place, "the other one")],
        ),
      );
  }
  return [...seen.values()];
}

function targetOf(name: Word, kind: TrackKind, report: Report): Trackable | undefined {
  if (kind.definedBy === null) {
    const wrong = interfaceProblem(name);
    if (wrong !== undefined) report(wrong);
    return wrong === undefined ? { name: name.text, weight: 0, reverse: false } : undefined;
  }
  const target = kind.known.get(name.text);
  if (target !== undefined) return target;
  const near = closest(name.text, [...kind.known.keys()]);
  report(
    problem(
      "H0201",
      placeOf(name),
      `${kind.what} "${name.text}" is defined nowhere`,
      near === undefined ? `write a block ${kind.definedBy} ${name.text} { … }` : `did you mean ${near}?`,
    ),
  );
  return undefined;
}

function weightOption(
  options: readonly Word[],
  target: Trackable,
  kind: TrackKind,
  report: Report,
): Pick<DeclaredTrack, "weight" | "reverse"> {
  let { weight, reverse } = target;
  for (let i = 0; i < options.length; i++) {
    const word = options[i];
    if (word === undefined) break;
    const value = options[i + 1];
    if (word.text === "reverse") reverse = true;
    else if (word.text === "noreverse") reverse = false;
    else if (word.text === "weight" && value !== undefined) {
      i++;
      weight =
        numberOf(value, "weight", { min: -kind.limit, max: kind.limit, whole: true, unit: "" }, report) ?? weight;
    } else if (word.text === "weight") report(problem("H0002", placeOf(word), "weight needs a number behind it"));
    else unknown(word, kind, report);
  }
  return { weight, reverse };
}

function unknown(word: Word, kind: TrackKind, report: Report): void {
  const value = /^weight[=:](-?\d+)$/.exec(word.text)?.[1];
  const another = kind.known.has(word.text);
  const help =
    value !== undefined
      ? `write weight ${value}`
      : another
        ? "write one name per line"
        : "options are weight N, reverse and noreverse";
  report(problem("H0110", placeOf(word), `"${word.text}" is no option of a tracked ${kind.what}`, help));
}

/** The lines of unicast_peer: IP [min_ttl N] [max_ttl N]. */
export function peerLines(lines: readonly Statement[], report: Report): readonly DeclaredPeer[] {
  return lines.flatMap(({ words, place }) => {
    const [first, ...options] = words;
    if (first === undefined) return [];
    const address = parseAddress(first.text);
    if (address === undefined || isMulticast(address)) {
      report(
        problem(
          "H0103",
          placeOf(first),
          `"${first.text}" is no address of a peer`,
          address === undefined ? addressHelp(first.text) : "a peer has an address of its own, not a group's",
        ),
      );
      return [];
    }
    const bounds: { minTtl: number | null; maxTtl: number | null } = { minTtl: null, maxTtl: null };
    for (let i = 0; i < options.length; i++) {
      const word = options[i];
      const value = options[i + 1];
      const field = word?.text === "min_ttl" ? "minTtl" : word?.text === "max_ttl" ? "maxTtl" : undefined;
      if (word === undefined) break;
      if (field === undefined || value === undefined) {
        const second = parseAddress(word.text) !== undefined;
        report(
          problem(
            second ? "H0118" : "H0110",
            placeOf(word),
            second
              ? `${word.text} is a second peer on the line, and Keepalived would drop it`
              : `"${word.text}" is no option of a peer`,
            second ? "write one peer per line" : "options are min_ttl N and max_ttl N",
          ),
        );
        continue;
      }
      i++;
      bounds[field] = numberOf(value, word.text, { min: 0, max: 255, whole: true, unit: "" }, report) ?? null;
    }
    return [{ address, ...bounds, place }];
  });
}

/** Names, one or several per line. */
export const nameLines = (lines: readonly Statement[]): readonly Word[] => lines.flatMap(({ words }) => words);
