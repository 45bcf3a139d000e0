#!/usr/bin/env node
// heird: reads the arguments and hands over to a command. What a command does not need is not loaded.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { COMMAND_NAMES, type CommandName, LEVELS, parse, SHELLS, type Values } from "./cli/commands.ts";
import { helpOn, overview } from "./cli/help.ts";
import { EXIT, isRefusal, Refusal } from "./cli/refusal.ts";
import { VERSION } from "./cli/version.ts";
import { keepYoungSmall } from "./daemon/young.ts";
import { asWritten } from "./operate/origin.ts";

const DEFAULT_FILES = ["/etc/heird/heird.conf", "/etc/keepalived/keepalived.conf"] as const;
const fileOf = ({ config }: Values): string =>
  config ?? DEFAULT_FILES.find((path) => existsSync(path)) ?? DEFAULT_FILES[0];

async function main(argv: readonly string[]): Promise<number | null> {
  const { command, values, operands } = parse(argv);
  // A daemon prints nothing there, and to open it is 3 ms of its start.
  if (command !== "run" || values.help || values.version) letReadersStop();
  if (values.version) return print(`heird ${VERSION}`);
  if (values.help) return print(command === null ? overview() : helpOn(command));
  if (command === null) throw new Refusal(EXIT.usage, overview());
  return execute(command, values, operands);
}

/** Null for a command that goes on by itself. */
async function execute(command: CommandName, values: Values, operands: readonly string[]): Promise<number | null> {
  switch (command) {
    case "run":
      return runCommand(values);
    case "check":
      return checkCommand(values, operands);
    case "plan": {
      const { plan } = await import("./cli/plan.ts");
      return plan(fileOf(values), values);
    }
    case "rehearse": {
      const { rehearse } = await import("./cli/rehearse.ts");
      return rehearse(operands, values);
    }
    case "reload": {
      const { reload } = await import("./cli/reload.ts");
      return reload(values);
    }
    case "drain":
    case "resume":
    case "promote": {
      const { operate } = await import("./cli/operate.ts");
      return operate(command, operands[0], values);
    }
    case "status": {
      const { status } = await import("./cli/status.ts");
      return status(values["state-dir"], values.json);
    }
    case "metrics": {
      const { metrics } = await import("./cli/metrics.ts");
      return metrics(values["state-dir"]);
    }
    case "checks":
      return checksCommand(values, operands);
    case "events": {
      const { events } = await import("./cli/events.ts");
      return events(operands[0] ?? values["state-dir"], values);
    }
    case "history":
      return historyCommand(values, operands);
    case "audit": {
      const { audit } = await import("./cli/audit.ts");
      return audit(operands, { ...values, config: fileOf(values) });
    }
    case "explain": {
      const { explain, explainAcross } = await import("./cli/explain.ts");
      return values.cluster || values.logs !== undefined
        ? explainAcross(operands[0], { ...values, config: fileOf(values) })
        : explain(operands[0], values);
    }
    case "why-not": {
      const { whyNot } = await import("./cli/why-not.ts");
      return whyNot(operands[0], values);
    }
    case "replay": {
      const { replay } = await import("./cli/replay.ts");
      return replay(operands[0] ?? values["state-dir"], values);
    }
    case "cleanup":
      return cleanupCommand(values);
    case "completion":
      return completionCommand(operands);
    case "help":
      return print(helpAsked(operands));
    case "version":
      return print(`heird ${VERSION}`);
  }
}

function helpAsked([name]: readonly string[]): string {
  const wanted = COMMAND_NAMES.find((known) => known === name);
  if (wanted !== undefined) return helpOn(wanted);
  if (name !== undefined) throw new Refusal(EXIT.usage, `there is no command "${name}"; heird --help lists them`);
  return overview();
}

async function checkCommand(values: Values, operands: readonly string[]): Promise<number> {
  if (values.explain !== undefined) {
    const { explain } = await import("./cli/explain-code.ts");
    return explain(values.explain);
  }
  const { check } = await import("./cli/check.ts");
  const load = values.host ? (await import("./daemon/outlook.ts")).loadHere : undefined;
  return check(operands.length > 0 ? operands : [fileOf(values)], values, load);
}

async function runCommand(values: Values): Promise<null> {
  if (!LEVELS.some((level) => level === values["log-level"]))
    throw new Refusal(EXIT.usage, `--log-level is one of ${LEVELS.join(", ")}`);
  const mebibytes = values["log-size"] === undefined ? null : Number(values["log-size"]);
  if (mebibytes !== null && !(mebibytes >= 1 && mebibytes <= 1_048_576))
    throw new Refusal(EXIT.usage, "--log-size is a number of MiB in 1..1048576");
  const options = {
    file: resolve(fileOf(values)),
    configId: values["config-id"],
    stateDirectory: values["state-dir"],
    retention: mebibytes === null ? null : mebibytes * 1024 * 1024,
  };
  keepYoungSmall();
  const { start } = await import("./daemon/start.ts");
  await start(options, values["log-level"]);
  return null;
}

async function historyCommand(values: Values, operands: readonly string[]): Promise<number> {
  if (values.cluster || values.logs !== undefined) {
    const { historyOfAll } = await import("./cli/history-all.ts");
    return historyOfAll(operands[0], { ...values, config: fileOf(values) });
  }
  const { history } = await import("./cli/history.ts");
  return history(values["state-dir"], operands[0], values);
}

async function checksCommand(values: Values, [verb, name]: readonly string[]): Promise<number> {
  if (verb === undefined) {
    const { checks } = await import("./cli/checks.ts");
    return checks(values["state-dir"], values.json);
  }
  if (verb !== "run" || name === undefined) throw new Refusal(EXIT.usage, "heird checks, or heird checks run NAME");
  const { runCheck } = await import("./daemon/askers.ts");
  return runCheck({ file: resolve(fileOf(values)), configId: values["config-id"] }, name, values.json);
}

async function completionCommand([name]: readonly string[]): Promise<number> {
  const { completion } = await import("./cli/completion.ts");
  const shell = SHELLS.find((known) => known === name);
  return shell === undefined ? EXIT.usage : print(completion(shell).trimEnd());
}

async function cleanupCommand(values: Values): Promise<number> {
  const { cleanup } = await import("./daemon/prepare.ts");
  const say = (message: unknown): void => void process.stderr.write(`heird: ${String(message)}\n`);
  const { removed, failed } = cleanup(values["state-dir"], { warn: say, error: say });
  const { endLeftPrograms } = await import("./daemon/askers.ts");
  await endLeftPrograms(values["state-dir"], { warn: say });
  process.stdout.write(`${removed} address(es) removed\n`);
  return failed > 0 ? EXIT.internal : EXIT.ok;
}

/** An error of ours, as far as it is known where it began. */
const inFull = (cause: unknown): string =>
  cause instanceof Error ? asWritten(cause.stack ?? cause.message) : String(cause);

/** Whoever reads may stop reading: `heird status | head -1` is no reason to fail. A full disk is one. */
function letReadersStop(): void {
  process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code === "EPIPE") process.exit(EXIT.ok);
    process.stderr.write(`heird: cannot write the answer: ${cause.message}; it is not whole\n`);
    process.exit(EXIT.internal);
  });
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== null) process.exitCode = code;
  },
  (cause: unknown) => {
    const known = isRefusal(cause);
    process.stderr.write(`heird: ${known ? cause.message : inFull(cause)}\n`);
    process.exit(known ? cause.code : EXIT.internal);
  },
);
