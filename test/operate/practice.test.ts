// What is read for practice must be a configuration: an error would be all that is practised.

import { expect, test } from "vitest";
import { practise } from "../../agent/daemon/practice.ts";

test("the configuration that is read for practice is one that could be used", () => {
  const [read] = practise();
  const { config, diagnostics } = read ?? {};
  expect(config?.routers.length, JSON.stringify(diagnostics)).toBeGreaterThan(1);
  // A warning takes a way of its own, and a file for the bench has hundreds.
  expect(new Set(diagnostics?.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
});
