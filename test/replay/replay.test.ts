// Logs that a heird of the past wrote: each stays readable, verifies, and folds to what it says.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { transitions } from "../../agent/explain/chronicle.ts";
import { readFiles } from "../../agent/log/read.ts";
import { replay, told } from "../../agent/log/replay.ts";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const logs = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));

/** What each of them is known to tell. */
const TELLS: Readonly<Record<string, readonly string[]>> = {
  // Priority 50 beside 100: silence of a Master that was killed, its return, its resignation.
  "the-sample-pair-seen-by-the-backup.jsonl": [
    "initialize -> backup (startup)",
    "backup -> master (master_silent)",
    "master -> backup (peer_stronger)",
    "backup -> master (master_silent)",
    "master -> backup (peer_stronger)",
    "backup -> master (master_resigned)",
    "master -> initialize (shutdown)",
  ],
};

describe("an old log", () => {
  it("is told of, each by name", () => {
    expect(logs.length).toBeGreaterThan(0);
    expect(Object.keys(TELLS).sort()).toEqual([...logs].sort());
  });

  it.each(logs)("%s verifies, folds to its marks, and tells what it told", (name) => {
    const { lines, flaws } = readFiles([join(FOLDER, name)]);
    expect(flaws).toEqual([]);
    expect(replay(lines).divergences).toEqual([]);
    const changes = [...transitions(told(lines))].map(({ from, to, because }) => `${from} -> ${to} (${because})`);
    expect(changes).toEqual(TELLS[name]);
  });
});
