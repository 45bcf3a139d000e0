// The rules about what refers to what: packages to their reasons, citations to the clauses there are.

import { dirname } from "node:path";
import { importsOf } from "./rules.ts";
import { isCode, isStory, type Source } from "./source.ts";

type Packages = {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

function packagesOf(sources: readonly Source[]): Packages {
  const file = sources.find(({ path }) => path === "package.json");
  return file === undefined ? {} : (JSON.parse(file.text) as Packages);
}

/** Streams are the one package that is at home at every edge; which ones is a rule of direction. */
const EVERYWHERE = new Set(["rxjs"]);

const packageOf = (module: string): string =>
  module
    .split("/")
    .slice(0, module.startsWith("@") ? 2 : 1)
    .join("/");

/** A dependency is imported in one folder of the product, so that replacing it touches one folder. */
export function dependenciesHaveOneHome(sources: readonly Source[]): readonly string[] {
  const names = Object.keys(packagesOf(sources).dependencies ?? {});
  if (names.length === 0) return ["package.json names no dependency"];
  const product = sources.filter((source) => isCode(source) && /^(agent|checks|config)\//.test(source.path));
  const imports = product.flatMap((source) =>
    importsOf(source).map((module) => ({ name: packageOf(module), folder: dirname(source.path) })),
  );
  return names.flatMap((name) => {
    const folders = [...new Set(imports.filter((one) => one.name === name).map(({ folder }) => folder))];
    if (folders.length === 0) return [`${name} is imported nowhere`];
    if (folders.length > 1 && !EVERYWHERE.has(name)) return [`${name} is imported in ${folders.join(", ")}`];
    return [];
  });
}

/** Every package has a row in the table of ARCHITECTURE.md. */
export function dependenciesAreJustified(sources: readonly Source[]): readonly string[] {
  const { dependencies = {}, devDependencies = {} } = packagesOf(sources);
  const architecture = sources.find(({ path }) => path === "ARCHITECTURE.md")?.text ?? "";
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)]
    .filter((name) => !architecture.split("\n").some((line) => line.startsWith(`| \`${name}\` `)))
    .map((name) => `${name} has no row in the dependencies of ARCHITECTURE.md`);
}

const VRRP = /RFC (2338|3768|5798|9568) §[\d.]*\d( \(\d+\))?/g;

/** The clauses that a text cites. */
export const citationsOf = (text: string): readonly string[] => [...text.matchAll(VRRP)].map(([whole]) => whole);

const isTelling = (source: Source): boolean =>
  isStory(source) || (source.path.endsWith(".test.ts") && source.path !== "test/tidy.test.ts");

/** Every clause cited in code, stories and tests exists. */
export const citationsExist = (sources: readonly Source[], known: ReadonlySet<string>): readonly string[] =>
  sources
    .filter((source) => (isCode(source) || isStory(source)) && !source.path.startsWith("test/tidy"))
    .flatMap(({ path, text }) =>
      citationsOf(text)
        .filter((clause) => !known.has(clause))
        .map((clause) => `${path} cites ${clause}, which test/clauses.ts does not know`),
    );

/** Every demand is shown by a story or a test, or has a reason why not; not both. */
export function demandsAreShown(
  sources: readonly Source[],
  demands: readonly string[],
  untold: ReadonlyMap<string, string>,
): readonly string[] {
  const shown = new Set(sources.filter(isTelling).flatMap(({ text }) => citationsOf(text)));
  return [
    ...demands
      .filter((clause) => !shown.has(clause) && !untold.has(clause))
      .map((clause) => `no story shows ${clause}`),
    ...[...untold.keys()].filter((clause) => shown.has(clause)).map((clause) => `${clause} is shown after all`),
    ...[...untold.keys()].filter((clause) => !demands.includes(clause)).map((clause) => `${clause} demands nothing`),
  ];
}

/** What must be shown from both sides: by whom it is shown to hold, and by whom that it does not without its condition. */
type TwoSided = {
  readonly clause: string;
  readonly words: string;
  readonly holds: readonly string[];
  readonly absent: readonly string[];
};

/** Every demand has two sides, and each of them is told by a story or a test that is there. */
export function demandsHaveTwoSides(
  sources: readonly Source[],
  demands: readonly string[],
  untold: ReadonlyMap<string, string>,
  sides: readonly TwoSided[],
): readonly string[] {
  const listed = new Set(sides.map(({ clause }) => clause));
  return [
    ...demands
      .filter((clause) => !listed.has(clause) && !untold.has(clause))
      .map((clause) => `${clause} has no row in test/demands.ts`),
    ...[...listed].filter((clause) => !demands.includes(clause)).map((clause) => `${clause} demands nothing`),
    ...[...listed].filter((clause) => untold.has(clause)).map((clause) => `${clause} is told after all`),
    ...sides.flatMap((side) => sideFaults(sources, side)),
  ];
}

function sideFaults(sources: readonly Source[], { clause, words, holds, absent }: TwoSided): readonly string[] {
  const name = `${clause}, ${words}`;
  const unknown = [...holds, ...absent].filter((telling) => tellingOf(sources, telling) === undefined);
  const silent = holds.filter((telling) => {
    const told = tellingOf(sources, telling);
    return told !== undefined && !citationsOf(told.text).includes(clause);
  });
  return [
    ...(holds.length === 0 ? [`nothing shows that it holds: ${name}`] : []),
    ...(absent.length === 0 ? [`nothing shows it without its condition: ${name}`] : []),
    ...unknown.map((telling) => `there is no "${telling}" to show ${name}`),
    ...silent.map((telling) => `"${telling}" does not cite ${clause}`),
  ];
}

/** The story of that name, or the test file that has a test of these words. */
function tellingOf(sources: readonly Source[], telling: string): Source | undefined {
  const [, path, words] = /^(test\/\S+\.test\.ts): (.+)$/.exec(telling) ?? [];
  if (path === undefined || words === undefined)
    return sources.find((source) => source.path === `test/stories/${telling}.story`);
  const text = sources.find((source) => source.path === path);
  return text?.text.includes(words) === true ? text : undefined;
}
