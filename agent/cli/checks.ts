// heird checks: how the checks of a running daemon are, and how one run of one of them went.

import { type CheckConfig, type Program, type Run, saidIn } from "../core/check.ts";
import type { CheckStatus } from "../operate/check-book.ts";
import { askDaemon } from "./ask.ts";
import { EXIT } from "./refusal.ts";
import { inWords, table } from "./table.ts";

export async function checks(stateDirectory: string, json: boolean): Promise<number> {
  const answer = (await askDaemon(stateDirectory, "checks")) as readonly CheckStatus[];
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${listText(answer)}\n`);
  return EXIT.ok;
}

/** What `heird checks` prints for people. */
export function listText(list: readonly CheckStatus[]): string {
  if (list.length === 0) return "nothing is checked";
  const heading = ["Check", "Verdict", "For", "Streak", "Last", "p50", "p99", "Runs", "Bad", "Left out", "Says"];
  return table(heading, list.map(row));
}

function row(check: CheckStatus): string[] {
  const { ok, streak, took, last } = check;
  const wanted = ok === true ? check.rise : check.fall;
  return [
    check.name,
    String(check.verdict),
    inWords(check.forSeconds),
    ok === null ? "-" : `${streak} ${ok ? "good" : "bad"} of ${wanted}`,
    last[0] === undefined ? "-" : `${inWords(last[0].agoSeconds)} ago`,
    took === null ? "-" : inMs(took.p50),
    took === null ? "-" : inMs(took.p99),
    String(check.runs),
    String(check.failures),
    String(check.skipped),
    sayingOf(check),
  ];
}

const inMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** What keeps it from being what its answers say comes first. */
function sayingOf({ penalty, changesInSeconds, said, last }: CheckStatus): string {
  const parts = [
    ...(penalty === null || penalty.score === 0
      ? []
      : [`penalty ${penalty.score}${penalty.held ? ", held bad for it" : ""}`]),
    ...(changesInSeconds === null ? [] : [`changes in ${changesInSeconds.toFixed(1)} s`]),
    said === "" ? (last[0] === undefined ? "not asked yet" : saidIn(last[0])) : said,
  ];
  return parts.join("; ");
}

/** Everything about one run. */
export function runText({ name, question, timeout }: CheckConfig, run: Run): string {
  const program = programOf(question);
  const rows: readonly (readonly [string, string])[] = [
    ["check", name],
    ["kind", question.kind],
    ...(program === null ? [] : ([["command", program.argv.map((word) => JSON.stringify(word)).join(" ")]] as const)),
    ...(program === null
      ? []
      : ([
          ["as", [program.user ?? "who runs heird", program.group ?? ""].join(" ").trimEnd()],
          ["umask", program.umask.toString(8).padStart(4, "0")],
        ] as const)),
    ["timeout", `${timeout / 1_000} ms`],
    ["answer", run.ok ? "good" : "bad"],
    ["because", run.detail],
    ...(run.value === null ? [] : ([["number", String(run.value)]] as const)),
    ...(run.exit === null ? [] : ([["exit", String(run.exit)]] as const)),
    ["took", `${(run.took / 1_000).toFixed(1)} ms${run.timedOut ? ", and was ended" : ""}`],
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  const head = rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join("\n");
  return run.output === "" ? head : `${head}\n\n${printable(run.output.trimEnd())}`;
}

function programOf(question: CheckConfig["question"]): Program | null {
  if (question.kind === "script") return question.program;
  return question.kind === "metric" && question.number.kind === "script" ? question.number.program : null;
}

/** A terminal obeys some characters, whoever said them. */
const printable = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
