// The alerts that are shipped: what they ask for is on a page of figures, by name and by label.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fullPage } from "../metrics/full.ts";
import { parsePage } from "../metrics/page.ts";

/** `instance` is Prometheus' own: who was scraped. */
const SCRAPED = ["instance"];

/** The labels of every series by its name. */
const LABELS = new Map<string, readonly string[]>();
for (const { name, labels } of parsePage(fullPage())) {
  const found = [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
  LABELS.set(name, [...new Set([...(LABELS.get(name) ?? SCRAPED), ...found])]);
}

const RULES = readFileSync("deploy/alerts.yml", "utf8")
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => ({
    name: text.split("\n", 1).join(""),
    expr: /^ {8}expr: (.+)$/m.exec(text)?.[1] ?? "",
    spoken: [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label),
    text,
  }));

test("no alert stands twice, and each says what happened", () => {
  expect(RULES.length).toBeGreaterThan(10);
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  for (const { text } of RULES) expect(text).toMatch(/^ {8}annotations:\n {10}summary: ".+"$/m);
});

test.each(RULES)("$name asks for figures and labels that there are", ({ expr, spoken }) => {
  const asked = [...expr.matchAll(/\b(heird_\w+)(?:\{([^}]*)\})?/g)];
  expect(asked.length).toBeGreaterThan(0);
  const given = new Set<string>();
  for (const [, name = "", matchers = ""] of asked) {
    const labels = LABELS.get(name);
    expect(labels, `${name} is on the page`).toBeDefined();
    for (const [, label = ""] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) expect(labels, name).toContain(label);
    for (const label of labels ?? []) given.add(label);
  }
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
  for (const label of [...spoken, ...grouped]) expect([...given]).toContain(label);
  // What is summed up by some labels has no others to speak of.
  const summed = /^(?:sum|max) by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ");
  for (const label of summed === undefined ? [] : spoken) expect(summed).toContain(label);
  expect(expr.replace(/[^([{]/g, "").length).toBe(expr.replace(/[^)\]}]/g, "").length);
});
