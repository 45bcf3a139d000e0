// Values with a form of their own, as heird's own blocks have them: URLs, hosts and ports, ranges of
// codes, JSON pointers, modes.

import { type IpAddress, isMulticast, parseAddress } from "../agent/core/address.ts";
import { type Duration, microseconds } from "../agent/core/time.ts";
import type { HostPort } from "./declared-services.ts";
import { problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { type Entry, entriesOf, entryOf, numberIn, type Section } from "./section.ts";
import { placeOf, type Word } from "./syntax.ts";
import { addressHelp, numberOf } from "./values.ts";

/** A span in seconds; undefined when the section does not say. */
export function spanIn(section: Section, name: string): Duration | undefined {
  const value = numberIn(section, name);
  return value === undefined ? undefined : microseconds(Math.round(value * 1_000_000));
}

/** The arguments of every line with a keyword, where they had the right number. */
export const linesWith = (section: Section, name: string): readonly (readonly Word[])[] =>
  entriesOf(section, name).flatMap(({ value, args }) => (value === undefined ? [] : [args]));

/** A URL of one of some schemes, as it was written. */
export function urlOf(word: Word, what: string, schemes: readonly string[], report: Report): string | undefined {
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(word.text)?.[1]?.toLowerCase();
  const wrong =
    scheme === undefined
      ? `has no scheme`
      : !schemes.includes(scheme)
        ? `has the scheme ${scheme}`
        : URL.canParse(word.text)
          ? undefined
          : "is no URL";
  if (wrong === undefined) {
    if (/^https?$/.test(scheme ?? "")) withoutUser(word, what, report);
    return word.text;
  }
  const near = scheme === undefined ? undefined : closest(scheme, schemes);
  const help =
    scheme === undefined
      ? `write ${schemes[0]}://${word.text}`
      : near === undefined
        ? `schemes are ${schemes.join(", ")}`
        : `did you mean ${near}://…?`;
  report(problem("H0123", placeOf(word), `${what}: "${word.text}" ${wrong}`, help));
  return undefined;
}

/** Whoever is asked would not be told them, and everybody would who may read the log. */
function withoutUser(word: Word, what: string, report: Report): void {
  const { username, password } = new URL(word.text);
  if (username !== "" || password !== "")
    report(
      problem(
        "H0123",
        placeOf(word),
        `${what}: the user and the password in the URL are not sent`,
        "take them out of the URL; a check of http may say header Authorization",
      ),
    );
}

const HOST_NAME =
  /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;

/** An address, or a name to look up when it is needed. */
export function hostOf(word: Word, what: string, report: Report): string | undefined {
  const address = parseAddress(word.text);
  if (address !== undefined) return address;
  // Only figures and points: a name it could be, but an address is what was meant.
  if (HOST_NAME.test(word.text) && !/^[\d.]+$/.test(word.text)) return word.text;
  report(
    problem("H0103", placeOf(word), `${what}: "${word.text}" is neither an address nor a name`, addressHelp(word.text)),
  );
  return undefined;
}

/** An address in figures that is no group's. */
export function plainAddress(entry: Entry | undefined, report: Report): IpAddress | undefined {
  const word = entry?.args[0];
  if (entry === undefined || word === undefined) return undefined;
  const address = parseAddress(word.text);
  if (address !== undefined && !isMulticast(address)) return address;
  report(
    problem(
      "H0103",
      placeOf(word),
      `${entry.keyword.name}: "${word.text}" is no address of a host`,
      addressHelp(word.text),
    ),
  );
  return undefined;
}

export const portOf = (word: Word, report: Report): number | undefined =>
  numberOf(word, "port", { min: 1, max: 65_535, whole: true, unit: "" }, report);

/** HOST PORT, the port perhaps left out. */
export function hostPort(words: readonly Word[], what: string, fallback: number | null, report: Report): HostPort[] {
  const [host, port] = words;
  if (host === undefined) return [];
  const name = hostOf(host, what, report);
  const number = port === undefined ? (fallback ?? undefined) : portOf(port, report);
  return name === undefined || number === undefined ? [] : [{ host: name, port: number }];
}

/** 200, or 200-299. */
export function statusRange(word: Word, report: Report): { from: number; to: number }[] {
  const [, first, last] = /^(\d{3})(?:-(\d{3}))?,?$/.exec(word.text) ?? [];
  const from = Number(first);
  const to = Number(last ?? first);
  if (first !== undefined && from >= 100 && to <= 599 && from <= to) return [{ from, to }];
  report(
    problem("H0124", placeOf(word), `"${word.text}" is no code of HTTP and no range of them`, "write 200, or 200-299"),
  );
  return [];
}

/** RFC 6901: empty, or begins with a slash. */
export function pointerOf(word: Word, report: Report): string | undefined {
  if (/^(\/([^~]|~[01])*)?$/.test(word.text)) return word.text;
  report(
    problem(
      "H0124",
      placeOf(word),
      `"${word.text}" is no JSON pointer (RFC 6901)`,
      `write /${word.text.replaceAll(".", "/")}`,
    ),
  );
  return undefined;
}

/** A regular expression, as it was written. */
export function regexOf(word: Word, report: Report): string | undefined {
  try {
    new RegExp(word.text, "u");
    return word.text;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*: /, "") : String(error);
    report(
      problem("H0124", placeOf(word), `"${word.text}" is no regular expression: ${why}`, "write it in double quotes"),
    );
    return undefined;
  }
}

/** The rights of a file in octal. */
export function modeOf(entry: Entry | undefined, fallback: number, report: Report): number {
  const word = entry?.args[0];
  if (word === undefined) return fallback;
  if (/^0?[0-7]{3}$/.test(word.text)) return Number.parseInt(word.text, 8);
  report(problem("H0124", placeOf(word), `mode: "${word.text}" is no mode in octal`, "write 0660"));
  return fallback;
}

/** Certificates and keys: a certificate goes with its key. */
export function tlsIn(section: Section, prefix: "" | "tls_", report: Report) {
  const cert = entryOf(section, `${prefix}cert`);
  const key = entryOf(section, `${prefix}key`);
  const lonely = key === undefined ? cert : cert === undefined ? key : undefined;
  if (lonely !== undefined) {
    const other = lonely === cert ? `${prefix}key` : `${prefix}cert`;
    report(
      problem("H0204", lonely.place, `${lonely.keyword.name} needs ${other} beside it`, `write ${other} PATH, too`),
    );
  }
  const text = (entry: Entry | undefined) => (typeof entry?.value === "string" ? entry.value : null);
  return { ca: text(entryOf(section, `${prefix}ca`)), cert: text(cert), key: text(key) };
}
