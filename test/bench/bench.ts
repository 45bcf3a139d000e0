// npm run bench: heird beside Keepalived, by turns, in namespaces of its own. What is measured is kept in
// test/bench/results and told as a table; a run of some scenarios leaves the others as they were.

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { exitOnSignals } from "../netns/lan.ts";
import { whyUnusable } from "../netns/requirements.ts";
import { CONTESTANTS, type Name } from "./contestant.ts";
import type { Sample } from "./figure.ts";
import { plotOf } from "./plot.ts";
import { type Measured, merged, NOTHING, readResults, writeResults } from "./results.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { rowsOf, tableOf, writeReadme } from "./table.ts";

const USAGE = `npm run bench -- [options]
  --only NAMES    scenarios whose name begins with one of these, separated by commas
  --runs N        turns of each daemon
  --add           keep what the scenarios gave before, and add to it
  --results FILE  where results are kept (test/bench/results/results.json)
  --table         measure nothing, show what is there
  --readme        write the table of the README anew; alone it measures nothing
  --list          name the scenarios
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string" },
    add: { type: "boolean", default: false },
    results: { type: "string", default: "test/bench/results/results.json" },
    table: { type: "boolean", default: false },
    readme: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

// Node reads certificates at its start when it is told to: 100 ms that no service manager asks for.
delete process.env["NODE_EXTRA_CA_CERTS"];

const say = (text: string): void => void process.stderr.write(text);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** One line that is written over again on a terminal, and a line each elsewhere. */
function progress(sentence: string): void {
  say(process.stderr.isTTY ? `\r\u001b[K${sentence}` : `${sentence}\n`);
}

async function turn(scenario: Scenario, who: Name): Promise<readonly Sample[]> {
  try {
    return await scenario.play(who);
  } catch (cause) {
    // A machine that others use, too, spoils a turn now and then; once more, and then it is told.
    progress(
      `${scenario.name}: ${who} again: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}\n`,
    );
    return scenario.play(who);
  }
}

/** A B A B: what the machine does meanwhile it does to both. */
async function measure(scenario: Scenario, runs: number, place: string): Promise<Measured> {
  let measured: Measured = { ...NOTHING, floor: scenario.floor === undefined ? [] : await scenario.floor() };
  for (let run = 1; run <= runs; run++)
    for (const who of CONTESTANTS) {
      progress(`${place} ${scenario.name}: turn ${run} of ${runs}, ${who}`);
      measured = { ...measured, [who]: [...measured[who], ...(await turn(scenario, who))] };
    }
  return measured;
}

function chosen(): readonly Scenario[] {
  const wanted = values.only?.split(",");
  const found = SCENARIOS.filter(({ name }) => wanted?.some((begin) => name.startsWith(begin)) ?? true);
  if (found.length === 0)
    throw new Error(`no scenario of that name; there are ${SCENARIOS.map((s) => s.name).join(", ")}`);
  return found;
}

async function measureAll(): Promise<void> {
  const reason = whyUnusable(["ip", "nft", "tcpdump", "keepalived"]);
  if (reason !== null) throw new Error(reason);
  exitOnSignals();
  const scenarios = chosen();
  for (const [i, scenario] of scenarios.entries()) {
    const runs = Number(values.runs ?? scenario.runs);
    const measured = await measure(scenario, runs, `${i + 1}/${scenarios.length}`);
    const results = merged(readResults(values.results), scenario.name, measured, values.add);
    writeResults(values.results, results);
    progress("");
    print(tableOf(rowsOf([scenario], results)));
  }
}

function tellAll(): void {
  const results = readResults(values.results);
  const rows = rowsOf(SCENARIOS, results);
  const told = `${results.machine}\n\n${tableOf(rows)}`;
  print(told);
  writeFileSync(join(dirname(values.results), "table.md"), `# Everything that npm run bench measures\n\n${told}\n`);
  for (const unit of ["ms", "%", "MB"] as const) {
    const those = rows.filter(({ figure }) => figure.unit === unit);
    const name = { ms: "times", "%": "processor", MB: "memory" }[unit];
    if (those.length > 0) writeFileSync(join(dirname(values.results), `${name}.svg`), plotOf(those, results));
  }
  if (values.readme) writeReadme("README.md", rows, results);
}

async function bench(): Promise<number> {
  if (values.help) say(USAGE);
  else if (values.list) print(SCENARIOS.map(({ name, title }) => `${name.padEnd(24)} ${title}`).join("\n"));
  else {
    const measures = !values.table && (!values.readme || values.only !== undefined || values.runs !== undefined);
    if (measures) await measureAll();
    tellAll();
  }
  return 0;
}

process.exitCode = await bench().catch((cause: unknown) => {
  say(`heird bench: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  return 1;
});
process.exit();
