// What `heird --help` and `heird help COMMAND` print, from the tables in commands.ts.

import { COMMAND_NAMES, type CommandName, commandOf, OPTIONS, type OptionName, optionsOf } from "./commands.ts";
import { VERSION } from "./version.ts";

const EXIT_CODES = `Exit codes: 0 ok, 1 cannot go on, 2 usage, 3 no daemon answers, 4 configuration errors,
5 warnings under --strict, 6 refused, 7 not in time, 20 a log was changed, 21 lines are missing, 22 too
little is there to tell, 23 the Redis cannot be reached.`;

/** One screen: every command in a line. */
export function overview(): string {
  const rows = COMMAND_NAMES.map((name) => [
    `  heird ${[name, operandsIn(name)].join(" ").trimEnd()}`,
    summaryOf(name),
  ]);
  return [
    `heird ${VERSION}: VRRP failover that can explain itself`,
    "",
    ...columns(rows),
    "",
    "heird help COMMAND tells of its options.",
    EXIT_CODES,
  ].join("\n");
}

/** A command at length. */
export function helpOn(name: CommandName): string {
  const command = commandOf(name);
  const options = optionsOf(name);
  return [
    `heird ${name}: ${command.summary}`,
    "",
    ...wrapped(usageOf(name)),
    "",
    ...columns(options.map((option) => [`  ${spelled(option)}`, OPTIONS[option].help])),
    ...(command.details.length === 0 ? [] : ["", ...command.details]),
  ].join("\n");
}

const summaryOf = (name: CommandName): string => commandOf(name).summary;

function operandsIn(name: CommandName): string {
  if (name === "help") return "[COMMAND]";
  const { operands } = commandOf(name);
  if (operands === null) return "";
  const word = operands.many ? `${operands.name} ...` : operands.name;
  return operands.required ? word : `[${word}]`;
}

/** In pieces that stay together on a line. */
const usageOf = (name: CommandName): readonly string[] => [
  `  heird ${name}`,
  ...(operandsIn(name) === "" ? [] : [operandsIn(name)]),
  ...commandOf(name).options.map((option) => `[${shortest(option)}${valueIn(option)}]`),
];

const WIDTH = 100;

function wrapped(pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    if (line !== "" && line.length + piece.length >= WIDTH) {
      lines.push(line);
      line = "   ";
    }
    line = line === "" ? piece : `${line} ${piece}`;
  }
  return [...lines, line];
}

const valueIn = (option: OptionName): string => {
  const { value } = OPTIONS[option];
  return value === null ? "" : ` ${value.name}`;
};

/** `-f`, where there is one. */
export function shortOf(option: OptionName): string | null {
  const row = OPTIONS[option];
  return "short" in row ? `-${row.short}` : null;
}

const shortest = (option: OptionName): string => shortOf(option) ?? `--${option}`;

const spelled = (option: OptionName): string => {
  const short = shortOf(option);
  return `${short === null ? "    " : `${short}, `}--${option}${valueIn(option)}`;
};

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", second = ""]) => `${first.padEnd(width)}  ${second}`);
}
