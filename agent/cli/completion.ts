// Completion scripts for the shells people use, from the tables in commands.ts.
//
// The scripts are handed words of ours only: nothing in them comes from the command line, and a
// single quote in a help text would be the only thing to quote.

import {
  COMMAND_NAMES,
  type CommandName,
  commandOf,
  OPTIONS,
  type OptionName,
  optionsOf,
  type SHELLS,
  type Value,
} from "./commands.ts";
import { shortOf } from "./help.ts";

export type Shell = (typeof SHELLS)[number];

const SCRIPTS: { readonly [S in Shell]: () => string } = { bash, zsh, fish };

/** The script that makes this shell complete `heird`. */
export const completion = (shell: Shell): string => SCRIPTS[shell]();

const ALL = Object.keys(OPTIONS) as readonly OptionName[];
const spellings = (option: OptionName): readonly string[] => {
  const short = shortOf(option);
  return short === null ? [`--${option}`] : [short, `--${option}`];
};
const withValue = ALL.filter((option) => OPTIONS[option].value !== null);
const valueBehind = (option: OptionName): Value | null => OPTIONS[option].value;

/** What may stand behind a command: files, words, or nothing. */
const operandOf = (name: CommandName): Value["complete"] =>
  name === "help" ? COMMAND_NAMES : (commandOf(name).operands?.complete ?? null);

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

// ---------------------------------------------------------------- bash

/** The line that fills COMPREPLY with what completes `$cur`. */
function bashReply(complete: Value["complete"]): string {
  if (complete === null) return "COMPREPLY=()";
  if (complete === "file") return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")';
  if (complete === "directory") return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")';
  return `mapfile -t COMPREPLY < <(compgen -W ${quoted(complete.join(" "))} -- "$cur")`;
}

function bash(): string {
  const values = withValue.map((option) => {
    const pattern = spellings(option).join("|");
    return `    ${pattern}) ${bashReply(valueBehind(option)?.complete ?? null)}; return ;;`;
  });
  const options = COMMAND_NAMES.map(
    (name) => `    ${name}) options=${quoted(optionsOf(name).flatMap(spellings).join(" "))} ;;`,
  );
  const operands = COMMAND_NAMES.map((name) => `    ${name}) ${bashReply(operandOf(name))} ;;`);
  return `# bash completion for heird: source <(heird completion bash)

_heird() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' options='' i
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${withValue.flatMap(spellings).join("|")})
      [[ \${COMP_WORDS[i+1]} == '=' ]] && i=$((i + 1))
      i=$((i + 1)) ;;
    -*|'=') ;;
    *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $prev in
${values.join("\n")}
  esac
  if [[ -z $command ]]; then
    if [[ $cur == -* ]]; then options=${quoted(["help", "version"].map((o) => `--${o}`).join(" "))}
    else options=${quoted(COMMAND_NAMES.join(" "))}; fi
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  if [[ $cur == -* ]]; then
    case $command in
${options.join("\n")}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
${operands.join("\n")}
  esac
}

complete -F _heird heird
`;
}

// ---------------------------------------------------------------- zsh

/** What \`_arguments\` calls an action. */
function zshAction(complete: Value["complete"]): string {
  if (complete === null) return " ";
  if (complete === "file") return "_files";
  if (complete === "directory") return "_files -/";
  return `(${complete.join(" ")})`;
}

/** In a specification of \`_arguments\`, colons and brackets have a meaning. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, (sign) => `\\${sign}`);

function zshOption(option: OptionName): string {
  const names = spellings(option);
  const value = valueBehind(option);
  const behind = value === null ? "" : `:${value.name}:${zshAction(value.complete)}`;
  const told = `[${zshText(OPTIONS[option].help)}]${behind}`;
  const takes = value === null ? "" : "=";
  if (names.length === 1) return quoted(`--${option}${takes}${told}`);
  const [short = "", long = ""] = names;
  return `${quoted(`(${names.join(" ")})`)}{${short}${value === null ? "" : "+"},${long}${takes}}${quoted(told)}`;
}

function zshCommand(name: CommandName): string {
  const operand = operandOf(name);
  const many = commandOf(name).operands?.many === true;
  const specs = optionsOf(name).map(zshOption);
  const words = operand === null ? [] : [quoted(`${many ? "*" : "1"}:${name}:${zshAction(operand)}`)];
  return `    ${name})\n      _arguments -s ${[...specs, ...words].join(" \\\n        ")} ;;`;
}

function zsh(): string {
  const commands = COMMAND_NAMES.map((name) => `    ${quoted(`${name}:${commandOf(name).summary}`)}`);
  return `#compdef heird
# zsh completion for heird: heird completion zsh > "\${fpath[1]}/_heird"

_heird() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
      _arguments ${["help", "version"].map((option) => zshOption(option as OptionName)).join(" ")}
    else
      _describe -t commands 'heird command' commands
    fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${COMMAND_NAMES.map(zshCommand).join("\n")}
  esac
}

if [[ $funcstack[1] == _heird ]]; then
  _heird "$@"
else
  compdef _heird heird
fi
`;
}

// ---------------------------------------------------------------- fish

function fishValue(value: Value | null): string {
  if (value === null) return "";
  if (value.complete === "file") return " -r -F";
  if (value.complete === "directory") return " -x -a '(__fish_complete_directories)'";
  return value.complete === null ? " -x" : ` -x -a ${quoted(value.complete.join(" "))}`;
}

function fishOption(name: CommandName, option: OptionName): string {
  const short = shortOf(option);
  const names = `${short === null ? "" : ` -s ${short.slice(1)}`} -l ${option}`;
  return `complete -c heird -n '__fish_seen_subcommand_from ${name}'${names}${fishValue(valueBehind(option))} -d ${quoted(OPTIONS[option].help)}`;
}

function fishCommand(name: CommandName): readonly string[] {
  const operand = operandOf(name);
  const seen = `-n '__fish_seen_subcommand_from ${name}'`;
  const words =
    operand === null
      ? []
      : [
          operand === "file"
            ? `complete -c heird ${seen} -F`
            : `complete -c heird ${seen} -a ${quoted(typeof operand === "string" ? "" : operand.join(" "))}`,
        ];
  return [
    `complete -c heird -n __fish_use_subcommand -a ${name} -d ${quoted(commandOf(name).summary)}`,
    ...words,
    ...optionsOf(name).map((option) => fishOption(name, option)),
  ];
}

function fish(): string {
  return [
    "# fish completion for heird: heird completion fish > ~/.config/fish/completions/heird.fish",
    "",
    "complete -c heird -f",
    ...COMMAND_NAMES.flatMap(fishCommand),
    "",
  ].join("\n");
}
