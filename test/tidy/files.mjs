// What there is to read: the reference against which a tool that read nothing is caught.

import { readdirSync } from "node:fs";
import { join } from "node:path";

export const FOLDERS = ["agent", "checks", "config", "test"];

/** Every TypeScript file of the given folders under `root`, declarations left out, as relative paths. */
export function sourceFiles(root, folders = FOLDERS) {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
    )
    .sort();
}
