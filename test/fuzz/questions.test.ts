// Every question that can be asked of a log, of logs that are broken in every way: the answer is a sentence and a
// documented exit code, and what is not true is never told as verified.

import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Parsed, parse } from "../../agent/cli/commands.ts";
import { events } from "../../agent/cli/events.ts";
import { explain } from "../../agent/cli/explain.ts";
import { history } from "../../agent/cli/history.ts";
import { EXIT, Refusal } from "../../agent/cli/refusal.ts";
import { replay } from "../../agent/cli/replay.ts";
import { whyNot } from "../../agent/cli/why-not.ts";
import { scratch, writeLog } from "../log/scratch.ts";

const { directory, clear } = scratch();
afterAll(clear);

/** Of each command what it can be asked; @ is the state directory, + the log of another node. */
const QUESTIONS: readonly string[] = [
  "explain last --state-dir @",
  "explain last --json --state-dir @",
  "explain last --with + --state-dir @",
  "explain last --vr VI_1 --state-dir @",
  "explain last --at 2100-01-01 --state-dir @",
  "explain 30 --state-dir @",
  "why-not --state-dir @",
  "why-not --json --state-dir @",
  "history --state-dir @",
  "history --json --state-dir @",
  "history --since 1h --state-dir @",
  "events @",
  "events --json @",
  "events --since 1h --type mark @",
  "events --vr VI_1 @",
  "events --recorder 30 @",
  "replay @",
  "replay --json @",
  "replay --vr VI_1 --since 1h @",
  "replay --step @",
  "replay --at 2100-01-01 @",
  "replay --to 30 --json @",
  "replay --diff 10 --diff 30 @",
  "replay --diff 10 --diff 30 --json @",
  "replay --verify @",
  "replay --verify --json @",
  "replay --what-if priority|200 @",
  "replay --what-if advert_int|2 --json @",
];

/** How many bytes are flipped, each for a few of the questions. */
const FLIPS = 40;

type Answer = { readonly code: number; readonly out: string; readonly err: string; readonly refused: boolean };

/** What the command would print and end with; whatever is thrown beside a refusal is thrown. */
async function ask(question: string, at: string, other: string): Promise<Answer> {
  const words = question.split(" ").map((word) => (word === "@" ? at : word === "+" ? other : word.replace("|", " ")));
  const { command, values, operands } = parse(words);
  let out = "";
  let err = "";
  const { stdout, stderr } = process;
  const [toOut, toErr] = [stdout.write, stderr.write];
  stdout.write = (text: string | Uint8Array): boolean => {
    out += String(text);
    return true;
  };
  stderr.write = (text: string | Uint8Array): boolean => {
    err += String(text);
    return true;
  };
  try {
    return { code: await answer(command, values, operands), out, err, refused: false };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { code: cause.code, out, err: `${err}${cause.message}`, refused: true };
  } finally {
    stdout.write = toOut;
    stderr.write = toErr;
  }
}

async function answer(
  command: Parsed["command"],
  values: Parsed["values"],
  [first]: readonly string[],
): Promise<number> {
  switch (command) {
    case "explain":
      return explain(first, values);
    case "why-not":
      return whyNot(first, values);
    case "history":
      return history(values["state-dir"], first, values);
    case "events":
      return events(first ?? "", values);
    case "replay":
      return replay(first ?? "", values);
    default:
      throw new RangeError(`${command} asks no log`);
  }
}

const CODES: ReadonlySet<number> = new Set(Object.values(EXIT));

/** What is wrong with an answer, when something is; `sound` is the answer from the log as it was. */
function complaint(question: string, got: Answer, sound: Answer): string | null {
  const isJson = question.includes("--json");
  if (!CODES.has(got.code)) return `ends with ${got.code}`;
  if (/\n {4}at /.test(got.out + got.err)) return `says ${got.err}${got.out}`;
  if (got.refused) return got.err.trim() === "" ? "is refused without a word" : null;
  if (isJson && !got.out.split("\n").every((text) => text === "" || isDocument(text))) return `prints ${got.out}`;
  return question.includes("--verify") ? verified(got) : toldOtherwise(got, sound);
}

const verified = ({ code }: Answer): string | null => (code === EXIT.ok ? "is verified" : null);

/** Whoever is told something else than what was written is told of the flaw, too. */
function toldOtherwise(got: Answer, sound: Answer): string | null {
  if (got.code !== EXIT.ok || (got.out === sound.out && got.code === sound.code)) return null;
  return got.err === "" ? `is told otherwise, and not of the flaw:\n${got.out}\n---\n${sound.out}` : null;
}

function isDocument(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

const segmentsOf = (at: string): string[] =>
  readdirSync(join(at, "log"))
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => join(at, "log", name));

describe("questions to a log", () => {
  const at = directory();
  const other = directory();
  const broken = directory();
  const sound = new Map<string, Answer>();
  const renew = (): void => {
    rmSync(join(broken, "log"), { recursive: true, force: true });
    cpSync(join(at, "log"), join(broken, "log"), { recursive: true });
  };
  const complaints = async (what: string, questions = QUESTIONS): Promise<string[]> => {
    const found: string[] = [];
    for (const question of questions) {
      try {
        const says = complaint(question, await ask(question, broken, other), sound.get(question) ?? NOTHING);
        if (says !== null) found.push(`${what}: heird ${question} ${says}`);
      } catch (cause) {
        found.push(`${what}: heird ${question} throws ${cause instanceof Error ? cause.stack : cause}`);
      }
    }
    return found;
  };

  beforeAll(async () => {
    await writeLog(at);
    await writeLog(other);
    renew();
    for (const question of QUESTIONS) sound.set(question, await ask(question, broken, other));
  });

  it("are answered when nothing is wrong with it", () => {
    for (const [question, { code, err, out }] of sound) {
      const none = question.includes("--recorder");
      expect(code, `${question}: ${err}`).toBe(none ? EXIT.unknown : EXIT.ok);
      expect(out === "", question).toBe(none);
    }
  });

  it("are never answered with what a flipped byte says, as if it were true", async () => {
    const files = segmentsOf(broken);
    const found: string[] = [];
    for (let n = 0; n < FLIPS; n++) {
      const file = files[Math.floor((n * files.length) / FLIPS)] ?? "";
      const whole = readFileSync(file);
      // All over the file, its long header and the short lines behind it by turns.
      const header = whole.indexOf(0x0a);
      const [from, to] = n % 2 === 0 ? [0, header] : [header, whole.length];
      const place = from + Math.floor((((n * 37) % FLIPS) * (to - from)) / FLIPS);
      const flipped = Buffer.from(whole);
      flipped[place] = (flipped[place] ?? 0) ^ (n % 3 === 0 ? 0x01 : 0x10);
      writeFileSync(file, flipped);
      found.push(
        ...(await complaints(
          `${file} byte ${place}`,
          [n, n + 9, n + 19].map((i) => QUESTIONS[i % QUESTIONS.length] ?? ""),
        )),
      );
      found.push(...(await complaints(`${file} byte ${place}`, ["replay --verify @"])));
      writeFileSync(file, whole);
    }
    expect(found).toEqual([]);
  });

  const DAMAGES: Readonly<Record<string, (files: readonly string[]) => void>> = {
    "a torn tail": ([, ...files]) => truncateSync(files.at(-1) ?? "", 9_000),
    "a segment cut in the middle": (files) => truncateSync(files[3] ?? "", 11_500),
    "an empty segment": (files) => truncateSync(files[2] ?? "", 0),
    "a segment that is missing": (files) => rmSync(files[4] ?? ""),
    "a folder in the place of a segment": (files) => {
      rmSync(files[5] ?? "");
      mkdirSync(files[5] ?? "");
    },
    "zeros where the last lines were": (files) => appendFileSync(files.at(-1) ?? "", Buffer.alloc(512)),
  };

  it.each(Object.entries(DAMAGES))("are answered in sentences with %s", async (what, damage) => {
    renew();
    damage(segmentsOf(broken));
    expect(await complaints(what)).toEqual([]);
  });

  it("do not mind what else lies there", async () => {
    renew();
    writeFileSync(join(broken, "log", "notes.txt"), "what somebody left");
    mkdirSync(join(broken, "log", "00000003.jsonl.d"));
    for (const question of QUESTIONS) expect(await ask(question, broken, other), question).toEqual(sound.get(question));
  });

  it.each(["heird", "foldVersion"])("are refused when its %s is of a later version", async (field) => {
    renew();
    const file = segmentsOf(broken).at(-1) ?? "";
    writeFileSync(file, readFileSync(file, "utf8").replace(new RegExp(`"${field}":\\d+`), `"${field}":99`));
    for (const question of QUESTIONS.filter((one) => /^(replay|why-not|events --json|history --json)/.test(one))) {
      const { code, err } = await ask(question, broken, other);
      // What stands before it may be asked for.
      if (code !== EXIT.refused) expect(question).toMatch(/--to 30|--diff/);
      else expect(err).toContain("read it with a newer one");
    }
  });

  it("are refused with a sentence where there is no log", async () => {
    const empty = directory();
    const file = join(empty, "file");
    writeFileSync(file, "no log at all\n");
    for (const question of QUESTIONS)
      for (const place of [empty, join(empty, "nowhere"), file]) {
        const { code, out, err } = await ask(question, place, other);
        expect(code, question).not.toBe(EXIT.internal);
        expect(out + err, `${question} in ${place}`).not.toBe("");
        expect(err).not.toMatch(/\n {4}at /);
      }
  });
});

const NOTHING: Answer = { code: -1, out: "", err: "", refused: false };
