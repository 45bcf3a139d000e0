// A machine on which no process can be started: that is told, tried again, and ends no daemon. A variable longer
// than the kernel takes (128 KiB) makes every start fail as one without memory does: Node throws.

import { afterEach, beforeEach, expect, test } from "vitest";
import type { AuditConfig, MailConfig } from "../../agent/core/config.ts";
import { seconds } from "../../agent/core/time.ts";
import { openAuditor } from "../../agent/daemon/auditor.ts";
import { openDoer } from "../../agent/hooks/aside.ts";
import type { Ending } from "../../agent/hooks/queue.ts";
import type { Journal } from "../../agent/operate/journal.ts";
import { openAsker } from "../../checks/aside.ts";
import { shell } from "../checks/ask.ts";

const NOBODY: MailConfig = {
  to: ["a@example.org"],
  from: "b@example.org",
  host: "127.0.0.1",
  port: 25,
  helo: "rt1",
  timeout: seconds(1),
  faults: true,
};
const AUDIT: AuditConfig = {
  redis: ["redis://127.0.0.1:1"],
  sentinels: [],
  sentinelName: null,
  cluster: "lab",
  node: "rt1",
  username: null,
  password: null,
  tls: { ca: null, cert: null, key: null },
  retentionDays: 1,
};

beforeEach(() => {
  process.env["HEIRD_TEST_LONG"] = "x".repeat(200_000);
});
afterEach(() => {
  delete process.env["HEIRD_TEST_LONG"];
});

test("hooks are lost and not run, which their queue is told", async () => {
  const doer = openDoer();
  doer.prepare();
  const ending = await new Promise<Ending>((resolve) => {
    doer.run({ type: "mail", mail: NOBODY, rest: null, event: "e/1", subject: "", text: "" }, resolve);
  });
  expect(ending).toMatchObject({ ok: false, lost: true, detail: /cannot be started \(spawn E2BIG\)/ as never });
  doer.close();
});

test("checks are asked later, and the log is shipped later", async () => {
  const told: string[] = [];
  const asker = openAsker(
    "mark/",
    () => undefined,
    (sentence) => told.push(sentence),
  );
  asker.ask([shell("true")]);
  await asker.close();
  const warn = (sentence: string): void => void told.push(sentence);
  const auditor = openAuditor("/nowhere", () => 0, { warn } as Pick<Journal, "warn"> as Journal);
  auditor.ship(AUDIT);
  await auditor.close(0);
  expect(told).toEqual([
    "the process that asks the checks cannot be started (spawn E2BIG); it is tried again",
    "the process that ships the log cannot be started (spawn E2BIG); it is tried again",
  ]);
});
