// heird drain, resume and promote: what is refused before anybody is asked, and what people are told.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operate, sentenceOf } from "../../agent/cli/operate.ts";
import { EXIT, Refusal } from "../../agent/cli/refusal.ts";
import { routerKeyOf } from "../../agent/core/config.ts";
import type { OperatedRouter } from "../../agent/operate/operation.ts";
import { ip } from "../log/history.ts";
import { somebody } from "../operate/somebody.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "heird-operate-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const refusalOf = async (flags: Partial<Parameters<typeof operate>[2]>): Promise<Refusal> => {
  const asked = operate("drain", undefined, { "state-dir": directory, json: false, wait: false, ...flags });
  const refusal: unknown = await asked.catch((cause: unknown) => cause);
  if (!(refusal instanceof Refusal)) throw new Error("it was not refused");
  return refusal;
};

describe("what is refused before a daemon is asked", () => {
  test.each([
    [{ for: "soon" }, "--for soon is no span of time: write 90s, 30m or 2h"],
    [{ for: "30m ago" }, "--for 30m ago is no span of time"],
    [{ for: "0s" }, "--for is more than nothing, and 24d at most"],
    [{ for: "25d" }, "24d at most"],
    [{ timeout: "5s" }, "--timeout says how long to --wait"],
  ])("%j", async (flags, because) => {
    const { code, message } = await refusalOf(flags);
    expect(code).toBe(EXIT.usage);
    expect(message).toContain(because);
  });

  test("nobody to ask has an exit code of his own", async () => {
    expect((await refusalOf({ for: "24d" })).code).toBe(EXIT.unreachable);
  });
});

const router: OperatedRouter = {
  name: "VI_1",
  router: routerKeyOf("eth0", "ipv4", 1),
  was: "master",
  state: "backup",
  drained: { reason: "", by: null, forSeconds: 1_799.2, whole: false },
  master: null,
};
const other = { address: ip("10.0.0.2"), priority: 100, self: false };

test.each<[Parameters<typeof sentenceOf>, string]>([
  [["drain", "done", router], "VI_1: MASTER -> BACKUP, drained for another 30m0s; no Master is heard"],
  [
    [
      "drain",
      "done",
      { ...router, drained: { reason: "disk", by: somebody, forSeconds: null, whole: true }, master: other },
    ],
    'VI_1: MASTER -> BACKUP, drained until it is resumed for "disk" by uid 1000; 10.0.0.2 (100) is Master',
  ],
  [
    ["resume", "done", { ...router, was: "backup", drained: null, master: other }],
    "VI_1: BACKUP, takes part again; 10.0.0.2 (100) is Master",
  ],
  [
    ["resume", "unchanged", { ...router, was: "backup", drained: null, master: other }],
    "VI_1: BACKUP, was not drained; 10.0.0.2 (100) is Master",
  ],
  [
    ["promote", "done", { ...router, was: "backup", state: "master", drained: null, master: { ...other, self: true } }],
    "VI_1: BACKUP -> MASTER",
  ],
])("people are told of %j", (given, text) => expect(sentenceOf(...given)).toBe(text));
