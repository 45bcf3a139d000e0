// A daemon that lives on while its program is replaced on the disk: the next process beside it may be of another
// release. What it says and the daemon does not know costs a hook, or a check, and not the daemon.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { isAnswer } from "../../agent/hooks/deed.ts";
import type { Ending } from "../../agent/hooks/queue.ts";
import { shell } from "../checks/ask.ts";

const folder = mkdtempSync(join(tmpdir(), "heird-replaced-"));
const OTHER = join(folder, "other.cjs");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// As it answered before answers had a type.
writeFileSync(
  OTHER,
  'process.on("message", ({ id }) => process.send({ id, ending: { ok: true, detail: "exit 0" } }));\n',
);

vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  return { ...real, fork: (_: string, ...more: [string[], object]) => real.fork(OTHER, ...more) };
});

test("an answer of another release ends that process, and the hook is lost with a sentence", async () => {
  const { openDoer } = await import("../../agent/hooks/aside.ts");
  const doer = openDoer();
  const deed = { type: "webhook" } as never;
  const ending = await new Promise<Ending>((resolve) => void doer.run(deed, resolve));
  expect(ending).toMatchObject({ ok: false, lost: true });
  expect(ending.detail).toBe("the process that runs hooks ended (it is of another release; restart heird)");
  doer.close();
});

test("what another release tells of a check ends who asks, and is not taken for a verdict", async () => {
  const { openAsker } = await import("../../checks/aside.ts");
  // To `ask` it answers without a type, too.
  const runs: unknown[] = [];
  const trouble = await new Promise<string>((resolve) => {
    const asker = openAsker(
      "mark/",
      (run) => runs.push(run),
      (sentence) => {
        void asker.close();
        resolve(sentence);
      },
    );
    asker.ask([shell("true")]);
  });
  expect(trouble).toMatch(/ended \(it is of another release; restart heird\); it is started again/);
  expect(runs).toEqual([]);
});

test.each([
  [{ type: "listens" }, true],
  [{ type: "group", id: 1, group: null }, true],
  [{ type: "ended", id: 1, ending: { ok: true, detail: "exit 0", output: "" } }, true],
  [{ type: "ended", id: 1, result: "exit 0" }, false],
  [{ type: "grouped", id: 1 }, false],
  [null, false],
])("%j is an answer: %s", (said, known) => {
  expect(isAnswer(said)).toBe(known);
});
