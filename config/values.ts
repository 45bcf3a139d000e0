// One argument: from a word to a value of the shape its keyword asks for, or a diagnostic.

import { familyOf, type IpAddress, isMulticast, parseAddress } from "../agent/core/address.ts";
import { type Diagnostic, problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { placeOf, type Word } from "./syntax.ts";

export const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["on", true],
  ["true", true],
  ["yes", true],
  ["off", false],
  ["false", false],
  ["no", false],
]);

export type Range = { readonly min: number; readonly max: number; readonly whole: boolean; readonly unit: string };

/** Nothing can be said of such a number, unless it is outside of its range. */
const ORDINARY = /^[1-9]\d{0,14}$/;

/** A number within its range; undefined and a diagnostic when it is none. */
export function numberOf(word: Word, what: string, range: Range, report: Report): number | undefined {
  if (ORDINARY.test(word.text)) {
    const ordinary = Number(word.text);
    if (ordinary >= range.min && ordinary <= range.max) return ordinary;
  }
  const value = plainNumber(word.text, range.whole);
  if (value === undefined) {
    report(
      problem(
        "H0101",
        placeOf(word),
        `${what}: "${word.text}" is no ${range.whole ? "whole number" : "number"}`,
        numberHelp(word.text, range),
      ),
    );
    return undefined;
  }
  if (value < range.min || value > range.max) {
    report(problem("H0104", placeOf(word), `${what} ${word.text} is outside ${rangeText(range)}`, inRange(range)));
    return undefined;
  }
  if (/^[+-]?0[0-9xX]/.test(word.text)) {
    report(
      problem(
        "H0112",
        placeOf(word),
        `${what}: ${word.text} is read as ${value}; releases of Keepalived differ about it`,
        `write ${value}`,
      ),
    );
  }
  return value;
}

/** Undefined when the text is no number of that kind. Leading zeros are decimal, as in Keepalived 2.2. */
export function plainNumber(text: string, whole: boolean): number | undefined {
  if (/^[+-]?0[xX][0-9a-fA-F]{1,12}$/.test(text))
    return Number(text.replace(/^[+-]/, "")) * (text.startsWith("-") ? -1 : 1);
  const pattern = whole ? /^[+-]?\d{1,15}$/ : /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/;
  return pattern.test(text) ? Number(text) : undefined;
}

export const rangeText = ({ min, max, unit }: Range): string => `${min}..${max}${unit === "" ? "" : ` ${unit}`}`;

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, sec: 1, m: 60, min: 60, h: 3600 };

/** A number with another unit behind it, in the one that is wanted; undefined when that has no form of it. */
function inUnit(value: number, suffix: string, { unit, whole }: Range): number | undefined {
  const from = UNITS[suffix.trim().toLowerCase()];
  const to = UNITS[unit];
  const converted = from === undefined || to === undefined ? value : Number(((value * from) / to).toPrecision(12));
  return whole && !Number.isInteger(converted) ? undefined : converted;
}

function numberHelp(text: string, range: Range): string {
  const cut = /^(=?\s*)([+-]?[\d.]+)(\D*)$/.exec(text);
  if (text.includes("$"))
    return `${text} is not defined; write $NAME=value on a line above, or \${NAME} where text follows the name`;
  if (text === "=") return "leave the = away: keyword, blank, value";
  const written = plainNumber(cut?.[2] ?? "", false);
  const bare = written === undefined ? undefined : inUnit(written, cut?.[3] ?? "", range);
  if (bare !== undefined && bare >= range.min && bare <= range.max)
    return `write ${bare}${range.unit === "" ? "" : `; the unit is ${range.unit}`}`;
  return inRange(range);
}

const inRange = (range: Range): string => `write a ${range.whole ? "whole " : ""}number in ${rangeText(range)}`;

/** An address of the family asked for. */
export function addressOf(
  word: Word,
  what: string,
  family: "ipv4" | "ipv6" | "any",
  multicast: boolean,
  report: Report,
): IpAddress | undefined {
  const address = withoutLength(word, what, report);
  if (address === undefined || (family !== "any" && familyOf(address) !== family)) {
    const wanted = { any: "IP address", ipv4: "IPv4 address", ipv6: "IPv6 address" }[family];
    report(problem("H0103", placeOf(word), `${what}: "${word.text}" is no ${wanted}`, addressHelp(word.text)));
    return undefined;
  }
  if (multicast === isMulticast(address)) return address;
  const help = multicast ? "write one of 224.0.0.0/4 or ff00::/8" : "write the address of a router";
  report(problem("H0113", placeOf(word), `${what}: ${word.text} is ${multicast ? "no" : "a"} multicast address`, help));
  return undefined;
}

/** An address with a prefix length where none belongs: it is ignored, as in Keepalived. */
function withoutLength(word: Word, what: string, report: Report): IpAddress | undefined {
  const slash = word.text.search(/\/\d+$/);
  const address = parseAddress(slash < 0 ? word.text : word.text.slice(0, slash));
  if (address !== undefined && slash >= 0) {
    const rest = { ...placeOf(word), start: word.start + slash };
    report(
      problem(
        "H0120",
        rest,
        `${what}: the prefix length ${word.text.slice(slash)} is ignored`,
        "remove it: this is one address",
      ),
    );
  }
  return address;
}

/** What is probably wrong with a text that should be an address. */
export function addressHelp(text: string): string {
  if (/[<>]|[xX]{2}|(^|\.)[xX](\.|$)|IP|HERE/.test(text)) return "replace the placeholder by an address";
  if (text.includes("$"))
    return `${text} has a variable that is not defined here; where text follows the name, write \${NAME}`;
  if (/[,;]$/.test(text)) return `leave the ${text.at(-1)} away and write one address per line`;
  if (/^\d+\.\d+\.\d+\.\d+\//.test(text)) return "the prefix length is a number from 0 to 32";
  if (/^[\d.]+$/.test(text)) return "an IPv4 address has four numbers from 0 to 255, without leading zeros";
  if (/^[\da-fA-F:.]+$/.test(text)) return "an IPv6 address has eight groups, or fewer and one ::";
  return "names are not looked up; write the address in figures";
}

const COMMON_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,14}$/;

/** Linux names of interfaces: 1 to 15 bytes, no blank and no slash. */
export function interfaceProblem(word: Word): Diagnostic | undefined {
  const { text } = word;
  if (COMMON_NAME.test(text)) return undefined;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes >= 1 && bytes <= 15 && !/[/\s]/.test(text) && text !== "." && text !== "..") return undefined;
  const help = /[<>]|HERE|YOUR|INTERFACE/i.test(text)
    ? "replace the placeholder by an interface; ip link lists them"
    : "ip link lists the interfaces";
  return problem(
    "H0108",
    placeOf(word),
    `"${text}" cannot be the name of an interface: Linux has 1 to 15 bytes without blank and slash`,
    help,
  );
}

/** One of some words; what is near is offered. */
export function choiceOf(word: Word, what: string, choices: readonly string[], report: Report): string | undefined {
  if (choices.includes(word.text)) return word.text;
  const near = closest(
    word.text.toLowerCase(),
    choices.map((one) => one.toLowerCase()),
  );
  const meant = choices.find((one) => one.toLowerCase() === near);
  report(
    problem(
      "H0105",
      placeOf(word),
      `${what}: "${word.text}" is not one of ${choices.join(", ")}`,
      meant === undefined ? null : `did you mean ${meant}?`,
    ),
  );
  return undefined;
}

export type Weight = { readonly weight: number; readonly reverse: boolean };

export type CommandLine = {
  readonly argv: readonly string[];
  readonly user: string | null;
  readonly group: string | null;
  readonly word: Word;
};
