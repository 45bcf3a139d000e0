// Files that exist in memory only, for tests of the loader.

import type { FileReader } from "../../config/include.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../../config/load.ts";

/** A reader of the files given, by absolute path. */
export function memory(files: Readonly<Record<string, string>>): FileReader {
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? { ok: false, error: "it does not exist" } : { ok: true, text };
    },
    list: (directory) => {
      const inside = directory.endsWith("/") ? directory : `${directory}/`;
      const names = Object.keys(files).flatMap((path) =>
        path.startsWith(inside) ? [path.slice(inside.length).split("/")[0] ?? ""] : [],
      );
      return [...new Set(names)];
    },
  };
}

/** Loads a text as if it stood in /etc/heird/heird.conf. */
export const loadText = (
  text: string,
  options: Omit<LoadOptions, "reader"> = {},
  others: Readonly<Record<string, string>> = {},
): Loaded =>
  loadConfig("/etc/heird/heird.conf", {
    configId: "node1",
    environment: () => undefined,
    random: () => 0.5,
    ...options,
    reader: memory({ "/etc/heird/heird.conf": text, ...others }),
  });

/** `code line:column`, one per diagnostic. */
export const codesOf = ({ diagnostics }: Loaded): readonly string[] =>
  diagnostics.map(({ code, position: { line, column } }) => `${code} ${line}:${column}`);
