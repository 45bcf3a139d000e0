// Whether a page says what it must: a text, a pattern, a value in a JSON document.

import { runInNewContext } from "node:vm";
import type { PageTest } from "../agent/core/check.ts";

/** How long a pattern may search, in ms: some take centuries over a page they were not made for. */
const PATIENCE = 100;

/** What the page does not say, as a sentence; null when it says everything. */
export function missingIn(body: string, tests: readonly PageTest[]): string | null {
  for (const test of tests) {
    const why = missing(body, test);
    if (why !== null) return why;
  }
  return null;
}

function missing(body: string, test: PageTest): string | null {
  switch (test.kind) {
    case "text":
      return body.includes(test.text) ? null : `the page does not contain "${test.text}"`;
    case "regex":
      return matches(body, test.source);
    case "json": {
      const found = valueAt(body, test.pointer);
      if (!found.ok) return found.error;
      const said = typeof found.value === "string" ? found.value : JSON.stringify(found.value);
      return said === test.value ? null : `${test.pointer} is not ${test.value}`;
    }
  }
}

function matches(body: string, source: string): string | null {
  try {
    const found: unknown = runInNewContext(
      "new RegExp(source, 'm').test(body)",
      { source, body },
      { timeout: PATIENCE },
    );
    return found === true ? null : `the page does not match /${source}/`;
  } catch {
    return `/${source}/ searched the page for more than ${PATIENCE} ms`;
  }
}

/** RFC 6901: a value in a JSON document. */
export function valueAt(text: string, pointer: string): { ok: true; value: unknown } | { ok: false; error: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: "what was read is no JSON" };
  }
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const known = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    if (!known) return { ok: false, error: `there is nothing at ${pointer}` };
    value = (value as Record<string, unknown>)[key];
  }
  return { ok: true, value };
}
