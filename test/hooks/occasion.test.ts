// What hooks are told to be the cause, where it is no packet and no person: a check, a number, an address, time.

import { expect, test } from "vitest";
import type { Run } from "../../agent/core/check.ts";
import type { Observation } from "../../agent/core/event.ts";
import { instantAt, microseconds } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { bad, good } from "../../checks/check.ts";
import { belief, check } from "../checks/ask.ts";
import { router } from "../explain/two-nodes.ts";
import { addressOf as ip } from "../stories/options.ts";
import { causesIn, noticesOf } from "./told.ts";

const none = microseconds(0);
const ran = (said: Omit<Run, "started" | "queued" | "took" | "skipped">): Run => ({
  ...said,
  started: instantAt(0),
  queued: none,
  took: none,
  skipped: 0,
});
const counts = { rise: 1, fall: 2 };
const asked = check({ kind: "tcp", host: "192.0.2.1", port: 80, send: null, expect: [] });
const tcp = { ...asked, name: "check/t", belief: belief({ master: counts, backup: counts }) };
const number = check(
  { kind: "file", path: "/n", init: null },
  { name: "file/n", belief: belief({ verdict: "number" }) },
);
const tracks = ["check/t", "file/n"].map((name) => ({ check: name, weight: 0, reverse: false }));

test("hooks are told which check it was, what it said, and how often", () => {
  const routers = [router("priority=150", { tracks, hooks: { ...usualHooks, mail: true } })];
  const config = { ...usualAgent, routers, checks: [tcp, number] };
  const answers = (name: string, ...runs: readonly Run[]) =>
    runs.map((run): Observation => ({ type: "checkReported", check: name, run }));
  const happened: readonly Observation[] = [
    { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
    { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7")], removed: [] },
    { type: "configured", config },
    ...answers("check/t", ran(good("connected"))),
    ...answers("file/n", ran(good("a number", { value: 0 }))),
    { type: "commanded", command: { type: "startup" } },
    ...answers("check/t", ran(bad("no\0\r\nanswer")), ran(bad("no\0\r\nanswer"))),
    ...answers("check/t", ran(good("connected"))),
    ...answers("file/n", ran(good("a number", { value: -7 }))),
    ...answers("file/n", ran(good("no such file, which counts as 0", { value: 0 }))),
    { type: "addressesChanged", interface: "eth0", added: [], removed: [ip("10.0.0.7")] },
  ];
  const told = noticesOf(happened).map((notice) => `${notice.word} ${causesIn(notice)}`);
  expect(told.filter((one) => !one.includes("startup"))).toEqual([
    "FAULT check/t failed: no answer (2 in a row)",
    "BACKUP check/t good: connected",
    "FAULT file/n good: a number, -7",
    "BACKUP file/n good: no such file, which counts as 0",
    "FAULT addresses of eth0: -10.0.0.7",
  ]);
});
