// What `heird checks` and `heird checks run` tell of runs: how many, how long, what was said.

import { expect, test } from "vitest";
import { listText, runText } from "../../agent/cli/checks.ts";
import { step } from "../../agent/core/agent.ts";
import type { Run } from "../../agent/core/check.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt, microseconds, milliseconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { createCheckBook } from "../../agent/operate/check-book.ts";
import { shell } from "../checks/ask.ts";
import { router } from "../log/history.ts";

const CHECK = { ...shell("true"), name: "script/ask" };
const VI_1 = router("eth0", "ipv4", 51, { name: "VI_1", tracks: [{ check: CHECK.name, weight: -20, reverse: false }] });

const run = (wanted: Partial<Run>): Run => ({
  ok: true,
  value: null,
  detail: "exit 0",
  exit: 0,
  timedOut: false,
  output: "",
  started: instantAt(0),
  queued: microseconds(0),
  took: milliseconds(1),
  skipped: 0,
  ...wanted,
});

/** What the book has after these runs, at 201 s. */
function bookOf(runs: readonly Run[]) {
  const book = createCheckBook();
  let state: AgentState = initialState;
  const see = (at: number, seen: Observation): void => {
    const turn = step(state, { at: instantAt(at), seen });
    state = turn.state;
    book.watch(turn);
  };
  see(0, { type: "configured", config: { ...usualAgent, routers: [VI_1], checks: [CHECK] } });
  see(0, { type: "commanded", command: { type: "startup" } });
  for (const one of runs) see(one.started, { type: "checkReported", check: CHECK.name, run: one });
  return book.list(state, instantAt(201_000_000));
}

test("durations are of the last 128 runs, counts of all", () => {
  // The i-th second's run takes i ms; 73 to 200 are left. Of 128 in order the 64th from 0 is 137, the 126th 199.
  const runs = Array.from({ length: 200 }, (_, i) =>
    run({ started: instantAt((i + 1) * 1_000_000), took: milliseconds(i + 1), skipped: i % 100 === 0 ? 2 : 0 }),
  );
  const failed = run({ ok: false, detail: "exit 3", exit: 3, output: "oh\n", started: instantAt(200_500_000) });
  const [told] = bookOf([
    ...runs.slice(0, 199),
    { ...failed, started: instantAt(200_000_000), took: milliseconds(200) },
  ]);
  expect(told).toMatchObject({
    runs: 200,
    failures: 1,
    skipped: 4,
    took: { p50: 137, p99: 199 },
    ok: false,
    streak: 1,
    verdict: "down",
    said: "exit 3",
    trackedBy: ["VI_1"],
  });
  expect(told?.last).toHaveLength(5);
  expect(told?.last[0]).toMatchObject({ exit: 3, output: "oh\n", agoSeconds: 1 });
  const [, line = ""] = listText(told === undefined ? [] : [told]).split("\n");
  expect(line.split(/ {2,}/)).toEqual([
    "script/ask",
    "down",
    "1s",
    "1 bad of 1",
    "1s ago",
    "137 ms",
    "199 ms",
    "200",
    "1",
    "4",
    "exit 3",
  ]);
});

test("a check that was not asked yet is told, too", () => {
  expect(bookOf([])).toMatchObject([{ verdict: "unknown", ok: null, took: null, runs: 0, last: [] }]);
  expect(listText(bookOf([]))).toContain("not asked yet");
});

test("one run is shown with who it runs as and all it said, and reaches no terminal's nerves", () => {
  const text = runText(
    {
      ...CHECK,
      question: { kind: "script", program: { argv: ["/bin/a", "b c"], user: "nobody", group: null, umask: 0o177 } },
    },
    run({
      ok: false,
      exit: "SIGKILL",
      detail: "ended by SIGKILL",
      took: milliseconds(12.5),
      output: "one\n\ttwo\u001b[2J\0\u009b\n",
    }),
  );
  expect(text.split("\n")).toEqual([
    "check    script/ask",
    "kind     script",
    'command  "/bin/a" "b c"',
    "as       nobody",
    "umask    0177",
    "timeout  500 ms",
    "answer   bad",
    "because  ended by SIGKILL",
    "exit     SIGKILL",
    "took     12.5 ms",
    "",
    "one",
    "\ttwo\\x1b[2J\\x00\\x9b",
  ]);
});
