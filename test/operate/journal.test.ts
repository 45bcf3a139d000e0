// The journal's reader may be slow, stuck or gone: no line waits for it, and neither does the end.

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compile } from "../contract/compiled.ts";

let compiled: Compiled;
let programs = 0;
beforeAll(() => {
  compiled = compile(["agent/core", "agent/log", "agent/operate"]);
});
afterAll(() => compiled.close());

/** Opens a journal and writes a megabyte a few times over, in bursts; says how long the longest line took. */
const CHATTER = `
import { writeSync } from "node:fs";
import { openJournal } from "./agent/operate/journal.js";
const journal = await openJournal("info");
const took = [];
for (let burst = 0; burst < 50; burst++) {
  for (let i = 0; i < 400; i++) {
    const before = performance.now();
    journal.info({ burst, i }, "x".repeat(200));
    took.push(performance.now() - before);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
took.sort((a, b) => a - b);
writeSync(1, JSON.stringify({ p999: took[19_979], rss: process.memoryUsage().rss }) + "\\n");
`;

type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly errors: string;
};

/** Plays a program; `reader` decides what becomes of its stderr. One that is stuck after 20 s is killed. */
async function play(program: string, reader: (child: ChildProcess) => void): Promise<Ended> {
  programs += 1;
  const file = join(compiled.folder, `journal${programs}.js`);
  writeFileSync(file, program);
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    errors += text;
  });
  child.stderr.pause();
  reader(child);
  const stuck = setTimeout(() => child.kill("SIGKILL"), 20_000);
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(stuck);
      child.stderr.destroy();
      resolve({ code, signal, out, errors });
    });
  });
}

const READS = (child: ChildProcess): void => void child.stderr?.resume();
const STARES = (): void => {};
const GOES_AWAY = (child: ChildProcess): void => void child.stderr?.destroy();

const expectUnhurried = ({ out }: Ended): void => {
  const { p999, rss } = JSON.parse(out);
  // One that waited for its reader would wait for ever; a busy machine takes some milliseconds for itself.
  expect(p999).toBeLessThan(50);
  // 20 000 lines of 300 bytes are 6 MB, of which at most one waits; a bare node with pino has some 60 MB.
  expect(rss).toBeLessThan(150e6);
};

describe("a journal", () => {
  it.each([
    ["stares at a full pipe", STARES],
    ["has gone away", GOES_AWAY],
  ])("whose reader %s costs no time, and does not hold up an orderly end", async (_, reader) => {
    const ended = await play(`${CHATTER} journal.flush(); process.exit(0);`, reader);
    expect(ended).toMatchObject({ code: 0, signal: null });
    expectUnhurried(ended);
  });

  it.each([
    ["stares at a full pipe", STARES],
    ["has gone away", GOES_AWAY],
  ])("whose reader %s does not hold up a fatal end either", async (_, reader) => {
    const ended = await play(`${CHATTER} journal.fatal("the end"); process.exit(7);`, reader);
    expect(ended).toMatchObject({ code: 7, signal: null });
  });

  it("says the last words of a fatal end to whoever reads", async () => {
    const program = `${CHATTER.replace("burst < 50", "burst < 0").replace("took[19_979]", "0")}
journal.fatal("the end"); process.exit(7);`;
    const { code, errors } = await play(program, READS);
    expect(code).toBe(7);
    expect(JSON.parse(errors)).toMatchObject({ level: 60, msg: "the end" });
  });

  it("tells how many lines nobody read, when somebody reads again", async () => {
    // Something else keeps a daemon alive; the journal alone does not.
    const program = `setInterval(() => {}, 1_000);
${CHATTER}
await new Promise((resolve) => journal.flush(resolve));
journal.info("caught up");
await new Promise((resolve) => journal.flush(resolve));
process.exit(0);`;
    // It says on the other stream when it has written all.
    const ended = await play(program, (child) => child.stdout?.once("data", () => child.stderr?.resume()));
    expect(ended.code).toBe(0);
    const lines = ended.errors.trimEnd().split("\n");
    const told = lines.map((line) => JSON.parse(line)).filter(({ dropped }) => dropped !== undefined);
    const dropped = told.reduce((sum, line) => sum + line.dropped, 0);
    expect(dropped).toBeGreaterThan(5_000);
    // Every line is there or counted: 20 000, and the last one.
    expect(lines.length - told.length + dropped).toBe(20_001);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ msg: "caught up" });
  });
});
