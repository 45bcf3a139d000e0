// What one layer of tests says of a tree that was compiled: exits with 1 and a word when something is wrong.
//
//   node judge.mjs TREE stories | simulation [SEEDS]

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [tree = "", layer = "", seeds = "0"] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(tree, path)).href);

async function untrueStory() {
  const { play } = await load("test/stories/player.js");
  const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "stories");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".story"))
    .find((name) => !isTrue(play, readFileSync(join(folder, name), "utf8")));
}

function isTrue(play, text) {
  try {
    return play(text) === text;
  } catch {
    return false;
  }
}

async function failingSeed() {
  const { play } = await load("test/simulation/play.js");
  for (let seed = 0; seed < Number(seeds); seed++) {
    const [says] = play(seed).failures;
    if (says !== undefined) return `seed ${seed}: ${says}`;
  }
  return undefined;
}

const wrong = layer === "stories" ? await untrueStory() : await failingSeed();
if (wrong !== undefined) process.stdout.write(wrong);
process.exitCode = wrong === undefined ? 0 : 1;
