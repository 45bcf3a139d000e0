// Every command and option, once: what is parsed, what help prints and what a shell completes are
// all read from these two tables, so they cannot disagree.

import { parseArgs } from "node:util";
import { KINDS } from "./kinds.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** What stands in the place of a value, for people and for a shell. */
export type Value = {
  /** As help calls it: `FILE`. */
  readonly name: string;
  /** How a shell completes it; null for whatever people type. */
  readonly complete: "file" | "directory" | readonly string[] | null;
};

const TIME: Value = { name: "TIME", complete: null };
const FILE: Value = { name: "FILE", complete: "file" };
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const SHELLS = ["bash", "zsh", "fish"] as const;

export const FORMATS = ["text", "json", "csv"] as const;
export const AUDIT_VERBS = ["timeline", "report", "tail", "verify", "export", "trim"] as const;

const flag = (help: string) => ({ type: "boolean", default: false, value: null, help }) as const;

/** Every option: the form `parseArgs` wants, and what people are told of it. */
export const OPTIONS = {
  config: {
    type: "string",
    short: "f",
    value: FILE,
    help: "the configuration (default /etc/heird/heird.conf, else /etc/keepalived/keepalived.conf)",
  },
  "config-id": {
    type: "string",
    short: "i",
    value: { name: "ID", complete: null },
    help: "what @id lines are compared with (default the short host name)",
  },
  "state-dir": {
    type: "string",
    default: "/var/lib/heird",
    value: { name: "DIR", complete: "directory" },
    help: "event log, lock and control socket (default /var/lib/heird)",
  },
  "log-level": {
    type: "string",
    default: "info",
    value: { name: "LEVEL", complete: LEVELS },
    help: "trace, debug, info, warn, error (default info)",
  },
  "log-size": {
    type: "string",
    value: { name: "MIB", complete: null },
    help: "how much of the event log is kept (default: what event_log says, else 1024)",
  },
  from: { type: "string", value: FILE, help: "compare with this configuration, not with a running daemon" },
  explain: { type: "string", value: { name: "CODE", complete: null }, help: "what a diagnostic such as H0104 means" },
  vr: {
    type: "string",
    value: { name: "NAME", complete: null },
    help: "one virtual router, by the name of its instance",
  },
  since: { type: "string", value: TIME, help: "from then on: 90s, 2h, 30d ago, 13:13[:31], or a date" },
  type: {
    type: "string",
    value: { name: "TYPE", complete: KINDS },
    help: "lines of one kind: mark, window, advertReceived, checkReported ...",
  },
  follow: { ...flag("go on as the log grows (-f)") },
  at: { type: "string", value: TIME, help: "as it was at that time" },
  to: { type: "string", value: { name: "SEQ", complete: null }, help: "the state after that line" },
  step: flag("one event at a time, with the state after it"),
  diff: {
    type: "string",
    multiple: true,
    value: { name: "POINT", complete: null },
    help: "given twice: what differs between two lines or times",
  },
  verify: flag("whether the log is whole, and folds to what it says"),
  with: {
    type: "string",
    multiple: true,
    value: { name: "DIR", complete: "directory" },
    help: "the log of another node, whose side is told, too",
  },
  logs: {
    type: "string",
    multiple: true,
    value: { name: "DIR", complete: "directory" },
    help: "read the logs in these directories, and no Redis; more may follow",
  },
  redis: {
    type: "string",
    multiple: true,
    value: { name: "URL", complete: null },
    help: "the Redis (default that of the audit block); HEIRD_REDIS_USERNAME and _PASSWORD say who asks",
  },
  "cluster-name": {
    type: "string",
    value: { name: "NAME", complete: null },
    help: "the heird cluster (default that of the audit block)",
  },
  cluster: flag("of all nodes, from the Redis of the audit block or of --redis"),
  node: { type: "string", value: { name: "NODE", complete: null }, help: "of this node" },
  until: { type: "string", value: TIME, help: "up to then" },
  format: { type: "string", value: { name: "FORMAT", complete: FORMATS }, help: "text, json or csv" },
  "older-than": { type: "string", value: TIME, help: "what is older than this, as 400d (default the retention)" },
  recorder: {
    type: "string",
    value: { name: "SEQ", complete: null },
    help: "what the flight recorder held around the transition of that line",
  },
  "what-if": {
    type: "string",
    multiple: true,
    value: { name: "EDIT", complete: null },
    help: "what would have happened with, say, 'advert_int 0.2'",
  },
  "what-if-config": { type: "string", value: FILE, help: "what would have happened under this file" },
  fault: {
    type: "string",
    multiple: true,
    value: { name: "SENTENCE", complete: null },
    help: "what goes wrong, as 'at 10s kill a for 5s'; may be said again",
  },
  script: { type: "string", value: FILE, help: "a file of such sentences, one a line" },
  loss: { type: "string", value: { name: "PERCENT", complete: null }, help: "how much the LAN loses, as 2%" },
  seed: { type: "string", value: { name: "NUMBER", complete: null }, help: "another course of what is left to chance" },
  "max-gap": {
    type: "string",
    value: { name: "TIME", complete: null },
    help: "exit with 6 if an address was held by nobody for longer, as 4s",
  },
  "all-single-faults": flag("each node, each link, each tracked thing fails in turn"),
  "require-no-failover": flag("exit with 6, changing nothing, unless no virtual router can change its Master"),
  wait: flag("return when the addresses are as they are to be; of a drain, another Master heard, too"),
  for: { type: "string", value: TIME, help: "take part again by itself after so long, as 30m" },
  reason: { type: "string", value: { name: "TEXT", complete: null }, help: "why, for whoever reads the log" },
  timeout: {
    type: "string",
    value: TIME,
    help: "how long to --wait, as 10s (default: as long as a take-over can take), then exit with 7",
  },
  portable: flag("tell every line that Keepalived 2.2.7 would not accept, and fail for it (exit code 5)"),
  host: flag("look at this machine, too: interfaces, addresses, scripts"),
  strict: flag("warnings fail, too (exit code 5)"),
  json: flag("one JSON document; of events, of a story or of records, one a line"),
  help: { ...flag("this"), short: "h" },
  version: flag("the version"),
} as const;

export type OptionName = keyof typeof OPTIONS;

/** Options of every command. */
const GLOBAL: readonly OptionName[] = ["help", "version"];

export type Command = {
  /** In one line. */
  readonly summary: string;
  /** The words behind the command; null for none. */
  readonly operands: (Value & { readonly many: boolean; readonly required: boolean }) | null;
  readonly options: readonly OptionName[];
  /** Further sentences, one line each. */
  readonly details: readonly string[];
};

const none = { operands: null, details: [] } as const;

const VR = { name: "VR", complete: null, many: false, required: false } as const;
const LOG = { name: "LOG", complete: "directory", many: false, required: false } as const;

export const COMMANDS = {
  run: {
    ...none,
    summary: "run in the foreground; log to stderr",
    options: ["config", "config-id", "state-dir", "log-level", "log-size"],
    details: ["SIGTERM and SIGINT resign and stop, SIGHUP takes the file anew."],
  },
  check: {
    summary: "tell every mistake in a configuration, or in those of a cluster",
    operands: { ...FILE, many: true, required: false },
    options: ["config", "config-id", "explain", "host", "json", "portable", "strict"],
    details: [
      "One file is checked by itself. Several are checked as the files of routers that stand beside each",
      "other, too: what they disagree about, who becomes Master, and who after each failure.",
    ],
  },
  plan: {
    ...none,
    summary: "tell what a reload would change, and whether it would move an address",
    options: ["config", "config-id", "from", "json", "require-no-failover", "state-dir"],
    details: [
      "The running daemon is asked, and changes nothing: about its own file, unless -f names another. Without a daemon",
      "it is told what a start would do.",
    ],
  },
  rehearse: {
    summary: "play the files of a cluster in one process, before they are deployed",
    operands: { ...FILE, many: true, required: true },
    options: ["all-single-faults", "config-id", "fault", "json", "loss", "max-gap", "script", "seed"],
    details: [
      "The real daemon runs on a pretended LAN in virtual time. Sentences: kill, stop, crash, start, pause, drain,",
      "resume A; unplug, plug A INTERFACE; cut A from B; partition A | B; loss 5%; fail, pass CHECK on A; heal.",
    ],
  },
  reload: {
    ...none,
    summary: "make a running daemon take its file anew",
    options: ["json", "require-no-failover", "state-dir", "wait"],
    details: ["With a mistake in the file nothing changes, and the mistakes are printed."],
  },
  drain: {
    summary: "take virtual routers out of service: they resign, and take nothing over",
    operands: VR,
    options: ["for", "json", "reason", "state-dir", "timeout", "wait"],
    details: [
      "Without a name everything on this node, and what a reload brings. Sync groups are drained together. It ends with",
      "heird resume, after --for, or when the daemon is stopped; a daemon that dies has its routers drained again.",
    ],
  },
  resume: {
    summary: "let drained virtual routers take part again",
    operands: VR,
    options: ["json", "state-dir"],
    details: ["The election decides: they take over only where they would after a start."],
  },
  promote: {
    summary: "be Master now, and wait neither for nopreempt nor for a delay",
    operands: { ...VR, required: true },
    options: ["json", "reason", "state-dir"],
    details: ["A neighbour with a higher priority would take the addresses back: drain it there instead."],
  },
  status: { ...none, summary: "ask a running daemon how it is", options: ["json", "state-dir"] },
  checks: {
    ...none,
    summary: "tell how the checks of a running daemon are, or run one of them",
    operands: { name: "[run NAME]", complete: null, many: true, required: false },
    options: ["config", "config-id", "json", "state-dir"],
    details: [
      "run NAME runs the check of that name in the configuration once, as the daemon would: the same user,",
      "environment and timeout. Exit code 1 when its answer is bad.",
    ],
  },
  metrics: {
    ...none,
    summary: "print the figures of a running daemon, as Prometheus reads them",
    options: ["state-dir"],
    details: ["metrics { listen 127.0.0.1 9650 } in the configuration serves them over HTTP, too."],
  },
  events: {
    summary: "tell what the log has, line by line",
    operands: LOG,
    options: ["follow", "json", "recorder", "since", "state-dir", "type", "vr"],
    details: ["Of the state directory, unless a directory or a file of a log is named."],
  },
  history: {
    summary: "tell who was Master here, from when to when, and why it ended",
    operands: VR,
    options: ["cluster", "cluster-name", "config", "json", "logs", "redis", "since", "state-dir"],
    details: [],
  },
  audit: {
    summary: "tell what happened on all nodes, from a Redis or from their logs",
    operands: { name: "VERB", complete: AUDIT_VERBS, many: true, required: true },
    options: [
      "cluster-name",
      "config",
      "format",
      "json",
      "logs",
      "node",
      "older-than",
      "redis",
      "since",
      "state-dir",
      "until",
      "vr",
    ],
    details: [
      "timeline: each change of each node, in order. report: availability over the time that is known, gaps, two",
      "Masters, causes. tail: what happens now. verify: chain, gaps, and that the log here is what the Redis has;",
      "ends with 20 when it is not, 21 when lines are missing, 22 when there is too little to tell. export: every",
      "audit record. trim: deletes what is older, as a user who may. 23: the Redis cannot be reached.",
    ],
  },
  explain: {
    summary: "tell why it happened: the root, the chain, where the time went",
    operands: { name: "LAST|SEQ", complete: null, many: false, required: false },
    options: ["at", "cluster", "cluster-name", "config", "json", "logs", "node", "redis", "state-dir", "vr", "with"],
    details: [
      "The last transition, unless a line, a virtual router or a time is named; --with adds the other side, and",
      "--cluster or --logs DIR, once for each, those of all nodes.",
    ],
  },
  "why-not": {
    summary: "tell why a router is not Master now, and what would make it so",
    operands: VR,
    options: ["json", "state-dir"],
    details: [],
  },
  replay: {
    summary: "fold a log again: its story, a state, a difference, a proof, another outcome",
    operands: LOG,
    options: ["at", "diff", "json", "since", "state-dir", "step", "to", "verify", "vr", "what-if", "what-if-config"],
    details: [
      "Without a question the story is told. --verify ends with 20 when the chain does not hold, with 21 when",
      "lines are missing that the log owns up to, with 1 when folding it gives something else than it says.",
    ],
  },
  cleanup: { ...none, summary: "remove addresses that a dead daemon left", options: ["state-dir"] },
  completion: {
    ...none,
    summary: "print a completion script for a shell",
    operands: { name: "SHELL", complete: SHELLS, many: false, required: true },
    options: [],
    details: ["bash: source <(heird completion bash)"],
  },
  help: { ...none, summary: "tell of a command", operands: null, options: [] },
  version: { ...none, summary: "print the version", options: [] },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
export const commandOf = (name: CommandName): Command => COMMANDS[name];

/** The options a command takes, those of every command last. */
export const optionsOf = (name: CommandName): readonly OptionName[] => [...commandOf(name).options, ...GLOBAL];

/** -f names a file everywhere but in `heird events`, where it means what it means in journalctl. */
const withFollow = (argv: readonly string[]): string[] =>
  argv[0] === "events" ? argv.map((word) => (word === "-f" ? "--follow" : word)) : [...argv];

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: withFollow(argv), options: OPTIONS, allowPositionals: true, tokens: true });
  } catch (cause) {
    throw new Refusal(EXIT.usage, `${cause instanceof Error ? cause.message : String(cause)}\nheird --help says more`);
  }
}

export type Values = ReturnType<typeof parsed>["values"];
export type Parsed = {
  /** Null when there is none. */
  readonly command: CommandName | null;
  readonly values: Values;
  readonly operands: readonly string[];
};

/** Reads the arguments, or refuses what no command, or not this one, understands. */
export function parse(argv: readonly string[]): Parsed {
  const { values, positionals, tokens } = parsed(argv);
  const [word, ...operands] = positionals;
  if (word === undefined) return { command: null, values, operands };
  const command = COMMAND_NAMES.find((name) => name === word);
  if (command === undefined) throw new Refusal(EXIT.usage, `there is no command "${word}"; heird --help lists them`);
  const alien = tokens.find((token) => token.kind === "option" && !optionsOf(command).some((o) => o === token.name));
  if (alien?.kind === "option")
    throw new Refusal(EXIT.usage, `heird ${command} takes no ${alien.rawName}; heird help ${command} says more`);
  if (!values.help && !values.version) operandsFit(command, operands);
  return { command, values, operands };
}

function operandsFit(command: CommandName, given: readonly string[]): void {
  if (command === "help") return;
  const { operands } = commandOf(command);
  const beyond = operands === null ? given[0] : operands.many ? undefined : given[1];
  if (beyond !== undefined)
    throw new Refusal(EXIT.usage, `heird ${command} takes no "${beyond}"; heird help ${command} says more`);
  const [first] = given;
  if (operands === null) return;
  if (operands.required && first === undefined)
    throw new Refusal(EXIT.usage, `heird ${command} needs a ${operands.name}; heird help ${command} says more`);
  const words = operands.complete;
  if (typeof words === "object" && words !== null && first !== undefined && !words.includes(first))
    throw new Refusal(EXIT.usage, `"${first}" is none of ${words.join(", ")}`);
}
