import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { asWritten } from "../../agent/operate/origin.ts";

test("a stack names the places of the sources, and what has no map keeps its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "heird-origin-"));
  try {
    const file = pathToFileURL(join(folder, "start.js")).href;
    // One segment per line, base 64 of five bits each: column 0 (A) of the one source (A), 10 lines on (U), 2
    // columns on (E); in the second line column 4 (I), the same source, one line on (C), the same column (A).
    const map = { version: 3, sources: ["../../agent/daemon/a.ts"], names: [], mappings: "AAUE;IACA" };
    writeFileSync(join(folder, "start.js.map"), JSON.stringify(map));
    const other = pathToFileURL(join(folder, "other.js")).href;
    const path = join(folder, "start.js");
    const frames = [
      `f (${file}:1:1)`,
      `async ${file}:2:5`,
      `p (${path}:1:1)`,
      "q (heird:start.js:1:1)",
      `g (${other}:1:1)`,
      "h (node:fs:3:4)",
    ];
    const stack = ["Error: no", ...frames.map((frame) => `    at ${frame}`)].join("\n");
    expect(asWritten(stack, pathToFileURL(`${folder}/`)).split("\n")).toEqual([
      "Error: no",
      "    at f (agent/daemon/a.ts:11:3)",
      "    at async agent/daemon/a.ts:12:3",
      "    at p (agent/daemon/a.ts:11:3)",
      "    at q (agent/daemon/a.ts:11:3)",
      `    at g (${other}:1:1)`,
      "    at h (node:fs:3:4)",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
