// Names, before the runner's summary, every test that passed only at its second try, and what was wrong
// at the first. What fails now and then is a fault of the test or of heird, and somebody has to look at
// it: no run may hide it behind a tick.

import type { Reporter, TestCase } from "vitest/node";

const firstLine = (test: TestCase): string => test.result().errors?.[0]?.message.split("\n")[0] ?? "no reason known";

const sentence = (test: TestCase): string =>
  `  ${test.module.relativeModuleId}: ${test.fullName}: ${firstLine(test)}\n`;

export const secondTries: Reporter = {
  onTestRunEnd(modules) {
    const tests = modules
      .flatMap((module) => [...module.children.allTests("passed")])
      .filter((test) => (test.diagnostic()?.retryCount ?? 0) > 0);
    process.stdout.write(
      tests.length === 0
        ? "second tries: none\n"
        : `second tries: ${tests.length}; these passed, but not at once, and somebody has to look:\n${tests.map(sentence).join("")}`,
    );
  },
};
