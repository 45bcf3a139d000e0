// Every story in this folder, and what would otherwise let one pass that proves nothing.
// HEIRD_REWRITE=1 writes what happened; the difference is what gets reviewed.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { play } from "./player.ts";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const stories = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".story"))
  .sort();

describe("the stories", () => {
  it("are there, and their names are sentences", () => {
    expect(stories.length).toBeGreaterThan(0);
    expect(stories.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+){3,}\.story$/.test(name))).toEqual([]);
  });

  it.each(stories)("%s", (name) => {
    const path = join(FOLDER, name);
    const told = readFileSync(path, "utf8");
    const happened = play(told);
    if (process.env["HEIRD_REWRITE"] === "1") writeFileSync(path, happened);
    else expect(happened).toBe(told);
  });
});

const STORY = `# A Backup waits for Master_Down_Interval: 3 * 1 s + 156/256 s = 3.609375 s.

router priority=100
startup
----
initialize -> backup (startup)

state
----
backup priority=100 due in 3.609375s
`;

describe("the player", () => {
  it("gives a true story back as it is", () => {
    expect(play(STORY)).toBe(STORY);
  });

  it("says what really happened where a story is wrong, and changes nothing else", () => {
    expect(play(STORY.replace("3.609375s\n", "3.6s\n"))).toBe(STORY);
  });

  it.each([
    ["a story begins with a comment", "router\n----\nok\n"],
    ["a story without a command proves nothing", "# A comment alone.\n"],
    ["line 3: commands and ---- are expected", "# A comment.\n\nrouter\nok\n"],
    ["line 3: it does not say what happened, not even ok", "# A comment.\n\nrouter\n----\n"],
    ['line 3: "sing" is none of', "# A comment.\n\nsing\n----\nok\n"],
    ['line 3: "prio=1" is none of', "# A comment.\n\nrouter prio=1\n----\nok\n"],
    ["line 3: which router?", "# A comment.\n\nhear priority=1\n----\nok\n"],
    ['line 3: "3" is no time', "# A comment.\n\nwait 3\n----\nok\n"],
    ["line 3: startup takes no indented lines", "# A comment.\n\nstartup\n  now\n----\nok\n"],
    ['line 3: "0.1us" is finer than a microsecond', "# A comment.\n\nwait 0.1us\n----\nok\n"],
  ])("refuses: %s", (sentence, text) => {
    expect(() => play(text)).toThrow(sentence);
  });
});
