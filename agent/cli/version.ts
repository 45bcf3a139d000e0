// The version people see, read from the package once.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** As in package.json, which stands above this file both in the sources and in the build. */
export const VERSION: string = versionAbove(dirname(fileURLToPath(import.meta.url)));

function versionAbove(directory: string): string {
  const path = join(directory, "package.json");
  if (!existsSync(path)) return dirname(directory) === directory ? "unknown" : versionAbove(dirname(directory));
  const described: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof described === "object" && described !== null && "version" in described
    ? String(described.version)
    : "unknown";
}
