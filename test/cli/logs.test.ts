// What reads a log says what is wrong with it, and refuses what it would misunderstand.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { openLogs } from "../../agent/cli/audit-source.ts";
import { type EventOptions, events } from "../../agent/cli/events.ts";
import { type ExplainOptions, explain } from "../../agent/cli/explain.ts";
import { history } from "../../agent/cli/history.ts";
import { KINDS } from "../../agent/cli/kinds.ts";
import { EXIT, Refusal } from "../../agent/cli/refusal.ts";
import { type ReplayOptions, replay } from "../../agent/cli/replay.ts";
import { whyNot } from "../../agent/cli/why-not.ts";
import { filesOf } from "../../agent/log/seek.ts";
import { run } from "../audit/command.ts";
import { scratch, writeLog } from "../log/scratch.ts";

const { directory, clear } = scratch();
afterAll(clear);

const EXPLAIN: Omit<ExplainOptions, "state-dir"> = { json: false };
const EVENTS: EventOptions = { follow: false, json: false };
const REPLAY: ReplayOptions = { step: false, verify: false, json: false };

/** Everything that reads the log of this machine. */
const READERS: Readonly<Record<string, (at: string) => Promise<number>>> = {
  explain: async (at) => explain("last", { ...EXPLAIN, "state-dir": at }),
  "why-not": async (at) => whyNot(undefined, { "state-dir": at, json: false }),
  events: (at) => events(at, EVENTS),
  history: async (at) => history(at, undefined, { json: false }),
  replay: (at) => replay(at, REPLAY),
  "replay --to": (at) => replay(at, { ...REPLAY, to: "5" }),
  "replay --verify": (at) => replay(at, { ...REPLAY, verify: true }),
  "replay --what-if": (at) => replay(at, { ...REPLAY, "what-if": ["preempt_delay 1"] }),
  "audit --logs": async (at) => (openLogs([at]).name === "" ? 1 : 0),
};

/** A log whose segments say that something else wrote them. */
async function rewritten(from: string, to: string): Promise<string> {
  const at = directory();
  await writeLog(at);
  for (const file of filesOf(at)) writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
  return at;
}

it("a type that no line has is refused, with those that there are", async () => {
  const at = directory();
  await writeLog(at);
  await expect(events(at, { ...EVENTS, type: "advert" })).rejects.toThrow(
    new Refusal(EXIT.usage, `there is no line of type advert; --type is one of ${KINDS.join(", ")}`),
  );
  const { code, text } = await run(() => events(at, { ...EVENTS, type: "addressDuplicate" }));
  expect([code, text]).toEqual([EXIT.ok, ""]);
});

describe("a virtual router that the log does not tell of", () => {
  it("is refused, with the names that there are; one that it tells of is not, though nothing happened", async () => {
    const at = directory();
    await writeLog(at);
    const asked = (vr: string, from: { since?: string }) => ({
      events: () => events(at, { ...EVENTS, vr, ...from }),
      history: async () => history(at, vr, { json: false, ...from }),
      replay: () => replay(at, { ...REPLAY, vr, ...from }),
    });
    for (const [name, read] of Object.entries(asked("VI_9", {}))) {
      const { code, text } = await run(read);
      expect([name, code, text]).toEqual([
        name,
        EXIT.usage,
        expect.stringMatching(/^there is no virtual router VI_9; there (is|are) VI_/),
      ]);
    }
    for (const [name, read] of Object.entries(asked("VI_1", { since: "2999-01-01" })))
      expect([name, (await run(read)).code]).toEqual([name, EXIT.ok]);
  });
});

describe("heird replay --step", () => {
  it("goes from the first line to the one that --to names", async () => {
    const at = directory();
    await writeLog(at);
    const { code, text } = await run(() => replay(at, { ...REPLAY, step: true, to: "5" }));
    expect(code).toBe(EXIT.ok);
    const seqs = [...text.matchAll(/^\d{4}-\d\d-\d\d \S+ {2}#(\d+)/gm)].map(([, seq]) => Number(seq));
    expect([seqs.length > 2, seqs[0], Math.max(...seqs) <= 5]).toEqual([true, 0, true]);
  });
});

describe("a log of a newer heird", () => {
  it("is refused with a sentence by everything that reads one, by format and by fold", async () => {
    const format = await rewritten('"heird":1,', '"heird":2,');
    const fold = await rewritten('"foldVersion":3,', '"foldVersion":99,');
    for (const [name, read] of Object.entries(READERS)) {
      const refused = await run(() => read(format));
      expect(refused, name).toMatchObject({ code: EXIT.refused });
      expect(refused.text, name).toMatch(
        /was written in format 2; this heird reads up to 1: read it with a newer one$/,
      );
      const other = await run(() => read(fold));
      expect(other, name).toMatchObject({ code: EXIT.refused });
      expect(other.text, name).toMatch(/was folded by version 99; this heird knows up to 3: read it with a newer one$/);
    }
  });
});

describe("a log with a fault", () => {
  it("is read all the same, and the place is told", async () => {
    const at = directory();
    await writeLog(at);
    const last = filesOf(at).at(-1) ?? "";
    appendFileSync(last, '{"seq":99');
    const said: string[] = [];
    // What --to is asked for stands in another segment, and an audit reads later.
    const others = ["replay --to", "replay --verify", "audit --logs"];
    const toTheEnd = Object.entries(READERS).filter(([name]) => !others.includes(name));
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
    try {
      for (const [name, read] of toTheEnd) {
        said.length = 0;
        expect(await run(() => read(at)), name).toMatchObject({ code: EXIT.ok });
        expect(said.join(""), name).toContain(`heird: ${last}:`);
        expect(said.join(""), name).toMatch(/the line was torn off\n$/);
      }
      const verified = await run(() => replay(at, { ...REPLAY, verify: true }));
      expect(verified.code).toBe(EXIT.tampered);
      expect(verified.text).toContain("the line was torn off");
    } finally {
      stderr.mockRestore();
    }
  });

  it("that is none at all is told as that", async () => {
    const at = directory();
    mkdirSync(join(at, "log"));
    for (const [name, read] of Object.entries(READERS)) {
      if (name === "audit --logs") continue;
      expect(await run(() => read(at)), name).toEqual({ code: EXIT.unreachable, text: `there is no log in ${at}` });
    }
  });
});

describe("heird events --recorder", () => {
  it("wants the number of a line, and says when nothing was recorded of it", async () => {
    const at = directory();
    await writeLog(at);
    expect(() => explain("1", { ...EXPLAIN, "state-dir": at })).toThrow(Refusal);
    expect(await run(() => events(at, { ...EVENTS, recorder: "soon" }))).toMatchObject({ code: EXIT.usage });
    const { code, text } = await run(() => events(at, { ...EVENTS, recorder: "9999" }));
    expect(code).toBe(EXIT.unknown);
    expect(text).toMatch(/^nothing is recorded of #\d+, VI_\d/);
  });

  it("prints a recording entry by entry", async () => {
    const at = directory();
    await writeLog(at);
    const name = "00000001-000000000005.flight";
    writeFileSync(
      join(at, "log", name),
      "heird-flight 1 1764000000000.000 rt1\n1000000 advert eth0/ipv4/1 250 10.0.0.9 110 1000000 v2\n",
    );
    const first = filesOf(at).find((file) => readFileSync(file, "utf8").includes('"mark":1')) ?? "";
    const text = readFileSync(first, "utf8");
    writeFileSync(first, text.replace(/("mark":1,[^\n]*?)(,"hash")/g, `$1,"recording":"${name}"$2`));
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    const seq = Number(/"seq":(\d+)[^\n]*"mark":1/.exec(text)?.[1]);
    const said = await run(() => events(at, { ...EVENTS, recorder: String(seq) }));
    stderr.mockRestore();
    expect(said.code).toBe(EXIT.ok);
    // 1 s behind an offset that ends with a minute; it lay 250 µs.
    expect(said.text).toMatch(/:01\.000 {2}advert {3}eth0\/ipv4\/1 {2}0\.3 ms {2}10\.0\.0\.9 110 1000000 v2\n$/);
  });
});

describe("heird explain", () => {
  it("tells which transition is explained, and what the standards call it", async () => {
    const at = directory();
    await writeLog(at);
    const { text } = await run(async () => explain("last", { ...EXPLAIN, "state-dir": at }));
    expect(text).toMatch(/^In the standards: RFC (8347 vrrp-event-|6527 )/m);
    const seq = Number(/ {2}#(\d+)$/m.exec(text.split("->").at(-1) ?? "")?.[1]);
    const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      await run(async () => explain(String(seq), { ...EXPLAIN, "state-dir": at }));
      expect(told).not.toHaveBeenCalled();
      const other = await run(async () => explain(`#${seq + 1}`, { ...EXPLAIN, "state-dir": at }));
      expect(other.text.split("\nRead")[0]).toBe(text.split("\nRead")[0]);
      expect(told).toHaveBeenCalledWith(`heird: #${seq + 1} is no transition; the last one before it is #${seq}\n`);
    } finally {
      told.mockRestore();
    }
  });

  it("explains nothing else instead of a line that there is not", async () => {
    const at = directory();
    await writeLog(at);
    expect(() => explain("999999", { ...EXPLAIN, "state-dir": at })).toThrow(
      /^there is no line #999999: the log ends with #\d+$/,
    );
  });
});
