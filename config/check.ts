// What only the whole configuration can tell: VRIDs used twice, addresses twice, virtual interfaces
// twice.

import {
  type Declaration,
  type DeclaredGlobals,
  type DeclaredHooks,
  type DeclaredInstance,
  HOOKS,
} from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { defaultUser, type Host } from "./host-facts.ts";
import { groupOf } from "./lower-transport.ts";
import { placeOf } from "./syntax.ts";
import type { CommandLine } from "./values.ts";

/** Reports what the parts do to each other. */
export function checkWhole(declaration: Declaration, host: Host | undefined, report: Report): void {
  vridsOnce(declaration, report);
  vmacsOnce(declaration.instances, report);
  addressesOnce(declaration.instances, report);
  scriptSecurity(declaration, host, report);
}

/** B9.13: the same VRID, family and interface, and the same group or a peer in common. */
function vridsOnce({ instances, globals }: Declaration, report: Report): void {
  const seen = new Map<string, DeclaredInstance[]>();
  for (const instance of instances) {
    const { interface: iface, family, vrid } = instance;
    if (vrid === null || (iface === null && !instance.unicast)) continue;
    const key = `${iface ?? ""}/${family}/${vrid}`;
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, [instance]);
      continue;
    }
    const other = before.find((one) => meets(one, instance, globals));
    before.push(instance);
    if (other !== undefined)
      report(
        problem(
          "H0203",
          instance.place,
          `${other.name} and ${instance.name} both have VRID ${vrid} for ${family === "ipv4" ? "IPv4" : "IPv6"} on ${iface ?? "any interface"}`,
          "give one of them another virtual_router_id, on all its routers",
          [noteAt(other.place, "the other one")],
        ),
      );
  }
}

function meets(a: DeclaredInstance, b: DeclaredInstance, globals: DeclaredGlobals): boolean {
  if (a.unicast !== b.unicast) return false;
  if (!a.unicast) return groupOf(a, globals) === groupOf(b, globals);
  if (a.peers.length === 0 && b.peers.length === 0) return true;
  const peers = new Set(a.peers.map(({ address }) => address));
  return b.peers.some(({ address }) => peers.has(address));
}

function vmacsOnce(instances: readonly DeclaredInstance[], report: Report): void {
  const seen = new Map<string, DeclaredInstance>();
  for (const instance of instances) {
    if (instance.vmac === null) continue;
    const { name, place } = instance.vmac;
    const before = seen.get(name);
    if (before === undefined) seen.set(name, instance);
    else
      report(
        problem(
          "H0218",
          place,
          `${before.name} and ${instance.name} both ask for a virtual interface ${name}`,
          "give one of them another name",
          before.vmac === null ? [] : [noteAt(before.vmac.place, "the other one")],
        ),
      );
  }
}

function addressesOnce(instances: readonly DeclaredInstance[], report: Report): void {
  const seen = new Map<string, { instance: DeclaredInstance; place: DeclaredInstance["place"] }>();
  for (const instance of instances) {
    for (const { address, dev, place } of [...instance.addresses, ...instance.excluded]) {
      const key = `${address}%${dev ?? instance.interface ?? ""}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, { instance, place });
      else
        report(
          problem(
            "H0209",
            place,
            `${address} stands ${before.instance === instance ? "twice" : `in ${before.instance.name}, too`}`,
            "remove one of them",
            [noteAt(before.place, "the other one")],
          ),
        );
    }
  }
}

/** Scripts run as root when nobody says otherwise; then what others can write must not be run. */
function scriptSecurity(
  { globals, instances, groups, scripts }: Declaration,
  host: Host | undefined,
  report: Report,
): void {
  if (globals.scriptSecurity) return;
  // To ask whom the machine has may take a program or a server: only where a command names nobody.
  const roots = (user: string | null): boolean =>
    (user ?? globals.scriptUser?.[0] ?? defaultUser(host ?? {})) === "root";
  const isRoots = (command: CommandLine | null): command is CommandLine => command !== null && roots(command.user);
  const first =
    scripts.find((script) => roots(script.user) && isRoots(script.command))?.command ??
    firstHook([...instances, ...groups], isRoots);
  if (first === undefined) return;
  report(
    problem(
      "H0504",
      placeOf(first.word),
      "scripts run as root, and enable_script_security is not set",
      "write script_user and enable_script_security into global_defs",
    ),
  );
}

function firstHook(
  owners: readonly { readonly hooks: DeclaredHooks }[],
  which: (command: CommandLine | null) => command is CommandLine,
): CommandLine | undefined {
  for (const { hooks } of owners)
    for (const hook of HOOKS) {
      const command = hooks[hook];
      if (which(command)) return command;
    }
  return undefined;
}
