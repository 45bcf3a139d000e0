// A number that moves the priority by degrees.

import type { DeclaredNumber, DeclaredProbe, DeclaredScale } from "./declared-checks.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { linesWith, pointerOf, urlOf } from "./forms.ts";
import { type Entry, entryOf, type Section, textIn } from "./section.ts";
import { placeOf, type Word } from "./syntax.ts";
import { type CommandLine, numberOf } from "./values.ts";

/** Undefined when it lacks where the number comes from, or what it means; that is reported. */
export function metricProbe(section: Section, command: CommandLine | null, report: Report): DeclaredProbe | undefined {
  const number = numberFrom(section, command, report);
  const scale = scaleIn(section, report);
  return number === undefined || scale === undefined ? undefined : { kind: "metric", number, scale };
}

function exactlyOne(section: Section, names: readonly string[], what: string, report: Report): Entry | undefined {
  const [first, second] = names.flatMap((name) => entryOf(section, name) ?? []);
  if (first === undefined)
    report(problem("H0204", section.place, `metric does not say ${what}`, `write one of ${names.join(", ")} into it`));
  if (first !== undefined && second !== undefined)
    report(
      problem("H0127", second.place, `metric says twice ${what}`, "remove one of them", [
        noteAt(first.place, "the other one"),
      ]),
    );
  return first;
}

function numberFrom(section: Section, command: CommandLine | null, report: Report): DeclaredNumber | undefined {
  const from = exactlyOne(section, ["file", "url", "script"], "where the number comes from", report);
  const word = from?.args[0];
  const pointerWord = entryOf(section, "pointer")?.args[0];
  const pointer = pointerWord === undefined ? null : (pointerOf(pointerWord, report) ?? null);
  if (word === undefined) return undefined;
  if (from?.keyword.name === "url") {
    const url = urlOf(word, "url", ["http", "https"], report);
    return url === undefined ? undefined : { kind: "url", url, pointer };
  }
  if (from?.keyword.name === "script") return command === null ? undefined : { kind: "script", command, pointer };
  return { kind: "file", path: textIn(section, "file") ?? "", pointer };
}

const NUMBER = { min: -1e12, max: 1e12, whole: false, unit: "" } as const;
const WEIGHT = { min: -253, max: 253, whole: true, unit: "" } as const;

function scaleIn(section: Section, report: Report): DeclaredScale | undefined {
  const which = exactlyOne(section, ["linear", "step"], "what the number means", report);
  if (which === undefined || which.value === undefined) return undefined;
  return which.keyword.name === "linear" ? linear(which.args, report) : steps(section, report);
}

function linear([from, to, low, high]: readonly Word[], report: Report): DeclaredScale | undefined {
  if (from === undefined || to === undefined || low === undefined || high === undefined) return undefined;
  const numbers = [numberOf(from, "linear", NUMBER, report), numberOf(to, "linear", NUMBER, report)] as const;
  const weights = [numberOf(low, "weight", WEIGHT, report), numberOf(high, "weight", WEIGHT, report)] as const;
  const [first, last] = numbers;
  const [lowest, highest] = weights;
  if (first === undefined || last === undefined || lowest === undefined || highest === undefined) return undefined;
  if (first >= last) {
    report(problem("H0127", placeOf(to), `linear: ${last} is not above ${first}`, "write the smaller number first"));
    return undefined;
  }
  return { kind: "linear", from: first, to: last, weights: [lowest, highest] };
}

function steps(section: Section, report: Report): DeclaredScale {
  const read = linesWith(section, "step").flatMap(([from, weight]) => {
    const number = from === undefined ? undefined : numberOf(from, "step", NUMBER, report);
    const value = weight === undefined ? undefined : numberOf(weight, "weight", WEIGHT, report);
    return number === undefined || value === undefined ? [] : [{ from: number, weight: value }];
  });
  return { kind: "steps", steps: read.sort((a, b) => a.from - b.from) };
}

/** The weight that moves the priority most, either way. */
export function strongest(scale: DeclaredScale): number {
  const weights = scale.kind === "linear" ? scale.weights : scale.steps.map(({ weight }) => weight);
  return weights.reduce((most, weight) => (Math.abs(weight) > Math.abs(most) ? weight : most), 0);
}
