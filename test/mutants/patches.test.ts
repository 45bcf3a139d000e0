// Every planted mistake can still be planted: its place is there, once.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import patches from "./patches.json" with { type: "json" };

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

it("there are at least forty mistakes, in the core, on the wire and in the hooks", () => {
  expect(patches.length).toBeGreaterThanOrEqual(40);
  expect(new Set(patches.map(({ name }) => name)).size).toBe(patches.length);
  expect(patches.every(({ file }) => /^agent\/(core|wire|hooks)\//.test(file))).toBe(true);
});

it.each(patches)("$name", ({ file, from, to }) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  expect(text.split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});
