#!/usr/bin/env node
// heird: reads the arguments and hands over to a command. What a command does not need is not loaded.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { EXIT, Refusal } from "./cli/refusal.ts";
import { VERSION } from "./cli/version.ts";

const HELP = `heird ${VERSION}: VRRP failover that can explain itself

  heird run -f FILE [--state-dir DIR]     run in the foreground; log to stderr
  heird check FILE [--json] [--strict]    tell every mistake in a configuration
  heird status [--json] [--state-dir DIR] ask a running daemon
  heird cleanup [--state-dir DIR]         remove addresses that a dead daemon left

  -f, --config FILE     the configuration (default /etc/heird/heird.conf, else
                        /etc/keepalived/keepalived.conf)
      --state-dir DIR   event log, lock and control socket (default /var/lib/heird)
      --log-level LEVEL trace, debug, info, warn, error (default info)
      --log-size MIB    how much of the event log is kept (default 1024)
      --json            one JSON document
  -h, --help            this
      --version         the version

Signals to a running daemon: SIGTERM and SIGINT resign and stop, SIGHUP takes the file anew.
Exit codes: 0 ok, 1 cannot go on, 2 usage, 3 no daemon answers, 4 configuration errors,
5 warnings under --strict, 6 refused.`;

const OPTIONS = {
  config: { type: "string", short: "f" },
  "state-dir": { type: "string", default: "/var/lib/heird" },
  "log-level": { type: "string", default: "info" },
  "log-size": { type: "string", default: "1024" },
  json: { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", default: false },
} as const;

const DEFAULT_FILES = ["/etc/heird/heird.conf", "/etc/keepalived/keepalived.conf"] as const;
const defaultFile = (): string => DEFAULT_FILES.find((path) => existsSync(path)) ?? DEFAULT_FILES[0];
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

function argumentsOf(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new Refusal(EXIT.usage, `${cause instanceof Error ? cause.message : String(cause)}\nheird --help says more`);
  }
}

type Values = ReturnType<typeof argumentsOf>["values"];

async function main(argv: readonly string[]): Promise<number | null> {
  const { values, positionals } = argumentsOf(argv);
  const [command, ...rest] = positionals;
  if (values.version) return print(`heird ${VERSION}`);
  if (values.help || command === "help") return print(HELP);
  switch (command) {
    case "run":
      return runCommand(values, rest);
    case "check": {
      const { check } = await import("./cli/check.ts");
      return check(rest[0] ?? values.config ?? defaultFile(), values);
    }
    case "status": {
      const { status } = await import("./cli/status.ts");
      return status(values["state-dir"], values.json);
    }
    case "cleanup":
      return cleanupCommand(values);
    case "version":
      return print(`heird ${VERSION}`);
    default:
      throw new Refusal(
        EXIT.usage,
        command === undefined ? HELP : `there is no command "${command}"; heird --help lists them`,
      );
  }
}

async function runCommand(values: Values, rest: readonly string[]): Promise<null> {
  if (rest.length > 0) throw new Refusal(EXIT.usage, `heird run takes no "${rest[0]}"; the file is named with -f`);
  if (!LEVELS.includes(values["log-level"]))
    throw new Refusal(EXIT.usage, `--log-level is one of ${LEVELS.join(", ")}`);
  const mebibytes = Number(values["log-size"]);
  if (!(mebibytes >= 1)) throw new Refusal(EXIT.usage, "--log-size is a number of MiB, at least 1");
  const options = {
    file: values.config ?? defaultFile(),
    stateDirectory: values["state-dir"],
    retention: mebibytes * 1024 * 1024,
  };
  // One after the other: loading graphs that share modules side by side fails now and then on Node 20
  // ("request for 'node:fs' is not in cache").
  const { openJournal } = await import("./operate/journal.ts");
  const { prepare } = await import("./daemon/prepare.ts");
  const { runDaemon } = await import("./daemon/daemon.ts");
  const journal = await openJournal(values["log-level"]);
  runDaemon(prepare(options, journal), options, journal);
  return null;
}

async function cleanupCommand(values: Values): Promise<number> {
  const { cleanup } = await import("./daemon/prepare.ts");
  const say = (message: unknown): void => void process.stderr.write(`heird: ${String(message)}\n`);
  const { removed, failed } = cleanup(values["state-dir"], { warn: say, error: say });
  process.stdout.write(`${removed} address(es) removed\n`);
  return failed > 0 ? EXIT.internal : EXIT.ok;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}

// Whoever reads may stop reading: `heird status | head -1` is no reason to fail.
process.stdout.on("error", () => process.exit(EXIT.ok));
main(process.argv.slice(2)).then(
  (code) => {
    if (code !== null) process.exitCode = code;
  },
  (cause: unknown) => {
    const known = cause instanceof Refusal;
    process.stderr.write(
      `heird: ${known || !(cause instanceof Error) ? String(known ? cause.message : cause) : cause.stack}\n`,
    );
    process.exit(known ? cause.code : EXIT.internal);
  },
);
