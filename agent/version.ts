// The version people see, read from the package once.

import { readFileSync } from "node:fs";

const described: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** As in package.json. */
export const VERSION: string =
  typeof described === "object" && described !== null && "version" in described ? String(described.version) : "unknown";
