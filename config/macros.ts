// $NAME and ${NAME}: textual, late, recursive. Names are looked up when the text is used, names
// that are not defined stay as they are written, as in Keepalived.

import { problem, type Report } from "./diagnostic.ts";
import { directoryOf } from "./include.ts";
import { type Edit, edited, type Line, type Origin, type Place, placeIn, positionOf } from "./source.ts";

export type Macro = { readonly lines: readonly string[]; readonly origin: Origin };
export type Bindings = ReadonlyMap<string, Macro>;
/** What a repetition has bound around a line; it hides macros of the same name. */
export type Scope = { readonly bindings: Bindings | null };

export type Definition = { readonly name: string; readonly macro: Macro };

export type Macros = {
  readonly define: (definition: Definition, scope: Scope) => void;
  /** The line with its macros replaced: more than one when a macro has more. */
  readonly replace: (line: Line, scope: Scope) => readonly Line[];
  /** False when so much text was written out already that it must end; that is reported once. */
  readonly spend: (characters: number, at: Place) => boolean;
};

export type MacroOptions = {
  readonly configId: string;
  readonly environment: (name: string) => string | undefined;
  readonly random: () => number;
};

/** Characters that macros and repetitions may write out in all. A use costs a little even when it writes nothing. */
const BUDGET = 16 * 1024 * 1024;
const COST_OF_A_USE = 16;
const MAX_DEPTH = 64;

const DEFINITION = /^\s*\$([A-Za-z_]\w*)=(.*)$/s;
const USE = /\$\{([^{}]*)\}|\$([A-Za-z_]\w*)(?=\s|$)/g;

/** The definition a line begins; its continuation lines are taken from `more`. Null when it is none. */
export function definitionIn(line: Line, more: () => Line | null): Definition | null {
  const match = DEFINITION.exec(line.text);
  if (match === null) return null;
  const name = match[1] ?? "";
  const start = line.text.indexOf("$");
  const origin: Origin = {
    how: "macro",
    name: `$${name}`,
    position: positionOf(placeIn(line, start, start + name.length + 1)),
    from: line.file.origin,
  };
  const first = match[2] ?? "";
  if (!first.trimEnd().endsWith("\\")) return { name, macro: { lines: [first.trim()], origin } };
  const lines = [withoutBackslash(first), ...continuedIn(line, more)];
  return { name, macro: { lines: lines[0] === "" ? lines.slice(1) : lines, origin } };
}

/** The lines that continue a definition: as long as the one before ends in a backslash. */
export function continuedIn(line: Line, more: () => Line | null): readonly string[] {
  const lines: string[] = [];
  if (!DEFINITION.test(line.text)) return lines;
  for (let at: Line | null = line; at?.text.trimEnd().endsWith("\\"); ) {
    at = more();
    if (at !== null) lines.push(withoutBackslash(at.text));
  }
  return lines;
}

const withoutBackslash = (text: string): string => text.trimEnd().replace(/\\$/, "").trim();

/** An empty set of macros. */
export function macrosFor(options: MacroOptions, report: Report): Macros {
  const defined = new Map<string, Macro>();
  let left = BUDGET;
  let told = false;

  const spend = (characters: number, at: Place): boolean => {
    left -= characters + COST_OF_A_USE;
    if (left >= 0) return true;
    if (!told)
      report(
        problem(
          "H0031",
          at,
          "macros and repetitions have written out more than 16 MiB here",
          "a macro that is used twice in every other one grows without bound",
        ),
      );
    told = true;
    return false;
  };

  const find = (name: string, scope: Scope, file: string): Macro | undefined =>
    scope.bindings?.get(name) ?? (name.startsWith("_") ? builtIn(name, file, options) : undefined) ?? defined.get(name);

  /** The lines a macro stands for, inner names replaced; undefined when the name is none or refers to itself. */
  const valueOf = (name: string, scope: Scope, at: Place, stack: readonly string[]): Macro | undefined => {
    const macro = find(name, scope, at.line.file.path);
    if (
      macro === undefined ||
      !spend(
        macro.lines.reduce((sum, text) => sum + text.length, 0),
        at,
      )
    )
      return undefined;
    if (stack.includes(name) || stack.length >= MAX_DEPTH) {
      report(
        problem(
          "H0032",
          at,
          `$${stack[0] ?? name} refers to itself: ${[...stack, name].map((one) => `$${one}`).join(" → ")}`,
          "break the circle",
        ),
      );
      return undefined;
    }
    if (!macro.lines.some((text) => text.includes("$"))) return macro;
    const lines = macro.lines.flatMap((text) => flat(text, scope, at, [...stack, name]));
    return { lines, origin: macro.origin };
  };

  const flat = (text: string, scope: Scope, at: Place, stack: readonly string[]): readonly string[] => {
    const lines: string[] = [];
    let current = "";
    let from = 0;
    for (const match of text.matchAll(USE)) {
      const value = left < 0 ? undefined : valueOf(match[1] ?? match[2] ?? "", scope, at, stack);
      if (value === undefined) continue;
      current += text.slice(from, match.index);
      from = match.index + match[0].length;
      for (const [i, line] of value.lines.entries()) {
        if (i > 0) {
          lines.push(current);
          current = "";
        }
        current += line;
      }
    }
    lines.push(current + text.slice(from));
    return lines;
  };

  const replace = (line: Line, scope: Scope): readonly Line[] => {
    const lines: Line[] = [];
    let edits: Edit[] = [];
    let from = 0;
    for (const match of line.text.matchAll(USE)) {
      const start = match.index;
      const end = start + match[0].length;
      const value = valueOf(match[1] ?? match[2] ?? "", scope, placeIn(line, start, end), []);
      if (value === undefined) continue;
      for (const [i, text] of value.lines.entries()) {
        if (i > 0) {
          lines.push(edited(line, edits, from, end));
          edits = [];
          from = start;
        }
        edits.push({ start, end, text, origin: value.origin });
      }
      if (value.lines.length === 0) edits.push({ start, end, text: "", origin: value.origin });
    }
    if (edits.length === 0 && lines.length === 0) return [line];
    return [...lines, edited(line, edits, from)];
  };

  const define = ({ name, macro }: Definition, scope: Scope) => {
    // Inside a repetition the variable has its value only now; outside, names are looked up late.
    const bound = scope.bindings;
    const lines =
      bound === null
        ? macro.lines
        : macro.lines.map((text) =>
            text.replace(USE, (use, a: string, b: string) => bound.get(a ?? b)?.lines.join(" ") ?? use),
          );
    defined.set(name, { lines, origin: macro.origin });
  };

  return { define, replace, spend };
}

function builtIn(name: string, file: string, { configId, environment, random }: MacroOptions): Macro | undefined {
  const text = builtInText(name, file, configId, environment, random);
  if (text === undefined) return undefined;
  const origin: Origin = {
    how: "macro",
    name: `\${${name}}`,
    position: { file, line: 1, column: 1, length: 0 },
    from: null,
  };
  return { lines: [text], origin };
}

function builtInText(
  name: string,
  file: string,
  configId: string,
  environment: MacroOptions["environment"],
  random: () => number,
): string | undefined {
  switch (name) {
    case "_PWD":
      return directoryOf(file);
    case "_INSTANCE":
      return configId;
    case "_HASH":
      return "#";
    case "_BANG":
      return "!";
  }
  const [word, first, second] = name.split(/\s+/);
  if (word === "_ENV" && first !== undefined) return environment(first) ?? "";
  if (word !== "_RANDOM") return undefined;
  // ${_RANDOM [MIN [MAX]]}: 0 and 32767 when they are left out.
  const low = first === undefined ? 0 : Number.parseInt(first, 10);
  const high = second === undefined ? 32_767 : Number.parseInt(second, 10);
  return Number.isNaN(low + high) || high < low ? undefined : String(low + Math.floor(random() * (high - low + 1)));
}
