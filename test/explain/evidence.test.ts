// An explanation from the end of a log is the one from all of it, and says how much it has read.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { adviceOn, explainFrom } from "../../agent/cli/explain.ts";
import { seconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import { transitions } from "../../agent/explain/chronicle.ts";
import { explain } from "../../agent/explain/explanation.ts";
import { readLog } from "../../agent/log/read.ts";
import { told } from "../../agent/log/replay.ts";
import { filesOf } from "../../agent/log/seek.ts";
import { type History, history } from "../log/history.ts";
import { scratch, writeLog } from "../log/scratch.ts";
import { createLan, logOf, router } from "./two-nodes.ts";

const { directory, clear } = scratch();
afterEach(clear);

/** Of many transitions so many, the last among them. */
const MOST = 6;

const steady = (count: number): History["happenings"][number] => ({
  type: "steady",
  router: 0,
  priority: 254,
  count,
  gap: 1_000_000,
  fresh: true,
});

/** A Master that is heard for three minutes, and then no more. */
const heardForLong: History = {
  lateness: [0],
  happenings: [{ type: "reload", config: 1 }, steady(180), { type: "wait", span: 9_000_000 }],
};

describe("an explanation of any transition of a random life", () => {
  it("is the same from the end of the log as from all of it", async () => {
    let less = 0;
    await fc.assert(
      fc.asyncProperty(history, async (life) => {
        const at = directory();
        await writeLog(at, life);
        const files = filesOf(at);
        const whole = logOf("", readLog(at).lines);
        const log = { ...whole, node: whole.steps.at(-1)?.state.config.routerId ?? "" };
        const seqs = [...new Set([...transitions(told(readLog(at).lines))].map(({ seq }) => seq))];
        const every = Math.max(1, Math.floor(seqs.length / MOST));
        for (const seq of seqs.filter((_, i) => (seqs.length - 1 - i) % every === 0)) {
          const selection = { vr: undefined, seq, until: null };
          const said = explain(log, selection);
          const { found, advice, read } = explainFrom(files, [], selection);
          expect(found).toEqual(said);
          expect(advice).toEqual(said === null ? null : adviceOn(log, said, []));
          expect(read.flaws).toEqual([]);
          less += Number(read.segments < files.length);
        }
        rmSync(at, { recursive: true });
      }),
      { numRuns: 6, interruptAfterTimeLimit: 40_000 },
    );
    expect(less).toBeGreaterThan(0);
  });
});

it("finds what a sync group did that came after the segment began", () => {
  const at = directory();
  const lan = createLan();
  // The first header knows no configuration yet.
  const two = [router("vrid=1"), router("vrid=2 address=10.0.0.101", { name: "VI_2" })];
  const node = lan.node("hA", "10.0.0.1", ...two);
  const groups = [{ name: "G", members: two.map(({ key }) => key), hooks: usualHooks }];
  node.see({ type: "configured", config: { ...node.state().config, groups } });
  lan.pass(seconds(5));
  node.see({ type: "commanded", command: { type: "drain", routers: null, lasts: null, reason: "" } });
  mkdirSync(at, { recursive: true });
  const file = join(at, "00000001.jsonl");
  writeFileSync(file, node.texts().join(""));
  const { found } = explainFrom([file], [], { vr: undefined, seq: null, until: null });
  expect(found.transition).toMatchObject({ from: "master", to: "backup", because: "operator" });
});

describe("the last transition of a long log", () => {
  it("is explained from its last segments, which are verified", async () => {
    const at = directory();
    const lines = await writeLog(at, heardForLong);
    const files = filesOf(at);
    const { found, read } = explainFrom(files, [], { vr: "VI_1", seq: null, until: null });
    expect(found.transition).toMatchObject({ name: "VI_1", because: "master_silent" });
    expect(read.of).toBe(files.length);
    expect(read.segments).toBeLessThan(files.length / 2);
    expect(read.lines).toBeLessThan(lines);
  });

  it("tells only what was heard within a minute before the last that was", async () => {
    const at = directory();
    await writeLog(at, heardForLong);
    const { found } = explainFrom(filesOf(at), [], { vr: "VI_1", seq: null, until: null });
    // One a second: sixty seconds back there stand sixty-one, or what one window more has.
    const [, count] = /^(\d+) advertisements of priority 254/.exec(found.root?.text ?? "") ?? [];
    expect(Number(count)).toBeGreaterThanOrEqual(60);
    expect(Number(count)).toBeLessThanOrEqual(72);
  });
});
