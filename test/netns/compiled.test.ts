// What V8 has compiled lies beside the code: taken when it is whole and of this very code, and else never run.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "./command.ts";

const BUILT = resolve(import.meta.dirname, "../../dist/heird");
const LOADER = "compiled.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-compiled-"));
  cpSync(join(BUILT, LOADER), join(folder, LOADER));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a process of its own: V8 remembers what it has compiled in one. */
const node = (where: string, code: string, ...flags: readonly string[]): Promise<string> =>
  run([process.execPath, ...flags, "-e", `process.chdir(${JSON.stringify(where)});${code}`]);

/** What a part answers, and whether it was taken as it was compiled. */
const answerOf = (where: string, ...flags: readonly string[]): Promise<string> =>
  node(
    where,
    `const { exports: { ask }, asCompiled } = require(process.cwd() + "/${LOADER}").load(".", "daemon", require);` +
      "process.stdout.write(asCompiled + ' ' + ask(1));",
    ...flags,
  );

const partSaying = (word: string): string =>
  `(function(require,module){${Array.from({ length: 200 }, (_, i) => `function f${i}(a){return a+${i}+"${word}"}`).join("")}module.exports={ask:f7}})`;

test("the build made both parts for this Node.js, and its flags", async () => {
  // In this order, as in the daemon.
  for (const part of ["daemon", "loader"])
    expect(
      await node(
        BUILT,
        `const required = require("node:module").createRequire(process.cwd() + "/${LOADER}");` +
          `process.stdout.write(String(required("./${LOADER}").load(process.cwd(), "${part}", required).asCompiled))`,
      ),
      part,
    ).toBe("true");
});

test("what is not whole, of other code or made with other flags is passed over, and the code runs", async () => {
  mkdirSync(join(folder, "parts"));
  const code = join(folder, "parts/daemon.js");
  const kept = join(folder, "parts/daemon.v8");
  writeFileSync(code, partSaying("a"));
  expect(await answerOf(folder)).toBe("false 8a");
  await node(folder, `require(process.cwd() + "/${LOADER}").keep(".", "daemon")`);
  expect(await answerOf(folder)).toBe("true 8a");
  expect(await answerOf(folder, "--stack-size=900")).toBe("false 8a");

  const whole = readFileSync(kept);
  const turned = (at: number): Buffer => Buffer.from(whole.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  // In the digest, in the head of V8, in the middle and at the end.
  for (const at of [3, 33, 60, Math.floor(whole.length / 2), whole.length - 1]) {
    writeFileSync(kept, turned(at));
    expect(await answerOf(folder), `bit turned at ${at}`).toBe("false 8a");
  }
  for (const length of [0, 16, 32, whole.length - 8]) {
    writeFileSync(kept, whole.subarray(0, length));
    expect(await answerOf(folder), `cut to ${length}`).toBe("false 8a");
  }
  rmSync(kept);
  expect(await answerOf(folder), "gone").toBe("false 8a");
  // V8 itself compares lengths alone, and would answer 8a.
  writeFileSync(kept, whole);
  writeFileSync(code, partSaying("b"));
  expect(await answerOf(folder), "of other code").toBe("false 8b");
});
