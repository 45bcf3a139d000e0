import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { explainCode } from "../../agent/cli/explain-code.ts";
import { CODES } from "../../config/codes.ts";
import type { BlockName } from "../../config/keywords/keyword.ts";
import { KEYWORDS, keywordIn } from "../../config/keywords.ts";
import { referencePage } from "../../config/reference.ts";

const PAGE = resolve(import.meta.dirname, "../../config/REFERENCE.md");

test("the reference page is current; HEIRD_REWRITE=1 writes it anew", () => {
  if (process.env["HEIRD_REWRITE"] === "1") writeFileSync(PAGE, referencePage());
  expect(readFileSync(PAGE, "utf8")).toBe(referencePage());
});

test("every name stands once in its block, and every row says what it means", () => {
  for (const block of Object.keys(KEYWORDS) as BlockName[]) {
    const names = KEYWORDS[block].flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size, block).toBe(names.length);
    for (const { name, doc } of KEYWORDS[block]) {
      expect(doc, `${block}.${name}`).toMatch(/\.$/);
      expect(keywordIn(block, name)?.name).toBe(name);
    }
  }
});

test("every code can be explained, in any case of letters, and no other", () => {
  for (const code of Object.keys(CODES)) expect(explainCode(code.toLowerCase())).toContain(`[${code}]`);
  expect(explainCode("H9999")).toBeUndefined();
  expect(explainCode("toString")).toBeUndefined();
});

test("every code is reported by somebody", () => {
  const folder = resolve(import.meta.dirname, "../../config");
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && name !== "codes.ts")
    .map((name) => readFileSync(resolve(folder, name), "utf8"))
    .join("\n");
  expect(Object.keys(CODES).filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
});
