// npm run mutants [-- NAME-PART] [-- --resume]: plants one mistake after the other in a compiled copy of the
// tree, and asks each layer of tests whether it notices. A mistake that nobody notices is a test that is
// missing. What was judged is kept, so that a run which was interrupted goes on.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const JUDGED = join(ROOT, "node_modules/.cache/heird-mutants.json");
/** Lives for each mistake: a thousand would take the night. */
const SEEDS = "150";
/** A mistake that never comes back is noticed, too. */
const PATIENCE = 240_000;

/** Asked of every mistake; what neither sees is asked of the vectors and properties, as is what is planted outside the core. */
const ALWAYS = ["stories", "simulation"];
const PROPERTIES = [
  ["agent/core/", ["test/properties/core-"]],
  ["agent/wire/", ["test/wire", "test/properties/wire.test.ts"]],
  ["agent/hooks/", ["test/properties/hooks.test.ts"]],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { resume: { type: "boolean", default: false } },
});
const patches = JSON.parse(readFileSync(join(ROOT, "test/mutants/patches.json"), "utf8"));
const [wanted] = positionals;
const chosen = wanted === undefined ? patches : patches.filter(({ name }) => name.includes(wanted));

/** Whatever else this machine does goes first. */
setPriority(constants.priority.PRIORITY_LOW - 9);

const { config: OPTIONS } = ts.parseConfigFileTextToJson("", readFileSync(join(ROOT, "tsconfig.json"), "utf8"));
const { options: STRICT } = ts.convertCompilerOptionsFromJson({ ...OPTIONS.compilerOptions, noEmit: false }, ROOT);
/** One file alone does not know that its package is of modules. */
const AS_COMPILED = { ...STRICT, module: ts.ModuleKind.ESNext };

function compile(tree) {
  const options = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { noEmit: false, outDir: ".", rootDir: ROOT },
  };
  const include = ["agent", "checks", "config", "test/simulation", "test/stories"].map((name) => join(ROOT, name));
  writeFileSync(join(tree, "tsconfig.json"), JSON.stringify({ ...options, include, exclude: ["**/*.test.ts"] }));
  writeFileSync(join(tree, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const compiler = join(ROOT, "node_modules/typescript/lib/tsc.js");
  const typeRoots = join(ROOT, "node_modules/@types");
  const args = [compiler, "-p", tree, "--noCheck", "--typeRoots", typeRoots];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the tree does not compile: ${stdout}`);
}

/** One file, as the compiler makes it of that text. */
function emit(tree, file, text) {
  const { outputText } = ts.transpileModule(text, { compilerOptions: AS_COMPILED, fileName: join(ROOT, file) });
  writeFileSync(join(tree, file.replace(/\.ts$/, ".js")), outputText);
}

/** What a layer has against the tree; null for nothing. */
function complaint(tree, layer) {
  const args = [join(ROOT, "test/mutants/judge.mjs"), tree, layer, SEEDS];
  const run = spawnSync(process.execPath, args, { encoding: "utf8", timeout: PATIENCE });
  if (run.status === 0) return null;
  if (/ERR_MODULE_NOT_FOUND|SyntaxError/.test(run.stderr)) throw new Error(run.stderr);
  return run.signal === null ? run.stdout || "it throws" : "it never ends";
}

/** The tests that need their runner see the mistake in the file itself, for as long as they take. */
function propertiesFail(file, text, mutated) {
  const files = PROPERTIES.flatMap(([folder, tests]) => (file.startsWith(folder) ? tests : []));
  const args = ["run", "--project", "pure", "--bail", "1", "--test-timeout", "120000", ...files];
  const copy = mkdtempSync(join(tmpdir(), "heird-mutant-"));
  try {
    for (const name of ["agent", "checks", "config", "test", "package.json", "tsconfig.json", "vitest.config.ts"])
      spawnSync("cp", ["-r", join(ROOT, name), copy]);
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, file), mutated ?? text);
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const run = spawnSync(process.execPath, [vitest, ...args], { cwd: copy, encoding: "utf8", timeout: PATIENCE });
    return run.status !== 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function judge(tree, { file, from, to }) {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (text.split(from).length !== 2) throw new Error(`the patch does not apply to ${file}`);
  const mutated = text.replace(from, () => to);
  emit(tree, file, mutated);
  try {
    const found = Object.fromEntries(ALWAYS.map((layer) => [layer, complaint(tree, layer)]));
    const isCore = file.startsWith("agent/core/");
    if (isCore && Object.values(found).some((says) => says !== null)) return found;
    return { ...found, properties: propertiesFail(file, text, mutated) ? "a test fails" : null };
  } finally {
    emit(tree, file, text);
  }
}

/** What was judged before, by the patch itself: one that was changed is judged again. */
function judgedBefore() {
  try {
    return values.resume ? JSON.parse(readFileSync(JUDGED, "utf8")) : {};
  } catch {
    return {};
  }
}

const keyOf = ({ name, from, to }) => `${name}\n${from}\n${to}`;
const cell = (says) => (says === undefined ? "not asked" : says === null ? "**missed**" : "found");

const tree = mkdtempSync(join(tmpdir(), "heird-mutants-"));
const judged = judgedBefore();
const told = new Map();
try {
  process.stderr.write("compiling, and asking the tree without any mistake ...\n");
  compile(tree);
  for (const layer of ALWAYS) {
    const says = complaint(tree, layer);
    if (says !== null) throw new Error(`${layer} fail without any mistake (${says}): nothing can be learnt from them`);
  }
  for (const [i, patch] of chosen.entries()) {
    const found = judged[keyOf(patch)] ?? judge(tree, patch);
    judged[keyOf(patch)] = found;
    told.set(patch.name, found);
    mkdirSync(dirname(JUDGED), { recursive: true });
    writeFileSync(JUDGED, JSON.stringify(judged));
    const by = Object.entries(found).flatMap(([layer, says]) => (says === null ? [] : [`${layer} (${says})`]));
    process.stderr.write(`${i + 1} of ${chosen.length}: ${patch.name}: ${by.join(", ") || "SURVIVED"}\n`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
const survivors = [...told].filter(([, found]) => Object.values(found).every((says) => says === null));
console.log("| Mistake | stories | simulation | properties |");
console.log("| --- | --- | --- | --- |");
for (const [name, { stories, simulation, properties }] of told)
  console.log(`| ${name} | ${cell(stories)} | ${cell(simulation)} | ${cell(properties)} |`);
console.log(
  survivors.length === 0
    ? `all ${told.size} mistakes were found`
    : `survived: ${survivors.map(([name]) => name).join("; ")}`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
