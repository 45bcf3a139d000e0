// What only the machine can tell, when it is asked: interfaces, scripts, users, namespaces.

import { type Declaration, type DeclaredInstance, HOOKS } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { placeOf } from "./syntax.ts";
import type { CommandLine } from "./values.ts";

/** Facts about the machine. Each is optional, and all are absent when a file is checked for another one. */
export type Host = {
  readonly interfaceExists?: (name: string) => boolean;
  readonly userExists?: (name: string) => boolean;
  readonly groupExists?: (name: string) => boolean;
  /** Why the program of a command cannot be run as that user, as a sentence; null when it can. */
  readonly cannotRun?: (program: string, user: string) => string | null;
};

/** Reports what the configuration asks for and the machine does not have. */
export function checkHost(declaration: Declaration, host: Host, report: Report): void {
  if (host.interfaceExists !== undefined) interfacesExist(declaration, host.interfaceExists, report);
  commandsRun(declaration, host, report);
}

function interfacesExist({ instances, globals }: Declaration, exists: (name: string) => boolean, report: Report): void {
  if (globals.dynamicInterfaces) return;
  const complain = (name: string, place: DeclaredInstance["place"]) => {
    if (!exists(name))
      report(
        problem(
          "H0501",
          place,
          `there is no interface ${name} on this machine`,
          "ip link lists them; with dynamic_interfaces in global_defs it may come later",
        ),
      );
  };
  for (const instance of instances) {
    if (instance.interface !== null) complain(instance.interface, instance.interfacePlace);
    for (const { dev, place } of [...instance.addresses, ...instance.excluded]) {
      if (dev !== null && dev !== instance.interface) complain(dev, place);
    }
    for (const { name, place } of instance.tracks.interfaces) {
      if (name !== instance.interface) complain(name, place);
    }
  }
}

type Job = { readonly command: CommandLine; readonly user: string | null; readonly group: string | null };

/** Commands that something runs: those of scripts, and the hooks. */
function jobsOf({ scripts, instances, groups }: Declaration): readonly Job[] {
  const checks = scripts.map(({ command, user, group }) => ({ command, user, group }));
  const hooks = [...instances, ...groups].flatMap((owner) =>
    HOOKS.flatMap((hook) => {
      const command = owner.hooks[hook];
      return command === null || command === undefined ? [] : [{ command, user: command.user, group: command.group }];
    }),
  );
  return [...checks, ...hooks];
}

function commandsRun(declaration: Declaration, host: Host, report: Report): void {
  const fallback = declaration.globals.scriptUser?.[0] ?? null;
  const { scriptSecurity } = declaration.globals;
  for (const { command, user, group } of jobsOf(declaration)) {
    const place = placeOf(command.word);
    const who = user ?? fallback ?? defaultUser(host);
    if (host.userExists?.(who) === false)
      report(
        problem(
          "H0505",
          place,
          `there is no user ${who} to run this`,
          "create the user, or name another with script_user",
        ),
      );
    else if (user === null && fallback === null && scriptSecurity && who === "root")
      report(
        problem(
          "H0506",
          place,
          "enable_script_security is set, and nothing says who runs this",
          "write script_user into global_defs",
        ),
      );
    if (group !== null && host.groupExists?.(group) === false)
      report(problem("H0505", place, `there is no group ${group} to run this`, "create the group, or leave it out"));
    const why = host.cannotRun?.(command.argv[0] ?? "", who);
    if (why !== undefined && why !== null)
      report(
        problem(
          "H0502",
          place,
          `${command.argv[0]} cannot be run: ${why}`,
          "write the full path of a file that this user may execute",
        ),
      );
  }
}

/** As Keepalived: the user keepalived_script where it exists, else root. */
const defaultUser = (host: Host): string =>
  host.userExists?.("keepalived_script") === true ? "keepalived_script" : "root";
