// What all hooks share: who runs them, pipes, mail, the programs at start and stop.

import type { Fifo, HookCommand, NotifyConfig } from "../agent/core/config.ts";
import { type Duration, seconds } from "../agent/core/time.ts";
import type { DeclaredNotify } from "./declared-services.ts";
import { problem, type Report } from "./diagnostic.ts";
import { commandIn, wordsIn } from "./objects.ts";
import { entryOf, has, linesIn, numberIn, type Section, textIn } from "./section.ts";
import { placeOf } from "./syntax.ts";
import { nameLines } from "./tracks.ts";
import type { CommandLine } from "./values.ts";

/** A command as the core takes it. */
export const hookCommand = (command: CommandLine | null): HookCommand | null =>
  command === null ? null : { argv: command.argv, user: command.user, group: command.group };

/** The words of global_defs about hooks. */
export function notifyIn(section: Section, report: Report): DeclaredNotify {
  const user = wordsIn(section, "script_user");
  return {
    fifos: ["notify_fifo", "vrrp_notify_fifo"].flatMap((name) => fifoIn(section, name)),
    statesOnReload: has(section, "fifo_write_vrrp_states_on_reload"),
    user: user?.[0] ?? null,
    group: user?.[1] ?? null,
    security: has(section, "enable_script_security"),
    supplementaryGroups: has(section, "set_supplementary_groups"),
    startup: onceIn(section, "startup_script"),
    shutdown: onceIn(section, "shutdown_script"),
    umask: umaskIn(section, report),
    mail: mailIn(section),
  };
}

/** The programs that global_defs runs, for the machine to be asked about. */
export const programsIn = (section: Section): readonly CommandLine[] =>
  ["notify_fifo_script", "vrrp_notify_fifo_script", "startup_script", "shutdown_script"].flatMap(
    (name) => commandIn(section, name) ?? [],
  );

function fifoIn(section: Section, name: string): readonly Fifo[] {
  const [path, user, group] = wordsIn(section, name) ?? [];
  if (path === undefined) return [];
  const script = hookCommand(commandIn(section, `${name}_script`));
  return [{ path, user: user ?? null, group: group ?? null, script }];
}

const spanOf = (section: Section, name: string, usual: number): Duration => seconds(numberIn(section, name) ?? usual);

function onceIn(section: Section, name: string): NotifyConfig["startup"] {
  const command = hookCommand(commandIn(section, name));
  return command === null ? null : { command, timeout: spanOf(section, `${name}_timeout`, 10) };
}

function mailIn(section: Section): DeclaredNotify["mail"] {
  const to = nameLines(linesIn(section, "notification_email")).map(({ text }) => text);
  if (to.length === 0) return null;
  const [host, port] = wordsIn(section, "smtp_server") ?? [];
  return {
    to,
    from: textIn(section, "notification_email_from") ?? null,
    host: host ?? "127.0.0.1",
    port: Number(port ?? 25),
    helo: textIn(section, "smtp_helo_name") ?? null,
    timeout: spanOf(section, "smtp_connect_timeout", 30),
    faults: !has(section, "no_email_faults") || has(section, "email_faults"),
  };
}

/** S_IRUSR and its sisters, without the S_. */
const BITS: ReadonlyMap<string, number> = new Map([
  ["IRUSR", 0o400],
  ["IWUSR", 0o200],
  ["IXUSR", 0o100],
  ["IRGRP", 0o040],
  ["IWGRP", 0o020],
  ["IXGRP", 0o010],
  ["IROTH", 0o004],
  ["IWOTH", 0o002],
  ["IXOTH", 0o001],
]);

/** A number as C writes it, or names joined by `|`. */
function umaskIn(section: Section, report: Report): number | null {
  const word = entryOf(section, "umask")?.args[0];
  if (word === undefined) return null;
  const value = /^(0[0-7]*|[1-9]\d*|0[xX][0-9a-fA-F]+)$/.test(word.text) ? numberOf(word.text) : sumOf(word.text);
  if (value !== null && value <= 0o777) return value;
  report(problem("H0124", placeOf(word), `umask: "${word.text}" is none`, "write it in octal, as 0177"));
  return null;
}

const numberOf = (text: string): number => (/^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text));

function sumOf(text: string): number | null {
  let sum = 0;
  for (const name of text.split("|")) {
    const bit = BITS.get(name.trim());
    if (bit === undefined) return null;
    sum |= bit;
  }
  return sum;
}
