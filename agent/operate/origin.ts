// Where in the code as it is written an error began: what runs was put together in a few files, and their maps
// are read only when somebody has to read a stack.

import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A path, an address, or a part by its name, as compiled.ts calls it. */
const PLACE = /((?:heird:|(?:file:\/\/)?\/)[^\s()]+\.js):(\d+):(\d+)/g;
const PARTS = new URL("./parts/", import.meta.url);

/** A stack with the places as they are in the sources; those without a map stay. */
export function asWritten(stack: string, parts: URL = PARTS): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(PLACE, (place: string, url: string, line: string, column: string) => {
    const known = maps.get(url);
    const map = known === undefined ? mapOf(url, parts) : known;
    maps.set(url, map);
    // Maps count from zero, stacks from one.
    const entry = map?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !("originalSource" in entry)) return place;
    const file = entry.originalSource.replace(/^(\.\.\/)+/, "");
    return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(place: string, parts: URL): SourceMap | null {
  const url = place.startsWith("heird:") ? new URL(place.slice("heird:".length), parts) : place;
  try {
    const path = typeof url === "string" && url.startsWith("/") ? url : fileURLToPath(url);
    return new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")));
  } catch {
    return null;
  }
}
