// The rules of the house, and for each a small breach that it finds. A rule that has read nothing
// has proved nothing, so the sources are counted first.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CLAUSES, UNTOLD } from "./clauses.ts";
import { DEMANDS } from "./demands.ts";
import {
  citationsExist,
  demandsAreShown,
  demandsHaveTwoSides,
  dependenciesAreJustified,
  dependenciesHaveOneHome,
} from "./tidy/references.ts";
import * as rules from "./tidy/rules.ts";
import { isCode, isMarkdown, isStory, readProject, type Source, topFolders } from "./tidy/source.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const project = readProject(ROOT);
const known = new Set(CLAUSES.map(({ clause }) => clause));
const demands = CLAUSES.filter(({ must }) => must).map(({ clause }) => clause);

const source = (path: string, text: string): Source => ({ path, text });
const lines = (count: number): string => "x;\n".repeat(count);
const skip = ["it", "skip"].join(".");
const skipIf = ["describe", "skipIf"].join(".");
const home = ["make", "Home(x)"].join("");
const packages = (text: string) => source("package.json", text);

/** Each rule by what it says, with sources that break it and sources that do not. */
const RULES: readonly (readonly [string, rules.Rule, readonly Source[], readonly Source[]])[] = [
  [
    "no file has more than 400 lines",
    rules.filesAreShort,
    [source("agent/a.ts", lines(401))],
    [source("agent/a.ts", lines(400)), source("deploy/README.md", lines(401))],
  ],
  [
    "no function has more than 70 lines",
    rules.functionsAreShort,
    [source("agent/a.ts", `export const f = () => {\n${lines(69)}};\n`)],
    [
      source("agent/a.ts", `export function f() {\n${lines(68)}}\n`),
      source("test/a.test.ts", `describe("chapter", () => {\n${lines(90)}});\n`),
    ],
  ],
  [
    "no file is imported by nobody",
    rules.everyFileIsImported,
    [source("agent/main.ts", 'import "./a.ts";'), source("agent/a.ts", ""), source("agent/b.ts", 'import "./a.ts";')],
    [source("agent/main.ts", 'await import("./a.ts");'), source("agent/a.ts", ""), source("test/a.test.ts", "")],
  ],
  [
    "every effect has an executor",
    rules.everyEffectHasAnExecutor,
    [
      source("agent/core/effect.ts", 'readonly type: "wave"'),
      source("agent/effects/perform.ts", "export const wave = 1"),
    ],
    [
      source("agent/core/effect.ts", 'readonly type: "wave"'),
      source("agent/effects/wave.ts", "export function* wave() {}"),
    ],
  ],
  [
    "every effect is found",
    rules.everyEffectHasAnExecutor,
    [source("agent/core/effect.ts", "type Effect = never")],
    [],
  ],
  [
    "there is no index file",
    rules.nothingIsABarrel,
    [source("agent/log/index.ts", "")],
    [source("agent/log/reindex.ts", "")],
  ],
  [
    "every story begins with a comment",
    rules.storiesBeginWithAComment,
    [source("test/stories/a.story", "startup\n----\n# late\n")],
    [source("test/stories/a.story", "# RFC\n")],
  ],
  [
    "every page has one title",
    rules.markdownHasOneTitle,
    [source("a.md", "# One\n\n# Two\n")],
    [source("a.md", "# One\n\n```\n# a comment\n```\n\n## Two\n")],
  ],
  [
    "nothing is promised",
    rules.nothingIsPromised,
    [source("agent/a.ts", `// ${"TO"}${"DO"}: later`)],
    [source("agent/a.ts", "// to do it later would be too late")],
  ],
  [
    "no test is switched off",
    rules.nothingIsSkippedSilently,
    [source("test/a.test.ts", `${skip}("x", f)`)],
    [source("a.ts", 'it("x", f)')],
  ],
  [
    "skipping goes through mustSkip, skipBecause or skipWithoutCorpus",
    rules.nothingIsSkippedSilently,
    [source("test/a.test.ts", `${skipIf}(notRoot)("x", f)`)],
    [source("test/a.test.ts", `${skipIf}(mustSkip("x", []))("x", f)`)],
  ],
  [
    "every log of a test is asked whether it folds",
    rules.everyLogIsAsked,
    [source("test/a.test.ts", `const a = ${home};\nconst b = ${home};\nfinish(a);`)],
    [source("test/a.test.ts", `const a = ${home};\nfinish(a);`), source("test/b.ts", home)],
  ],
  [
    "every folder explains itself on one page",
    rules.foldersExplainThemselves,
    [source("agent/log/a.ts", ""), source("config/README.md", lines(81))],
    [source("agent/log/a.ts", ""), source("agent/log/README.md", "# log\n"), source("agent/main.ts", "")],
  ],
  [
    "a dependency has one home",
    dependenciesHaveOneHome,
    [
      packages('{"dependencies":{"a":"1"}}'),
      source("agent/x/a.ts", 'import "a";'),
      source("config/b.ts", 'import "a/b";'),
    ],
    [
      packages('{"dependencies":{"@a/b":"1"}}'),
      source("agent/x/a.ts", 'import "@a/b/c";'),
      source("test/b.ts", 'import "@a/b";'),
    ],
  ],
  [
    "a dependency is used",
    dependenciesHaveOneHome,
    [packages('{"dependencies":{"a":"1"}}')],
    [packages('{"dependencies":{"rxjs":"7"}}'), source("agent/a.ts", 'import "rxjs";')],
  ],
  [
    "a dependency has a reason",
    dependenciesAreJustified,
    [packages('{"devDependencies":{"a":"1"}}'), source("ARCHITECTURE.md", "a is fine")],
    [packages('{"devDependencies":{"a":"1"}}'), source("ARCHITECTURE.md", "| `a` | because |")],
  ],
  [
    "every clause cited exists",
    (sources) => citationsExist(sources, known),
    [source("agent/a.ts", "// RFC 5798 §6.4.2 (366)")],
    [source("agent/a.ts", "// RFC 5798 §6.4.2 (365), RFC 9568 §6.4.3, RFC 4861 §99")],
  ],
  [
    "every demand of the RFCs is shown, or says why not",
    (sources) => demandsAreShown(sources, demands, UNTOLD),
    [source("test/stories/a.story", "# RFC 5798 §6.4.2 (310)\n")],
    [source("test/stories/a.story", demands.filter((clause) => !UNTOLD.has(clause)).join("\n"))],
  ],
  [
    "every demand of the RFCs is shown to hold, and not to hold without its condition",
    (sources) => demandsHaveTwoSides(sources, demands, UNTOLD, DEMANDS),
    [],
    [],
  ],
];

const CLAUSE = "RFC 5798 §6.4.2 (365)";
const SHOWN = { clause: CLAUSE, words: "silence", holds: ["a-story"], absent: ["test/a.test.ts: not without"] };
const TELLINGS = [
  source("test/stories/a-story.story", `# ${CLAUSE}`),
  source("test/stories/another.story", "# of nothing"),
  source("test/a.test.ts", 'it("not without", f)'),
];
const NONE: ReadonlyMap<string, string> = new Map();

/** What the rule of the two sides says of one row, or of none. */
const sidesOf = (...rows: (typeof SHOWN)[]): readonly string[] => demandsHaveTwoSides(TELLINGS, [CLAUSE], NONE, rows);

describe("the house", () => {
  test("was read: code, stories and pages", () => {
    expect(project.filter(isCode).length).toBeGreaterThan(100);
    expect(project.filter(isStory).length).toBeGreaterThan(0);
    expect(project.filter(isMarkdown).length).toBeGreaterThan(5);
    expect(demands.length).toBeGreaterThan(30);
  });

  test.each(RULES)("%s", (_name, rule) => {
    expect(rule(project).join("\n")).toBe("");
  });

  test("the top has only the folders it should have", () => {
    expect(rules.topIsKnown(topFolders(ROOT))).toEqual([]);
  });
});

describe("the rule of the two sides", () => {
  test.each([
    ["no row", sidesOf(), `${CLAUSE} has no row in test/demands.ts`],
    ["nothing that holds", sidesOf({ ...SHOWN, holds: [] }), `nothing shows that it holds: ${CLAUSE}, silence`],
    ["no absence", sidesOf({ ...SHOWN, absent: [] }), `nothing shows it without its condition: ${CLAUSE}, silence`],
    ["no such story", sidesOf({ ...SHOWN, absent: ["none"] }), `there is no "none" to show ${CLAUSE}, silence`],
    [
      "no such words in the test",
      sidesOf({ ...SHOWN, absent: ["test/a.test.ts: otherwise"] }),
      `there is no "test/a.test.ts: otherwise" to show ${CLAUSE}, silence`,
    ],
    ["a story that cites nothing", sidesOf({ ...SHOWN, holds: ["another"] }), `"another" does not cite ${CLAUSE}`],
    ["a row that nobody demands", sidesOf(SHOWN, { ...SHOWN, clause: "RFC 1" }), "RFC 1 demands nothing"],
    [
      "a row that is said not to be told",
      demandsHaveTwoSides(TELLINGS, [CLAUSE], new Map([[CLAUSE, "why"]]), [SHOWN]),
      `${CLAUSE} is told after all`,
    ],
  ])("finds %s", (_name, found, sentence) => {
    expect(found).toContain(sentence);
  });

  test("finds nothing where both are there", () => {
    expect(sidesOf(SHOWN)).toEqual([]);
  });
});

describe("the rules themselves", () => {
  test.each(RULES)("%s: a breach is found", (_name, rule, bad) => {
    expect(rule(bad).length).toBeGreaterThan(0);
  });

  test.each(RULES.filter(([, , , good]) => good.length > 0))(
    "%s: what is in order is not",
    (_name, rule, _bad, good) => {
      expect(rule(good)).toEqual([]);
    },
  );

  test("an unknown folder at the top is found", () => {
    expect(rules.topIsKnown(["agent", "utils"])).toEqual(["utils/ is not a folder of this house"]);
  });
});
