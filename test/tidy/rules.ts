// The rules of the house that no linter has. Each takes sources and gives the breaches, as
// sentences that name the file; none of them reads a disk, so each can be tried on bad input.

import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { isCode, isMarkdown, isStory, isTypeScript, type Source } from "./source.ts";

export type Rule = (sources: readonly Source[]) => readonly string[];

const LONGEST_FILE = 400;
const LONGEST_FUNCTION = 70;
const LONGEST_PAGE = 80;

export const filesAreShort: Rule = (sources) =>
  sources
    .filter(isCode)
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${LONGEST_FILE}`);

const parse = ({ path, text }: Source): ts.SourceFile => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** `describe("…", () => { … })` is a chapter and not a function. */
function isChapter(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call)) return false;
  const name = call.expression.getText();
  return name === "describe" || name.startsWith("describe.");
}

export const functionsAreShort: Rule = (sources) =>
  sources.filter(isCode).flatMap((source) => {
    const file = parse(source);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && !isChapter(node)) {
        const from = file.getLineAndCharacterOfPosition(node.getStart()).line;
        const lines = file.getLineAndCharacterOfPosition(node.getEnd()).line - from + 1;
        if (lines > LONGEST_FUNCTION)
          found.push(`${source.path}:${from + 1}: a function of ${lines} lines, more than ${LONGEST_FUNCTION}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });

/** The modules a file imports, statically or not, types too. */
export function importsOf(source: Source): readonly string[] {
  const found: string[] = [];
  const take = (node: ts.Node | undefined) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) take(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) take(node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) take(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(parse(source));
  return found;
}

/** Files that are run, or required by what the build writes, and not imported. */
const ENTRY =
  /(^agent\/(main|daemon\/compiled)\.ts|^test\/(audit\/scale|demo\/demo|bench\/bench|log\/speed|properties\/seed|simulation\/sim|soak\/soak)\.ts|\.test\.ts|^vitest\.config\.ts)$/;

export const everyFileIsImported: Rule = (sources) => {
  const imported = new Set(
    sources
      .filter(isCode)
      .flatMap((source) =>
        importsOf(source).map((to) => (to.startsWith(".") ? normalize(join(dirname(source.path), to)) : to)),
      ),
  );
  return sources
    .filter(isTypeScript)
    .filter(({ path }) => !ENTRY.test(path) && !imported.has(path))
    .map(({ path }) => `${path} is imported by nobody`);
};

/** The names in `type: "…"` of the union in effect.ts. */
const effectTypes = (text: string): readonly string[] =>
  [...text.matchAll(/readonly type: "(\w+)"/g)].map(([, type = ""]) => type);

export const everyEffectHasAnExecutor: Rule = (sources) => {
  const types = effectTypes(sources.find(({ path }) => path === "agent/core/effect.ts")?.text ?? "");
  if (types.length === 0) return ["agent/core/effect.ts names no effect"];
  const executors = sources.filter(({ path }) => /^agent\/effects\/(?!perform\.ts|lane\.ts)/.test(path));
  const exported = (type: string) => new RegExp(`^export (async )?(function\\*?|const) ${type}\\b`, "m");
  return types
    .filter((type) => !executors.some(({ text }) => exported(type).test(text)))
    .map((type) => `the effect ${type} has no executor in agent/effects`);
};

export const nothingIsABarrel: Rule = (sources) =>
  sources
    .filter(({ path }) => /(^|\/)index\.[a-z]+$/.test(path))
    .map(({ path }) => `${path}: import what has the thing`);

export const storiesBeginWithAComment: Rule = (sources) =>
  sources
    .filter((source) => isStory(source) && !source.text.startsWith("# "))
    .map(({ path }) => `${path} begins without one`);

export const markdownHasOneTitle: Rule = (sources) =>
  sources
    .filter(isMarkdown)
    .map(({ path, text }) => ({ path, titles: text.replace(/^```[\s\S]*?^```/gm, "").match(/^# /gm)?.length ?? 0 }))
    .filter(({ titles }) => titles !== 1)
    .map(({ path, titles }) => `${path} has ${titles} titles`);

const TOP = new Set([".ci", "agent", "checks", "config", "deploy", "test"]);

/** Takes the names of the folders at the top. */
export const topIsKnown = (folders: readonly string[]): readonly string[] =>
  folders.filter((name) => !TOP.has(name)).map((name) => `${name}/ is not a folder of this house`);

// Put together from pieces, so that the rules do not find themselves.
const PROMISE = new RegExp(`\\b(${["TO", "DO"].join("")}|${["FIX", "ME"].join("")})\\b`);
const RUNNER = "\\b(it|test|describe|suite)";

export const nothingIsPromised: Rule = (sources) =>
  sources.flatMap(({ path, text }) => linesWith(text, PROMISE).map((line) => `${path}:${line}: do it, or say why not`));

export const nothingIsSkippedSilently: Rule = (sources) =>
  sources
    .filter(isCode)
    .flatMap(({ path, text }) => [
      ...linesWith(text, new RegExp(`${RUNNER}\\.(skip|only|todo|fails)\\b`)).map(
        (line) => `${path}:${line}: a test not run`,
      ),
      ...linesWith(
        text,
        new RegExp(`${RUNNER}\\.(skipIf|runIf)\\((?!(mustSkip|skipBecause|skipWithoutCorpus)\\()`),
      ).map((line) => `${path}:${line}: skip through mustSkip, skipBecause or skipWithoutCorpus, which say so`),
    ]);

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

/** `onSite` asks every log whether it folds; a test that makes a home itself does it with `finish`. */
export const everyLogIsAsked: Rule = (sources) =>
  sources
    .filter(({ path, text }) => path.endsWith(".test.ts") && count(text, /\bmakeHome\(/g) > count(text, /\bfinish\(/g))
    .map(({ path }) => `${path}: a home without finish(home): nobody asks its log`);

const linesWith = (text: string, pattern: RegExp): readonly number[] =>
  text.split("\n").flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));

/** Every folder of the agent, and every other at the top that holds code, explains itself on a page. */
export const foldersExplainThemselves: Rule = (sources) => {
  const folders = new Set(
    sources.flatMap(({ path }) => /^(agent\/[^/]+|checks|config|deploy|test)\//.exec(path)?.[1] ?? []),
  );
  return [...folders].flatMap((folder) => {
    const page = sources.find(({ path }) => path === `${folder}/README.md`);
    if (page === undefined) return [`${folder} has no README.md`];
    const lines = page.text.split("\n").length - 1;
    return lines > LONGEST_PAGE ? [`${page.path} has ${lines} lines: a page has ${LONGEST_PAGE}`] : [];
  });
};
