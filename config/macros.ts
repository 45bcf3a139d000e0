// $NAME and ${NAME}: textual, late, recursive. Names are looked up when the text is used, names
// that are not defined stay as they are written, as in Keepalived.

import { problem, type Report } from "./diagnostic.ts";
import { directoryOf } from "./include.ts";
import { closest } from "./near.ts";
import { type Edit, edited, type Line, type Origin, type Place, placeIn, positionOf } from "./source.ts";

export type Macro = { readonly lines: readonly string[]; readonly origin: Origin };
export type Bindings = ReadonlyMap<string, Macro>;
/** What a repetition has bound around a line; it hides macros of the same name. */
export type Scope = { readonly bindings: Bindings | null };

export type Definition = { readonly name: string; readonly macro: Macro };

export type Macros = {
  readonly define: (definition: Definition, scope: Scope) => void;
  /** The line with its macros replaced by what they hold, once: more lines when a macro has more. */
  readonly replace: (line: Line, scope: Scope) => readonly Line[];
  /** The text with its macros replaced all the way down. */
  readonly resolve: (text: string, scope: Scope, at: Place) => string;
  /** False when so much text was written out already that it must end; that is reported once. */
  readonly spend: (characters: number, at: Place) => boolean;
};

export type MacroOptions = {
  readonly configId: string;
  readonly environment: (name: string) => string | undefined;
  readonly random: () => number;
};

/** Characters that macros and repetitions may write out in all. A use costs a little even when it writes nothing. */
const BUDGET = 8 * 1024 * 1024;
const COST_OF_A_USE = 16;
const MAX_DEPTH = 64;

const DEFINITION = /^\s*\$([A-Za-z_]\w*)=(.*)$/s;
/** A name without braces that something follows, or one with them. */
const KEPT = /\$\{([A-Za-z]\w*)\}|\$([A-Za-z_]\w*)(?=[^\s\w])/g;
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

type State = {
  readonly defined: Map<string, Macro>;
  /** Names from which no way leads back, since the last definition. */
  readonly sound: Set<string>;
  readonly options: MacroOptions;
  readonly report: Report;
  left: number;
  told: boolean;
};

/** An empty set of macros. */
export function macrosFor(options: MacroOptions, report: Report): Macros {
  const state: State = { defined: new Map(), sound: new Set(), options, report, left: BUDGET, told: false };
  return {
    define: ({ name, macro }, { bindings }) => {
      // Inside a repetition the variable has its value only there; other names are looked up late.
      const lines = bindings === null ? macro.lines : macro.lines.map((text) => bound(text, bindings));
      state.defined.set(name, { lines, origin: macro.origin });
      state.sound.clear();
    },
    replace: (line, scope) => replaced(state, line, scope),
    resolve: (text, scope, at) => flattened(state, text, { scope, at, stack: [] }).join(" "),
    spend: (characters, at) => spend(state, characters, at),
  };
}

const bound = (text: string, bindings: Bindings): string =>
  text.replace(
    USE,
    (use, braced: string | undefined, bare: string | undefined) =>
      bindings.get(braced ?? bare ?? "")?.lines.join(" ") ?? use,
  );

function spend(state: State, characters: number, at: Place): boolean {
  state.left -= characters + COST_OF_A_USE;
  if (state.left >= 0) return true;
  if (!state.told) {
    state.report(
      problem(
        "H0031",
        at,
        "macros and repetitions have written out more than 8 MiB here",
        "a macro that is used twice in every other one grows without bound",
      ),
    );
  }
  state.told = true;
  return false;
}

const find = ({ defined, options }: State, name: string, { bindings }: Scope, file: string): Macro | undefined =>
  bindings?.get(name) ?? (name.startsWith("_") ? builtIn(name, file, options) : undefined) ?? defined.get(name);

/** The macro of a name, while there is budget for it. */
function found(state: State, name: string, scope: Scope, at: Place): Macro | undefined {
  if (state.left < 0) return undefined;
  if (name.startsWith("_ENV "))
    state.report(problem("H0407", at, `\${_ENV …} needs Keepalived 2.4.0 or newer; older ones leave it as it is`));
  const macro = find(state, name, scope, at.line.file.path);
  return macro !== undefined && spend(state, lengthOf(macro.lines), at) ? macro : undefined;
}

type Use = { readonly scope: Scope; readonly at: Place; readonly stack: readonly string[] };

/** The lines a macro stands for, inner names replaced; undefined when the name is none or refers to itself. */
function meaningOf(state: State, name: string, { scope, at, stack }: Use): Macro | undefined {
  const macro = found(state, name, scope, at);
  if (macro === undefined) return undefined;
  if (stack.includes(name) || stack.length >= MAX_DEPTH) {
    const way = [...stack, name].map((one) => `$${one}`).join(" → ");
    state.report(problem("H0032", at, `$${stack[0] ?? name} refers to itself: ${way}`, "break the circle"));
    return undefined;
  }
  if (!macro.lines.some((text) => text.includes("$"))) return macro;
  const inner: Use = { scope, at, stack: [...stack, name] };
  return { lines: macro.lines.flatMap((text) => flattened(state, text, inner)), origin: macro.origin };
}

const lengthOf = (lines: readonly string[]): number => lines.reduce((sum, text) => sum + text.length, 0);

/** A text with its names replaced: more lines than one when a macro has more. */
function flattened(state: State, text: string, use: Use): readonly string[] {
  const lines: string[] = [];
  let current = "";
  let from = 0;
  for (const match of text.matchAll(USE)) {
    const value = meaningOf(state, match[1] ?? match[2] ?? "", use);
    if (value === undefined) continue;
    const [first = "", ...rest] = value.lines;
    current += text.slice(from, match.index) + first;
    from = match.index + match[0].length;
    for (const line of rest) {
      lines.push(current);
      current = line;
    }
  }
  lines.push(current + text.slice(from));
  return lines;
}

/** The line with its macros replaced once; what they hold is looked up when the lines that come out are read in turn. */
function replaced(state: State, line: Line, scope: Scope): readonly Line[] {
  if (line.text.includes("$")) kept(state, line, scope);
  const lines: Line[] = [];
  let edits: Edit[] = [];
  let from = 0;
  for (const match of line.text.matchAll(USE)) {
    const start = match.index;
    const end = start + match[0].length;
    const name = match[1] ?? match[2] ?? "";
    const macro = found(state, name, scope, placeIn(line, start, end));
    if (macro === undefined || circular(state, name, placeIn(line, start, end))) continue;
    const [first = "", ...rest] = macro.lines;
    edits.push({ start, end, text: first, origin: macro.origin });
    for (const text of rest) {
      lines.push(edited(line, edits, from, end));
      edits = [{ start, end, text, origin: macro.origin }];
      from = start;
    }
  }
  return edits.length === 0 && lines.length === 0 ? [line] : [...lines, edited(line, edits, from)];
}

/** Tells of names that look as if they would be replaced and stay as they are written, as in Keepalived. */
function kept(state: State, line: Line, scope: Scope): void {
  for (const match of line.text.matchAll(KEPT)) {
    const at = placeIn(line, match.index, match.index + match[0].length);
    const [, braced, bare = ""] = match;
    const isDefined = (name: string) => find(state, name, scope, line.file.path) !== undefined;
    if (braced === undefined) {
      if (isDefined(bare))
        state.report(
          problem("H0035", at, `$${bare} is not replaced here, because no blank follows`, `write \${${bare}}`),
        );
      // Between quotes stands a command, whose shell may know the name.
    } else if (!isDefined(braced) && line.text.slice(0, match.index).split('"').length % 2 === 1) {
      const near = closest(braced, [...state.defined.keys()]);
      const help = near === undefined ? `define it above, with $${braced}=` : `did you mean \${${near}}?`;
      state.report(problem("H0036", at, `\${${braced}} is defined nowhere above, and stays as it is written`, help));
    }
  }
}

/** Whether a name leads back to one on its way. Otherwise a macro that uses itself twice would double until the budget ends it. */
function circular(state: State, name: string, at: Place, way: readonly string[] = []): boolean {
  if (state.sound.has(name)) return false;
  const here = [...way, name];
  if (way.includes(name) || way.length >= MAX_DEPTH) {
    state.report(
      problem(
        "H0032",
        at,
        `$${here[0]} refers to itself: ${here.map((one) => `$${one}`).join(" → ")}`,
        "break the circle",
      ),
    );
    return true;
  }
  const uses = (state.defined.get(name)?.lines ?? []).flatMap((text) =>
    [...text.matchAll(USE)].map((match) => match[1] ?? match[2] ?? ""),
  );
  if (uses.some((use) => circular(state, use, at, here))) return true;
  state.sound.add(name);
  return false;
}

function builtIn(name: string, file: string, options: MacroOptions): Macro | undefined {
  const text = builtInText(name, file, options);
  if (text === undefined) return undefined;
  const origin: Origin = {
    how: "macro",
    name: `\${${name}}`,
    position: { file, line: 1, column: 1, length: 0 },
    from: null,
  };
  return { lines: [text], origin };
}

function builtInText(name: string, file: string, { configId, environment, random }: MacroOptions): string | undefined {
  const [word, first, second] = name.split(/\s+/);
  switch (word) {
    case "_PWD":
      return directoryOf(file);
    case "_INSTANCE":
      return configId;
    case "_HASH":
      return "#";
    case "_BANG":
      return "!";
    case "_ENV":
      return first === undefined ? undefined : (environment(first) ?? "");
    case "_RANDOM":
      return randomText(first, second, random);
    default:
      return undefined;
  }
}

/** ${_RANDOM [MIN [MAX]]}: 0 and 32767 when they are left out. */
function randomText(min: string | undefined, max: string | undefined, random: () => number): string | undefined {
  const low = min === undefined ? 0 : Number.parseInt(min, 10);
  const high = max === undefined ? 32_767 : Number.parseInt(max, 10);
  return Number.isNaN(low + high) || high < low ? undefined : String(low + Math.floor(random() * (high - low + 1)));
}
