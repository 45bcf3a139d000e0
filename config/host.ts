// What only the machine can tell, when it is asked: interfaces, scripts, users, namespaces.

import { type Declaration, type DeclaredGroup, type DeclaredInstance, HOOKS } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { checkAddresses } from "./host-addresses.ts";
import { defaultUser, type Host } from "./host-facts.ts";
import { placeOf } from "./syntax.ts";
import type { CommandLine } from "./values.ts";

/** Reports what the configuration asks for and the machine does not have. */
export function checkHost(declaration: Declaration, host: Host, report: Report): void {
  // Another network has other interfaces.
  const exists = declaration.globals.netNamespace === null ? host.interfaceExists : undefined;
  if (exists !== undefined) interfacesExist(declaration, exists, report);
  commandsRun(declaration, host, report);
  checkAddresses(declaration.instances, host, report);
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

type Job = {
  readonly command: CommandLine;
  readonly user: string | null;
  readonly group: string | null;
  /** Whether a router depends on what it says. */
  readonly decides: boolean;
};

/** Commands that something runs: those of scripts, the hooks, and those of global_defs. */
function jobsOf({ scripts, checks, instances, groups, globals }: Declaration): readonly Job[] {
  const asked = scripts.map(({ command, user, group }) => ({ command, user, group, decides: true }));
  const numbers = checks.flatMap(({ probe }) =>
    probe.kind === "metric" && probe.number.kind === "script" ? [{ ...probe.number, decides: true }] : [],
  );
  return [
    ...asked,
    ...numbers.map(({ command, decides }) => ({ command, user: command.user, group: command.group, decides })),
    ...[...hooksOf(instances), ...hooksOf(groups), ...globals.programs].map((command) => ({
      command,
      user: command.user,
      group: command.group,
      decides: false,
    })),
  ];
}

function hooksOf(owners: readonly (DeclaredInstance | DeclaredGroup)[]): readonly CommandLine[] {
  const found: CommandLine[] = [];
  const find = (command: CommandLine | null): void => {
    if (command !== null) found.push(command);
  };
  for (const { hooks, preMaster, preBackup } of owners) {
    for (const hook of HOOKS) find(hooks[hook]);
    find(preMaster);
    find(preBackup);
  }
  return found;
}

function commandsRun(declaration: Declaration, host: Host, report: Report): void {
  const [fallback = null, itsGroup = null] = declaration.globals.scriptUser ?? [];
  for (const job of jobsOf(declaration)) {
    const user = job.user ?? fallback ?? defaultUser(host);
    const unnamed = job.user === null && fallback === null;
    if (unnamed && declaration.globals.scriptSecurity && user === "root") {
      report(
        problem(
          "H0506",
          placeOf(job.command.word),
          "enable_script_security is set, and nothing says who runs this",
          "write script_user into global_defs",
        ),
      );
    }
    whoRuns({ ...job, group: job.group ?? (job.user === null ? itsGroup : null) }, user, host, report);
    whatRuns(job, user, { host, security: declaration.globals.scriptSecurity, report });
  }
}

function whoRuns({ command, group }: Job, user: string, host: Host, report: Report): void {
  const place = placeOf(command.word);
  if (host.userExists?.(user) === false)
    report(
      problem(
        "H0505",
        place,
        `there is no user ${user} to run this`,
        "create the user, or name another with script_user",
      ),
    );
  if (group !== null && host.groupExists?.(group) === false)
    report(problem("H0505", place, `there is no group ${group} to run this`, "create the group, or leave it out"));
}

type Rules = { readonly host: Host; readonly security: boolean; readonly report: Report };

function whatRuns({ command, decides }: Job, user: string, { host, security, report }: Rules): void {
  const { argv, word } = command;
  const program = argv[0] ?? "";
  const why = host.cannotRun?.(program, user) ?? null;
  if (why !== null)
    report(
      problem(
        decides ? "H0511" : "H0502",
        placeOf(word),
        `${program} cannot be run: ${why}`,
        "write the full path of a file that this user may execute",
      ),
    );
  else if (user === "root" && host.othersMayWrite?.(program) === true) {
    report(
      problem(
        security ? "H0510" : "H0503",
        placeOf(word),
        `${program} runs as root, and others may change it or a directory above it`,
        "take the right to write from everybody but root",
      ),
    );
  }
}
