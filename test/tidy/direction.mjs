// Checks the direction of imports, and that the check itself has read everything and can fail.
//
// A cruiser that understands no TypeScript finds no modules, and no modules have no violations;
// so its list is compared with the files that are there.

import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../.dependency-cruiser.mjs";
import { FOLDERS, sourceFiles } from "./files.mjs";
import { plantAndJudge } from "./plant.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const CRUISER = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");

function cruise(tree) {
  const args = [CRUISER, "--config", ".dependency-cruiser.mjs", "--output-type", "json", ...FOLDERS];
  const options = { cwd: tree, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 };
  return JSON.parse(execFileSync(process.execPath, args, options));
}

const result = cruise(ROOT);
const read = new Set(result.modules.map((module) => module.source));
const wanted = sourceFiles(ROOT);
const rules = config.forbidden.map((rule) => rule.name);
const planted = plantAndJudge(ROOT, rules, cruise);

const problems = [
  ...result.summary.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}\n    ${reasonOf(v.rule.name)}`),
  ...wanted.filter((path) => !read.has(path)).map((path) => `${path} was not read by the direction check`),
  ...FOLDERS.filter((folder) => !wanted.some((path) => path.startsWith(`${folder}/`)))
    .filter((folder) => folder !== "checks") // has no code before the first check does
    .map((folder) => `${folder}/ holds no TypeScript at all`),
  ...(rules.length === 0 ? [".dependency-cruiser.mjs has no rules"] : []),
  ...planted,
];

function reasonOf(name) {
  return config.forbidden.find((rule) => rule.name === name)?.comment ?? "";
}

const firing = planted.length === 0 ? ", each seen to fire" : "";
console.log(
  `direction: ${wanted.length} modules, ${result.summary.totalDependenciesCruised} imports, ${rules.length} rules${firing}`,
);
for (const problem of problems) console.error(`  ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
