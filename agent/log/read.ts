// Reads a log directory back, line by line, verifying the chain on the way.

import { readFileSync } from "node:fs";
import { chain, type Line, parseLine, unseal } from "./line.ts";
import { segmentsOf } from "./recover.ts";

/** What is wrong, where. */
export type Flaw = { readonly file: string; readonly line: number; readonly says: string };

export type LogContents = { readonly lines: readonly Line[]; readonly flaws: readonly Flaw[] };

/** All lines of a log in order, and every place where the chain does not hold. What precedes a flaw is kept. */
export function readLog(stateDirectory: string): LogContents {
  const lines: Line[] = [];
  const flaws: Flaw[] = [];
  let hash: string | null = null;
  for (const file of segmentsOf(stateDirectory)) {
    const texts = readFileSync(file, "utf8").split("\n");
    const torn = texts.pop();
    for (const [i, text] of texts.entries()) {
      const line = parseLine(text);
      const sealed = unseal(text);
      const flaw = (says: string) => flaws.push({ file, line: i + 1, says });
      if (typeof line === "string") flaw(line);
      else if (sealed === undefined) flaw("carries no hash");
      else {
        const from: string | null = hash ?? (line.type === "header" ? line.prev : null);
        if (from === null || chain(from, sealed.body) !== sealed.hash) flaw("does not follow from the line before");
        lines.push(line);
      }
      hash = sealed?.hash ?? hash;
    }
    if (torn !== undefined && torn !== "") flaws.push({ file, line: texts.length + 1, says: "was torn off" });
  }
  return { lines, flaws };
}
