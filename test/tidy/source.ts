// The project as the tidy rules read it: paths and texts, so that a rule can be tried on made-up ones.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A file by its path from the root, with slashes. */
export type Source = { readonly path: string; readonly text: string };

const SKIPPED: ReadonlySet<string> = new Set([".git", "node_modules", "dist", "dist.next", "coverage"]);
const TEXT = /(\.(ts|mjs|md|json|story|conf|service|sh|hex)|Dockerfile|\.ci\/run)$/;

/** Every text file of the project that is not installed or built. */
export function readProject(root: string): readonly Source[] {
  const walk = (folder: string): readonly string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !SKIPPED.has(name))
      .flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]));
  return walk(root)
    .filter((path) => TEXT.test(path))
    .sort()
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

/** The folders at the top, those that are installed or built left out. */
export const topFolders = (root: string): readonly string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name))
    .map(({ name }) => name)
    .sort();

export const isCode = ({ path }: Source): boolean => /\.(ts|mjs)$/.test(path);
export const isTypeScript = ({ path }: Source): boolean => path.endsWith(".ts") && !path.endsWith(".d.ts");
export const isStory = ({ path }: Source): boolean => path.endsWith(".story");
export const isMarkdown = ({ path }: Source): boolean => path.endsWith(".md");
