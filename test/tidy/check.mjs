// `npm run check`: Biome, TypeScript and the direction of imports, each asked how much it read. A
// tool that was pointed at nothing is green too, and green and empty is the worst of results.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceFiles } from "./files.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(ROOT, "node_modules/.bin");
const wanted = sourceFiles(ROOT);

/** Runs a tool without a shell and shows what it said; `read` gives the files it did not read, as sentences. */
function step(name, command, args, read, quiet = () => false) {
  const run = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  const output = `${run.stdout ?? ""}${run.stderr ?? ""}`;
  const said = output.split("\n").filter((line) => line !== "" && !quiet(line));
  const missing = run.error === undefined ? read(output) : [`${name} could not be run: ${run.error.message}`];
  for (const line of said) console.log(line);
  for (const sentence of missing) console.error(`  ${sentence}`);
  if (run.status === 0 && missing.length === 0) return true;
  console.error(`${name} failed`);
  return false;
}

/** Biome says only how many files it checked: every source file, and some more. */
function countedByBiome(output) {
  const checked = Number(/Checked (\d+) files?/.exec(output)?.[1] ?? 0);
  return checked >= wanted.length ? [] : [`Biome read ${checked} files; there are ${wanted.length} source files`];
}

const listed = (line) => line.startsWith("/");

function listedByTsc(output) {
  const read = new Set(output.split("\n").filter(listed));
  const missing = wanted.filter((path) => !read.has(join(ROOT, path)));
  console.log(`tsc: ${wanted.length - missing.length} of ${wanted.length} source files`);
  return missing.map((path) => `${path} was not read by tsc`);
}

const results = [
  step("biome", join(BIN, "biome"), ["ci", "--colors=off", "--error-on-warnings", "."], countedByBiome),
  step("tsc", join(BIN, "tsc"), ["-p", "tsconfig.json", "--listFiles"], listedByTsc, listed),
  step("direction", process.execPath, [join(ROOT, "test/tidy/direction.mjs")], () => []),
];
process.exitCode = wanted.length > 0 && results.every((ok) => ok) ? 0 : 1;
