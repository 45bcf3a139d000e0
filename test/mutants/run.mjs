// npm run mutants [-- NAME-PART]: plants one mistake after the other in a copy of the tree, and asks each
// layer of tests whether it notices. A mistake that nobody notices is a test that is missing.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COPIED = ["agent", "checks", "config", "test", "package.json", "tsconfig.json", "vitest.config.ts"];

/** Layers from the cheapest on, with the files of each. */
const LAYERS = [
  ["stories", ["test/stories", "test/wire"]],
  ["properties", ["test/properties"]],
  ["simulation", ["test/simulation/first-half.test.ts"]],
];
/** Lives for each mistake: a thousand would take the night. */
const SEEDS = "150";

const patches = JSON.parse(readFileSync(join(ROOT, "test/mutants/patches.json"), "utf8"));
const wanted = process.argv[2];
const chosen = wanted === undefined ? patches : patches.filter(({ name }) => name.includes(wanted));

function fails(tree, files) {
  const run = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      "--project",
      "pure",
      "--bail",
      "1",
      "--test-timeout",
      "240000",
      ...files,
    ],
    { cwd: tree, env: { ...process.env, HEIRD_SIM_SEEDS: SEEDS }, encoding: "utf8", timeout: 300_000 },
  );
  // A mistake that never comes back is noticed, too.
  return run.status !== 0;
}

function judge(tree, { file, from, to }) {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`the patch does not apply to ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return LAYERS.map(([, files]) => fails(tree, files));
  } finally {
    writeFileSync(path, text);
  }
}

const tree = mkdtempSync(join(tmpdir(), "heird-mutants-"));
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  for (const [name, files] of LAYERS)
    if (fails(tree, files)) throw new Error(`${name} fail without any mistake: nothing can be learnt from them`);
  const survivors = [];
  console.log(`| Mistake | ${LAYERS.map(([name]) => name).join(" | ")} |`);
  console.log(`| --- | ${LAYERS.map(() => "---").join(" | ")} |`);
  for (const patch of chosen) {
    const found = judge(tree, patch);
    if (!found.includes(true)) survivors.push(patch.name);
    console.log(`| ${patch.name} | ${found.map((one) => (one ? "found" : "**missed**")).join(" | ")} |`);
  }
  console.log(survivors.length === 0 ? "every mistake was found" : `survived: ${survivors.join("; ")}`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(tree, { recursive: true, force: true });
}
